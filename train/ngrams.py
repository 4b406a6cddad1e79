"""The n-gram component: which words and characters tell unsafe from safe, beside what the transformer has learnt.

    train rows ──field_ids──> n-grams ──TfidfVectorizer──> the most telling ones ──LogisticRegression──> weights
    dev rows   ──logits of both components──> how much of the n-grams each logit takes                   mix

One regression for each size of scale (a dimension of a few hundred rows learns from its kin), on "is the score
above 0?": only a few rows know more. Their logits join the first logit of each dimension.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from guardrank.annotations import bounds
from guardrank.engine.encoding import load_tokenizer
from guardrank.engine.ngrams import NGramReader, field_ids
from guardrank.errors import TrainingError
from guardrank.judge import Output
from guardrank.records import Record
from guardrank.train.ngram_graph import NGramModel, write_graph
from guardrank.train.recipe import NGramShape

Floats = NDArray[np.float64]
Gram = tuple[int, ...]
MOST_OF_A_MIX = 4.0
"""N-grams may weigh at most so much more than the transformer."""
FEWEST_ROWS = 10
"""A dimension with fewer dev rows on one side takes no part of the n-grams."""


def fit_ngrams(
    shape: NGramShape,
    tokenizer_file: Path,
    outputs: Sequence[Output],
    train: Sequence[Record],
    dev: Sequence[Record],
    dev_logits: Floats,
    file: Path,
) -> Floats:
    """Fit on ``train``, mix on ``dev``, write ``file``; returns the dev rows' logits with the n-grams' added.

    Args:
        dev_logits: what the transformer says of the dev rows, shape (n, width).

    Raises:
        TrainingError: a loss without ordinal logits, or no rows on one side of 0.
    """
    if any(output.link != "ordinal" for output in outputs):
        raise TrainingError("n-grams add to ordinal logits only: give --set loss=ordinal, or --set ngrams=null")
    plain = _fit(shape, field_ids(load_tokenizer(tokenizer_file), train), outputs, train)
    own = np.eye(plain.mix.shape[0], dtype=np.float32)
    write_graph(NGramModel(plain.grams, plain.idf, plain.weights, plain.bias, own), file)
    said = NGramReader(tokenizer_file, file).logits(dev).astype(np.float64)
    mix = fit_mix(outputs, dev, dev_logits, said)
    write_graph(NGramModel(plain.grams, plain.idf, plain.weights, plain.bias, mix.astype(np.float32)), file)
    return dev_logits + NGramReader(tokenizer_file, file).logits(dev)


def _fit(
    shape: NGramShape, ids: Sequence[Sequence[int]], outputs: Sequence[Output], rows: Sequence[Record]
) -> NGramModel:
    """The regressions, unmixed."""
    vectoriser = _vectoriser(shape)
    values = vectoriser.fit_transform(ids)
    scales = scales_of(outputs)
    first = [_regression(shape, values, above_zero(rows, outputs, scale)) for scale in scales]
    telling = _most_telling(values, np.concatenate([each.coef_ for each in first]), shape.features)
    names = vectoriser.get_feature_names_out()
    grams: list[Gram] = [names[i] for i in telling]
    vectoriser = _vectoriser(shape, grams)
    values = vectoriser.fit_transform(ids)
    fitted = [_regression(shape, values, above_zero(rows, outputs, scale)) for scale in scales]
    return NGramModel(
        grams=grams,
        idf=vectoriser.idf_,
        weights=np.concatenate([each.coef_ for each in fitted]).T,
        bias=np.concatenate([each.intercept_ for each in fitted]),
        mix=np.zeros((len(scales), 0), dtype=np.float32),
    )


def scales_of(outputs: Sequence[Output]) -> list[int]:
    """The sizes of scale that occur: one regression each."""
    return sorted({output.classes for output in outputs})


def above_zero(rows: Sequence[Record], outputs: Sequence[Output], scale: int) -> NDArray[np.int64]:
    """1 above 0, 0 at 0, -1 where the label leaves it open or is on another scale; shape (n,)."""
    own = {output.dimension for output in outputs if output.classes == scale}
    spans = [bounds(row.human) if row.human is not None and row.dimension in own else (0, 1) for row in rows]
    return np.array([1 if low > 0 else 0 if high == 0 else -1 for low, high in spans])


def _vectoriser(shape: NGramShape, vocabulary: Sequence[Gram] | None = None) -> TfidfVectorizer:
    def grams(ids: Sequence[int]) -> Iterable[Gram]:
        return (tuple(ids[i : i + n]) for n in range(1, shape.longest + 1) for i in range(len(ids) - n + 1))

    least = shape.min_rows if vocabulary is None else 1
    return TfidfVectorizer(analyzer=grams, lowercase=False, sublinear_tf=True, min_df=least, vocabulary=vocabulary)


def _regression(shape: NGramShape, values: csr_matrix, above: NDArray[np.int64]) -> LogisticRegression:
    known = above >= 0
    if len(set(above[known].tolist())) < 2:
        raise TrainingError(
            "n-grams need safe and unsafe rows on each scale: add --data, or give --set ngrams=null"
        )
    return LogisticRegression(C=shape.strength, solver="liblinear").fit(values[known], above[known])


def _most_telling(values: csr_matrix, weights: Floats, count: int) -> NDArray[np.int64]:
    """The features whose share in a regression varies most from row to row, in the order of the vocabulary."""
    square = np.asarray(values.multiply(values).mean(axis=0)).ravel()
    mean = np.asarray(values.mean(axis=0)).ravel()
    spread = np.abs(weights).max(axis=0) * np.sqrt(np.maximum(square - mean**2, 0))
    return np.sort(np.argsort(-spread, kind="stable")[:count])


def fit_mix(outputs: Sequence[Output], dev: Sequence[Record], logits: Floats, said: Floats) -> Floats:
    """How much of each regression each logit takes, shape (regressions, width): a regression on dev rows says.

    Args:
        logits: the transformer's, shape (n, width); said: the n-grams', shape (n, regressions).
    """
    scales = scales_of(outputs)
    mix = np.zeros((len(scales), logits.shape[1]))
    for output in outputs:
        kin = [other for other in outputs if other.start == output.start]
        above = above_zero(dev, kin, output.classes)
        row = scales.index(output.classes)
        mix[row, output.start] = _share(logits[:, output.start], said[:, row], above)
    return mix


def _share(transformer: Floats, ngrams: Floats, above: NDArray[np.int64]) -> float:
    known = above >= 0
    if min((above == 0).sum(), (above == 1).sum()) < FEWEST_ROWS:
        return 0.0
    both = np.stack([transformer, ngrams], axis=1)[known]
    own, other = LogisticRegression(C=10.0).fit(both, above[known]).coef_[0]
    return float(np.clip(other / max(own, 1e-3), 0.0, MOST_OF_A_MIX))
