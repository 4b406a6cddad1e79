"""Hub data sets through the real loader, on local folders that stand where a hub id would."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from guardrank.annotations.hub import read_hub
from guardrank.annotations.reading import read_records
from guardrank.errors import GuardRankError, UsageError

datasets = pytest.importorskip("datasets")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``owner/name`` under the working folder; nothing is asked of the network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    (tmp_path / "owner" / "name").mkdir(parents=True)
    return tmp_path / "owner" / "name"


def write(path: Path, *responses: str) -> None:
    path.write_bytes(b"".join(orjson.dumps({"response": text}) + b"\n" for text in responses))


@pytest.mark.parametrize(
    ("name", "responses"),
    [
        ("owner/name", ["train 1", "train 2"]),
        ("owner/name@test", ["test 1"]),
        ("owner/name@train", ["train 1", "train 2"]),
    ],
)
def test_split(folder: Path, name: str, responses: list[str]) -> None:
    write(folder / "test.jsonl", "test 1")
    write(folder / "train.jsonl", "train 1", "train 2")
    rows = list(read_hub(name))
    assert [row.fields and row.fields["response"] for row in rows] == responses
    assert [row.line for row in rows] == list(range(1, len(rows) + 1))
    assert {row.file for row in rows} == {name if "@" in name else "owner/name@train"}


def test_without_train_the_first_split_is_read(folder: Path) -> None:
    write(folder / "test.jsonl", "only")
    assert [row.file for row in read_hub("owner/name")] == ["owner/name@test"]


def test_unknown_split_names_those_there_are(folder: Path) -> None:
    write(folder / "train.jsonl", "a")
    with pytest.raises(UsageError, match="no split 'dev', only train"):
        list(read_hub("owner/name@dev"))


def test_images_stay_paths(folder: Path) -> None:
    features = {
        "info": {"features": {"response": {"dtype": "string", "_type": "Value"}, "image": {"_type": "Image"}}}
    }
    table = pa.table({"response": ["A dot."], "image": [{"bytes": b"not decoded", "path": "a.png"}]})
    pq.write_table(table.replace_schema_metadata({"huggingface": orjson.dumps(features)}), folder / "train.parquet")
    (row,) = read_hub("owner/name")
    assert row.fields == {"response": "A dot.", "image": "a.png"}


def test_what_cannot_be_loaded_is_one_sentence_that_says_what_to_do(folder: Path) -> None:
    with pytest.raises(GuardRankError, match="check the name and the network, or download") as caught:
        list(read_hub("owner/absent"))
    assert "\n" not in str(caught.value)


def test_rows_that_break_off_are_an_error_and_not_a_shorter_data_set(folder: Path) -> None:
    (folder / "train.jsonl").write_bytes(b'{"response": "a"}\n{"response": \n')
    with pytest.raises(GuardRankError, match="cannot read owner/name"):
        list(read_hub("owner/name"))


def test_a_name_that_is_no_file_is_read_from_the_hub(folder: Path) -> None:
    with pytest.raises(GuardRankError, match="cannot read owner/absent from the Hugging Face hub"):
        list(read_records("owner/absent@test"))
