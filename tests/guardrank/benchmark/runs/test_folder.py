"""A run goes on only as the run that it was; torn lines and repairs are no obstacle."""

import pytest
from tests_support.benchmark import a_case

from guardrank.benchmark.runs import Response, ResponseLog, RunFolder, RunManifest
from guardrank.benchmark.runs.manifest import CaseSet
from guardrank.benchmark.runs.responses import read_responses
from guardrank.errors import GuardRankError, UsageError

CREATED = "2026-01-01T00:00:00+00:00"


def manifest(**changes):
    facts = {"kind": "hf", "decoding": {"max_new_tokens": 256, "temperature": 0.0}}
    return RunManifest(**{"model": "m", "spec": "hf:m", "facts": facts, "tasks": "t", "created": CREATED} | changes)


def written():
    return manifest(cases=CaseSet.by_task([a_case("p:1"), a_case("p:2")]))


def said(case, response="yes", **fields):
    return Response(id=case.id, case=case.sha256[:16], response=response, **fields)


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.begin(manifest(), [a_case("p:1"), a_case("p:2")])
    with ResponseLog(folder.responses_file) as log:
        log.add([said(a_case("p:1"))])
    return folder


def test_what_was_begun_is_read_back(run):
    assert run.is_run and run.manifest() == written()
    assert [case.id for case in run.cases()] == ["p:1", "p:2"]
    assert run.responses()["p:1"].response == "yes"


def test_the_same_run_goes_on_whenever_it_was_created(run):
    run.begin(manifest(created="2027-01-01T00:00:00+00:00", versions={"torch": "3"}), run.cases())
    assert run.manifest().created == CREATED


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"spec": "hf:other"}, "spec was hf:m, is hf:other"),
        ({"facts": {"kind": "hf", "decoding": {"max_new_tokens": 512, "temperature": 0.0}}},
         "facts.decoding.max_new_tokens was 256, is 512"),
        ({"attacks": {"jpeg": 0.9}}, "attacks.jpeg was None, is 0.9"),
        ({"seed": 3}, "seed was 0, is 3"),
    ],
)  # fmt: skip
def test_another_setting_is_refused_with_the_difference(run, changes, difference):
    with pytest.raises(UsageError, match=difference):
        run.begin(manifest(**changes), run.cases())
    assert run.manifest() == written()


def test_an_answered_case_may_not_change_or_vanish(run):
    with pytest.raises(UsageError, match="case p:1 has changed"):
        run.begin(manifest(), [a_case("p:1", prompt="Another?"), a_case("p:2")])
    with pytest.raises(UsageError, match="case p:1 is gone"):
        run.begin(manifest(), [a_case("p:2")])


def test_new_cases_may_join_and_unanswered_ones_be_repaired(run):
    repaired = a_case("p:2", image_sha256=("0" * 64,))
    run.begin(manifest(), [a_case("p:1"), repaired, a_case("p:3")])
    assert [case.id for case in run.cases()] == ["p:1", "p:2", "p:3"]
    assert run.manifest().cases["privacy"].count == 3
    assert run.manifest().cases != written().cases


def test_fresh_drops_the_run_and_nothing_else(run):
    (run.path / "notes.txt").write_text("mine")
    run.begin(manifest(seed=3), [a_case("p:9")], fresh=True)
    assert run.responses() == {} and run.manifest().seed == 3
    assert (run.path / "notes.txt").read_text() == "mine"


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="is no run"):
        RunFolder(tmp_path).begin(manifest(), [a_case()])
    with pytest.raises(UsageError, match=r"has no manifest\.json"):
        RunFolder(tmp_path).manifest()


def test_the_last_line_of_a_case_counts(run):
    case = a_case("p:2")
    with ResponseLog(run.responses_file) as log:
        log.add([Response(id=case.id, case=case.sha256[:16], error="timeout")])
        log.add([said(case, "at last")])
    assert run.responses()["p:2"].response == "at last"


@pytest.mark.parametrize("kept", range(0, 60, 7))
def test_a_torn_line_is_cut_off_and_the_rest_stays(run, kept):
    whole = run.responses_file.read_bytes()
    torn = whole.replace(b"p:1", b"p:2")[:kept]
    run.responses_file.write_bytes(whole + torn)
    assert set(run.responses()) == {"p:1"}
    with ResponseLog(run.responses_file) as log:
        log.add([said(a_case("p:2"))])
    assert set(run.responses()) == {"p:1", "p:2"}


def test_a_file_that_something_else_wrote_into_is_refused(run):
    run.responses_file.write_bytes(b"{}\n" + run.responses_file.read_bytes())
    with pytest.raises(GuardRankError, match="line 1, is no response"):
        read_responses(run.responses_file)
