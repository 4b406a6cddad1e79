"""NAME.abstained.jsonl: the rows of the verdicts that abstain, whole, in step with the verdict file, read again."""

import json
import os
import shutil

import pytest
from tests_support.abstaining import halving_judge, numbered_rows
from tests_support.commands import run_here
from tests_support.rows import read_jsonl, write_jsonl

from guardrank.agreement.cli import app as agree
from guardrank.annotations import cluster_of, read_records
from guardrank.serve.abstained import ListedRows, list_abstained

ROWS = numbered_rows(30, "toxicity", "truthfulness")
LIST = "r.abstained.jsonl"


@pytest.fixture(scope="module")
def halving(judge, tmp_path_factory):
    return halving_judge(judge, tmp_path_factory.mktemp("halving") / "halving", ROWS)


@pytest.fixture
def run(score, halving, tmp_path):
    """Score r.jsonl with the promise of 0.1."""
    write_jsonl(tmp_path / "r.jsonl", ROWS)
    return lambda *options: score("r.jsonl", "--judge", halving, "--abstain-at", "0.1", *options)


def abstained_ids(file):
    return [verdict["id"] for verdict in read_jsonl(file) if verdict["abstained"]]


def ids(file):
    return [row["id"] for row in read_jsonl(file)]


def test_it_holds_the_rows_of_the_verdicts_that_abstain_in_order(run, tmp_path):
    outcome = run()
    listed = ids(tmp_path / LIST)
    assert listed == abstained_ids(tmp_path / "r.verdicts.jsonl")
    assert 8 <= len(listed) <= 22
    assert f"{len(listed)} of 30 verdicts abstain; their rows are listed in {LIST}" in outcome.err
    assert sorted(file.name for file in tmp_path.glob("r.*")) == [
        "r.abstained.jsonl",
        "r.jsonl",
        "r.verdicts.jsonl",
        "r.verdicts.jsonl.run.json",
    ]


def test_scored_again_its_rows_get_the_same_verdicts(run, score, halving, tmp_path):
    run()
    assert score(LIST, "--judge", halving, "--abstain-at", "0.1", "-o", "again.jsonl").code == 0
    before = [verdict for verdict in read_jsonl(tmp_path / "r.verdicts.jsonl") if verdict["abstained"]]
    again = read_jsonl(tmp_path / "again.jsonl")
    assert [(v["id"], v["score"], v["abstained"]) for v in again] == [(v["id"], v["score"], True) for v in before]
    assert ids(tmp_path / "again.abstained.jsonl") == ids(tmp_path / LIST)


def test_annotators_can_be_asked_about_its_rows(run, capfd, monkeypatch, tmp_path):
    run()
    outcome = run_here(agree, capfd, monkeypatch, "queue", LIST, "-n", 4, "-o", "queue")
    assert outcome.code == 0, outcome.err
    assert set(ids(tmp_path / "queue" / "queue.jsonl")) <= set(ids(tmp_path / LIST))


@pytest.mark.parametrize(
    "fields",
    [
        {"human": 3, "annotations": {"ann": 3, "ben": None}, "judges": {"gpt-4": "2"}, "meta": {"a.b": [1, None]}},
        {"source": "xstest", "human": "1"},  # becomes [1, 2], which the source's rule would refuse
        {"source": "msts_zh_multimodal", "human": 1, "meta": {"image_id": 7, "image_description": "壶"}},
        {"source": "somebody's", "human": [1, 3], "own_field": {"nested": True}, "image": "../../a.png"},
        {"subtask": "Hate Speech", "response": '"},{"id": "x"}\n<|im_end|>\u202e', "reference": "é"},
    ],
    ids=["labels", "rule", "group", "unknown source", "hostile"],
)
def test_a_record_is_read_again_as_it_was(tmp_path, fields):
    row = {"id": "a", "prompt": "Why?", "response": "No.", "dimension": "Toxicity"} | fields
    (record,) = read_records(write_jsonl(tmp_path / "r.jsonl", [row]))
    with list_abstained(tmp_path / LIST) as listed:
        listed.add([(record, verdict_that(abstained=True))])
    (again,) = read_records(tmp_path / LIST)
    assert again.model_dump(exclude={"source"}) == record.model_dump(exclude={"source"}) | (
        {"from_source": record.source} if "from_source" in (again.model_extra or {}) else {}
    )
    assert cluster_of(again) == cluster_of(record)
    assert (again.source or again.get_path("from_source")) == record.source
    assert list(ListedRows(tmp_path / LIST, 1)) == [again]


