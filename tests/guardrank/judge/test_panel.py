"""A panel: each record to the first judge that has its dimension, pair subtasks to the rule, order kept."""

from itertools import count

import pytest

from guardrank.judge import PairRule, Panel
from guardrank.judge.protocol import WINDOW
from guardrank.records import UNSUPPORTED_DIMENSION, Record, Verdict


class FixedJudge:
    """Gives every record the same score, and keeps count of what it was asked."""

    def __init__(self, name: str, score: int, *dimensions: str) -> None:
        self.name = name
        self.dimensions = frozenset(dimensions)
        self.fixed = score
        self.asked: list[str] = []

    def score(self, records):
        for record in records:
            self.asked.append(record.id)
            yield Verdict(id=record.id, score=self.fixed, judge=self.name)


def record(id_: str, dimension: str, **fields) -> Record:
    return Record(id=id_, response=fields.pop("response", "B"), dimension=dimension, **fields)


def test_each_record_goes_to_the_first_judge_of_its_dimension():
    one, two = FixedJudge("one", 1, "bias"), FixedJudge("two", 2, "bias", "privacy")
    names = ["privacy", "bias", "toxicity", "privacy", "bias"]
    verdicts = list(Panel([one, two]).score(record(f"{i}", name) for i, name in enumerate(names)))
    assert [verdict.id for verdict in verdicts] == ["0", "1", "2", "3", "4"]
    assert [verdict.judge for verdict in verdicts] == ["two", "one", "one+two", "two", "one"]
    assert [verdict.score for verdict in verdicts] == [2, 1, None, 2, 1]
    assert verdicts[2].error == UNSUPPORTED_DIMENSION
    assert (one.asked, two.asked) == (["1", "4"], ["0", "3"])


@pytest.mark.parametrize(
    "members", [[], [FixedJudge("t", 1, "truthfulness")], [FixedJudge("b", 1, "bias")]], ids=len
)
@pytest.mark.parametrize("subtask", ["noise-consistency", "position-swapping"])
def test_pair_subtasks_go_to_the_rule_whatever_the_judge(members, subtask):
    row = record("x", "truthfulness", subtask=subtask, answer="A")
    (verdict,) = Panel(members).score([row])
    (by_rule,) = PairRule().score([row])
    assert verdict == by_rule
    assert verdict.judge == "pair-rule"


def test_other_subtasks_of_truthfulness_go_to_the_judge():
    judge = FixedJudge("t", 1, "truthfulness")
    rows = [
        record("a", "truthfulness", subtask="hallucination"),
        record("b", "truthfulness", subtask="noise-consistency", answer="B"),
        record("c", "truthfulness"),
    ]
    verdicts = list(Panel([judge]).score(rows))
    assert [verdict.judge for verdict in verdicts] == ["t", "pair-rule", "t"]
    assert judge.asked == ["a", "c"]


def test_a_panel_has_the_names_and_dimensions_of_its_members():
    panel = Panel([FixedJudge("one", 1, "bias"), FixedJudge("two", 2, "bias", "privacy")])
    assert panel.name == "one+two"
    assert panel.dimensions == {"bias", "privacy"}
    assert Panel([]).dimensions == frozenset()


def test_a_judge_that_loses_a_record_is_an_error_and_not_a_shift():
    class Forgetful(FixedJudge):
        def score(self, records):
            yield from list(super().score(records))[1:]

    with pytest.raises(ValueError, match="shorter"):
        list(Panel([Forgetful("f", 1, "bias")]).score([record("a", "bias"), record("b", "bias")]))


def test_records_are_read_a_window_at_a_time():
    taken = count()
    stream = (record(str(next(taken)), "bias") for _ in range(2 * WINDOW + 1))
    verdicts = Panel([FixedJudge("one", 1, "bias")]).score(stream)
    assert next(verdicts).id == "0"
    assert next(taken) == WINDOW
    assert sum(1 for _ in verdicts) == 2 * WINDOW
