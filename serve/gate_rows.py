"""Which rows an export is calibrated with and compared on: the user's, those its training kept, or the seed rows.

    --gate-data FILES      split "train" calibrates, "test" is left alone, the rest gates; without splits about
                           a fifth of the clusters calibrates
    judges/NAME.rows.jsonl what guardrank-train left beside the judge
    seed rows              neither is there: they are few, and perhaps not what the judge was trained on

Rows to calibrate with and rows to compare on never share a cluster.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from guardrank.annotations import LabelRule, cluster_of, read_records
from guardrank.console import say, warn
from guardrank.errors import GuardRankError
from guardrank.judge import Manifest
from guardrank.judge.kept_rows import KeptRows, kept_rows_file, read_kept_rows
from guardrank.judge.row_samples import sample_by_dimension, sample_clusters
from guardrank.records import Record, RejectLog

FEW_ROWS = 100
"""With fewer rows one flipped score is over the default bound of 1 %."""


class GateRows(NamedTuple):
    """Rows to calibrate with (at most 256) and to compare on (1 to 2,000), and where they are from."""

    calibration: list[Record]
    gate: list[Record]
    origin: str


def find_gate_rows(
    judge_folder: Path,
    manifest: Manifest,
    gate_data: Sequence[str] = (),
    *,
    mapping: Mapping[str, str] | None = None,
    tasks: Path | None = None,
    rejects: RejectLog | None = None,
) -> GateRows:
    """The rows for the exports of the judge in ``judge_folder``; says what it takes, and warns of what is thin.

    Args:
        gate_data: files, folders or hub ids as for ``read_records``; rows without a label count for flips, and
            not for kappa.
        mapping: our field -> their column, in ``gate_data``.
        tasks: MLLMGuard task sheets, for results folders in ``gate_data``.
        rejects: takes the rows of ``gate_data`` that are no records; without it they are only counted.

    Raises:
        GuardRankError: no row of the judge's dimensions to compare on, or a damaged file.
        UsageError: a source in ``gate_data`` does not exist or has an unknown format.
    """
    if gate_data:
        found = _rows_given(manifest, gate_data, mapping or {}, tasks, rejects or RejectLog())
    else:
        found = _rows_kept(judge_folder, manifest) or _seed_rows(manifest)
    if not found.gate:
        raise GuardRankError(
            f"{found.origin} holds no row to compare exports of {manifest.name} on: give responses in "
            f"{', '.join(output.dimension for output in manifest.outputs)} with --gate-data"
        )
    sampled = GateRows(sample_by_dimension(found.calibration), sample_clusters(found.gate), found.origin)
    _warn_if_thin(sampled, manifest)
    return sampled


def _rows_given(
    manifest: Manifest, gate_data: Sequence[str], mapping: Mapping[str, str], tasks: Path | None, log: RejectLog
) -> GateRows:
    known = {output.dimension for output in manifest.outputs}
    only = next(iter(known)) if len(known) == 1 else None
    read = list(
        read_records(gate_data, dim=only, mapping=mapping, rule=_label_rule(manifest), tasks=tasks, rejects=log)
    )
    records = [record for record in read if record.dimension in known]
    if log.count:
        warn(log.summary())
    if left_out := log.left_out + len(read) - len(records):
        say(f"{left_out:,} rows of dimensions that the judge lacks left out")
    origin = ", ".join(Path(name).name if Path(name).exists() else name for name in gate_data)
    return GateRows(*_by_split(records), origin)


def _label_rule(manifest: Manifest) -> LabelRule | None:
    """How training read labels, as far as the manifest tells; None leaves it to each row's source."""
    if manifest.own_labels:
        classes = manifest.outputs[0].classes
        return LabelRule(field=manifest.label_field, values=manifest.label_values, classes=classes)
    return None if manifest.label_field == "human" else LabelRule(field=manifest.label_field)


def _by_split(records: Sequence[Record]) -> KeptRows:
    """Divide by the rows' own splits where these give both sides, else by cluster."""
    open_rows = [record for record in records if (record.split or "").lower() != "test"]
    if left_alone := len(records) - len(open_rows):
        say(f"{left_alone:,} test rows left alone: a gate is a choice")
    gate = [record for record in open_rows if (record.split or "").lower() != "train"]
    compared_on = {cluster_of(record) for record in gate}
    calibration = [record for record in open_rows if cluster_of(record) not in compared_on]
    return KeptRows(calibration, gate) if calibration and gate else divide_by_cluster(open_rows)


def divide_by_cluster(records: Sequence[Record]) -> KeptRows:
    """About a fifth of the clusters to calibrate with, whatever the order of the rows; one cluster gates."""
    clusters = sorted({cluster_of(record) for record in records}, key=_hash)
    fifth = set(clusters[: (len(clusters) + 3) // 5])
    return KeptRows(
        calibration=[record for record in records if cluster_of(record) in fifth],
        gate=[record for record in records if cluster_of(record) not in fifth],
    )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _rows_kept(judge_folder: Path, manifest: Manifest) -> GateRows | None:
    """What training left beside the judge; None where there is nothing to compare this judge on."""
    file = kept_rows_file(judge_folder)
    if not file.is_file():
        return None
    known = {output.dimension for output in manifest.outputs}
    calibration, gate = ([record for record in rows if record.dimension in known] for rows in read_kept_rows(file))
    return GateRows(calibration, gate, f"dev rows of its training ({file.name})") if gate else None


def _seed_rows(manifest: Manifest) -> GateRows:
    """The seed rows of the judge's dimensions; their labels mean nothing to a judge of another label set."""
    folder = Path(str(files("guardrank.data"))) / "seed"
    records = list(read_records([folder / f"{output.dimension.value}.jsonl" for output in manifest.outputs]))
    if manifest.own_labels:
        records = [record.model_copy(update={"human": None}) for record in records]
    warn(
        f"No rows were kept from the training of {manifest.name}: its exports are compared on seed rows, which are "
        "few and perhaps not what it was trained on; give your own with --gate-data"
    )
    return GateRows(*divide_by_cluster(records), "seed rows of GuardRank")


def _warn_if_thin(rows: GateRows, manifest: Manifest) -> None:
    if len(rows.gate) < FEW_ROWS:
        warn(
            f"Only {len(rows.gate)} rows to compare on: one flipped score is already {100 / len(rows.gate):.1f} % "
            "of them; give more with --gate-data"
        )
    there = {record.dimension for record in rows.gate}
    if missing := [output.dimension for output in manifest.outputs if output.dimension not in there]:
        warn(f"No rows to compare on in {', '.join(missing)}: what exports do to its scores stays unknown")
