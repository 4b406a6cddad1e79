"""Where the rows for exports come from, and that what calibrates never shares a prompt with what gates."""

import shutil

import pytest
from tests_support.rows import annotated_rows, write_jsonl

from guardrank.annotations import cluster_of
from guardrank.errors import GuardRankError, UsageError
from guardrank.judge import read_manifest
from guardrank.judge.kept_rows import kept_rows_file, write_kept_rows
from guardrank.records import Record, RejectLog
from guardrank.serve.gate_rows import divide_by_cluster, find_gate_rows

SEED_ROWS = 120


@pytest.fixture
def folder(judge, tmp_path):
    """A copy of the judge of truthfulness and toxicity, with nothing beside it."""
    return shutil.copytree(judge, tmp_path / "judges" / "two")


@pytest.fixture
def manifest(folder):
    return read_manifest(folder)


@pytest.fixture
def find(folder, manifest, tmp_path):
    """find_gate_rows with the given rows as --gate-data."""

    def run(rows, changes=None, **options):
        data = [str(write_jsonl(tmp_path / "study.jsonl", rows))]
        return find_gate_rows(folder, manifest.model_copy(update=changes or {}), data, **options)

    return run


def records(count, dimension, **fields):
    return [Record.model_validate(row | fields) for row in annotated_rows(dimension, count)]


def prompts(rows):
    return {cluster_of(row) for row in rows}


def ids(rows):
    return {row.id for row in rows}


def test_the_rows_that_training_kept(folder, manifest, capfd):
    kept = records(40, "truthfulness"), records(150, "toxicity", human=(1, 3), source="xstest")
    write_kept_rows(kept_rows_file(folder), *kept)
    calibration, gate, origin = find_gate_rows(folder, manifest)
    assert (ids(calibration), ids(gate)) == (ids(kept[0]), ids(kept[1]))
    assert {row.human for row in gate} == {(1, 3)}
    assert origin == "dev rows of its training (two.rows.jsonl)"
    assert "No rows to compare on in truthfulness: what exports do" in capfd.readouterr().err


def test_kept_rows_of_other_dimensions_are_none(folder, manifest):
    write_kept_rows(kept_rows_file(folder), records(8, "bias"), records(8, "bias"))
    assert find_gate_rows(folder, manifest).origin == "seed rows of GuardRank"


def test_damaged_kept_rows_are_said(folder, manifest):
    kept_rows_file(folder).write_text("{}\n")
    with pytest.raises(GuardRankError, match=r"two\.rows\.jsonl is damaged in line 1"):
        find_gate_rows(folder, manifest)


def test_seed_rows_are_the_last_resort(folder, manifest, capfd):
    calibration, gate, origin = find_gate_rows(folder, manifest)
    assert origin == "seed rows of GuardRank"
    assert len(calibration) + len(gate) == 2 * SEED_ROWS
    assert 0 < len(calibration) < len(gate)
    assert not prompts(calibration) & prompts(gate)
    assert all(row.human is not None for row in gate)
    assert (
        "No rows were kept from the training of two: its exports are compared on seed rows"
        in capfd.readouterr().err
    )


def test_seed_labels_mean_nothing_to_a_judge_of_other_labels(folder, manifest):
    _, gate, _ = find_gate_rows(folder, manifest.model_copy(update={"own_labels": True}))
    assert {row.human for row in gate} == {None}


