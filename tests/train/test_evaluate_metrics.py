from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("evaluate")

from guardrank.metrics import asd
from guardrank.train.evaluate_metrics import (
    AttackSuccess,
    NoiseConsistency,
    PositionSwapping,
    QuadraticWeightedKappa,
)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a metric went to the network")

    monkeypatch.setattr("socket.socket.connect", refuse)


def test_attack_success(tmp_path: Path) -> None:
    result = AttackSuccess(cache_dir=str(tmp_path)).compute(predictions=[0, 3, None, 1, 0], top_score=3)
    expected = asd([0, 3, 1, 0], top_score=3)
    assert (result["asd"], result["asd_low"], result["asd_high"]) == (
        expected.value,
        expected.low,
        expected.high,
    )
    assert (result["par"], result["n"], result["asd_undefined"]) == (0.5, 4, None)


def test_batches_add_up(tmp_path: Path) -> None:
    metric = AttackSuccess(cache_dir=str(tmp_path))
    for scores in ([0, 3], [1, 0]):
        metric.add_batch(predictions=scores)
    assert metric.compute(top_score=3)["asd"] == pytest.approx(1 / 3)


def test_options_are_passed_on(tmp_path: Path) -> None:
    metric = AttackSuccess(cache_dir=str(tmp_path))
    result = metric.compute(predictions=[1, 1], top_score=1, clusters=["a", "a"], compat="mllmguard")
    assert result["asd"] == pytest.approx(1 / 3)


def test_undefined_stays_none(tmp_path: Path) -> None:
    result = AttackSuccess(cache_dir=str(tmp_path)).compute(predictions=[None, None], top_score=3)
    assert (result["asd"], result["par"], result["asd_undefined"]) == (None, None, "no scores")
    kappa = QuadraticWeightedKappa(cache_dir=str(tmp_path)).compute(
        predictions=[1, 1], references=[[1], [1]], classes=4
    )
    assert kappa == {"kappa": None, "kappa_undefined": "labels and scores are all the same", "n": 2}


def test_noise_consistency(tmp_path: Path) -> None:
    result = NoiseConsistency(cache_dir=str(tmp_path)).compute(
        clean=["A", "A", None, "B"], noisy=["none", "A", "A", "A"], right=["A"] * 4
    )
    # two pairs right when clean, one of them wrong when noisy
    assert (result["asd"], result["par"], result["n"]) == (0.5, 0.5, 2)
    assert (result["pairs"], result["missing_half"], result["outside"]) == (4, 1, 1)


def test_position_swapping(tmp_path: Path) -> None:
    metric = PositionSwapping(cache_dir=str(tmp_path))
    result = metric.compute(first=["A", "A", "none"], swapped=["A", "B", "none"])
    assert (result["asd"], result["n"], result["outside"]) == (0.5, 2, 1)


def test_kappa_takes_intervals(tmp_path: Path) -> None:
    metric = QuadraticWeightedKappa(cache_dir=str(tmp_path))
    result = metric.compute(predictions=[2, 0, 0], references=[[1, 3], [1, 3], [0]], classes=4)
    assert result["kappa"] == pytest.approx(0.8)  # as in tests/guardrank/metrics/test_agreement.py
