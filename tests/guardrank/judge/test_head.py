"""From logits to verdicts: order, columns, calibration, and a failure that is never a score."""

import math
from itertools import count

import numpy as np
import pytest
from tests_support.judges import sample_records

from guardrank.engine import Encoder
from guardrank.judge import Calibration, HeadJudge, Manifest, Output
from guardrank.judge.protocol import WINDOW
from guardrank.records import UNSUPPORTED_DIMENSION, Record

LN3 = math.log(3)
HASH = "0123456789abcdef" * 4


class FixedEngine:
    """Answers with given logits, row by row."""

    def __init__(self, rows) -> None:
        self.rows = np.asarray(rows, dtype=np.float32)
        self.seen = 0

    def logits(self, ids):
        start, self.seen = self.seen, self.seen + len(ids)
        return self.rows[start : self.seen]


def output(dimension="truthfulness", classes=2, start=0, link="ordinal", **calibration) -> Output:
    return Output(
        dimension=dimension, classes=classes, start=start, link=link, calibration=Calibration(**calibration)
    )


@pytest.fixture
def head(judges):
    """Builds a head that reads the given logits."""
    written = judges["bert"]

    def build(rows, *outputs: Output) -> HeadJudge:
        manifest = Manifest(name="fixed", components=written.manifest.components, outputs=outputs or (output(),))
        encoder = Encoder(written.folder / "tokenizer.json", template="guardrank", max_tokens=48)
        return HeadJudge(manifest, encoder, FixedEngine(rows), HASH)

    return build


def record(dimension="truthfulness", response="Yes.", **fields) -> Record:
    return Record(response=response, dimension=dimension, **fields)


def test_a_verdict(head):
    # sigmoid(ln 3) = 3/4: score 1 with confidence 3/4
    (verdict,) = head([[LN3]]).score([record(id="a")])
    assert verdict.model_dump() == {
        "id": "a",
        "score": 1,
        "expected": 0.75,
        "probs": (0.25, 0.75),
        "confidence": 0.75,
        "abstained": False,
        "truncated": False,
        "error": None,
        "judge": "fixed@0123456789abcdef",
        "answer": None,
        "escalated_from": None,
        "escalation_error": None,
    }


@pytest.mark.parametrize(
    "row, calibration, score, confidence, abstained",
    [
        ([LN3], {"thresholds": (0.74,)}, 1, 0.75, False),
        ([LN3], {"thresholds": (0.76,)}, 0, 0.75, False),
        ([2 * LN3], {"temperature": 2.0}, 1, 0.75, False),
        ([LN3], {"bias": (-2 * LN3,)}, 0, 0.75, False),
        ([LN3], {"abstain_below": 0.74}, 1, 0.75, False),
        ([LN3], {"abstain_below": 0.76}, 1, 0.75, True),  # an abstention keeps its score
        ([0.0], {"decode": "argmax", "thresholds": (0.1,)}, 0, 0.5, False),
    ],
)
def test_the_calibration_is_used(head, row, calibration, score, confidence, abstained):
    (verdict,) = head([row], output(**calibration)).score([record()])
    assert (verdict.score, verdict.confidence, verdict.abstained) == (score, confidence, abstained)


@pytest.mark.parametrize(
    "row, score, probs",
    [
        ([0.0, LN3], 1, (0.25, 0.75)),
        ([-5 - LN3, -5], 0, (0.25, 0.75)),  # the same probabilities, but no logit above 0
        ([-LN3, 0.0], 0, (0.25, 0.75)),
        ([5.0, 5.0], 0, (0.5, 0.5)),
    ],
)
def test_a_score_may_be_read_off_the_logits(head, row, score, probs):
    (verdict,) = head([row], output(link="nominal", decode="relu_argmax")).score([record()])
    assert (verdict.score, verdict.abstained) == (score, False)
    assert verdict.probs == pytest.approx(probs, abs=1e-6)


@pytest.mark.parametrize("row", [[1.0, math.nan], [-math.inf, -1.0], [0.0, math.inf]])
def test_what_is_not_a_number_is_not_read_off_the_logits_either(head, row):
    (verdict,) = head([row], output(link="nominal", decode="relu_argmax")).score([record()])
    assert (verdict.score, verdict.error) == (None, "not_a_number")


