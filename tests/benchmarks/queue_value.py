"""Do the rows that ``guardrank-agree queue`` chooses teach more than as many random ones?

    python tests/benchmarks/queue_value.py ../shared/data/{do_not_answer,gptfuzz,diasafety}.jsonl.gz --json FILE

Simulated with labels that people gave: every way of choosing begins with the same random rows, and then asks for
a batch, learns from all labels so far, and asks again. The learner (logistic regression on word and character
n-grams) is also the judge whose probabilities say what it is unsure of. Pool: --pool train rows; measured: kappa
on up to --measured dev rows, averaged over the batches (the learning curve's mean height) and at the end.

Ways: random; queue (the command as it is: a fifth drawn at random); chosen (nothing at random); uncertain (the
most uncertain, however alike); diverse (the least alike, no judge). Intervals are 95 %, Student's t over the
seeds, of the difference from random with the same seed. Test rows are not read.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from measurement import markdown_table, new_parser, report
from people_labels import is_positive, read_data
from scipy import sparse, stats
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score

from guardrank.agreement.queue.candidates import survey
from guardrank.agreement.queue.opinions import Opinion, relative_entropy
from guardrank.agreement.queue.selection import Wish, choose
from guardrank.records import Record, stem_of

WAYS: dict[str, dict[str, float]] = {
    "random": {"random_share": 1.0},
    "queue": {"random_share": 0.2},
    "chosen": {"random_share": 0.0},
    "uncertain": {"random_share": 0.0, "trade": 1.0},
    "diverse": {"random_share": 0.0, "trade": 0.0},
}


def main() -> None:
    """Measure every file and print one table."""
    args = parse_arguments()
    figures = [measure(path, args) for path in args.data]
    report(table_of(figures), figures, args.json)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = new_parser(__doc__)
    parser.add_argument("data", nargs="+", metavar="DATA", help="annotated responses, such as NAME.jsonl.gz")
    parser.add_argument("--pool", type=int, default=2000, help="rows to choose from (default: 2000)")
    parser.add_argument("--measured", type=int, default=1000, help="rows to measure on (default: 1000)")
    parser.add_argument("--batch", type=int, default=100, help="rows a batch (default: 100)")
    parser.add_argument("--batches", type=int, default=4, help="batches after the first (default: 4)")
    parser.add_argument("--seeds", type=int, default=6, help="repetitions (default: 6)")
    return parser.parse_args()


def measure(path: str, args: argparse.Namespace) -> dict[str, Any]:
    """The learning curves of one file: way -> seed -> kappa after each batch."""
    data = read_data(path, "dev")
    train = [row for row in data.train if is_positive(row) is not None]
    dev = [row for row in data.dev if is_positive(row) is not None][: args.measured]
    curves: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for seed in range(args.seeds):
        order = np.random.default_rng(seed).permutation(len(train))[: args.pool]
        school = School([train[i] for i in order], dev)
        for way, settings in WAYS.items():
            wish = replace(Wish(args.batch, seed=seed), **settings)
            curves[way].append(school.curve(wish, args.batches, by_judge=way != "diverse"))
    return {"file": stem_of(path), "pool": min(len(train), args.pool), "measured": len(dev), "curves": curves}


class School:
    """A pool of rows with hidden labels, and the rows that a learner is measured on."""

    def __init__(self, pool: Sequence[Record], measured: Sequence[Record]) -> None:
        self.pool, self.labels = pool, np.array([is_positive(row) for row in pool], dtype=int)
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3)
        known = [_text(row) for row in pool]
        asked = [_text(row) for row in measured]
        self.features = sparse.hstack([v.fit_transform(known) for v in (words, parts)]).tocsr()
        self.measured = sparse.hstack([v.transform(asked) for v in (words, parts)]).tocsr()
        self.truth = np.array([is_positive(row) for row in measured], dtype=int)

    def curve(self, wish: Wish, batches: int, *, by_judge: bool) -> list[float]:
        """Kappa after the first (random) batch and after each of the others."""
        labelled = np.random.default_rng(wish.seed).permutation(len(self.pool))[: wish.rows].tolist()
        curve = []
        for _ in range(batches + 1):
            learner = LogisticRegression(C=10, class_weight="balanced", max_iter=500)
            one_sided = len(set(self.labels[labelled])) < 2
            if not one_sided:
                learner.fit(self.features[labelled], self.labels[labelled])
            curve.append(0.0 if one_sided else self._kappa(learner))
            labelled += self._ask(None if one_sided or not by_judge else learner, labelled, wish)
        return curve

    def _kappa(self, learner: LogisticRegression) -> float:
        return float(cohen_kappa_score(self.truth, learner.predict(self.measured)))

    def _ask(self, learner: LogisticRegression | None, labelled: list[int], wish: Wish) -> list[int]:
        rest = np.setdiff1d(np.arange(len(self.pool)), labelled)
        candidates = survey([self.pool[i] for i in rest], include_labelled=True)
        rows = rest[candidates.place]
        opinions: list[Opinion | None] = [None] * len(rows)
        if learner is not None:
            opinions = [_opinion(probs) for probs in learner.predict_proba(self.features[rows])]
        return [int(rows[pick.row]) for pick in choose(candidates, opinions, wish)]


def _text(record: Record) -> str:
    return "\n".join(filter(None, (record.prompt, record.response, record.reference)))


def _opinion(probs: np.ndarray) -> Opinion:
    return Opinion(
        int(probs.argmax()), relative_entropy(probs.tolist()), float(probs.max()), False, None, "learner"
    )


def table_of(figures: Sequence[dict[str, Any]]) -> str:
    """A line a file and way: mean height of the curve, the end, and both differences from random."""
    headings = ["file", "way", "mean kappa", "above random [95 %]", "last kappa", "above random [95 %]"]
    rows = []
    for figure in figures:
        base = np.array(figure["curves"]["random"])
        for way, curves in figure["curves"].items():
            curve = np.array(curves)
            rows.append([figure["file"], way])
            for values, reference in ((curve[:, 1:].mean(1), base[:, 1:].mean(1)), (curve[:, -1], base[:, -1])):
                rows[-1] += [f"{values.mean():.3f}", "" if way == "random" else _interval(values - reference)]
    return markdown_table(headings, rows)


def _interval(differences: np.ndarray) -> str:
    mean, error = differences.mean(), stats.sem(differences)
    reach = stats.t.ppf(0.975, len(differences) - 1) * error
    return f"{mean:+.3f} [{mean - reach:+.3f}, {mean + reach:+.3f}]"


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="sklearn")
    main()
