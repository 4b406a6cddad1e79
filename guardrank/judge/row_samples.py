"""Samples of records: whole clusters to compare exports on, equal shares of dimensions to calibrate them with.

The same seed draws the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from guardrank.annotations import cluster_of
from guardrank.engine import share_room
from guardrank.records import Record

GATE_ROWS = 2_000
"""As many rows an export is compared on at most."""
CALIBRATION_ROWS = 256
"""As many rows an int8 export is calibrated with at most."""


def sample_clusters(records: Sequence[Record], limit: int = GATE_ROWS, seed: int = 0) -> list[Record]:
    """At most ``limit`` records in their order, whole clusters as long as they fit.

    Where not even one cluster fits, it is the beginning of one.
    """
    if len(records) <= limit:
        return list(records)
    clusters: dict[str, list[int]] = {}
    for i, record in enumerate(records):
        clusters.setdefault(cluster_of(record), []).append(i)
    drawn = list(clusters.values())
    Random(seed).shuffle(drawn)  # noqa: S311 (no secret)
    chosen: list[int] = []
    for rows in drawn:
        if len(chosen) + len(rows) <= limit:
            chosen += rows
    return [records[i] for i in sorted(chosen or drawn[0][:limit])]


def sample_by_dimension(records: Sequence[Record], limit: int = CALIBRATION_ROWS, seed: int = 0) -> list[Record]:
    """At most ``limit`` records in their order, as many of each dimension as there are, or an equal share."""
    by_dimension: dict[str, list[int]] = {}
    for i, record in enumerate(records):
        by_dimension.setdefault(record.dimension, []).append(i)
    groups = list(by_dimension.values())
    shares = share_room([len(rows) for rows in groups], [1.0] * len(groups), limit)
    random = Random(seed)  # noqa: S311 (no secret)
    chosen = [i for rows, share in zip(groups, shares, strict=True) for i in random.sample(rows, share)]
    return [records[i] for i in sorted(chosen)]
