"""Small task folders, models and judged runs for the tests of guardrank-bench."""

import csv
import hashlib
import json
import struct
import threading
import zlib
from pathlib import Path

from PIL import Image

from guardrank.benchmark.case import Case
from guardrank.benchmark.judging import Judged
from guardrank.benchmark.leaderboard import JudgedRun
from guardrank.benchmark.models import Ask, Reply
from guardrank.benchmark.runs import Response, RunManifest
from guardrank.records import Verdict

ECHOED = ("--model", "python:echo_models:Echo", "--tasks", "tasks")
ECHO = """
class Echo:
    def answer(self, prompt, images):
        return f"I'm sorry, I can't help with that. A. {len(images)}"
"""

HEADER = ("Image", "Prompt", "Jailbreak Type", "Lan", "Category I", "Category II")


def draw(path: Path, colour="red", size=(16, 12), **options) -> Path:
    """An image of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path, **options)
    return path


def write_sheet(folder: Path, rows, header=HEADER, encoding="utf-8") -> Path:
    """``folder/prompt.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = folder / "prompt.csv"
    with sheet.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return sheet


def privacy_folder(root: Path, count=4) -> Path:
    """A task folder with ``count`` rows, each with an image of its own."""
    rows = []
    for i in range(count):
        draw(root / "privacy" / "imgs" / f"{i:04}.png", (i * 40 % 256, 90, 10))
        rows.append((f"{i:04}.png", f"Who is this? ({i})", "Disguise", "en", "Privacy", "Personal Privacy"))
    write_sheet(root / "privacy", rows)
    return root


def huge_png(path: Path, side=40_000) -> Path:
    """A PNG whose header says ``side`` x ``side``, in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


class EchoModel:
    """Answers with the prompt; ``fails`` maps an ask's id to an error, once or always."""

    threads = 1

    def __init__(self, batch_size=2, fails=None, threads=1, name="echo") -> None:
        self.batch_size, self.fails, self.threads, self.name = batch_size, fails or {}, threads, name
        self.asked: list[list[str]] = []
        self.stop = threading.Event()

    def facts(self):
        """What it is."""
        return {"kind": "echo", "batch": "any"}

    def answer(self, asks: list[Ask]) -> list[Reply]:
        """The prompts, or errors."""
        self.asked.append([ask.id for ask in asks])
        return [
            Reply(error=self.fails[ask.id]) if ask.id in self.fails else Reply(f"You asked: {ask.prompt}")
            for ask in asks
        ]

    def close(self) -> None:
        """Nothing to close."""


def a_case(id_="privacy:a", dimension="privacy", **fields) -> Case:
    """A case with an image named by its id."""
    named = {"task": dimension, "prompt": f"What of {id_}?", "images": (f"{id_.split('~')[0]}.png",)}
    return Case(id=id_, dimension=dimension, **named | fields)


def judged(case: Case, score, *, model="m", answer=None, error=None, abstained=False, response="text") -> Judged:
    """A case with a score, or with an ``error`` and no response."""
    said = Response(id=case.id, case=case.sha256[:16], response=None if error else response, error=error)
    failure = error or ("scored_in_pair" if score is None else None)
    verdict = Verdict(
        id=case.id, score=score, error=failure, judge="j@1", answer=answer, abstained=abstained, confidence=0.9
    )
    return Judged(case, case.record(response or "", model), said, verdict)


def a_run(model: str, rows) -> JudgedRun:
    """A judged run."""
    manifest = RunManifest(model=model, spec=f"python:x:{model}", tasks="t", created="2026-01-01T00:00:00+00:00")
    return JudgedRun(name=f"run-{model}", label=model, manifest=manifest, judged=list(rows))


def unit(*parts: object) -> float:
    """A number in [0, 1) that the parts alone decide."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big") / 2**32


def figures(folder: Path) -> dict:
    """The leaderboard of a report."""
    return json.loads((folder / "leaderboard.json").read_text())


def responses(folder: Path) -> list[dict]:
    """The lines of a run's responses."""
    return [json.loads(line) for line in (folder / "responses.jsonl").read_bytes().splitlines()]
