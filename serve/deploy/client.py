"""An example client: sends a JSON Lines file to guardrank-serve and prints a verdict a line. Needs httpx alone.

    python client.py responses.jsonl --url http://127.0.0.1:8000 > verdicts.jsonl

A full queue answers 503 with the seconds to wait; a lost connection is tried again, since scoring changes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

ROWS_A_REQUEST = 32
ATTEMPTS = 5


def main() -> None:
    """Send the file of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--judge", help="name of a judge; the service's default unless given")
    asked = parser.parse_args()
    token = os.environ.get("GUARDRANK_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=asked.url, headers=headers, timeout=120) as client:
        for records in _windows(asked.file):
            for verdict in score(client, records, asked.judge):
                sys.stdout.write(json.dumps(verdict, ensure_ascii=False) + "\n")


def score(client: httpx.Client, records: list[dict[str, Any]], judge: str | None = None) -> list[dict[str, Any]]:
    """The verdicts of up to a thousand records, in order.

    Raises:
        httpx.HTTPError: the service refuses them, or does not answer after several attempts.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            answer = client.post("/v1/score", json={"records": records, "judge": judge})
        except httpx.TransportError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(attempt)
            continue
        if answer.status_code != 503 or attempt == ATTEMPTS:
            break
        time.sleep(int(answer.headers.get("Retry-After", "1")))
    answer.raise_for_status()
    verdicts: list[dict[str, Any]] = answer.json()["verdicts"]
    return verdicts


def _windows(file: Path) -> Iterator[list[dict[str, Any]]]:
    with file.open(encoding="utf-8") as lines:
        rows = (json.loads(line) for line in lines if line.strip())
        while window := list(islice(rows, ROWS_A_REQUEST)):
            yield window


if __name__ == "__main__":
    main()
