"""What every measurement here shares: where and how it ran, its Markdown table, its JSON file.

Imports nothing heavy, so that a script which measures the memory of child processes stays small itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
_PACKAGES = (
    "guardrank",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "tokenizers",
    "onnx",
    "onnxruntime",
    "safetensors",
    "scikit-learn",
    "numpy",
    "ray",
    "uvicorn",
)


def new_parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the script's docstring, with ``--json``."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and the environment here")
    return parser


def environment() -> dict[str, Any]:
    """What a reader needs to judge or repeat a measurement."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.executable).name, *sys.argv]),
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain")),
        "processor": processor_name(),
        "cores": usable_cores(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        "load_average_at_end": round(os.getloadavg()[0], 2),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "versions": {package: _version(package) for package in _PACKAGES},
    }


def usable_cores() -> int:
    """Cores that this process may run on, which a container can hold below those of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor_name() -> str:
    """The processor's model name."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git(*arguments: str) -> str | None:
    """What git says, None where there is no git or no repository."""
    try:
        result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; all columns but the first are set right."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def report(table: str, figures: Any, json_file: Path | None) -> None:
    """Print the table and a line on the machine; write the figures to ``json_file`` if there is one."""
    where = environment()
    print(table)
    print(f"\n{where['processor']}, {where['cores']} cores, {where['date']}, commit {str(where['commit'])[:12]}")
    if json_file:
        text = json.dumps({"environment": where, "figures": figures}, indent=2, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
