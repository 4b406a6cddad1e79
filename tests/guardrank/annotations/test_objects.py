"""Objects in a store are read as files of the same name are."""

import gzip
import io

import pytest
from tests_support.object_store import KEYS, object_store
from tests_support.rows import write_jsonl

from guardrank.annotations import read_records
from guardrank.annotations.objects import without_keys
from guardrank.errors import GuardRankError, UsageError
from guardrank.records import RejectLog
from guardrank.serve.inputs import survey

ROWS = [{"response": f"answer {i}", "dimension": "bias", "prompt": "你好"} for i in range(3)]


def parquet(rows):
    import pyarrow as pa
    from pyarrow.parquet import write_table

    out = io.BytesIO()
    write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def store(tmp_path):
    lines = write_jsonl(tmp_path / "a.jsonl", ROWS).read_bytes()
    objects = {
        "bucket/runs/b/a.jsonl": lines + b"not json\n",
        "bucket/runs/a/z.jsonl.gz": gzip.compress(lines),
        "bucket/runs/c.parquet": parquet(ROWS),
        "bucket/runs/_SUCCESS": b"",
        "bucket/runs/d.csv": b"response,dimension\nno,bias\n",
        "bucket/empty/notes.txt": b"",
    }
    with object_store(objects) as running:
        yield running


def test_an_object_gives_what_the_file_gives(store, tmp_path):
    log = RejectLog()
    stored = list(read_records(store.uri("bucket/runs/b/a.jsonl"), rejects=log))
    assert stored == list(read_records(tmp_path / "a.jsonl"))
    assert [row.id for row in stored] == ["a.jsonl:1", "a.jsonl:2", "a.jsonl:3"]
    assert log.reasons == {"not JSON": 1}


def test_a_folder_is_read_by_path_and_only_what_can_be_read(store):
    log = RejectLog()
    ids = [row.id for row in read_records(store.uri("bucket/runs"), rejects=log)]
    lines = [f"{name}:{line}" for name in ("z.jsonl.gz", "a.jsonl", "c.parquet") for line in (1, 2, 3)]
    assert (ids, log.count) == ([*lines, "d.csv:2"], 1)


def test_its_copies_are_gone(store, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    list(read_records(store.uri("bucket/runs"), rejects=RejectLog()))
    assert set(tmp_path.iterdir()) == before


def test_objects_have_fingerprints_as_files_have(store, tmp_path):
    (tmp_path / "c.jsonl").write_bytes(store.objects["bucket/runs/b/a.jsonl"])
    (stored,), rows = survey([store.uri("bucket/runs/b/a.jsonl")])
    (file,), _ = survey([str(tmp_path / "c.jsonl")])
    assert (stored.sha256, stored.bytes, stored.name, rows) == (file.sha256, file.bytes, "a.jsonl", 4)


@pytest.mark.parametrize("path", ["bucket/none.jsonl", "bucket/empty", "nowhere/at/all"])
def test_nothing_there(store, path):
    with pytest.raises(UsageError, match="there is nothing to read"):
        read_records(store.uri(path))


def test_an_object_of_another_kind(store):
    with pytest.raises(UsageError, match=r"notes\.txt: cannot read \.txt files"):
        read_records(store.uri("bucket/empty/notes.txt"))


def test_an_unknown_store():
    with pytest.raises(UsageError, match="ftp"):
        read_records("ftp://host/r.jsonl")


def test_a_store_that_goes_away(store):
    uri = store.uri("bucket/runs/b/a.jsonl")
    records = read_records(uri)
    store.objects.clear()
    with pytest.raises(GuardRankError, match="cannot be read"):
        list(records)


@pytest.mark.parametrize(
    "uri", ["s3://KEY:SECRET@bucket/none.jsonl", "nope://KEY:SECRET@host/r.jsonl?token=SECRET"]
)
def test_keys_in_a_uri_are_in_no_message(store, uri):
    wanted = f"{uri}?{store.uri('x').partition('?')[2]}" if uri.startswith("s3") else uri
    with pytest.raises(UsageError) as refused:
        read_records(wanted)
    assert "SECRET" not in str(refused.value) and "KEY" not in str(refused.value)


def test_a_uri_as_a_name():
    assert without_keys("s3://key:secret@bucket/a/r.jsonl?endpoint_override=x") == "s3://bucket/a/r.jsonl"
