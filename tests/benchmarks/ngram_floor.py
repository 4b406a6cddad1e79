"""The floor under any trained judge: a linear model on word and character n-grams of the same file.

C chosen on dev rows, trained on train rows  ->  trained again on train and dev rows  ->  test rows
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.pipeline import FeatureUnion

from guardrank.records import Record

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """What is chosen on dev rows: C of the logistic regression, and whether rare answers weigh more."""

    strength: float
    balanced: bool

    def __str__(self) -> str:
        return f"C={self.strength:g}{', balanced' * self.balanced}"


CHOICES = [Settings(c, balanced) for balanced in (False, True) for c in (0.1, 0.3, 1, 3, 10, 30, 100)]


@dataclass(frozen=True)
class Floor:
    """The floor's answers (0 safe, 1 not) for the measured rows, and how it came by them."""

    answers: Ints
    settings: Settings
    trained_on: int
    seconds: float


def measure_floor(
    train: Sequence[Record],
    train_labels: Ints,
    dev: Sequence[Record],
    dev_labels: Ints,
    test: Sequence[Record],
) -> Floor | None:
    """Choose, refit and answer; None where train or dev rows do not hold both answers."""
    if len(set(train_labels)) < 2 or len(set(dev_labels)) < 2:
        return None
    settings = _choose(_texts(train), train_labels, _texts(dev), dev_labels)
    known = _texts([*train, *dev])
    features = _new_features()
    model = _fit(features.fit_transform(known), np.concatenate([train_labels, dev_labels]), settings)
    started = time.perf_counter()
    answers = model.predict(features.transform(_texts(test)))
    return Floor(answers.astype(np.int64), settings, len(known), time.perf_counter() - started)


def _choose(train: list[str], labels: Ints, dev: list[str], dev_labels: Ints) -> Settings:
    """The settings with the best kappa on dev, the first of equals."""
    features = _new_features()
    seen, unseen = features.fit_transform(train), features.transform(dev)
    kappas = [cohen_kappa_score(dev_labels, _fit(seen, labels, c).predict(unseen)) for c in CHOICES]
    return CHOICES[int(np.argmax(np.nan_to_num(kappas, nan=-1)))]


def _new_features() -> FeatureUnion:
    return FeatureUnion(
        [
            ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
        ]
    )


def _fit(features: object, labels: Ints, settings: Settings) -> LogisticRegression:
    weights = "balanced" if settings.balanced else None
    return LogisticRegression(C=settings.strength, class_weight=weights, max_iter=2000).fit(features, labels)


def _texts(records: Sequence[Record]) -> list[str]:
    return ["\n".join(filter(None, (r.prompt, r.response, r.reference))) for r in records]
