"""Verdicts are scored once: what is there is read, what a kill cut off is scored."""

import json

import pytest
from tests_support.rows import read_jsonl

from guardrank.agreement.kept_verdicts import beside, hash_rows, score_or_read
from guardrank.judge import KeywordJudge
from guardrank.records import Record


class Counting(KeywordJudge):
    """The keyword rule, which counts what it scores and dies at a row."""

    def __init__(self, dies_at=None, name="counting@1"):
        super().__init__()
        self.name = name
        self.scored = []
        self.dies_at = dies_at

    def score(self, records):
        for record in records:
            if record.id == self.dies_at:
                raise KeyboardInterrupt
            self.scored.append(record.id)
            yield from super().score([record])


def records(count=10, **changes):
    return [
        Record(
            **{"id": f"r{i}", "prompt": f"p{i}", "response": "Sure." if i % 2 else "Sorry.", "dimension": "bias"}
            | changes
        )
        for i in range(count)
    ]


@pytest.fixture
def path(tmp_path):
    return beside(tmp_path, "ours")


def test_the_second_time_nothing_is_scored(path):
    first, second = Counting(), Counting()
    verdicts = list(score_or_read(first, records(), path, window=4))
    assert [verdict.score for verdict in verdicts] == [0, 3] * 5
    assert list(score_or_read(second, records(), path, window=4)) == verdicts
    assert (len(first.scored), second.scored) == (10, [])
    assert [line["id"] for line in read_jsonl(path)] == [f"r{i}" for i in range(10)]


def test_a_killed_run_goes_on_with_whole_windows(path):
    undisturbed = list(score_or_read(Counting(), records(), beside(path.parent, "other"), window=4))
    with pytest.raises(KeyboardInterrupt):
        list(score_or_read(Counting(dies_at="r6"), records(), path, window=4))
    assert len(read_jsonl(path)) == 4
    again = Counting()
    assert list(score_or_read(again, records(), path, window=4)) == undisturbed
    assert again.scored == [f"r{i}" for i in range(4, 10)]
    assert path.read_bytes() == beside(path.parent, "other").read_bytes()


@pytest.mark.parametrize("cut", [3, 200])
def test_half_a_line_is_scored_again(path, cut):
    verdicts = list(score_or_read(Counting(), records(), path, window=2))
    path.write_bytes(path.read_bytes()[:-cut])
    again = Counting()
    assert list(score_or_read(again, records(), path, window=2)) == verdicts
    assert 0 < len(again.scored) <= 4
    assert list(score_or_read(Counting(dies_at="r0"), records(), path, window=2)) == verdicts


@pytest.mark.parametrize(
    "judge, rows",
    [
        (Counting(name="counting@2"), records()),
        (Counting(), records(response="Sorry.")),
        (Counting(), records(prompt="another")),
        (Counting(), records(reference="a description")),
        (Counting(), records(9)),
        (Counting(), records(11)),
    ],
)
def test_another_judge_or_other_rows_are_scored_anew(path, judge, rows):
    list(score_or_read(Counting(), records(), path))
    list(score_or_read(judge, rows, path))
    assert len(judge.scored) == len(rows)
    assert len(read_jsonl(path)) == len(rows)


def test_labels_are_not_what_a_judge_sees():
    assert hash_rows(records(human=1, judges={"m": 0}, meta={"x": 1})) == hash_rows(records())
    assert hash_rows(records(dimension="privacy")) != hash_rows(records())


def test_lines_that_are_not_of_these_rows_are_not_used(path):
    list(score_or_read(Counting(), records(), path))
    lines = path.read_text().splitlines()
    damaged = [json.dumps(json.loads(line) | {"id": "x"}) if i == 5 else line for i, line in enumerate(lines)]
    path.write_text("\n".join(damaged) + "\n")
    again = Counting()
    assert [v.id for v in score_or_read(again, records(), path, window=2)] == [f"r{i}" for i in range(10)]
    assert again.scored == [f"r{i}" for i in range(4, 10)]


def test_names_become_files_of_their_own(tmp_path):
    names = ["ours", "../ours", "a/b", "a_b", "a:b", "gpt-4.1", "x" * 300, "x" * 301, "评审", "."]
    files = [beside(tmp_path, name) for name in names]
    assert len(set(files)) == len(names)
    assert all(file.parent == tmp_path / "verdicts" and len(file.name) < 120 for file in files)
    assert beside(tmp_path, "ours", ".calls.jsonl").name == "ours.calls.jsonl"
