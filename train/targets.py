"""Labels as targets: one row of a matrix (records x logits) says what each logit should be.

    ordinal   logit k is "score > k":  1 known to be so, 0 known not to be, -1 unknown or another dimension's
    nominal   logit k is "score = k":  1 in the label's interval, 0 not,    -1 another dimension's

So an exact score, an interval such as [1, 3] and several dimensions in one model are the same kind of row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from guardrank.annotations import Label, bounds
from guardrank.calibration import Link, logit_count
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.judge import Output

UNKNOWN = -1.0


def lay_out_outputs(
    dimensions: Iterable[Dimension], link: Link, *, shared: bool, classes: int | None = None
) -> tuple[Output, ...]:
    """Give every dimension its columns: one's own, or one set for all dimensions of the same scale."""
    outputs: list[Output] = []
    starts: dict[int, int] = {}
    width = 0
    for dimension in dimensions:
        size = classes or DIMENSIONS[dimension].classes
        start = starts.get(size, width) if shared else width
        starts[size] = start
        width = max(width, start + logit_count(link, size))
        outputs.append(Output(dimension=dimension, classes=size, start=start, link=link))
    return tuple(outputs)


def target_row(output: Output, label: Label, width: int) -> NDArray[np.float32]:
    """The target of one record, shape (width,)."""
    low, high = bounds(label)
    own = np.arange(output.width)
    if output.link == "nominal":
        known = ((low <= own) & (own <= high)).astype(np.float32)
    else:
        known = np.where(own < low, 1.0, np.where(own >= high, 0.0, UNKNOWN)).astype(np.float32)
    row = np.full(width, UNKNOWN, dtype=np.float32)
    row[output.columns] = known
    return row


def balance_weights(keys: Sequence[tuple[Dimension, Label]], max_weight: float) -> NDArray[np.float32]:
    """Row weights against the frequency of (dimension, label), mean 1 before the bound, shape (n,)."""
    counts = Counter(keys)
    per_dimension = Counter(dimension for dimension, _ in keys)
    labels = Counter(dimension for dimension, _ in counts)
    raw = [per_dimension[key[0]] / (labels[key[0]] * counts[key]) for key in keys]
    return np.clip(np.asarray(raw, dtype=np.float32), 1 / max_weight, max_weight)


def decided_thresholds(output: Output, labels: Iterable[Label]) -> NDArray[np.bool_]:
    """For k = 0..K-2 whether some label says "above k" and some other "not above k", shape (K-1,).

    With binary labels only, nothing tells the scores 1, 2 and 3 apart: thresholds 1 and 2 are undecided.
    """
    spans = [bounds(label) for label in labels]
    return np.array(
        [
            any(low > k for low, _ in spans) and any(high <= k for _, high in spans)
            for k in range(output.classes - 1)
        ]
    )
