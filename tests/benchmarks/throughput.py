"""How many responses a second a judge scores on a CPU, beside what other public tools reach.

    python tests/benchmarks/throughput.py --json throughput.json --markdown throughput.md
    python tests/benchmarks/throughput.py --shape embedded --texts 32 --rounds 1       # to try it out

One run, the same texts and the same weights for all contenders:

    reference               batch 1, padded to 256 tokens, torch float32: as the published judge scores
    transformers-pipeline   pipeline("text-classification")
    torch-fp32-sorted       batches of like length under a token budget, float32
    torch-bf16-sorted       the same in bfloat16
    cross-encoder-onnx      sentence-transformers' CrossEncoder with its ONNX backend
    openvino-bf16           OpenVINO, bfloat16, two streams, sorted batches
    ctranslate2-int8        CTranslate2's encoder in int8, sorted batches
    onnxruntime-fp32        ONNX Runtime on optimum's export, sorted batches
    onnxruntime-int8        the same after quantize_dynamic
    guardrank-fp32, -int8   ours: guardrank-export, load_judge

Texts are real responses at their natural lengths (../shared/data, else the seed data), in two shapes: embedded
(MiniLM-L6) on --texts of them, RoBERTa-large with random weights on the first --large-texts of the same. The
clock runs from rendered text to logits, tokenising included. The reference loop's time for a row is the same
for every row, so it scores a tenth of them. Loading and a warm-up are off the clock: an eighth of the rows.

Where a contender has a choice (batch size, graph), a pilot on a quarter of the rows tries each, and the fastest
is kept. Every run is a process of its own, and the contenders take turns, backwards in every other round.
Ratios are taken within a round. In every round the machine's fastest matrix products are measured as well
(machine_limit.py). A contender that fails is a row with its reason. Temporary files (TMPDIR) take about 12 GB
for RoBERTa-large, memory about 8 GB.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path

from contenders import NAMES
from measurement import new_parser, report, usable_cores
from throughput_report import markdown_section, tables
from throughput_rows import Row, data_files, sample_rows
from throughput_run import Measured, Plan, measure

SHAPES = ("embedded", "roberta-large")


def main() -> None:
    """Measure the shapes, print the tables, write the files."""
    args = parse_arguments()
    rows = sample_rows(max(args.texts, args.large_texts), args.seed)
    shapes = SHAPES if args.shape == "both" else (args.shape,)
    measured = []
    for shape in shapes:
        with tempfile.TemporaryDirectory(prefix="throughput-") as scratch:
            measured.append(measure_shape(shape, args, rows, Path(scratch) / shape))
    figures = {"data": [file.name for file in data_files()], "shapes": [asdict(one) for one in measured]}
    report("\n\n".join(map(tables, measured)), figures, args.json)
    if args.markdown:
        args.markdown.write_text(markdown_section(measured), encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the section for docs/ here")
    parser.add_argument("--shape", choices=[*SHAPES, "both"], default="both", help="(default: both)")
    parser.add_argument("--contender", action="append", choices=NAMES, help="only this; may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender (default: 5)")
    parser.add_argument("--texts", type=int, default=2000, help="rows, embedded shape (default: 2000)")
    parser.add_argument("--large-texts", type=int, default=200, help="rows, RoBERTa-large (default: 200)")
    parser.add_argument("--large-layers", type=int, default=24, help="its layers, fewer to try this out")
    parser.add_argument("--threads", type=int, default=usable_cores(), help="(default: the usable cores)")
    parser.add_argument("--seed", type=int, default=13, help="seed of rows and weights (default: 13)")
    return parser.parse_args()


def measure_shape(shape: str, args: argparse.Namespace, rows: list[Row], folder: Path) -> Measured:
    """Measure one shape with its number of rows."""
    large = shape != "embedded"
    plan = Plan(
        shape=shape,
        layers=args.large_layers,
        seed=args.seed,
        names=args.contender or NAMES,
        rounds=args.rounds,
        threads=args.threads,
        warm_up=0.125,
    )
    return measure(plan, rows[: args.large_texts if large else args.texts], folder)


if __name__ == "__main__":
    main()
