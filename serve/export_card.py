"""What the gate found, for those who use the judge: ``exports.VARIANT`` in metrics.json, a table in the card.

The card's section is made anew from metrics.json each time, between two comments; the rest of both files stays
as it is. A judge from elsewhere may lack either file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from guardrank.console import warn
from guardrank.errors import GuardRankError
from guardrank.markdown import cell
from guardrank.serve.gate_report import GateReport
from guardrank.versions import library_versions

METRICS_FILE = "metrics.json"
CARD_FILE = "README.md"
_PACKAGES = ("guardrank", "onnx", "onnxruntime", "optimum")
_START, _END = "<!-- exports -->", "<!-- /exports -->"
_SECTION = re.compile(f"{_START}(?:(?!{_START}).)*?{_END}", re.DOTALL)
_CARD = f"""{_START}
## Exports

Compared with the torch judge on the same rows: a score is flipped if the export gives another one.

| variant | MiB | rows compared on | flipped [95 %] | largest change of a probability | kappa | gate |
|---|---|---|---|---|---|---|
{{rows}}
{_END}"""


class ExportFigures(BaseModel):
    """One entry of ``exports`` in metrics.json.

    Attributes:
        bytes: size of the variant's files together.
        bound: share of the scores that it was allowed to flip.
        accepted: whether it is kept although the gate would refuse it.
        rows_from: where the rows are from that it was compared on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bytes: int
    bound: float
    accepted: bool
    rows_from: str
    versions: dict[str, str]
    gate: GateReport


def write_export_figures(
    folder: Path,
    variant: str,
    report: GateReport,
    *,
    files: Iterable[Path],
    bound: float,
    rows_from: str,
) -> None:
    """Put the figures of an export that is kept into metrics.json and the card, replacing earlier ones of it.

    Args:
        files: the files that belong to the variant alone.
        rows_from: ``GateRows.origin``.

    Raises:
        GuardRankError: metrics.json is no JSON object.
    """
    figures = ExportFigures(
        bytes=sum(file.stat().st_size for file in files),
        bound=bound,
        accepted=not report.passes(bound),
        rows_from=rows_from,
        versions=library_versions(_PACKAGES),
        gate=report,
    )
    metrics = _read_metrics(folder / METRICS_FILE)
    metrics["exports"] = metrics.get("exports", {}) | {variant: figures.model_dump(mode="json")}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    _replace(folder / METRICS_FILE, orjson.dumps(metrics, option=options))
    card = folder / CARD_FILE
    text = card.read_bytes().decode(errors="surrogateescape") if card.is_file() else f"# {cell(folder.name)}\n"
    _replace(card, _with_section(text, metrics["exports"]).encode(errors="surrogateescape"))


def _read_metrics(file: Path) -> dict[str, Any]:
    try:
        metrics = orjson.loads(file.read_bytes()) if file.is_file() else {}
    except orjson.JSONDecodeError:
        metrics = None
    if not isinstance(metrics, dict) or not isinstance(metrics.get("exports", {}), dict):
        raise GuardRankError(f"{file} is damaged: delete it, and the export writes a new one")
    return metrics


def _replace(file: Path, content: bytes) -> None:
    """Write so that a kill leaves the old file or the new one, never half of one."""
    draft = file.with_name(f"{file.name}.tmp")
    draft.write_bytes(content)
    draft.replace(file)


def _with_section(card: str, exports: Mapping[str, Any]) -> str:
    section = _CARD.format(rows="\n".join(_rows(exports)))
    if _SECTION.search(card):
        return _SECTION.sub(lambda _: section, card, count=1)
    return f"{card.rstrip()}\n\n{section}\n"


def _rows(exports: Mapping[str, Any]) -> Iterable[str]:
    for variant, entry in sorted(exports.items()):
        try:
            yield _row(variant, ExportFigures.model_validate(entry))
        except ValidationError:
            warn(f"The figures of {variant} in {METRICS_FILE} cannot be read: they are left out of {CARD_FILE}")


def _row(variant: str, figures: ExportFigures) -> str:
    gate = figures.gate
    largest = "undefined" if gate.largest_difference is None else f"{gate.largest_difference:.2g}"
    verdict = f"{'refused, but accepted' if figures.accepted else 'passed'} (bound {100 * figures.bound:g} %)"
    cells = (
        cell(variant),
        f"{figures.bytes / 2**20:,.1f}",
        f"{gate.rows:,}, {cell(figures.rows_from)}",
        f"{gate.flipped:,}, {gate.share()}",
        largest,
        gate.kappas(),
        ", ".join(filter(None, (verdict, gate.numberless()))),
    )
    return f"| {' | '.join(cells)} |"