def test_given_splits_are_kept_and_test_rows_left_alone(find, capfd):
    rows = annotated_rows("truthfulness", 300)
    for i, row in enumerate(rows):
        row["split"] = ("train", "Dev", "test", "train", None)[i // 2 % 5]
    calibration, gate, origin = find(rows)
    assert ids(calibration) == {row["id"] for row in rows if row["split"] == "train"}
    assert ids(gate) == {row["id"] for row in rows if row["split"] in ("Dev", None)}
    assert origin == "study.jsonl"
    assert "60 test rows left alone" in capfd.readouterr().err


def test_a_prompt_on_both_sides_of_the_split_gates(find):
    rows = annotated_rows("truthfulness", 40)  # two rows a prompt
    for i, row in enumerate(rows):
        row["split"] = "train" if i < 21 else "dev"
    calibration, gate, _ = find(rows)
    assert (len(calibration), len(gate)) == (20, 19)
    assert not prompts(calibration) & prompts(gate)


@pytest.mark.parametrize("split", [None, "train", "dev"])
def test_rows_of_one_split_are_divided_by_prompt(find, split):
    rows = [row | {"split": split} for row in annotated_rows("truthfulness", 400)]
    calibration, gate, _ = find(rows)
    assert len(calibration) == 80  # 40 of 200 prompts
    assert len(gate) == 320
    assert not prompts(calibration) & prompts(gate)
    turned, _, _ = find(rows[::-1])
    assert ids(turned) == ids(calibration), "the order of the rows is not to matter"


def test_many_rows_are_sampled(find):
    rows = annotated_rows("truthfulness", 4000) + annotated_rows("toxicity", 2000)
    calibration, gate, _ = find(rows)
    counts = [[row.dimension for row in calibration].count(name) for name in ("truthfulness", "toxicity")]
    assert counts == [128, 128]
    assert len(gate) == 2000
    assert not prompts(calibration) & prompts(gate)


@pytest.mark.parametrize(("clusters", "calibrating"), [(1, 0), (2, 1), (3, 1), (10, 2), (100, 20)])
def test_about_a_fifth_of_the_prompts_calibrates(clusters, calibrating):
    divided = divide_by_cluster(records(2 * clusters, "bias"))
    assert (len(prompts(divided.calibration)), len(prompts(divided.gate))) == (calibrating, clusters - calibrating)


def test_rows_of_other_dimensions_are_left_out(find, capfd):
    rows = annotated_rows("truthfulness", 200) + [row | {"id": "b"} for row in annotated_rows("bias", 30)]
    found = find(rows)
    assert "b" not in ids(found.calibration + found.gate)
    assert "30 rows of dimensions that the judge lacks left out" in capfd.readouterr().err


def test_unlabelled_and_mapped_rows_are_taken(find):
    rows = [{"id": f"{i}", "question": f"p{i}", "output": "r", "dimension": "toxicity"} for i in range(200)]
    _, gate, _ = find(rows, mapping={"prompt": "question", "response": "output"})
    assert {row.human for row in gate} == {None}
    assert all(row.prompt.startswith("p") for row in gate)


def test_the_only_dimension_is_filled_in(find, manifest):
    rows = [{"id": f"{i}", "prompt": f"p{i}", "response": "r"} for i in range(200)]
    _, gate, _ = find(rows, {"outputs": manifest.outputs[:1]})
    assert {row.dimension for row in gate} == {"truthfulness"}


def test_labels_are_read_as_training_read_them(find):
    rows = [row | {"source": "xstest", "human": 2} for row in annotated_rows("toxicity", 150)]
    _, gate, _ = find(rows)
    assert {row.human for row in gate} == {(2, 3)}, "the source's own rule"
    rows = [row | {"meta": {"stance": 1}} for row in rows]
    _, gate, _ = find(rows, {"label_field": "meta.stance", "own_labels": True})
    assert {row.human for row in gate} == {1}
    rows = [row | {"meta": {"stance": "hostile"}} for row in rows]
    own = {"label_field": "meta.stance", "own_labels": True, "label_values": {"friendly": 0, "hostile": 1}}
    _, gate, _ = find(rows, own)
    assert {row.human for row in gate} == {1}


def test_rejected_rows_are_counted_and_written_down(find, tmp_path, capfd):
    rejects = RejectLog(tmp_path)
    find([*annotated_rows("toxicity", 150), {"prompt": "p", "dimension": "toxicity"}], rejects=rejects)
    assert "1 row rejected (1 no response)" in capfd.readouterr().err
    assert (tmp_path / "study.rejects.jsonl").is_file()


def test_few_rows_are_warned_of(find, capfd):
    find(annotated_rows("toxicity", 50))
    assert "Only 40 rows to compare on: one flipped score is already 2.5 % of them" in capfd.readouterr().err


@pytest.mark.parametrize(
    "rows", [[], annotated_rows("bias", 8), [{"split": "test"} | annotated_rows("toxicity", 1)[0]]]
)
def test_no_rows_at_all(find, rows):
    with pytest.raises(
        GuardRankError, match=r"study\.jsonl holds no row .* in truthfulness, toxicity with --gate-data"
    ):
        find(rows)


def test_a_file_that_is_not_there(folder, manifest):
    with pytest.raises(UsageError, match="no such file"):
        find_gate_rows(folder, manifest, ["absent.jsonl"])
