"""What guardrank-score costs beside its model: time around the engine, memory on long files, time to start.

    python tests/benchmarks/scoring_overhead.py --rows 100000 --long-rows 1000000 --json scoring.json

    overhead  --rows real responses at their natural lengths, scored in one process: wall time, the time that the
              engine took of it, and the rest, which is reading, parsing, tokenising, batching, decoding, writing
    memory    peak resident set of the command in a process of its own: --memory-rows real responses with the
              judge, and --long-rows short ones (the shortest tenth of the same rows again and again, under new
              ids) beside a tenth of them, with a small judge so that it takes minutes: what grows with the rows
              does not depend on the judge
    start     ten rows by the command, --starts times: wall time, process start included, and whether torch was
              imported

The judge is the embedded base with a random head, cut at 160 tokens as the embedded recipe cuts, exported by
guardrank-export --precision int8; --judge takes another. Rows: ../shared/data, else the seed data.
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measurement import markdown_table, new_parser, report
from throughput_rows import Row, all_rows, sample_rows, write_rows
from throughput_shapes import WIDTH, Recipe, build, write_judge
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from guardrank.errors import GuardRankError
from guardrank.judge import read_manifest, write_manifest
from guardrank.judge.base import embedded_base
from guardrank.serve.request import ScoringRequest
from guardrank.serve.scoring import score_responses

RECIPE_TOKENS = 160
_SHORTEST = 0.1
_TOLD = """
import sys
from pathlib import Path
from guardrank.serve.score import app
app(sys.argv[1:], standalone_mode=False)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print("torch" in sys.modules, peak.split()[1], file=sys.stderr)
"""
"""Runs the command and tells, last on stderr, whether torch was imported and the peak memory in KiB. (What wait4
tells of a child counts the parent's memory too, from before the child became another program.)"""


def main() -> None:
    """Measure all three, print the table."""
    parser = new_parser(__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--long-rows", type=int, default=1_000_000)
    parser.add_argument("--memory-rows", type=int, default=20_000)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--judge", type=Path, help="an exported judge folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        judge = args.judge or build_judge(folder)
        figures = {
            "start": measure_start(judge, folder, args.starts),
            "overhead": measure_overhead(judge, folder, args.rows),
            "memory": measure_memories(judge, folder, args.memory_rows, args.long_rows),
        }
    report(table_of(figures), figures, args.json)


def build_judge(folder: Path) -> Path:
    """The embedded base with a random head, exported to int8."""
    (folder / "embedded").mkdir()
    build(Recipe("embedded", layers=6, seed=7), folder / "embedded", sample_rows(64, seed=7))
    return export_at_recipe_length(folder / "embedded" / "judge")


def build_small_judge(folder: Path) -> Path:
    """A one-layer BERT with the embedded base's tokenizer, exported to int8."""
    tokenizer = AutoTokenizer.from_pretrained(embedded_base())
    config = BertConfig(
        len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=WIDTH,
    )
    BertForSequenceClassification(config).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    write_judge(folder / "model", folder / "judge", config.pad_token_id)
    return export_at_recipe_length(folder / "judge")


def export_at_recipe_length(judge: Path) -> Path:
    """Cut as the embedded recipe cuts, and export."""
    manifest = read_manifest(judge)
    component = manifest.components[0].model_copy(update={"max_tokens": RECIPE_TOKENS, "truncation": "head_tail"})
    write_manifest(judge, manifest.model_copy(update={"components": (component,)}))
    gate = judge.parent / "gate.jsonl"
    write_rows(gate, [as_toxicity(row) for row in sample_rows(300, seed=7)])
    command = ["guardrank.serve.export", judge, "--precision", "int8", "--accept", "--gate-data", gate]
    subprocess.run([sys.executable, "-m", *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    return judge


def measure_overhead(judge: Path, folder: Path, count: int) -> dict[str, Any]:
    """Wall time of scoring ``count`` rows, and how much of it the engine took."""
    rows = sample_rows(count, seed=7)
    file = folder / "rows.jsonl"
    write_rows(file, [as_toxicity(row) for row in rows])
    clock = EngineClock()
    started = time.perf_counter()
    with clock:
        score_responses(ScoringRequest((str(file),), str(folder / "rows.verdicts.jsonl"), (str(judge),)))
    wall = time.perf_counter() - started
    return {
        "rows": len(rows),
        "seconds": wall,
        "engine_seconds": clock.seconds,
        "rows_per_second": len(rows) / wall,
        "overhead_share": 1 - clock.seconds / wall,
    }


class EngineClock:
    """While it is entered, adds up the time that ONNX engines take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        from guardrank.engine.onnx_engine import OnnxEngine

        self.inner = OnnxEngine.logits

        def timed(engine: OnnxEngine, ids: Sequence[Sequence[int]]) -> Any:
            started = time.perf_counter()
            logits = self.inner(engine, ids)
            self.seconds += time.perf_counter() - started
            return logits

        OnnxEngine.logits = timed  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        from guardrank.engine.onnx_engine import OnnxEngine

        OnnxEngine.logits = self.inner  # type: ignore[method-assign]


def as_toxicity(row: Row) -> Row:
    """The row in a dimension that the judge has."""
    return row._replace(
        record=row.record.model_copy(update={"dimension": "toxicity", "subtask": None, "human": None})
    )


def measure_memories(judge: Path, folder: Path, rows: int, long_rows: int) -> list[dict[str, Any]]:
    """Peak memory over real rows with the judge, then over short ones with a small judge."""
    real = folder / "memory.jsonl"
    write_rows(real, [as_toxicity(row) for row in sample_rows(rows, seed=7)])
    (folder / "small").mkdir()
    small = build_small_judge(folder / "small")
    long = [write_short_rows(folder / f"long-{count}.jsonl", count) for count in (long_rows // 10, long_rows)]
    return [
        measure_memory("the judge", judge, real, rows),
        measure_memory("a small judge", small, long[0], long_rows // 10),
        measure_memory("a small judge", small, long[1], long_rows),
    ]


def write_short_rows(file: Path, count: int) -> Path:
    """``count`` rows of the shortest tenth, again and again."""
    rows = sorted((as_toxicity(row) for row in all_rows()), key=lambda row: len(row.text))
    shortest = itertools.cycle(rows[: max(1, int(len(rows) * _SHORTEST))])
    with file.open("w", encoding="utf-8") as out:
        for i, row in enumerate(itertools.islice(shortest, count)):
            fields = {"id": f"row-{i}", "prompt": f"{row.record.prompt} {i}"}
            out.write(row.record.model_copy(update=fields).model_dump_json(exclude_none=True) + "\n")
    return file


def measure_memory(name: str, judge: Path, file: Path, rows: int) -> dict[str, Any]:
    """Peak resident set and time of the command over ``file``."""
    arguments = [str(file), "--judge", str(judge), "-o", str(file.with_suffix(".verdicts.jsonl"))]
    started = time.perf_counter()
    _, peak = run_and_tell(arguments)
    return {
        "judge": name,
        "rows": rows,
        "megabytes": file.stat().st_size / 1e6,
        "seconds": time.perf_counter() - started,
        "peak_mib": peak / 1024,
    }


def run_and_tell(arguments: Sequence[str]) -> tuple[bool, int]:
    """Run guardrank-score; whether it imported torch, and its peak resident set in KiB."""
    command = [sys.executable, "-c", _TOLD, *arguments]
    process = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if process.returncode:
        raise GuardRankError(f"guardrank-score failed: {process.stderr.strip()}")
    torch, peak = process.stderr.strip().splitlines()[-1].split()
    return torch == "True", int(peak)


def measure_start(judge: Path, folder: Path, times: int) -> dict[str, Any]:
    """Wall times of scoring ten rows in a new process."""
    file = folder / "ten.jsonl"
    write_rows(file, [as_toxicity(row) for row in sample_rows(10, seed=7)])
    arguments = [str(file), "--judge", str(judge), "-o", str(folder / "ten.verdicts.jsonl")]
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "guardrank.serve.score", *arguments], check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds, "imports_torch": run_and_tell(arguments)[0]}


def table_of(figures: dict[str, Any]) -> str:
    """All figures in one Markdown table."""
    overhead, start = figures["overhead"], figures["start"]
    seconds = start["seconds"]
    rows = [
        [f"{overhead['rows']:,} rows: rows/s", f"{overhead['rows_per_second']:,.0f}"],
        ["wall time around the engine", f"{100 * overhead['overhead_share']:.1f} %"],
        *(
            [
                f"{part['judge']}, {part['rows']:,} rows ({part['megabytes']:,.0f} MB): peak memory",
                f"{part['peak_mib']:,.0f} MiB",
            ]
            for part in figures["memory"]
        ),
        ["ten rows, process start included", f"{statistics.median(seconds):.2f} s (at most {max(seconds):.2f})"],
        ["torch imported", "yes" if start["imports_torch"] else "no"],
    ]
    return markdown_table(["measured", ""], rows)


if __name__ == "__main__":
    main()
