"""Rows whose response tells the local chat server their score, and a judge that abstains on half of them."""

import json
import shutil
from pathlib import Path
from statistics import median

from guardrank.judge import load_judge
from guardrank.records import Record
from tests_support.rows import annotated_rows


def numbered_rows(count: int, *dimensions: str) -> list[dict]:
    """Rows without labels, the dimensions in turn, whose responses end in their number."""
    rows = []
    for i in range(count):
        row = annotated_rows(dimensions[i % len(dimensions)], 8)[i % 8]
        del row["human"]
        rows.append(row | {"id": f"row-{i}", "response": f"{row['response']}, response {i}"})
    return rows


def set_bars(folder: Path, **calibration) -> Path:
    """Set fields of the calibration of every output: ``error_bars=[[0.1, 0.8]]``, ``abstain_below=0.8``."""
    file = folder / "guardrank.json"
    manifest = json.loads(file.read_text("utf-8"))
    for output in manifest["outputs"]:
        output["calibration"] |= calibration
    file.write_text(json.dumps(manifest), "utf-8")
    return folder


def halving_judge(judge: Path, to: Path, rows: list[dict], rate: float = 0.1) -> Path:
    """A copy of ``judge`` that keeps ``rate`` by abstaining on about half of ``rows``; by itself it never does."""
    verdicts = load_judge(judge, device="cpu").score([Record.model_validate(row) for row in rows])
    bar = median(verdict.confidence for verdict in verdicts if verdict.confidence is not None)
    return set_bars(shutil.copytree(judge, to), error_bars=[[rate, bar]], abstain_below=0.0)
