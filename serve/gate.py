"""The gate: does an export say what the torch judge says? Logits of both on the same rows -> GateReport.

logits ──decode_output──> probabilities, scores, abstentions     exactly as the judge decodes them
       ──side by side──> flipped, difference, changed abstention of each row
       ──by dimension and over all──> figures                    serve/gate_report.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guardrank.annotations import bounds, cluster_of
from guardrank.judge import Manifest, Output
from guardrank.judge.head import Decoded, decode_output
from guardrank.metrics import wilson_interval
from guardrank.records import Record
from guardrank.serve.gate_kappa import Labelled, compare_kappas
from guardrank.serve.gate_report import Comparison, GateReport

Logits = NDArray[np.floating[Any]]
_NAMED = 5
"""So many rows without a number are named."""


@dataclass(frozen=True)
class _SideBySide:
    """One dimension's rows; all arrays have the shape (n,)."""

    records: Sequence[Record]
    flipped: NDArray[np.bool_]
    difference: NDArray[np.float64]
    abstention_changed: NDArray[np.bool_]
    readable: NDArray[np.bool_]
    labelled: Labelled


def compare(manifest: Manifest, records: Sequence[Record], reference: Logits, exported: Logits) -> GateReport:
    """What the export changes.

    Args:
        records: n >= 1 rows of the judge's dimensions; a label off the judge's scale counts as none.
        reference: the torch judge's logits of these rows, shape (n, manifest.width).
        exported: the export's, of the same shape.

    Raises:
        ValueError: no rows, a dimension that the judge lacks, or logits of another shape.
    """
    shape = (len(records), manifest.width)
    if not records or reference.shape != shape or exported.shape != shape:
        raise ValueError(f"logits of shapes {reference.shape} and {exported.shape} for {shape}")
    parts = {}
    for output in manifest.outputs:
        rows = [i for i, record in enumerate(records) if record.dimension == output.dimension]
        if rows:
            torch, export = (decode_output(output, logits[rows]) for logits in (reference, exported))
            parts[output.dimension] = _side_by_side(output, [records[i] for i in rows], torch, export)
    if sum(len(part.records) for part in parts.values()) != len(records):
        raise ValueError("a record is of a dimension that the judge lacks")
    return GateReport(
        **_figures(list(parts.values())),
        dimensions={dimension: Comparison(**_figures([part])) for dimension, part in parts.items()},
        unreadable=tuple(_unreadable(list(parts.values()))[:_NAMED]),
    )


def _side_by_side(output: Output, records: Sequence[Record], torch: Decoded, export: Decoded) -> _SideBySide:
    has_torch, has_export = (np.asarray(np.isfinite(side.probs).all(axis=1)) for side in (torch, export))
    readable = np.asarray(has_torch & has_export)
    return _SideBySide(
        records,
        flipped=np.where(readable, torch.scores != export.scores, has_torch != has_export),
        difference=np.abs(torch.probs - export.probs).max(axis=1),
        abstention_changed=readable & (torch.abstained != export.abstained),
        readable=readable,
        labelled=_labelled(output, records, readable, torch, export),
    )


def _labelled(
    output: Output, records: Sequence[Record], readable: NDArray[np.bool_], torch: Decoded, export: Decoded
) -> Labelled:
    rows = [i for i, record in enumerate(records) if readable[i] and _has_label(record, output.classes)]
    return Labelled(
        spans=np.array([bounds(records[i].human or 0) for i in rows], dtype=np.int64).reshape(-1, 2),
        torch=torch.scores[rows],
        export=export.scores[rows],
        classes=output.classes,
        clusters=[cluster_of(records[i]) for i in rows],
    )


def _has_label(record: Record, classes: int) -> bool:
    return record.human is not None and 0 <= bounds(record.human)[0] <= bounds(record.human)[1] < classes


def _figures(parts: Sequence[_SideBySide]) -> dict[str, Any]:
    """The fields of a Comparison over the rows of ``parts``."""
    flipped, readable, difference, changed = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("flipped", "readable", "difference", "abstention_changed")
    )
    clusters = [cluster_of(record) for part in parts for record in part.records]
    low, high = wilson_interval(flipped, clusters)
    known = difference[readable]
    return {
        "rows": len(flipped),
        "flipped": int(flipped.sum()),
        "flipped_share": round(float(flipped.mean()), 6),
        "flipped_interval": (round(low, 6), round(high, 6)),
        "largest_difference": round(float(known.max()), 8) if known.size else None,
        "mean_difference": round(float(known.mean()), 8) if known.size else None,
        "abstentions_changed": int(changed.sum()),
        "not_a_number": int((~readable).sum()),
        **compare_kappas([part.labelled for part in parts]),
    }


def _unreadable(parts: Sequence[_SideBySide]) -> list[str]:
    return [
        record.id
        for part in parts
        for record, readable in zip(part.records, part.readable, strict=True)
        if not readable
    ]
