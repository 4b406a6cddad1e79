"""Scoring in processes that can be killed: each is forked from a server that has loaded torch, to start at once."""

import multiprocessing
import os
import resource
import signal
import sys
import time
from pathlib import Path

_LOADED = ["torch", "transformers.models.bert.modeling_bert", "peft", "guardrank.serve.scoring"]
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(_LOADED)


def start_scoring(folder: Path, request, window: int, file_size_limit: int | None = None, **environment: str):
    """Start scoring in ``folder``; what it prints goes to out.txt and err.txt there.

    Args:
        window: rows that are judged and written together; few of them make many moments to be killed at.
        file_size_limit: bytes after which the disk is full, so to speak.
        environment: variables that the process has beside those of the first one that was started.
    """
    process = _FORKS.Process(target=_score, args=(folder, request, window, file_size_limit, environment))
    process.start()
    return process


def _score(folder, request, window, file_size_limit, environment) -> None:
    import torch

    from guardrank.serve.scoring import score_responses

    torch.set_num_threads(1)  # sums depend on how they are divided
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in its background jobs
    os.environ |= environment
    os.chdir(folder)
    for stream, name in ((sys.stdout, "out.txt"), (sys.stderr, "err.txt")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())
    if file_size_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size_limit, file_size_limit))
    score_responses(request, window=window)


def wait_until(condition, seconds: float = 120.0) -> None:
    """Return as soon as ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.0005)


def finish(process, seconds: float = 120.0) -> int:
    """Wait for the process to end; its exit code."""
    process.join(seconds)
    assert process.exitcode is not None, "it takes too long"
    return process.exitcode
