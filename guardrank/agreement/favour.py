"""Does a rater favour some models? Its mean score minus people's, model by model.

    bias of a model      mean of score - label over its rows: below 0, the rater is lenient with it
    relative             that bias minus the bias on all other models' rows: below 0, it favours this one

A rater that is lenient with everybody has a bias everywhere and favours nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from guardrank.agreement.families import same_family
from guardrank.agreement.percentiles import check_same, percentile_estimate, ratio
from guardrank.agreement.results import Favour
from guardrank.agreement.sample import Bootstrap, Floats, Ints, Sample, why_undecided

NO_OTHERS = "no other models"


def favour(rater: str, sample: Sample, models: Sequence[str | None], bootstrap: Bootstrap) -> list[Favour]:
    """Bias of ``rater`` towards each model, by name; all models' are resampled together.

    Args:
        rater: whose scores they are.
        sample: the rows with a label and a score.
        models: who wrote each row's response; rows that name none are left out.
        bootstrap: how clusters are resampled.
    """
    named = np.array([model is not None for model in models], np.bool_)
    if not named.any():
        return []
    sample = sample.only(named)
    names, codes = np.unique([model for model in models if model is not None], return_inverse=True)
    columns = _by_cluster(sample, codes, len(names))
    resampled = bootstrap.sums(columns.reshape(len(columns), -1)).reshape(-1, *columns.shape[1:])
    values, spreads = _biases(columns.sum(axis=0)), _biases(resampled)
    errors = sample.scores - sample.labels
    check_same(values[0], np.array([errors[codes == code].mean() for code in range(len(names))]))
    return [
        _favour(rater, str(name), sample.only(codes == code), values[:, code], spreads[:, :, code])
        for code, name in enumerate(names)
    ]


def _favour(rater: str, model: str, sample: Sample, values: Floats, resampled: Floats) -> Favour:
    """``values`` are bias and relative bias, ``resampled`` their resamples, shape (2, resamples)."""
    bias, relative = (
        percentile_estimate(float(value), spread, sample.n, NO_OTHERS)
        for value, spread in zip(values, resampled, strict=True)
    )
    return Favour(
        rater=rater,
        model=model,
        n=sample.n,
        clusters=sample.cluster_count,
        bias=bias,
        relative=relative,
        own_family=same_family(rater, model),
        undecided=why_undecided(sample),
    )


def _by_cluster(sample: Sample, codes: Ints, models: int) -> Floats:
    """For each cluster and model its rows and the sum of score - label, shape (clusters, 2, models)."""
    m = sample.cluster_count
    cells = sample.ranked_clusters * models + codes
    rows = np.bincount(cells, minlength=m * models).reshape(m, models)
    sums = np.bincount(cells, sample.scores - sample.labels, m * models).reshape(m, models)
    return np.stack([rows, sums], axis=1).astype(np.float64)


def _biases(columns: Floats) -> Floats:
    """Bias and relative bias from rows and sums (..., 2, models): shape (2, ..., models), nan without a row."""
    rows, sums = columns[..., 0, :], columns[..., 1, :]
    bias = ratio(sums, rows)
    others = ratio(sums.sum(axis=-1, keepdims=True) - sums, rows.sum(axis=-1, keepdims=True) - rows)
    return np.stack([bias, bias - others])
