from __future__ import annotations

from math import ceil

import numpy as np
import pytest

from guardrank.agreement.comparison import Metric, compare
from guardrank.agreement.sample import Bootstrap, Floats, Sample

METRICS: tuple[Metric, ...] = ("kappa", "weighted_kappa", "accuracy")
QUICK = Bootstrap(400)


def raters(
    rng: np.random.Generator, errors: tuple[float, float], prompts: int = 100, size: int = 4
) -> tuple[Sample, Sample]:
    """Two raters of the same rows on 0-2, wrong as often as ``errors`` says, row by row."""
    clusters = np.repeat(np.arange(prompts), size)
    labels = rng.integers(0, 3, clusters.size)
    scores = [np.where(rng.random(labels.size) < error, (labels + 1) % 3, labels) for error in errors]
    return Sample(labels, scores[0], clusters, 3), Sample(labels, scores[1], clusters, 3)


def test_by_hand() -> None:
    # 40 prompts of one row; on 20 both are right, on 15 only the first, on 5 only the second: 35/40 - 25/40
    labels = np.arange(40) % 2
    a_right = np.repeat([True, True, False], [20, 15, 5])
    b_right = np.repeat([True, False, True], [20, 15, 5])
    a, b = (Sample(labels, labels ^ ~right, np.arange(40), 2) for right in (a_right, b_right))
    found = compare("a", a, "b", b, Bootstrap(), "accuracy")
    assert (found.n, found.difference.value) == (40, 0.25)
    # each prompt adds 0, 1 or -1: standard error sqrt(0.5 - 0.25 ** 2) / sqrt(40) = 0.1046
    assert found.difference.low == pytest.approx(0.25 - 1.96 * 0.1046, abs=0.03)
    assert found.difference.high == pytest.approx(0.25 + 1.96 * 0.1046, abs=0.03)
    assert (found.outcome, found.more_clusters) == ("ahead", None)
    # z = 0.25 / 0.1046 = 2.39
    assert found.p == pytest.approx(0.017, abs=0.015)
    assert compare("b", b, "a", a, Bootstrap(), "accuracy").outcome == "behind"


@pytest.mark.parametrize("metric", METRICS)
def test_identical_raters_differ_by_exactly_nothing(metric: Metric) -> None:
    a, _ = raters(np.random.default_rng(0), (0.2, 0.2))
    found = compare("a", a, "b", Sample(a.labels, a.scores.copy(), a.clusters, 3), QUICK, metric)
    assert (found.difference.value, found.difference.low, found.difference.high) == (0, 0, 0)
    assert (found.outcome, found.p, found.more_clusters) == ("undecided", 1, None)


@pytest.mark.parametrize("metric", METRICS)
def test_a_clear_difference_is_found(metric: Metric) -> None:
    a, b = raters(np.random.default_rng(1), (0.1, 0.4))
    found = compare("a", a, "b", b, QUICK, metric)
    assert found.outcome == "ahead"
    # no resample of 400 at or below 0: 2 (1 + 0) / 401
    assert found.p == pytest.approx(2 / 401)
    assert found == compare("a", a, "b", b, Bootstrap(400), metric)
    assert found != compare("a", a, "b", b, Bootstrap(400, seed=1), metric)


def test_p_and_interval_say_the_same() -> None:
    rng = np.random.default_rng(2)
    seen = set()
    for _ in range(60):
        found = compare("a", *_named(raters(rng, (0.22, 0.3), 80, 2)), QUICK, "kappa")
        assert found.p is not None
        assert (found.outcome != "undecided") == (found.p <= 0.05)
        seen.add(found.outcome)
    assert seen >= {"ahead", "undecided"}


def _named(pair: tuple[Sample, Sample]) -> tuple[Sample, str, Sample]:
    return pair[0], "b", pair[1]


def test_raters_are_resampled_alike() -> None:
    # b errs where a errs and in a few rows more: paired, this is certain; unpaired, it would drown
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(100), 4)
    labels = rng.integers(0, 2, 400)
    wrong = rng.random(400) < rng.beta(0.5, 1, 100)[clusters]
    more = wrong | (rng.random(400) < 0.05)
    a, b = (Sample(labels, labels ^ errs, clusters, 2) for errs in (wrong, more))
    found = compare("a", a, "b", b, QUICK, "accuracy")
    assert found.outcome == "ahead"
    assert found.difference.low is not None and found.difference.high is not None
    alone = a.resampled(QUICK)
    spread = np.ptp(np.percentile(np.trace(alone, axis1=1, axis2=2) / 400, [2.5, 97.5]))
    assert found.difference.high - found.difference.low < 0.6 * spread


