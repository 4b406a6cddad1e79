"""Do bars hold elsewhere? Each source's dev rows, judged by a bar that never saw them.

    dev rows of a dimension ──all sources──────> bar           ┐
                            ──all but this one──> bar elsewhere ┴──> accuracy, kappa on this source's rows

The bar is that on the chance of a score above 0, fitted as training fits it (``guardrank.train.calibrate``). The
temperature is the judge's own, fitted with all; it does not move the order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from mini_figures import agreement_figures
from mini_rows import Judged

from guardrank.agreement.comparison import compare
from guardrank.agreement.sample import Bootstrap, why_undecided
from guardrank.train.calibrate import MIN_ROWS_PER_SIDE, fit_thresholds
from guardrank.train.shipped_figures import BarElsewhere


def bars_elsewhere(
    dev: Mapping[str, Judged], bootstrap: Bootstrap, *, sources_alike: bool
) -> Iterator[BarElsewhere]:
    """For each dimension and each source with rows of both labels, both bars and what they reach.

    Args:
        dev: dev rows by source.
        sources_alike: whether a bar is to suit all sources alike, rather than all rows.
    """
    for dimension in dict.fromkeys(each for rows in dev.values() for each in rows.dimensions):
        own = {name: rows.only(each == dimension for each in rows.dimensions) for name, rows in dev.items()}
        held = {name: rows for name, rows in own.items() if has_both_labels(rows)}
        for name in held if len(held) > 1 else ():
            others = {other: rows for other, rows in own.items() if other != name}
            bars = fit_bar(own, sources_alike=sources_alike), fit_bar(others, sources_alike=sources_alike)
            yield _compared(name, dimension, held[name], *bars, bootstrap)


def has_both_labels(rows: Judged) -> bool:
    """Whether there are enough safe rows and enough unsafe ones to place a bar by."""
    positives = int(rows.positive.sum())
    return min(positives, rows.positive.size - positives) >= MIN_ROWS_PER_SIDE


def fit_bar(sources: Mapping[str, Judged], *, sources_alike: bool) -> float:
    """The bar on the chance of a score above 0 that suits these rows."""
    chance = np.concatenate([rows.chance for rows in sources.values()])
    label = np.concatenate([rows.positive for rows in sources.values()]).astype(np.int64)
    names = [name for name, rows in sources.items() for _ in rows.records]
    probs, spans = np.column_stack([1 - chance, chance]), np.column_stack([label, label])
    return fit_thresholds(probs, spans, np.ones(1, bool), names if sources_alike else None)[0]


def _compared(
    source: str, dimension: str, rows: Judged, bar: float, elsewhere: float, bootstrap: Bootstrap
) -> BarElsewhere:
    own, other = (replace(rows, alarm=rows.chance > at).sample for at in (bar, elsewhere))
    found, found_elsewhere = (agreement_figures(sample, bootstrap) for sample in (own, other))
    return BarElsewhere(
        source=source,
        dimension=dimension,
        n=own.n,
        clusters=own.cluster_count,
        undecided=why_undecided(own),
        bar=bar,
        bar_elsewhere=elsewhere,
        accuracy=found["accuracy"],
        accuracy_elsewhere=found_elsewhere["accuracy"],
        kappa=found["kappa"],
        kappa_elsewhere=found_elsewhere["kappa"],
        difference=compare("elsewhere", other, "own", own, bootstrap, "kappa").difference,
    )
