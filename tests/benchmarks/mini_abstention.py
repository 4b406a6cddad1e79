"""What the judge's confidence is good for: the errors among its least sure rows, and the error rates it promises.

    rank of a row's confidence within its dimension, surest first, as a share (0, 1]
        > 0.8                        the least sure fifth: what share of all errors is among them?
        mean error rate up to each   area under the risk-coverage curve (Geifman et al. 2019, arXiv 1805.08206)
    confidence >= bar of its dimension ──> coverage and error rate, beside the promise

An error is a score on the wrong side of 0. Intervals: 2,000 resamples of clusters; ranks and bars are those of the
rows at hand and stay as they are in the resamples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from mini_figures import share, too_few_rows
from mini_plan import ABSTAIN_SHARE, REMOVED
from mini_rows import Judged

from guardrank.agreement.percentiles import percentile_estimate
from guardrank.agreement.sample import Bools, Bootstrap, Floats, Ints, why_undecided
from guardrank.judge import Output
from guardrank.metrics import Estimate
from guardrank.train.shipped_figures import Abstention, Promise

_CELLS_AT_ONCE = 4_000_000
"""Resamples times rows in one block: bounds the memory."""


def abstention(group: str, judged: Judged, outputs: Sequence[Output], bootstrap: Bootstrap) -> Abstention:
    """All figures of the rows of a group."""
    ranks = ranks_by_dimension(judged.confidence, judged.dimensions)
    given_up = ranks > 1 - ABSTAIN_SHARE
    removed = share(given_up, judged, bootstrap, "no errors", among=judged.wrong)
    return Abstention.model_validate(
        {
            "group": group,
            "n": len(judged.records),
            "clusters": judged.sample.cluster_count,
            "errors": int(judged.wrong.sum()),
            "share": ABSTAIN_SHARE,
            "error_rate": share(judged.wrong, judged, bootstrap, "no rows"),
            "removed": removed,
            "aurc": risk_coverage_area(ranks, judged.wrong, judged.clusters, bootstrap),
            "undecided": why_undecided(judged.sample),
            "aim": REMOVED,
            "reached": REMOVED.reached(removed),
            "promises": tuple(promises(judged, outputs, bootstrap)),
        }
    )


def ranks_by_dimension(confidence: Floats, dimensions: Sequence[str]) -> Floats:
    """Each row's place in its dimension as a share of its rows, the surest first: in (0, 1], shape (n,)."""
    ranks = np.empty(confidence.size)
    of = np.asarray(dimensions, dtype=object)
    for dimension in set(dimensions):
        rows = np.flatnonzero(of == dimension)
        order = rows[np.argsort(-confidence[rows], kind="stable")]
        ranks[order] = np.arange(1, rows.size + 1) / rows.size
    return ranks


def risk_coverage_area(ranks: Floats, wrong: Bools, clusters: Ints, bootstrap: Bootstrap) -> Estimate:
    """Mean over the rows, surest first, of the error rate up to each, with its interval."""
    if not wrong.size:
        return Estimate.nothing("no rows")
    order = np.argsort(ranks, kind="stable")
    errors, of = wrong[order].astype(np.float64), clusters[order]
    value = float(_areas(np.ones((1, wrong.size)), errors)[0])
    resampled = np.concatenate([_areas(draws[:, of], errors) for draws in _draws(of, bootstrap)])
    return percentile_estimate(value, resampled, wrong.size)


def _areas(weights: Floats, errors: Floats) -> Floats:
    """The area for each row of ``weights``, shape (resamples, n): how often each row counts."""
    covered = weights.cumsum(axis=1)
    risk = (weights * errors).cumsum(axis=1) / np.maximum(covered, 1)
    return np.asarray((weights * risk).sum(axis=1) / covered[:, -1])


def _draws(clusters: Ints, bootstrap: Bootstrap) -> Iterator[Floats]:
    """How often each cluster was drawn, in blocks of shape (resamples, clusters)."""
    m = int(clusters.max()) + 1
    rng, block = np.random.default_rng(bootstrap.seed), max(1, _CELLS_AT_ONCE // clusters.size)
    for start in range(0, bootstrap.resamples, block):
        size = min(block, bootstrap.resamples - start)
        yield rng.multinomial(m, np.full(m, 1 / m), size).astype(np.float64)


def promises(judged: Judged, outputs: Sequence[Output], bootstrap: Bootstrap) -> Iterator[Promise]:
    """What is left above each bar, in all dimensions that have it together, then in each."""
    for promised, bars in promised_bars(outputs).items():
        rows = judged.only(dimension in bars for dimension in judged.dimensions)
        yield _promise("all", promised, rows, bars, bootstrap)
        for dimension in bars if len(bars) > 1 else ():
            own = rows.only(each == dimension for each in rows.dimensions)
            yield _promise(dimension, promised, own, bars, bootstrap)


def promised_bars(outputs: Sequence[Output]) -> dict[float | None, dict[str, float]]:
    """Promised error rate (None: the bar in force unasked) -> dimension -> its bar of confidence."""
    found: dict[float | None, dict[str, float]] = {
        None: {output.dimension.value: output.calibration.abstain_below for output in outputs}
    }
    for output in outputs:
        for promised, bar in getattr(output.calibration, "error_bars", ()):
            found.setdefault(promised, {})[output.dimension.value] = bar
    return found


def _promise(
    rows: str, promised: float | None, judged: Judged, bars: Mapping[str, float], bootstrap: Bootstrap
) -> Promise:
    own_bars = np.array([bars[dimension] for dimension in judged.dimensions], np.float64)
    kept = judged.confidence >= own_bars
    return Promise(
        rows=rows,
        promised=promised,
        n=kept.size,
        kept=int(kept.sum()),
        coverage=share(kept, judged, bootstrap, "no rows"),
        error_rate=share(judged.wrong, judged, bootstrap, "no rows are left", among=kept),
        undecided=too_few_rows(judged.only(kept)),
    )
