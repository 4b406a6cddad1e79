"""Splits by prompt, never by row: what shares a prompt (or an image) stays together.

A split that the rows bring is kept, ``test`` rows are never trained on; the rest is divided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from guardrank.annotations import bounds, cluster_of
from guardrank.errors import TrainingError
from guardrank.records import Record

_NAMES = {"train": "train", "dev": "dev", "val": "dev", "valid": "dev", "validation": "dev", "test": "test"}


@dataclass
class Split:
    """Labelled records for training and for choosing; what was left out is counted."""

    train: list[Record] = field(default_factory=list)
    dev: list[Record] = field(default_factory=list)
    test_rows: int = 0
    unlabelled: int = 0


def split_records(records: Sequence[Record], *, dev_share: float, seed: int) -> Split:
    """Divide records into train and dev; raises TrainingError where there is nothing to divide."""
    labelled = [record for record in records if record.human is not None]
    places = _given_places(labelled)
    split = Split(unlabelled=len(records) - len(labelled))
    open_rows: list[Record] = []
    for record, place in zip(labelled, places, strict=True):
        if place == "test":
            split.test_rows += 1
        else:
            {"train": split.train, "dev": split.dev}.get(place or "", open_rows).append(record)
    if not split.dev and not open_rows:
        open_rows, split.train = split.train, []
    if open_rows:
        train, dev = hold_out(open_rows, dev_share=dev_share, seed=seed)
        split.train += train
        split.dev += dev
    return split


def _given_places(records: Sequence[Record]) -> list[str | None]:
    """Each record's own split, or the one that its cluster has elsewhere."""
    own = [_NAMES.get((record.split or "").lower()) for record in records]
    clusters = [cluster_of(record) for record in records]
    known = {cluster: place for cluster, place in zip(clusters, own, strict=True) if place}
    return [place or known.get(cluster) for place, cluster in zip(own, clusters, strict=True)]


def hold_out(records: Sequence[Record], *, dev_share: float, seed: int) -> tuple[list[Record], list[Record]]:
    """Train and dev rows, dev about ``dev_share`` of them, alike in labels, dimensions and languages."""
    folds = assign_folds(records, count=max(2, round(1 / dev_share)), seed=seed)
    train = [record for record, fold in zip(records, folds, strict=True) if fold != 0]
    dev = [record for record, fold in zip(records, folds, strict=True) if fold == 0]
    return train, dev


def assign_folds(records: Sequence[Record], *, count: int, seed: int) -> list[int]:
    """A fold 0..count-1 for each record, whole clusters together; raises TrainingError with too few."""
    clusters = [cluster_of(record) for record in records]
    if len(set(clusters)) < count:
        raise TrainingError(
            f"{len(set(clusters))} different prompts cannot be divided into {count} parts: annotate more"
        )
    strata = np.array([f"{r.dimension}/{r.lang}/{bounds(r.human or 0)[0] > 0}" for r in records])
    _, codes = np.unique(strata, return_inverse=True)
    folds = np.zeros(len(records), dtype=np.int64)
    splitter = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=seed)
    for fold, (_, held) in enumerate(splitter.split(codes, _coarse(codes, count), clusters)):
        folds[held] = fold
    return [int(fold) for fold in folds]


def _coarse(codes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Strata too small to stand in every fold join the largest one, as scikit-learn asks for."""
    sizes = np.bincount(codes)
    merged = np.where(sizes[codes] < count, sizes.argmax(), codes)
    return merged if sizes.max() >= count else np.zeros_like(codes)
