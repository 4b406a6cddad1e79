"""A judge whose weights are the mean of two others', for a trial: does a mean hold better on what neither has seen?

    first, second (of one recipe and base) ──mean of each tensor──> a copy of the first with these weights

    python tests/benchmarks/mini_mean.py FIRST SECOND -o FOLDER

Calibration, bars and n-grams stay the first one's; exports are left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file

from guardrank.judge.base import hash_file

WEIGHTS, MANIFEST, VARIANT = "model.safetensors", "guardrank.json", "torch"


def write_mean(first: Path, second: Path, out: Path) -> None:
    """Write the judge; both folders must have the same tensors."""
    shutil.copytree(first, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*_*.onnx"))
    one, two = load_file(first / WEIGHTS), load_file(second / WEIGHTS)
    if one.keys() != two.keys():
        raise SystemExit("the judges have not the same tensors: their means mean nothing")
    mean = {name: (one[name] + two[name]) / 2 if one[name].is_floating_point() else one[name] for name in one}
    save_file({name: tensor.contiguous() for name, tensor in mean.items()}, out / WEIGHTS, {"format": "pt"})
    manifest = json.loads((out / MANIFEST).read_text("utf-8"))
    manifest["weights"] = {VARIANT: manifest["weights"][VARIANT] | {WEIGHTS: hash_file(out / WEIGHTS)}}
    manifest["probes"] = {name: probe for name, probe in manifest["probes"].items() if name == VARIANT}
    (out / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")


def main(arguments: Sequence[str]) -> None:
    """Write the mean of the judges named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    write_mean(asked.first, asked.second, asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
