"""Killed at any moment and resumed, a run ends in the very files and tables of an undisturbed one."""

import json
import os
import random
import signal
import subprocess
import sys

import pytest
import torch
from tests_support.processes import finish, start_scoring, wait_until
from tests_support.rows import annotated_rows, write_jsonl

from guardrank.judge.protocol import WINDOW as DEFAULT_WINDOW
from guardrank.serve.request import ScoringRequest

WINDOW = 32
ROWS = 1500
OUTPUT, REJECTS = "responses.verdicts.jsonl", "responses.rejects.jsonl"
LEFT = (OUTPUT, REJECTS, f"{OUTPUT}.run.json", "out.txt")
"""What must be the same in the end: the verdicts, the rejected rows, where they come from, the tables."""


def write_responses(folder):
    """Rows that are judged, that cannot be, and that are no records, in a mix."""
    lines = []
    for i in range(ROWS):
        row = annotated_rows(("truthfulness", "toxicity", "bias")[i % 3], 4)[i % 4]
        row |= {"id": f"row-{i}", "response": " ".join([row["response"]] * (1 + i % 7))}
        lines.append("not json" if i % 101 == 7 else json.dumps(row))
    (folder / "responses.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def request_(judge):
    return ScoringRequest(
        inputs=("responses.jsonl",), output=OUTPUT, judges=(str(judge),), device="cpu", resume=True
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, request_):
    """What a run leaves that nobody kills."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_responses(folder)
    assert finish(start_scoring(folder, request_, WINDOW)) == 0, (folder / "err.txt").read_text()
    return {name: (folder / name).read_bytes() for name in LEFT}


@pytest.fixture
def begin(tmp_path, request_):
    """Start or resume the run in the test's folder, or in one inside it."""

    def start(folder=tmp_path, **options):
        if not (folder / "responses.jsonl").exists():
            folder.mkdir(exist_ok=True)
            write_responses(folder)
        return start_scoring(folder, request_, WINDOW, **options)

    return start


def size(file):
    return file.stat().st_size if file.exists() else 0


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def check(folder, undisturbed):
    assert {name: (folder / name).read_bytes() for name in LEFT} == undisturbed


def kill_at(aim, start, output):
    """Kill the process that ``start`` starts once ``output`` has ``aim`` bytes; how many it has then."""
    process = start()
    wait_until(lambda: size(output) >= aim or process.exitcode is not None)
    process.kill()
    process.join()
    return size(output)


def test_killed_at_ten_random_moments(begin, undisturbed, tmp_path):
    chance = random.Random(6)
    whole = len(undisturbed[OUTPUT])
    before_the_first_line, after_the_end = -1, whole + 1
    aims = [before_the_first_line, *(chance.randrange(whole) for _ in range(8)), after_the_end]
    killed_at = []
    for moment, aim in enumerate(aims):
        folder = tmp_path / f"moment-{moment}"
        once_or_twice = [aim, chance.randint(aim, whole)][: chance.choice((1, 2))] if aim < whole else [aim]
        killed_at += [kill_at(aim, lambda: begin(folder), folder / OUTPUT) for aim in once_or_twice]  # noqa: B023
        assert finish(begin(folder)) == 0, (folder / "err.txt").read_text()
        check(folder, undisturbed)
    assert killed_at[0] == 0
    assert killed_at[-1] == whole
    assert len({size for size in killed_at if 0 < size < whole}) >= 4, "the process outran its killer"


def test_killed_between_the_run_file_and_the_first_line(begin, undisturbed, tmp_path):
    process = begin()
    wait_until(lambda: (tmp_path / f"{OUTPUT}.run.json").exists())
    process.kill()
    assert finish(process) == -signal.SIGKILL
    assert size(tmp_path / OUTPUT) == 0
    assert finish(begin()) == 0
    check(tmp_path, undisturbed)


def test_a_full_disk_cuts_a_line_and_leaves_a_run_to_go_on_with(begin, undisturbed, tmp_path):
    limit = len(undisturbed[OUTPUT]) // 2
    assert finish(begin(file_size_limit=limit)) == 1
    cut = (tmp_path / OUTPUT).read_bytes()
    assert len(cut) == limit
    assert not cut.endswith(b"\n")
    assert f"verdicts are kept in {OUTPUT}: go on with --resume" in (tmp_path / "err.txt").read_text()
    assert finish(begin()) == 0
    assert "Going on after the " in (tmp_path / "err.txt").read_text()
    check(tmp_path, undisturbed)


def interrupt_midway(begin, folder):
    """Interrupt a run that has written something; one that was through before the signal came is run again."""
    for _ in range(10):
        process = begin()
        wait_until(lambda: lines(folder / OUTPUT) > 0 or process.exitcode is not None)  # noqa: B023
        os.kill(process.pid, signal.SIGINT)
        if finish(process) != 0:
            return
        (folder / OUTPUT).unlink()
    pytest.fail("ten runs were through before they could be interrupted")


def test_interrupted_it_says_how_to_go_on(begin, undisturbed, tmp_path):
    interrupt_midway(begin, tmp_path)
    assert "go on with --resume" in (tmp_path / "err.txt").read_text()
    assert finish(begin()) == 0
    check(tmp_path, undisturbed)


def test_two_processes_never_write_one_file(begin, undisturbed, tmp_path):
    first = begin()
    wait_until(lambda: size(tmp_path / OUTPUT) > 0 or first.exitcode is not None)
    os.kill(first.pid, signal.SIGSTOP)
    assert finish(begin()) == 1
    assert "another process is writing responses.verdicts.jsonl" in (tmp_path / "err.txt").read_text()
    os.kill(first.pid, signal.SIGCONT)
    assert finish(first) == 0
    assert (tmp_path / OUTPUT).read_bytes() == undisturbed[OUTPUT]


@pytest.fixture
def one_thread():
    """Sums depend on how they are divided among threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield os.environ | {"OMP_NUM_THREADS": "1"}
    torch.set_num_threads(threads)


def test_the_command_itself_killed_and_resumed(score, judge, tmp_path, one_thread):
    rows = [row | {"id": f"row-{i}"} for i, row in enumerate(annotated_rows("toxicity", 4) * 1100)]
    write_jsonl(tmp_path / "r.jsonl", rows)
    command = [sys.executable, "-m", "guardrank.serve.score", "r.jsonl", "--judge", judge, "--device", "cpu"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, env=one_thread) as process:
        wait_until(lambda: lines(tmp_path / "r.verdicts.jsonl") >= DEFAULT_WINDOW or process.poll() is not None)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert score("r.jsonl", "-o", "whole.jsonl").code == 0
    outcome = score("r.jsonl", "--resume")
    assert outcome.code == 0, outcome.err
    assert "Going on after the " in outcome.err
    assert (tmp_path / "r.verdicts.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
