"""Launchers: several processes train one judge, the first writes it, and it is the judge of a single process."""

import json
import os
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from safetensors.numpy import load_file
from tests_support.commands import run_here
from tests_support.rows import annotated_rows, write_jsonl

import guardrank
from guardrank.train.cli import app

SETS = [word for value in ("max_tokens=48", "epochs=2", "min_steps=0") for word in ("--set", value)]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node"]
ACCELERATE = [str(Path(sys.executable).parent / "accelerate"), "launch"]
ALONE = [sys.executable]
ONE_ON_CPU = [
    *(*ACCELERATE, "--cpu", "--num_processes", "1", "--num_machines", "1", "--mixed_precision", "no"),
    *("--dynamo_backend", "no"),
]
SHARDED = [
    *(*ACCELERATE, "--config_file", str(files("guardrank.train") / "fsdp.yaml")),
    *("--num_processes", "2", "--main_process_port", "0"),
]


def start(launcher, folder, *options, program=("-m", "guardrank.train")):
    """Start a training in ``folder``, whatever precision trainings in this process left in the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACCELERATE_")}
    return subprocess.Popen(
        [*launcher, *program, *map(str, options)],
        cwd=folder,
        env=environment | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def launch(launcher, folder, *options, **program):
    """Run a training to its end; returns what it said."""
    process = start(launcher, folder, *options, **program)
    try:
        err = process.communicate(timeout=300)[1].decode()
    except subprocess.TimeoutExpired:
        kill(process)  # processes that disagree wait for each other without end
        raise
    assert process.returncode == 0, err
    return err


def kill(process):
    """Kill a launcher and what it started, which would go on without it."""
    for member in (*psutil.Process(process.pid).children(recursive=True), process):
        member.kill()
    process.communicate()


@pytest.mark.parametrize(("launcher", "steps"), [([*TORCHRUN, "2"], 6), (ONE_ON_CPU, 12)])
def test_launchers(checkpoints, tmp_path, launcher, steps):
    data = write_jsonl(tmp_path / "data.jsonl", annotated_rows("truthfulness", 96))
    options = ["--dim", "truthfulness", "--data", data, "--device", "cpu", "--base", checkpoints["bert"]]
    said = launch(launcher, tmp_path, *options, *SETS, "-o", "judge")
    run = json.loads((tmp_path / "judge" / "metrics.json").read_text())["training"]
    # 82 rows in batches of 16: 6 steps an epoch with one process, 3 with two
    assert run["steps"] == steps
    assert said.count("written to judge") == 1
    assert not (tmp_path / "judge.work").exists()


def the_7b_in_small(checkpoints, folder, *, best, device="cpu"):
    """Options for the 7B's recipe on a tiny LLaMA, without what differs from process to process: dropout, 16 bits.

    Where the dev rows' labels are wrong, the first epoch is the best; else the last.
    """
    wrong = best == "first"
    rows = [row | {"split": "train"} for row in annotated_rows("toxicity", 64)]
    rows += [row | {"split": "dev", "human": row["human"] ^ wrong} for row in annotated_rows("toxicity", 80)[64:]]
    data = write_jsonl(folder / "data.jsonl", rows)
    sets = ("max_tokens=48", "epochs=3", "batch_size=8", "gradient_accumulation=2", "learning_rate=0.01")
    sets += ("lora.dropout=0", "base_dtype=float32", "precision=float32")
    options = ["--dim", "toxicity", "--data", data, "--no-seed", "--base", checkpoints["llama"], "--device", device]
    return [*options, "--recipe", "paper-values", *(word for value in sets for word in ("--set", value))]


def assert_same_judge(one, other, *, best_step, tolerance=1e-5):
    """The weights of two judges are the same but for rounding, and chosen at the same step."""
    ours, theirs = (load_file(folder / "adapter_model.safetensors") for folder in (one, other))
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        np.testing.assert_allclose(theirs[name], weight, rtol=0, atol=tolerance, err_msg=name)
        assert "lora_B" not in name or np.abs(weight).max() > 100 * tolerance, "lora_B starts as zeros"
    runs = [json.loads((judge / "metrics.json").read_text())["training"] for judge in (one, other)]
    assert [(run["steps"], run["best_step"]) for run in runs] == [(12, best_step)] * 2


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param("cuda", marks=pytest.mark.skipif(torch.cuda.device_count() < 2, reason="wants two GPUs")),
    ],
)
def test_divided_weights_train_the_judge_of_one_process(checkpoints, tmp_path, device):
    options = the_7b_in_small(checkpoints, tmp_path, best="first", device=device)
    launch(ALONE, tmp_path, *options, "-o", "one")
    said = launch(SHARDED, tmp_path, *options, "-o", "two")
    assert "2 processes, the weights divided, 16 rows an update" in said
    assert said.count("written to two") == 1
    assert sorted(path.name for path in tmp_path.glob("two*")) == ["two", "two.rows.jsonl"]
    one, two = tmp_path / "one", tmp_path / "two"
    assert_same_judge(one, two, best_step=4, tolerance=1e-5 if device == "cpu" else 1e-3)
    records = [guardrank.Record.model_validate(row) for row in annotated_rows("toxicity", 8)]
    scores = [[v.expected for v in guardrank.load_judge(judge).score(records)] for judge in (one, two)]
    np.testing.assert_allclose(*scores, atol=1e-3)


def test_divided_weights_resume(checkpoints, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = the_7b_in_small(checkpoints, tmp_path, best="last")
    launch(ALONE, tmp_path, *options, "-o", "one")
    process = start(SHARDED, tmp_path, *options, "-o", "two")
    while not any(tmp_path.glob("two.work/checkpoint-*/trainer_state.json")) and process.poll() is None:
        time.sleep(0.01)
    kill(process)
    assert not (tmp_path / "two").exists()
    refused = run_here(app, capfd, monkeypatch, *options, "-o", "two", "--resume")
    assert refused.code == 1
    assert "had other settings (processes was 2 processes, the weights divided, is None)" in refused.err
    launch(SHARDED, tmp_path, *options, "-o", "two", "--resume")
    assert_same_judge(tmp_path / "one", tmp_path / "two", best_step=12)


SEEN = """
import json, os, sys
from guardrank.train.cli import main
from guardrank.train.loop import JudgeTrainer

