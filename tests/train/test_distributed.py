"""Launchers: several processes train one judge, and only the first writes it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests_support.rows import annotated_rows, write_jsonl

SETS = [word for value in ("max_tokens=48", "epochs=2", "min_steps=0") for word in ("--set", value)]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node"]
ACCELERATE = [
    str(Path(sys.executable).parent / "accelerate"),
    *("launch", "--cpu", "--num_processes", "1", "--num_machines", "1", "--mixed_precision", "no"),
    *("--dynamo_backend", "no"),
]


@pytest.mark.parametrize(("launcher", "steps"), [([*TORCHRUN, "2"], 6), (ACCELERATE, 12)])
def test_launchers(checkpoints, tmp_path, launcher, steps):
    data = write_jsonl(tmp_path / "data.jsonl", annotated_rows("truthfulness", 96))
    command = [*launcher, "-m", "guardrank.train", "--dim", "truthfulness", "--data", str(data), "--device", "cpu"]
    command += ["--base", str(checkpoints["bert"]), *SETS, "-o", "judge"]
    result = subprocess.run(
        command, cwd=tmp_path, capture_output=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert result.returncode == 0, result.stderr.decode()
    run = json.loads((tmp_path / "judge" / "metrics.json").read_text())["training"]
    # 82 rows in batches of 16: 6 steps an epoch with one process, 3 with two
    assert run["steps"] == steps
    assert result.stderr.decode().count("written to judge") == 1
    assert not (tmp_path / "judge.work").exists()
