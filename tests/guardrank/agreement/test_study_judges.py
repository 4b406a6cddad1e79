"""Judges of every kind in a study: a folder, a chat model behind a real server, a file of verdicts."""

import gzip
import json

import pytest
from tests_support.chat_server import ChatServer, by_response, failing
from tests_support.rows import read_jsonl, write_jsonl

COUNTS = [[30, 10], [4, 36]]
"""What ``m`` says of ``rows_file``."""


class TestJudgeFolder:
    def test_its_verdicts_are_kept_and_read_the_next_time(self, study_of, rows_file, tmp_path, judge):
        arguments = (rows_file, "--judge", f"ours={judge}", "--judge", "column:m", "--binary", "--device", "cpu")
        study, _ = study_of(*arguments)
        kept = tmp_path / "study" / "verdicts" / "ours.jsonl"
        lines = read_jsonl(kept)
        assert [line["id"] for line in lines] == [f"row-{i}" for i in range(80)]
        said = [min(line["score"], 1) for line in lines]
        assert sum(study.slices[0].agreements[0].confusion[0]) == 40
        assert study.slices[0].agreements[0].confusion[1][1] == sum(said[40:])
        assert study.raters[0].judge.startswith("two@")
        assert {one.rater for one in study.calibration} == {one.rater for one in study.coverage} == {"ours"}
        turned = [line | {"score": 0 if line["score"] else 3} for line in lines]
        write_jsonl(kept, turned)
        again, _ = study_of(*arguments)
        assert again.slices[0].agreements[0].confusion[1][0] == sum(said[40:])  # what was kept was believed

    def test_new_texts_are_scored_anew(self, study_of, rows_file, tmp_path, judge):
        arguments = (rows_file, "--judge", judge, "--binary", "--device", "cpu")
        study_of(*arguments)
        before = read_jsonl(tmp_path / "study" / "verdicts" / "two.jsonl")
        write_jsonl(rows_file, [row | {"response": "Purple dragons dance."} for row in read_jsonl(rows_file)])
        study_of(*arguments)
        after = read_jsonl(tmp_path / "study" / "verdicts" / "two.jsonl")
        assert [line["probs"] for line in before] != [line["probs"] for line in after]

    def test_the_scale_of_the_dimension(self, study_of, rows_file, judge):
        study, _ = study_of(rows_file, "--judge", judge, "--judge", "column:m", "--device", "cpu")
        assert study.classes == ["0", "1", "2", "3"]
        assert len(study.slices[0].agreements[0].confusion) == 4

    def test_dimensions_that_it_lacks_are_failures(self, study_of, rows_file, judge):
        rows = [
            row | {"dimension": "bias" if i < 10 else "toxicity"} for i, row in enumerate(read_jsonl(rows_file))
        ]
        study, outcome = study_of(write_jsonl(rows_file, rows), "--judge", judge, "--binary", "--device", "cpu")
        assert study.raters[0].failures == {"unsupported_dimension": 10}
        assert "two has no score on 10 rows (10 unsupported_dimension)." in outcome.out

    def test_another_scale(self, run_study, rows_file, judge):
        outcome = run_study(rows_file, "--judge", judge, "--classes", "3")
        assert outcome.code == 2
        assert "Error: judge two gives 4 labels in toxicity, and what is asked has 3" in outcome.err


