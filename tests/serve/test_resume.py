"""--resume: any cut is mended, and what is not the same run is refused with the reason and left as it is."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests_support.judges import write_tiny_judge
from tests_support.rows import annotated_rows, write_jsonl

from guardrank.judge.protocol import windows
from guardrank.serve.request import ScoringRequest
from guardrank.serve.scoring import judged, score_responses

OUTPUT = "r.verdicts.jsonl"


def rows_of(count):
    dimensions = ("toxicity", "truthfulness", "bias")
    rows = [annotated_rows(dimensions[i % 3], 4)[i % 4] for i in range(count)]
    return [{name: row[name] for name in row if name != "human"} | {"id": f"row-{i}"} for i, row in enumerate(rows)]


@pytest.fixture
def responses(tmp_path):
    return write_jsonl(tmp_path / "r.jsonl", rows_of(12))


@pytest.fixture
def verdicts(tmp_path):
    return tmp_path / OUTPUT


@pytest.fixture
def run_file(tmp_path):
    return tmp_path / f"{OUTPUT}.run.json"


def edit(run_file, **changes):
    run_file.write_text(json.dumps(json.loads(run_file.read_text()) | changes))


# what is cut off


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory, judge):
    """A run in windows of 8 rows that is done: how it is resumed, and what it wrote."""
    folder = tmp_path_factory.mktemp("whole")
    lines = [json.dumps(row) for row in rows_of(43)]
    (folder / "r.jsonl").write_text("\n".join([*lines[:11], "not json", '{"response": ""}', *lines[11:]]))
    request = ScoringRequest(
        (str(folder / "r.jsonl"),), str(folder / OUTPUT), (str(judge),), device="cpu", resume=True
    )
    score_responses(request, window=8)
    return request, (folder / OUTPUT).read_bytes(), (folder / "r.rejects.jsonl").read_bytes()


@settings(max_examples=60)
@given(data=st.data())
def test_cut_at_any_byte_it_is_mended(whole_run, data):
    request, whole, rejects = whole_run
    ends_of_lines = [offset + 1 for offset, byte in enumerate(whole) if byte == ord("\n")]
    offset = data.draw(st.sampled_from([0, *ends_of_lines]) | st.integers(0, len(whole)), "offset")
    output = Path(request.output)
    output.write_bytes(whole[:offset])
    if data.draw(st.booleans(), "killed before the run file was told of the end"):
        edit(output.with_name(f"{OUTPUT}.run.json"), finished=None)
    score_responses(request, window=8)
    assert output.read_bytes() == whole
    assert output.with_name("r.rejects.jsonl").read_bytes() == rejects


def written(file):
    """Which file it is and when it was last written; when it was last read is no matter."""
    state = file.stat()
    return state.st_ino, state.st_mtime_ns, file.read_bytes()


def test_a_whole_file_is_left_alone_and_its_table_shown_again(score, responses, verdicts):
    first = score(responses)
    before = written(verdicts)
    again = score(responses, "--resume")
    assert (again.code, again.out) == (0, first.out)
    assert f"{OUTPUT} is whole: nothing is left to do" in again.err
    assert written(verdicts) == before


@pytest.mark.parametrize("cut", [False, True])
def test_the_options_of_the_table_may_change(score, responses, verdicts, cut):
    expected = score(responses, "--include-abstained", "-o", "other.jsonl").out
    score(responses)
    if cut:
        verdicts.write_bytes(verdicts.read_bytes()[:-30])
    outcome = score(responses, "--resume", "--include-abstained")
    assert (outcome.code, outcome.out) == (0, expected)


def test_rows_left_out_and_rejected_are_counted_again(score, responses, verdicts):
    responses.write_text(responses.read_text() + "not json\n")
    whole = score(responses, "--dim", "bias", "--strict")
    verdicts.write_bytes(verdicts.read_bytes()[:-1])
    outcome = score(responses, "--dim", "bias", "--strict", "--resume")
    assert (outcome.code, outcome.out) == (whole.code, whole.out) == (1, whole.out)
    assert "8 rows of other dimensions left out" in outcome.err
    assert "1 rows rejected and 4 failed" in outcome.err


def test_gzip(score, responses, verdicts):
    source = responses.with_name("r.jsonl.gz")
    source.write_bytes(gzip.compress(responses.read_bytes()))
    score(source)
    whole = verdicts.read_bytes()
    verdicts.write_bytes(whole[:-30])
    assert score(source, "--resume").code == 0
    assert verdicts.read_bytes() == whole


@pytest.mark.parametrize("there", [(), ("output",), ("run file",), ("output", "run file of another run")])
def test_where_nothing_is_kept_it_begins(score, responses, verdicts, run_file, there):
    if "run file of another run" in there:
        score(responses, "--with-text")
    if "output" in there:
        verdicts.write_bytes(b"")
    if "run file" in there:
        run_file.write_text("damaged")
    outcome = score(responses, "--resume")
    assert outcome.code == 0, outcome.err
    assert len(verdicts.read_bytes().splitlines()) == 12
    assert json.loads(run_file.read_text())["finished"] == {"verdicts": 12, "bytes": verdicts.stat().st_size}


def test_without_resume_an_old_file_gives_way(score, responses, verdicts):
    verdicts.write_text("old\n" * 1000)
    assert score(responses).code == 0
    assert len(verdicts.read_bytes().splitlines()) == 12


# what the run file says


def test_the_run_file_tells_of_judge_options_and_inputs_but_holds_no_text(score, responses, run_file, judge):
    score(responses, "--dim", "toxicity", "--map", "prompt=prompt")
    said = json.loads(run_file.read_text())
    assert said["judges"][0].startswith("two@")
    begun = {"dim": "toxicity", "map": {"prompt": "prompt"}, "tasks": None, "with-text": False}
    assert said["options"] == begun | {"abstain-at": None, "escalate": None}
    assert [(file["name"], file["bytes"]) for file in said["inputs"]] == [("r.jsonl", responses.stat().st_size)]
    assert "kettle" not in run_file.read_text()


def test_a_run_that_cannot_be_resumed_leaves_no_run_file_behind(score, responses, run_file, monkeypatch):
    score(responses)
    assert run_file.exists()
    with responses.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert score("-", "-o", OUTPUT).code == 0
    assert not run_file.exists()


# what is refused


def other_judge(folder, judge, checkpoints):
    return ("--judge", write_tiny_judge(folder / "other", checkpoints["bert"], ("toxicity",)).folder)


def changed_input(folder, *_):
    source = folder / "r.jsonl"
    source.write_text(source.read_text().replace("kettle", "kettel"))
    return ()


def longer_input(folder, *_):
    with (folder / "r.jsonl").open("a") as stream:
        stream.write("{}\n")
    return ()


def another_judge_more(folder, judge, checkpoints):
    return ("--judge", judge, *other_judge(folder, judge, checkpoints))


def another_input(folder, *_):
    write_jsonl(folder / "s.jsonl", rows_of(2))
    return ("s.jsonl",)


def another_version(folder, *_):
    edit(folder / f"{OUTPUT}.run.json", guardrank="0.0.1")
    return ()


def no_run_file(folder, *_):
    (folder / f"{OUTPUT}.run.json").unlink()
    return ()


def damaged_run_file(folder, *_):
    (folder / f"{OUTPUT}.run.json").write_text("{")
    return ()


def edited_line(folder, *_):
    text = (folder / OUTPUT).read_text()
    (folder / OUTPUT).write_text(text.replace('"id":"row-3"', '"id":"row-4"'))
    return ()


def edited_label(folder, *_):
    text = (folder / OUTPUT).read_text()
    (folder / OUTPUT).write_text(text.replace('"model":"model-1"', '"model":"model-2"', 1))
    return ()


def options(*arguments):
    return lambda *_: arguments


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed_input, "r.jsonl has changed since the run began"),
        (longer_input, "r.jsonl has changed since the run began"),
        (another_input, "the run was begun with other inputs (r.jsonl)"),
        (other_judge, "the run was begun with judge two@"),
        (another_judge_more, "the run was begun with judge two@"),
        (options("--with-text"), "the run was begun with other options (--with-text)"),
        (options("--dim", "bias"), "the run was begun with other options (--dim)"),
        (options("--map", "prompt=id"), "the run was begun with other options (--map)"),
        (another_version, "the run was begun with guardrank 0.0.1, not "),
        (no_run_file, "as r.verdicts.jsonl.run.json is not beside it"),
        (damaged_run_file, "r.verdicts.jsonl.run.json is damaged or of another version of guardrank"),
        (edited_line, "as its line 4 is not what the run wrote there"),
        (edited_label, "as its line 2 is not what the run wrote there"),
    ],
)
def test_another_run_is_refused_and_nothing_is_lost(score, responses, tmp_path, judge, checkpoints, change, reason):
    score(responses)
    more = change(tmp_path, judge, checkpoints)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    outcome = score(responses, "--resume", *more)
    assert (outcome.code, reason in outcome.err) == (1, True), outcome.err
    assert "score again without --resume" in outcome.err
    assert "Traceback" not in outcome.err
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_a_changed_task_sheet_and_a_changed_file_of_a_results_folder_are_refused(score, tmp_path):
    sheet, results = tmp_path / "tasks/toxicity/prompt.csv", tmp_path / "results"
    sheet.parent.mkdir(parents=True)
    results.mkdir()
    sheet.write_text("Image,Prompt,Category I,Category II\n1.jpg,What?,Toxicity,Hate Speech\n")
    for model in ("a", "b"):
        answer = {"prompt": "What?", "img_url": "imgs/1.jpg", "response": f"I am {model}", "lan": "en"}
        write_jsonl(results / f"toxicity_{model}.jsonl", [answer])
    command = ("results", "--tasks", "tasks", "-o", "v.jsonl")
    assert score(*command).code == 0
    assert "nothing is left to do" in score(*command, "--resume").err
    sheet.write_text(sheet.read_text().replace("Hate Speech", "Other"))
    assert "begun with other options (--tasks)" in score(*command, "--resume").err
    sheet.write_text(sheet.read_text().replace("Other", "Hate Speech"))
    (results / "toxicity_b.jsonl").unlink()
    assert "begun with other inputs (toxicity_a.jsonl, toxicity_b.jsonl)" in score(*command, "--resume").err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-",), "standard input cannot be read again"),
        (("r.jsonl", "-"), "standard input cannot be read again"),
        (("r.jsonl", "-o", "-"), "what went to standard output is gone"),
        (("r.jsonl", "-o", os.devnull), f"what went to {os.devnull} is gone"),
        (("owner/data",), "owner/data may change on the hub"),
        (("missing.jsonl",), "missing.jsonl: no such file"),
    ],
)
def test_what_cannot_be_resumed_is_wrong_usage(score, responses, arguments, reason):
    outcome = score(*arguments, "--resume")
    assert (outcome.code, reason in outcome.err) == (2, True), outcome.err


# constant memory


def test_no_record_is_read_before_its_window_is_asked_for():
    read = []

    class Echo:
        """Says nothing of anything."""

        def score(self, records):
            return iter([None] * len(records))

    records = (read.append(n) or n for n in range(10))
    for rows in judged(Echo(), records, 4):
        assert len(read) == rows[-1][0] + 1
    assert list(map(len, windows(range(10), 4))) == [4, 4, 2]