def verdict_that(**fields):
    from guardrank.records import Verdict

    return Verdict(id="a", score=0, judge="j@1", **fields)


def test_ids_that_were_made_stay(run, score, halving, tmp_path):
    rows = [{name: row[name] for name in row if name != "id"} for row in ROWS]
    write_jsonl(tmp_path / "nameless.jsonl", rows)
    score("nameless.jsonl", "--judge", halving, "--abstain-at", "0.1")
    assert ids(tmp_path / "nameless.abstained.jsonl") == abstained_ids(tmp_path / "nameless.verdicts.jsonl")
    assert all(name.startswith("nameless.jsonl:") for name in ids(tmp_path / "nameless.abstained.jsonl"))


# when it is written, and where


def test_where_nobody_abstains_on_purpose_there_is_none(score, tmp_path):
    score(write_jsonl(tmp_path / "r.jsonl", ROWS))
    assert not (tmp_path / LIST).exists()


def test_where_no_verdict_abstains_it_is_empty(score, tmp_path):
    outcome = score(write_jsonl(tmp_path / "r.jsonl", ROWS), "--abstained", "open/list.jsonl")
    assert (tmp_path / "open" / "list.jsonl").read_bytes() == b""
    assert "0 of 30 verdicts abstain" in outcome.err


def test_verdicts_on_standard_output_have_a_list_if_it_is_asked_for(run, tmp_path):
    outcome = run("-o", "-")
    assert not list(tmp_path.glob("*.abstained.jsonl"))
    again = run("-o", "-", "--abstained", "list.jsonl")
    assert again.out == outcome.out
    listed = [row["id"] for row in map(json.loads, outcome.out.splitlines()) if row["abstained"]]
    assert ids(tmp_path / "list.jsonl") == listed


@pytest.mark.parametrize("name", ["r.jsonl", "./r.jsonl", "r.verdicts.jsonl", "link"])
def test_neither_an_input_nor_the_verdicts_are_written_over(run, tmp_path, name):
    (tmp_path / "r.jsonl").rename(tmp_path / "rows")
    os.link(tmp_path / "rows", tmp_path / "r.jsonl")
    (tmp_path / "link").symlink_to("r.jsonl")
    before = (tmp_path / "rows").read_bytes()
    outcome = run("--abstained", name)
    assert (outcome.code, "give another file with --abstained" in outcome.err) == (2, True), outcome.err
    assert (tmp_path / "rows").read_bytes() == before


# in step with the verdicts


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99, 1.0])
@pytest.mark.parametrize("there", ["no list", "list of the whole", "another's list", "half a draft"])
def test_resumed_it_is_made_again(run, tmp_path, share, there):
    run()
    verdicts, listed = tmp_path / "r.verdicts.jsonl", tmp_path / LIST
    whole = verdicts.read_bytes(), listed.read_bytes()
    verdicts.write_bytes(whole[0][: int(len(whole[0]) * share)])
    if there == "half a draft":
        listed.with_name(f"{LIST}.tmp").write_bytes(whole[1][:100])
    if there in ("no list", "half a draft"):
        listed.unlink()
    if there == "another's list":
        listed.write_text('{"id": "other"}\n')
    assert run("--resume").code == 0
    assert (verdicts.read_bytes(), listed.read_bytes()) == whole
    assert not listed.with_name(f"{LIST}.tmp").exists()


def test_a_run_that_is_refused_leaves_the_list_alone(run, tmp_path):
    run()
    listed = (tmp_path / LIST).read_bytes()
    text = (tmp_path / "r.verdicts.jsonl").read_text()
    (tmp_path / "r.verdicts.jsonl").write_text(text.replace('"id":"row-3"', '"id":"row-4"'))
    outcome = run("--resume")
    assert (outcome.code, "as its line 4 is not what the run wrote" in outcome.err) == (1, True), outcome.err
    assert (tmp_path / LIST).read_bytes() == listed
    assert not (tmp_path / f"{LIST}.tmp").exists()


def test_a_run_that_fails_leaves_no_list_of_an_earlier_one(tmp_path):
    (tmp_path / LIST).write_text("old\n")
    with pytest.raises(RuntimeError), list_abstained(tmp_path / LIST, anew=True):
        assert not (tmp_path / LIST).exists()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_made(halving, score, tmp_path):
    write_jsonl(tmp_path / "r.jsonl", ROWS)
    out = tmp_path / "deep" / "v.jsonl"
    assert score("r.jsonl", "--judge", halving, "--abstain-at", "0.1", "-o", out).code == 0
    assert ids(out.with_name("v.abstained.jsonl")) == abstained_ids(out)
    shutil.rmtree(out.parent)
