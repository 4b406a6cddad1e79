"""One step of throughput.py in a process of its own: nothing that one contender loads stays for the next.

    python tests/benchmarks/throughput_worker.py STEP SPEC

    shape   write a shape's folder
    pilot   write what a contender needs, try its settings, score half of the rows by themselves
    score   load a contender, warm up, score all rows on the clock
    limit   measure the fastest matrix products

SPEC is a JSON object with the step's arguments by name. The last line of stdout is the result as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from contenders import Contender, Place, Setting, contender_class
from throughput_clock import timed
from throughput_rows import Row, half_of, read_rows


def shape(folder: str, rows: str, recipe: dict[str, Any]) -> dict[str, Any]:
    """Write the shape's folder; say how long its rows are, and how many operations they take."""
    from machine_limit import operations, sizes_of
    from throughput_lengths import describe
    from throughput_shapes import Recipe, build

    found = read_rows(Path(rows))
    build(Recipe(**recipe), Path(folder), found)
    texts = describe(Path(folder), found)
    lengths = texts.pop("lengths")
    return {"texts": texts, "operations": operations(sizes_of(Path(folder) / "model"), lengths)}


def pilot(
    contender: str, folder: str, threads: int, rows: str, counts: dict[str, int], alone: str
) -> dict[str, Any]:
    """The fastest setting, and in the file ``alone`` the logits of half of the rows in another order."""
    kind, place = contender_class(contender), Place(Path(folder), threads)
    kind.build(place)
    found = read_rows(Path(rows))[: counts["score"]]
    tried: list[dict[str, Any]] = [
        {"setting": setting, "seconds": _try(kind, place, setting, found[: counts["pilot"]], counts["warm_up"])}
        for setting in kind.choices
        if len(kind.choices) > 1
    ]
    best = min(tried, key=lambda trial: trial["seconds"])["setting"] if tried else kind.choices[0]
    np.save(alone, kind(place, best).logits([found[i] for i in half_of(len(found))]))
    versions = {package: version(package) for package in kind.packages}
    return {"setting": best, "tried": tried, "versions": versions, "note": kind.note}


def _try(kind: type[Contender], place: Place, setting: Setting, rows: Sequence[Row], warm_up: int) -> float:
    """Seconds with one setting, after ``warm_up`` of the rows off the clock."""
    loaded = kind(place, setting)
    loaded.logits(rows[:warm_up])
    return timed(lambda: loaded.logits(rows))[1].seconds


def score(
    contender: str,
    folder: str,
    threads: int,
    rows: str,
    counts: dict[str, int],
    setting: Setting,
    logits: str,
) -> dict[str, Any]:
    """Seconds for all rows; their logits go to the file ``logits``."""
    loaded = contender_class(contender)(Place(Path(folder), threads), setting)
    found = read_rows(Path(rows))[: counts["score"]]
    loaded.logits(found[: counts["warm_up"]])
    scored, timing = timed(lambda: loaded.logits(found))
    np.save(logits, scored)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    speed = len(found) / timing.seconds
    return {"rows": len(found), "rows_per_second": speed, "peak_mib": peak_mib, **asdict(timing)}


def limit(folder: str, threads: int) -> dict[str, Any]:
    """Operations a second by precision and matrix."""
    from machine_limit import measure, sizes_of

    return measure(sizes_of(Path(folder) / "model"), threads)


STEPS: dict[str, Callable[..., dict[str, Any]]] = {"shape": shape, "pilot": pilot, "score": score, "limit": limit}


def main() -> None:
    """Run the step."""
    print("\n" + json.dumps(STEPS[sys.argv[1]](**json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