def test_each_dimension_reads_its_own_columns(head):
    outputs = (
        output("bias", classes=4, start=0),
        output("truthfulness", start=3),
        output("privacy", classes=4, start=4, link="nominal"),
    )
    row = [LN3, 0, -LN3, -LN3, 0, 0, 0, LN3]
    judge = head([row] * 3, *outputs)
    privacy, bias, truthfulness = judge.score([record("privacy"), record("bias"), record("truthfulness")])
    assert bias.probs == (0.25, 0.25, 0.25, 0.25)
    assert truthfulness.probs == (0.75, 0.25)
    assert privacy.probs == pytest.approx((1 / 6, 1 / 6, 1 / 6, 1 / 2), abs=1e-6)  # e^0, e^0, e^0, e^ln3
    assert judge.dimensions == {"bias", "truthfulness", "privacy"}


def test_dimensions_may_share_columns_and_keep_their_own_calibration(head):
    outputs = (output("bias", classes=4), output("toxicity", classes=4, thresholds=(0.8, 0.8, 0.8)))
    bias, toxicity = head([[LN3, LN3, -LN3]] * 2, *outputs).score([record("bias"), record("toxicity")])
    assert bias.probs == toxicity.probs == (0.25, 0.0, 0.5, 0.25)
    assert (bias.score, toxicity.score) == (2, 0)


def test_order_is_kept_and_a_missing_dimension_is_said(head):
    names = ["truthfulness", "bias", "truthfulness", "toxicity", "truthfulness"]
    verdicts = list(head([[5], [-5], [5]]).score(record(name, id=f"{i}") for i, name in enumerate(names)))
    assert [verdict.id for verdict in verdicts] == ["0", "1", "2", "3", "4"]
    assert [verdict.score for verdict in verdicts] == [1, None, 0, None, 1]
    assert [verdict.error for verdict in verdicts] == [
        None,
        UNSUPPORTED_DIMENSION,
        None,
        UNSUPPORTED_DIMENSION,
        None,
    ]
    assert UNSUPPORTED_DIMENSION == "unsupported_dimension"
    assert verdicts[1].probs is None and verdicts[1].expected is None and verdicts[1].confidence is None


def test_only_records_of_other_dimensions(head):
    assert [verdict.error for verdict in head(np.empty((0, 1))).score([record("bias")] * 2)] == [
        UNSUPPORTED_DIMENSION
    ] * 2


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("decode", ["thresholds", "argmax"])
@pytest.mark.parametrize("link, width", [("ordinal", 3), ("nominal", 4)])
@pytest.mark.parametrize("place", [0, -1])
def test_what_is_not_a_number_is_an_error_and_never_a_score(head, bad, decode, link, width, place):
    rows = np.zeros((3, width))
    rows[1, place] = bad
    judge = head(rows, output("bias", classes=4, link=link, decode=decode))
    good, wrong, other = judge.score([record("bias", id=f"{i}") for i in range(3)])
    assert (wrong.score, wrong.error) == (None, "not_a_number")
    assert wrong.expected is None and wrong.probs is None
    assert good.score is not None and other.score == good.score


def test_another_dimensions_broken_column_does_no_harm(head):
    outputs = (output("truthfulness", start=0), output("bias", classes=4, start=1))
    (verdict,) = head([[LN3, math.nan, math.nan, math.nan]], *outputs).score([record()])
    assert verdict.score == 1


def test_truncation_is_said(head):
    rows = sample_records()
    verdicts = list(head([[0.0]] * len(rows)).score(rows))
    assert [verdict.truncated for verdict in verdicts] == [False, False, False, False, True]


def test_records_are_read_a_window_at_a_time(head):
    taken = count()
    stream = (record(id=str(next(taken))) for _ in range(WINDOW + 3))
    verdicts = head([[0.0]] * (WINDOW + 3)).score(stream)
    assert next(verdicts).id == "0"
    assert next(taken) == WINDOW, "the second window was read before it was needed"
    assert len(list(verdicts)) == WINDOW + 2


def test_no_records(head):
    assert list(head(np.empty((0, 1))).score([])) == []