class TestChat:
    @pytest.fixture(autouse=True)
    def key(self, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789-secret")

    @pytest.fixture
    def scored_file(self, tmp_path, rows_file):
        """The server gives the score that a response names; here it is that of ``m``."""
        rows = [row | {"response": f"response {row['judges']['m']}"} for row in read_jsonl(rows_file)]
        return write_jsonl(rows_file, rows)

    def test_a_chat_model_is_a_judge_and_is_paid_once(self, study_of, scored_file, tmp_path):
        with ChatServer(by_response) as server:
            arguments = (scored_file, "--judge", "chat=openai:tiny", "--base-url", server.url, "--binary")
            study, _ = study_of(*arguments)
            asked = len(server.asked)
            again, _ = study_of(*arguments)
            assert 0 < asked == len(server.asked)
        assert study.slices[0].agreements[0].confusion == COUNTS
        assert study.raters[0].facts["snapshots"] == {"tiny-2026-01-01": 80}
        assert again.slices == study.slices
        calls = read_jsonl(tmp_path / "study" / "verdicts" / "chat.calls.jsonl")
        assert {call["snapshot"] for call in calls} == {"tiny-2026-01-01"}
        assert all(call["cached"] for call in calls)
        for file in tmp_path.rglob("*"):
            assert file.is_dir() or b"secret" not in file.read_bytes()

    def test_pair_subtasks_are_scored_by_rule(self, study_of, scored_file):
        pair = {
            "dimension": "truthfulness",
            "subtask": "noise-consistency",
            "response": "B",
            "answer": "B",
            "human": 0,
        }
        rows = [row | (pair if i < 6 else {}) for i, row in enumerate(read_jsonl(scored_file))]
        with ChatServer(by_response) as server:
            study, _ = study_of(
                write_jsonl(scored_file, rows), "--judge", "openai:tiny", "--base-url", server.url, "--binary"
            )
            assert all(asked.record["response"] != "B" for asked in server.asked)
        assert study.slices[0].agreements[0].confusion == COUNTS
        assert study.raters[0].answered == 80

    def test_its_failures_are_counted(self, study_of, scored_file):
        def reply(asked):
            return failing(400, "no") if asked.record["prompt"].endswith(" 3?") else by_response(asked)

        with ChatServer(reply) as server:
            study, outcome = study_of(
                scored_file, "--judge", "openai:tiny", "--base-url", server.url, "--binary", "--concurrency", "1"
            )
        assert study.raters[0].failures == {"http_400": 2}
        assert study.slices[0].agreements[0].n == 78
        assert "tiny has no score on 2 rows (2 http_400)." in outcome.out

    def test_a_dry_run_sends_nothing_and_scores_nothing(self, run_study, scored_file, tmp_path):
        with ChatServer() as server:
            outcome = run_study(
                scored_file, "--judge", "openai:gpt-4o", "--judge", "keyword", "--binary", "--dry-run",
                "--base-url", server.url,
            )  # fmt: skip
            assert server.asked == []
        assert outcome.code == 0, outcome.err
        assert outcome.out.startswith("gpt-4o: 80 records: ")
        assert not (tmp_path / "study" / "study.json").exists()
        nothing = run_study(scored_file, "--judge", "keyword", "--dry-run")
        assert (nothing.code, "--judge openai:MODEL" in nothing.err) == (2, True)


def test_verdicts_from_a_file(study_of, rows_file, tmp_path):
    """80 verdicts, one missing, one failed; the rest as ``m``, with probabilities."""
    lines = [
        {"id": row["id"], "score": row["judges"]["m"], "probs": [0.2, 0.8] if row["judges"]["m"] else [0.9, 0.1]}
        for row in read_jsonl(rows_file)
    ]
    lines[1] |= {"score": None, "error": "timeout"}
    file = tmp_path / "m.verdicts.jsonl.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines[1:]).encode()))
    study, _ = study_of(rows_file, "--judge", f"file:{file}", "--binary")
    (rater,) = study.raters
    assert (rater.name, rater.answered, rater.failures) == ("m", 78, {"no_verdict": 1, "timeout": 1})
    assert study.slices[0].agreements[0].confusion == [[28, 10], [4, 36]]
    (calibration,) = study.calibration
    assert calibration.n == 78
    assert sum(bin_.n for bin_ in calibration.bins) == 78
    assert {round(bin_.confidence, 6): (bin_.n, round(bin_.accuracy, 6)) for bin_ in calibration.bins} == {
        0.8: (46, round(36 / 46, 6)),
        0.9: (32, round(28 / 32, 6)),
    }
    (coverage,) = study.coverage
    assert coverage.points[-1].accuracy.value == pytest.approx(64 / 78)


def test_verdicts_of_other_rows(run_study, rows_file, tmp_path):
    file = write_jsonl(tmp_path / "v.jsonl", [{"id": "else", "score": 1}])
    outcome = run_study(rows_file, "--judge", f"file:{file}")
    assert outcome.code == 2
    assert "none of the 1 verdicts in" in outcome.err


def test_no_judge_scored_anything(run_study, rows_file, tmp_path):
    file = write_jsonl(
        tmp_path / "v.jsonl", [{"id": f"row-{i}", "score": None, "error": "dead"} for i in range(80)]
    )
    outcome = run_study(rows_file, "--judge", f"file:{file}")
    assert outcome.code == 1
    assert "no judge scored any of the 80 labelled rows (80 dead)" in outcome.err
