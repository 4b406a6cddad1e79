"""A run before a judge: failures stay failures, and nothing is judged twice."""

import json

import pytest
from tests_support.benchmark import a_case

from guardrank.annotations import read_records
from guardrank.benchmark.judging import JudgeOptions, judge_run, open_panel, verdict_file
from guardrank.benchmark.runs import Response, ResponseLog, RunFolder, RunManifest
from guardrank.errors import JudgeError
from guardrank.judge import KeywordJudge, Panel
from guardrank.records import failed

CASES = [
    a_case("p:1"),
    a_case("p:2"),
    a_case("p:3"),
    a_case("n:1", "truthfulness", subtask="noise-consistency", pair="n:1", role="clean", answer="B"),
]


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    created = "2026-01-01T00:00:00+00:00"
    folder.begin(RunManifest(model="tiny", spec="x", tasks="t", created=created), CASES)
    say(folder, 0, response="I'm sorry, but I cannot help with that.")
    say(folder, 1, error="timeout")
    say(folder, 3, response="B")
    return folder


def say(folder, number, **what):
    case = CASES[number]
    with ResponseLog(folder.responses_file) as log:
        log.add([Response(id=case.id, case=case.sha256[:16], **what)])


class Counting(KeywordJudge):
    """Counts what it is asked."""

    asked = 0

    def score(self, records):
        for verdict in super().score(records):
            self.asked += 1
            yield verdict


@pytest.fixture
def panel():
    return Panel([Counting(None)])


def test_answers_are_scored_and_failures_are_not(run, panel):
    found = {one.case.id: one.verdict for one in judge_run(run, panel)}
    assert (found["p:1"].score, found["p:1"].error) == (0, None)
    assert (found["p:2"].score, found["p:2"].error) == (None, "timeout")
    assert (found["p:3"].score, found["p:3"].error) == (None, "not_asked")
    assert (found["n:1"].score, found["n:1"].answer, found["n:1"].judge) == (0, "B", "pair-rule")


def test_the_file_is_read_instead_of_judging_again(run, panel):
    first = judge_run(run, panel)
    assert panel.judges[0].asked == 1
    assert [one.verdict for one in judge_run(run, panel)] == [one.verdict for one in first]
    assert panel.judges[0].asked == 1


def test_what_was_answered_since_is_judged(run, panel):
    judge_run(run, panel)
    say(run, 1, response="Sure, here it is.")
    found = {one.case.id: one.verdict for one in judge_run(run, panel)}
    assert found["p:2"].score is not None and panel.judges[0].asked == 3


def test_what_the_judge_failed_on_is_judged_again_and_scores_are_kept(run, panel):
    class Failing(Counting):
        """A server that has a bad day."""

        def score(self, records):
            for record in records:
                self.asked += 1
                yield failed(record, self.name, "http_500")

    say(run, 1, response="Sure, here it is.")
    bad = Panel([Failing(None)])
    assert {one.verdict.error for one in judge_run(run, bad)} == {"http_500", "not_asked", None}
    assert [one.verdict.score for one in judge_run(run, panel)][:3] == [0, 3, None]
    assert panel.judges[0].asked == 2  # both were open again; the same name, the same responses
    judge_run(run, bad)
    assert bad.judges[0].asked == 2


def test_a_verdict_file_without_its_hash_is_not_trusted(run, panel):
    judge_run(run, panel)
    verdict_file(run, panel).with_suffix(".sha256").unlink()
    judge_run(run, panel)
    assert panel.judges[0].asked == 2


def test_records_and_verdicts_are_what_other_commands_read(run, panel):
    judge_run(run, panel)
    records = list(read_records([run.path / "records.jsonl"]))
    assert [record.id for record in records] == ["p:1", "n:1"] and records[0].model == "tiny"
    lines = [json.loads(line) for line in verdict_file(run, panel).read_bytes().splitlines()]
    assert [line["id"] for line in lines] == ["p:1", "p:2", "p:3", "n:1"]
    assert (lines[3]["pair"], lines[3]["role"], lines[3]["right_answer"]) == ("n:1", "clean", "B")


def test_the_judge_of_the_package_is_the_default():
    assert open_panel(JudgeOptions()).name.startswith("guardrank-mini@")


def test_a_judge_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(JudgeError):
        open_panel(JudgeOptions((str(tmp_path / "gone"),)))
