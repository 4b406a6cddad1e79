"""A run that is killed goes on from its checkpoint and ends in the very judge of an undisturbed run."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from tests_support.commands import run_here
from tests_support.rows import annotated_rows, read_jsonl, write_jsonl

from guardrank.train.cli import app


def arguments(base, data, out, *more):
    sets = ("max_tokens=48", "learning_rate=0.01", "epochs=8", "patience=9", "min_steps=0", "precision=float32")
    options = [word for value in sets for word in ("--set", value)]
    return ["--dim", "truthfulness", "--data", data, "--base", base, "--device", "cpu", "-o", out, *options, *more]


def start(folder, *options):
    command = [sys.executable, "-m", "guardrank.train", *map(str, options)]
    return subprocess.Popen(command, cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE)


def kill_when(process, condition, seconds=120):
    """SIGKILL once ``condition`` holds; the run must not have ended before."""
    deadline = time.monotonic() + seconds
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err.decode()


@pytest.fixture
def data(tmp_path):
    return write_jsonl(tmp_path / "data.jsonl", annotated_rows("truthfulness", 400))


@pytest.fixture
def train(capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the process that is killed: sums depend on how they are divided
    yield lambda *options: run_here(app, capfd, monkeypatch, *options)
    torch.set_num_threads(threads)


def test_a_killed_run_resumes_to_the_same_judge(train, checkpoints, data, tmp_path):
    base = checkpoints["bert"]
    assert train(*arguments(base, data, "whole")).code == 0
    work = tmp_path / "cut.work"
    kill_when(
        start(tmp_path, *arguments(base, data, "cut")), lambda: any(work.glob("checkpoint-*/trainer_state.json"))
    )
    assert not (tmp_path / "cut").exists()

    again = train(*arguments(base, data, "cut"))
    assert (again.code, "--resume goes on with it" in again.err) == (2, True)
    other = train(*arguments(base, data, "cut", "--seed", "14", "--resume"))
    assert (other.code, "had other settings (seed was 13, is 14)" in other.err) == (1, True)

    assert train(*arguments(base, data, "cut", "--resume")).code == 0
    for name in ("adapter_model.safetensors", "metrics.json"):
        assert (tmp_path / "cut" / name).exists()
    whole, cut = ((tmp_path / run / "adapter_model.safetensors").read_bytes() for run in ("whole", "cut"))
    assert whole == cut
    assert not work.exists()


def test_cross_fitting_keeps_the_folds_that_are_done(train, checkpoints, data, tmp_path):
    base, cross = checkpoints["bert"], ("--cross-fit", "3", "--set", "epochs=2")
    assert train(*arguments(base, data, "whole.jsonl", *cross)).code == 0
    work = tmp_path / "cut.jsonl.work"
    kill_when(start(tmp_path, *arguments(base, data, "cut.jsonl", *cross)), (work / "fold-0.jsonl").exists)
    resumed = train(*arguments(base, data, "cut.jsonl", *cross, "--resume"))
    assert (resumed.code, "fold 1 of 3: done before" in resumed.err) == (0, True)
    whole, cut = (read_jsonl(tmp_path / name) for name in ("whole.jsonl", "cut.jsonl"))
    assert [(row["id"], row["score"], row["probs"]) for row in whole] == [
        (row["id"], row["score"], row["probs"]) for row in cut
    ]
