"""The rows beside a judge: read back as they were trained on, by us and by read_records."""

import pytest

from guardrank.annotations import cluster_of, read_records
from guardrank.errors import GuardRankError
from guardrank.judge.kept_rows import is_kept_rows, kept_rows_file, read_kept_rows, write_kept_rows
from guardrank.judge.row_samples import sample_by_dimension, sample_clusters
from guardrank.records import Record


def record(number, dimension="toxicity", **fields) -> Record:
    fields = {"prompt": f"p{number}", "response": "r"} | fields
    return Record(id=f"{number}", dimension=dimension, **fields)


KEPT = [
    record(0, human=2, reference="A red kettle.", lang="en", model="m", split="fold-3"),
    record(1, human=(1, 3), source="do_not_answer"),
    record(2, human=(2, 3), source="xstest"),  # its rule makes this of a 2
    record(3, "truthfulness", human=1, source="faithbench"),  # and would make a 0 of this 1
    record(4, "truthfulness", human=0, subtask="noise-consistency", pair="n1", role="noisy", answer="B"),
    record(5, human=(1, 3), source="msts_en_multimodal", meta={"image_id": 7, "image": b"\xff"}),
    record(6, human=0, source="cold_test_zh", prompt="", response="红色的水壶 \u2028 \U0001f409"),
    record(7, human=0, annotations=[0, 1], judges={"gpt-4": 1}, thumbnail=b"\xff\x00", when=object()),
]
"""What training may hand over: labels converted by their source's rule, intervals, pairs, and odd fields."""


@pytest.fixture
def kept(tmp_path):
    file = tmp_path / "mine.rows.jsonl"
    write_kept_rows(file, calibration=KEPT[:3], gate=KEPT[3:])
    return file


def test_rows_come_back_as_they_were_trained_on(kept):
    rows = read_kept_rows(kept)
    assert [row.id for row in rows.calibration] == ["0", "1", "2"]
    both = rows.calibration + rows.gate
    assert [row.human for row in both] == [2, (1, 3), (2, 3), 1, 0, (1, 3), 0, 0]
    assert [row.source for row in both] == [row.source for row in KEPT]
    assert [cluster_of(row) for row in both] == [cluster_of(row) for row in KEPT]
    assert [row.template_fields() for row in both] == [row.template_fields() for row in KEPT]
    assert (both[4].subtask, both[4].pair, both[4].role, both[4].answer) == (
        "noise-consistency",
        "n1",
        "noisy",
        "B",
    )


def test_no_reader_converts_their_labels_again(kept):
    again = list(read_records(kept))
    assert [row.human for row in again] == [row.human for row in KEPT]
    assert [row.split for row in again] == ["train"] * 3 + ["dev"] * 5


def test_what_no_judge_reads_is_left_out(kept):
    for row in read_kept_rows(kept).gate:
        assert not row.model_extra and not row.judges and row.annotations is None
        assert "image" not in row.meta


def test_a_damaged_line_is_said(kept):
    kept.write_bytes(kept.read_bytes() + b'{"human": 1}\n')
    with pytest.raises(GuardRankError, match=r"mine\.rows\.jsonl is damaged in line 9: train the judge again"):
        read_kept_rows(kept)
    kept.write_bytes(b"\xff\n")
    with pytest.raises(GuardRankError, match="line 1"):
        read_kept_rows(kept)


@pytest.mark.parametrize(
    ("content", "ours"), [(b"", True), (b'{"response": "r"}\n', False), (b"a,b\n", False), (b"\xff", False)]
)
def test_only_what_training_wrote_may_be_replaced(kept, tmp_path, content, ours):
    assert is_kept_rows(kept)
    assert not is_kept_rows(tmp_path)
    kept.write_bytes(content)
    assert is_kept_rows(kept) is ours


def test_the_file_stands_beside_the_judge(tmp_path, monkeypatch):
    folder = tmp_path / "judges" / "v1.2"
    folder.mkdir(parents=True)
    assert kept_rows_file(folder) == tmp_path / "judges" / "v1.2.rows.jsonl"
    monkeypatch.chdir(folder)
    assert kept_rows_file(type(folder)()) == tmp_path / "judges" / "v1.2.rows.jsonl"


def test_clusters_are_drawn_whole_and_by_the_seed_alone():
    rows = [record(i, prompt=f"p{i // 3}") for i in range(90)]
    drawn = sample_clusters(rows, 40, seed=1)
    assert len(drawn) == 39
    counts = [[row.prompt for row in drawn].count(prompt) for prompt in {row.prompt for row in drawn}]
    assert counts == [3] * 13
    assert drawn == sample_clusters(rows, 40, seed=1) != sample_clusters(rows, 40, seed=2)
    assert [int(row.id) for row in drawn] == sorted(int(row.id) for row in drawn)
    assert sample_clusters(rows, 90) == rows


def test_a_cluster_larger_than_the_limit_is_cut():
    rows = [record(i, prompt="the same") for i in range(90)]
    assert sample_clusters(rows, 40) == rows[:40]


def test_dimensions_get_equal_shares_of_a_sample():
    names = ["bias"] * 500 + ["privacy"] * 5 + ["toxicity"] * 300
    rows = [record(i, name) for i, name in enumerate(names)]
    drawn = [row.dimension for row in sample_by_dimension(rows, 105, seed=1)]
    assert {name: drawn.count(name) for name in set(names)} == {"bias": 50, "privacy": 5, "toxicity": 50}
    assert sample_by_dimension(rows[:20], 105) == rows[:20]
    assert sample_by_dimension([], 105) == []
    assert sample_by_dimension(rows, 105, seed=1) == sample_by_dimension(rows, 105, seed=1)
