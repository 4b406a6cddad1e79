"""``python -m guardrank.train.prepare_base``: the embedded base made ready for Chinese, as a base of its own.

embedded base ──add_characters──> rows for 6,500 characters ──pretrain on the train rows' texts──> BASE
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import orjson
import typer

from guardrank.console import DebugOption, DeviceOption, new_app, run, say
from guardrank.engine.torch_engine import pick_device
from guardrank.judge.base import resolve_base
from guardrank.records import Record
from guardrank.train.bilingual import add_characters, han_share
from guardrank.train.command import quiet_libraries
from guardrank.train.data import keep_shipped, load_data
from guardrank.train.glosses import han_glosses
from guardrank.train.pretrain import PRETRAINING_FILE, Pretraining, pretrain
from guardrank.train.work import open_work_folder

HELP = """Make a base that reads Chinese from an English one: rows for new characters, then a masked language model.

\b
  python -m guardrank.train.prepare_base -o bases/bilingual --data a.jsonl.gz --data b.jsonl.gz
  guardrank-train --recipe mini --base bases/bilingual --data a.jsonl.gz ...

Only train rows of the files are read, and none of sources that a shipped judge may not be trained on.
"""

app = new_app(HELP)
MOSTLY_OTHER = 0.2
"""A text with a smaller share of Chinese characters counts as English."""


@app.command(help=HELP)
def prepare(
    data: Annotated[list[str], typer.Option(help="Rows whose texts are read; may be repeated.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new base.")],
    base: Annotated[str, typer.Option(help="The base to begin with.")] = "embedded",
    epochs: Annotated[
        float, typer.Option(min=0, help="How often to go over the texts; 0 adds the rows only.")
    ] = 3.0,
    english: Annotated[float, typer.Option(min=0, max=1, help="Share of the English texts that is read.")] = 0.35,
    seed: Annotated[int, typer.Option(help="Seed of the new rows and of what is hidden.")] = 13,
    device: DeviceOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an unfinished run.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Drop an unfinished run.")] = False,
    debug: DebugOption = False,
) -> None:
    """Add the rows, train, and put the new base in its place."""
    quiet_libraries()
    work = out.with_name(f"{out.name}.work")
    rows = load_data(data, (), mapping={}, rule=None, tasks=None, rejects_to=Path.cwd())
    left_out = keep_shipped(rows)
    say(f"{left_out:,} rows of sources that a judge to give away may not learn from left out")
    plan = Pretraining(epochs=epochs)
    settings = {"base": base, "data": rows.inputs, "seed": seed, "english": english, "plan": vars(plan)}
    open_work_folder(work, settings, resume=resume, fresh=fresh)
    draft = work / "base"
    count = add_characters(resolve_base(base), draft, han_glosses(), seed=seed)
    say(f"{count:,} characters added")
    if epochs:
        texts = texts_of(rows.records, english=english, seed=seed)
        say(f"Reading {len(texts):,} texts {epochs:g} times")
        started = time.monotonic()
        loss = pretrain(draft, texts, plan, work=work, seed=seed, device=pick_device(device), resume=resume)
        say(f"Mean loss {loss:.3f} nats a hidden token")
        cost = {"seconds": round(time.monotonic() - started, 1), "device": pick_device(device)}
        described = cost | {"texts": len(texts), "epochs": epochs, "loss": round(loss, 4), "data": rows.inputs}
        (draft / PRETRAINING_FILE).write_bytes(orjson.dumps(described, option=orjson.OPT_INDENT_2))
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)
    shutil.rmtree(work)
    say(f"Base written to {out}")


def texts_of(records: Sequence[Record], *, english: float, seed: int) -> list[str]:
    """Different texts of the train rows: all Chinese ones, some of the others."""
    texts = sorted({f"{row.prompt} {row.response}".strip() for row in records if row.split == "train"})
    chinese = [text for text in texts if han_share(text) > MOSTLY_OTHER]
    others = [text for text in texts if han_share(text) <= MOSTLY_OTHER]
    some = np.random.default_rng(seed).permutation(len(others))[: int(english * len(others))]
    return chinese + [others[i] for i in some]


def main() -> None:
    """Entry point of ``python -m guardrank.train.prepare_base``."""
    run(app)


if __name__ == "__main__":
    main()