seen, compute_loss = [[], [], []], JudgeTrainer.compute_loss

def keep(trainer, model, inputs, *more, **options):
    if model.training:
        rows = zip(inputs["input_ids"].tolist(), inputs["attention_mask"].sum(1).tolist())
        seen[int(trainer.state.epoch)] += [str(row[:length]) for row, length in rows]
    return compute_loss(trainer, model, inputs, *more, **options)

JudgeTrainer.compute_loss = keep
try:
    main()
finally:
    with open(f"seen-{os.environ['RANK']}.json", "w") as file:
        json.dump(seen, file)
"""


def test_each_row_goes_to_one_process(checkpoints, tmp_path):
    """Dropout is on: it moves the processes' random numbers apart."""
    (tmp_path / "seen.py").write_text(SEEN)
    rows = [row | {"split": "train" if n < 64 else "dev"} for n, row in enumerate(annotated_rows("bias", 80))]
    data = write_jsonl(tmp_path / "data.jsonl", rows)
    options = ["--dim", "bias", "--data", data, "--no-seed", "--device", "cpu", "--base", checkpoints["bert"]]
    launch([*TORCHRUN, "2"], tmp_path, *options, *SETS, "--set", "epochs=3", program=["seen.py"])
    ours, theirs = (json.loads((tmp_path / f"seen-{rank}.json").read_text()) for rank in (0, 1))
    for one, other in zip(ours, theirs, strict=True):
        assert len(one) == len(other) == 32
        assert len({*one, *other}) == 64
