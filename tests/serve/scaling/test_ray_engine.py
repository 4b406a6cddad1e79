"""--engine ray: the files of a run are those of the plain engine, whatever happens to the workers."""

import io
import json
import os
import subprocess
import sys
from contextlib import suppress
from subprocess import PIPE

import psutil
import pyarrow as pa
import pytest
from pyarrow.parquet import write_table
from tests_support.commands import run_module
from tests_support.object_store import KEYS, object_store
from tests_support.processes import wait_until
from tests_support.rows import annotated_rows

from guardrank.judge.protocol import WINDOW

ROWS = 2_600  # two windows and a part of one; a worker has several pieces
MODULE = "guardrank.serve.score"
OUTPUT = "r.verdicts.jsonl"
LEFT = (OUTPUT, "r.rejects.jsonl", f"{OUTPUT}.run.json", "r.abstained.jsonl")
OPTIONS = ("--judge", "guardrank-mini", "--abstain-at", "0.1", "--resume")


def responses():
    """Rows that are judged, that no judge judges, and that are no records."""
    for i in range(ROWS):
        row = annotated_rows(("truthfulness", "toxicity", "bias")[i % 3], 4)[i % 4]
        row |= {"id": f"row-{i}", "response": " ".join([row["response"]] * (1 + i % 7))}
        yield "not json" if i % 401 == 7 else json.dumps(row)


@pytest.fixture
def inputs(tmp_path):
    (tmp_path / "r.jsonl").write_text("\n".join(responses()) + "\n")
    return tmp_path


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What the plain engine leaves, and its tables."""
    folder = tmp_path_factory.mktemp("plain")
    (folder / "r.jsonl").write_text("\n".join(responses()) + "\n")
    outcome = run_module(MODULE, "r.jsonl", *OPTIONS, cwd=folder)
    assert outcome.code == 0, outcome.err
    return outcome.out, {name: (folder / name).read_bytes() for name in LEFT}


def left(folder):
    return {name: (folder / name).read_bytes() for name in LEFT}


def start(folder, *options):
    command = [sys.executable, "-m", MODULE, "r.jsonl", *OPTIONS, "--engine", "ray", "--workers", "2", *options]
    return subprocess.Popen(
        command, cwd=folder, stdout=PIPE, stderr=PIPE, text=True, env=os.environ | {"COLUMNS": "100"}
    )


def workers(process):
    """The processes that score and have begun to."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
        return [one for one in below if "Scorer" in one.name() + "".join(one.cmdline())]
    except psutil.NoSuchProcess:
        return []


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def test_the_files_and_tables_are_those_of_the_plain_engine_though_a_worker_is_killed(inputs, plain):
    process = start(inputs)
    wait_until(lambda: lines(inputs / OUTPUT) >= WINDOW or process.poll() is not None)
    killed = workers(process)
    assert len(killed) == 2
    killed[0].kill()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "Ray scores with 2 workers" in err
    assert (out, left(inputs)) == plain


def test_a_run_that_is_killed_is_resumed(inputs, plain):
    process = start(inputs)
    wait_until(lambda: lines(inputs / OUTPUT) >= WINDOW or process.poll() is not None)
    below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    for one in below:
        with suppress(psutil.NoSuchProcess):
            one.kill()  # Ray's own would end by themselves in half a minute
    assert WINDOW <= lines(inputs / OUTPUT) < ROWS - 10
    resumed = start(inputs)
    out, err = resumed.communicate(timeout=120)
    assert (resumed.returncode, out, left(inputs)) == (0, *plain), err
    assert "Going on after the 1,024 verdicts" in err


def as_parquet(rows):
    out = io.BytesIO()
    write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def test_rows_come_from_an_object_store_as_json_lines_and_parquet(tmp_path, plain):
    some = list(responses())[:700]
    objects = {
        "bucket/in/a.jsonl": "\n".join(some[:300]).encode(),
        "bucket/in/b.parquet": as_parquet([json.loads(line) for line in some[300:] if line != "not json"]),
    }
    with object_store(objects) as store:
        options = ("-o", OUTPUT, *OPTIONS, "--engine", "ray")
        outcome = run_module(MODULE, store.uri("bucket/in/"), *options, cwd=tmp_path, **KEYS)
    assert outcome.code == 0, outcome.err
    verdicts = (tmp_path / OUTPUT).read_bytes()
    assert verdicts.count(b"\n") == 700 - 2  # two rows are no records
    assert plain[1][OUTPUT].startswith(verdicts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-", "--engine", "ray", "--judge", "guardrank-mini"), "cannot read standard input"),
        (("r.jsonl", "--workers", "2"), "--workers goes with --engine ray"),
    ],
)
def test_what_cannot_be(inputs, arguments, message):
    (inputs / OUTPUT).write_text("of a run before\n")
    outcome = run_module(MODULE, *arguments, "-o", OUTPUT, cwd=inputs, stdin=b"")
    assert outcome.code == 2
    assert message in outcome.err
    assert (inputs / OUTPUT).read_text() == "of a run before\n"


def test_a_judge_that_is_no_export_is_refused(inputs, score):
    (inputs / OUTPUT).write_text("of a run before\n")
    outcome = score(inputs / "r.jsonl", "--engine", "ray", "-o", inputs / OUTPUT)
    assert outcome.code == 2
    assert "export two with guardrank-export" in outcome.err
    assert (inputs / OUTPUT).read_text() == "of a run before\n"


def test_an_input_that_changes_meanwhile_is_noticed(tmp_path):
    from guardrank.errors import GuardRankError
    from guardrank.records import Record, failed
    from guardrank.serve.scaling.ray_engine import _matched

    rows = [Record(id=name, response="r", dimension="bias") for name in "abc"]
    verdicts = [failed(row, "judge", "error") for row in rows]
    assert len(list(_matched(iter(rows), iter(verdicts)))) == 3
    for records, found in ((rows, verdicts[:2]), (rows[:2], verdicts), (rows, [verdicts[0], *verdicts[:2]])):
        with pytest.raises(GuardRankError, match="changed while they were read"):
            list(_matched(iter(records), iter(found)))
