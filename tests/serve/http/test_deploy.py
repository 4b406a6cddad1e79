"""What the Dockerfile promises: the service needs neither root nor a file system that it can write to."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tests_support.processes import wait_until

NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all"
READ_ONLY = "mount -o remount,ro,bind / && ! touch /tmp/written 2>/dev/null"


def can_be_tried():
    trial = ["unshare", "-m", "sh", "-c", f"{READ_ONLY} && {NOBODY} {sys.executable} -c ''"]
    try:
        return subprocess.run(trial, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not can_be_tried(), reason="mounts and users cannot be changed here (root is needed)")
def test_it_serves_as_nobody_on_a_read_only_file_system():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = f"{sys.executable} -m guardrank.serve.http.serve_command --host 0.0.0.0 --port {port}"
    command = ["unshare", "-m", "sh", "-c", f"{READ_ONLY} && exec {NOBODY} {serve}"]
    environment = os.environ | {"GUARDRANK_TOKEN": "secret", "HOME": "/nonexistent"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_until(lambda: process.poll() is not None or is_ready(client))
            assert process.poll() is None, process.stderr.read()
            status = Path(f"/proc/{process.pid}/status").read_text()
            assert "Uid:\t65534\t65534" in status
            assert "CapEff:\t0000000000000000" in status
            body = {"records": [{"response": "They are stupid.", "dimension": "toxicity"}]}
            answer = client.post("/v1/score", json=body, headers={"Authorization": "Bearer secret"})
            assert answer.json()["verdicts"][0]["score"] in range(4)
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGTERM), errors  # uvicorn ends by the signal that it was given
    assert "Traceback" not in errors


def is_ready(client):
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False