@pytest.mark.parametrize(
    ("prompts", "size", "positives_in", "more"),
    [
        (20, 10, 20, 10),  # 30 clusters are needed
        (40, 1, 16, 10),  # 16 positives in 40 clusters: 20 in 50
        (20, 1, 8, 30),  # 30 clusters for the one, 20 * 20 / 8 = 50 for the other
    ],
)
def test_a_small_slice_is_undecided_however_clear(prompts: int, size: int, positives_in: int, more: int) -> None:
    clusters = np.repeat(np.arange(prompts), size)
    labels = (np.arange(clusters.size) < positives_in * size).astype(np.int64)
    a, b = Sample(labels, labels, clusters, 2), Sample(labels, 1 - labels, clusters, 2)
    found = compare("a", a, "b", b, QUICK, "accuracy")
    assert (found.difference.value, found.outcome, found.more_clusters) == (1, "undecided", more)


def _repeated(sample: Sample, times: int) -> Sample:
    clusters = np.concatenate([sample.clusters + i * 1000 for i in range(times)])
    return Sample(np.tile(sample.labels, times), np.tile(sample.scores, times), clusters, sample.classes)


def test_so_many_clusters_more_settle_it() -> None:
    a, b = raters(np.random.default_rng(7), (0.2, 0.25), 40, 2)
    found = compare("a", a, "b", b, Bootstrap(), "kappa")
    assert found.outcome == "undecided" and found.more_clusters is not None
    value, low = found.difference.value, found.difference.low
    assert value is not None and value > 0 and low is not None
    assert found.more_clusters == ceil(40 * ((value - low) / value) ** 2 - 40)
    # the same clusters again and again keep the difference and narrow the interval
    times = (40 + found.more_clusters) / 40
    assert 3 < times < 40
    fewer, enough = (round(times * share) for share in (0.6, 1.5))
    assert compare("a", _repeated(a, fewer), "b", _repeated(b, fewer), QUICK, "kappa").outcome == "undecided"
    assert compare("a", _repeated(a, enough), "b", _repeated(b, enough), QUICK, "kappa").outcome == "ahead"


def test_nobody_can_tell_how_many_more_where_the_difference_is_hardly_one() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 4000)
    a_wrong, b_wrong = np.zeros((2, 4000), np.bool_)
    a_wrong[:1000], b_wrong[1000:2001] = True, True
    a, b = (Sample(labels, labels ^ wrong, np.arange(4000), 2) for wrong in (a_wrong, b_wrong))
    found = compare("a", a, "b", b, QUICK, "accuracy")
    assert found.difference.value == pytest.approx(1 / 4000)
    assert (found.outcome, found.more_clusters) == ("undecided", None)


def test_undefined() -> None:
    labels = np.zeros(50, np.int64)
    a, b = Sample(labels, labels, np.arange(50), 2), Sample(labels, 1 - labels, np.arange(50), 2)
    found = compare("a", a, "b", b, QUICK, "kappa")
    assert found.difference.undefined == "every label is the same"
    assert (found.outcome, found.p, found.more_clusters) == ("undecided", None, None)
    none = Sample(*np.empty((3, 0), np.int64), 2)
    assert compare("a", none, "b", none, QUICK, "kappa").difference.undefined == "no rows with a label and a score"


def test_other_rows_are_refused() -> None:
    a, _ = raters(np.random.default_rng(0), (0.2, 0.2))
    for other in (
        Sample(1 - a.labels % 2, a.scores, a.clusters, 3),
        Sample(a.labels, a.scores, a.clusters + 1, 3),
        a.only(np.arange(a.n) > 0),
    ):
        with pytest.raises(ValueError, match="different rows"):
            compare("a", a, "b", other, QUICK, "kappa")


def _false_alarms(studies: int) -> Floats:
    """How often equally good raters seem to differ at p <= 0.05: by this bootstrap, by McNemar's test."""
    from statsmodels.stats.contingency_tables import mcnemar

    rng = np.random.default_rng(11)
    alarms = np.zeros((studies, 2))
    for study in alarms:
        clusters = np.repeat(np.arange(60), 12)
        labels = rng.integers(0, 2, clusters.size)
        wrong = [rng.random(clusters.size) < rng.beta(0.3, 1.2, 60)[clusters] for _ in range(2)]
        a, b = (Sample(labels, labels ^ errs, clusters, 2) for errs in wrong)
        p = compare("a", a, "b", b, Bootstrap(300), "accuracy").p
        table = [[int((x & y).sum()) for y in (wrong[1], ~wrong[1])] for x in (wrong[0], ~wrong[0])]
        assert p is not None
        study[:] = p <= 0.05, mcnemar(table, exact=False).pvalue <= 0.05
    return alarms.mean(axis=0)


def test_mcnemars_test_is_too_sure_where_rows_of_a_prompt_are_alike() -> None:
    ours, by_rows = _false_alarms(200)
    assert ours < 0.11
    assert by_rows > 0.25
