"""guardrank-serve under load, on loopback: throughput, latency, memory, overload; and whether answers are right.

    rows ──offline engine──> verdicts, rows/s
    rows ──requests of 32, over 1, 8, 64 connections──> guardrank-serve, a process of its own ──> rows/s, p50, p99
    10 x its pace, answered or not ──> 503s, and then as before;  --minutes of load ──> memory

    python tests/benchmarks/serving_load.py --json docs/results/serving.json --minutes 20

Client and service share the machine's cores: the client's processor time is stated. Each answer is compared with
the offline verdict of the same row; a wrong or missing one is counted.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import psutil
from measurement import SHARED_DATA, markdown_table, new_parser, report

from guardrank.annotations import read_records
from guardrank.judge import Panel, load_judge
from guardrank.records import Record, verdict_line

JUDGE = "guardrank-mini"
SOURCES = ("diasafety", "gptfuzz", "cold_test_zh", "truthfulqa_judge")
ROWS_OF_EACH = 600
A_REQUEST = 32
LATENCY_CONNECTIONS = (1, 8, 64)
OVERLOAD = 10


@dataclass
class Load:
    """What a client saw.

    Attributes:
        latencies: seconds, of answers with 200.
        refusals: seconds, of answers with another status.
        wrong: answers that differ from the offline verdicts.
        offered: rows/s that were asked for, where that does not depend on the answers.
    """

    latencies: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    without_time_to_wait: int = 0
    offered: float | None = None
    statuses: Counter[int] = field(default_factory=Counter)
    rows: int = 0
    wrong: int = 0
    seconds: float = 0.0
    client_seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        """The figures, in rows/s and milliseconds."""
        return {
            "rows_per_second": round(self.rows / self.seconds, 1),
            "offered_rows_per_second": self.offered and round(self.offered, 1),
            "requests": self.statuses.total(),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "p50_ms": _quantile(self.latencies, 0.5),
            "p99_ms": _quantile(self.latencies, 0.99),
            "refusal_p99_ms": _quantile(self.refusals, 0.99),
            "refusals_without_retry_after": self.without_time_to_wait,
            "wrong": self.wrong,
            "client_processor_share": round(self.client_seconds / self.seconds, 3),
        }


def _quantile(seconds: Sequence[float], share: float) -> float | None:
    return round(1000 * sorted(seconds)[int(share * (len(seconds) - 1))], 1) if seconds else None


class Bodies:
    """Requests made beforehand, and the verdicts that each has to be answered with."""

    def __init__(self, records: Sequence[Record], lines: Sequence[dict[str, Any]], size: int) -> None:
        rows = [
            record.model_dump(mode="json", include={"id", "prompt", "response", "dimension"}) for record in records
        ]
        starts = range(0, len(rows) - size + 1, size)
        self.size = size
        self.sent = [orjson.dumps({"records": rows[start : start + size]}) for start in starts]
        self.expected = [_plain(lines[start : start + size]) for start in starts]


def _plain(lines: Sequence[dict[str, Any]]) -> Any:
    """As JSON gives them back, without the labels that were not sent."""
    return orjson.loads(orjson.dumps([line | {"lang": None, "model": None, "subtask": None} for line in lines]))


def main() -> None:
    """Measure everything and print it."""
    parser = new_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each load (default: 30)")
    parser.add_argument("--minutes", type=float, default=20.0, help="of the load for memory (default: 20)")
    args = parser.parse_args()
    records, lines, offline = judge_offline()
    figures = asyncio.run(measure(records, lines, args.seconds, args.minutes)) | {
        "offline_rows_per_second": offline
    }
    figures["share_of_offline"] = round(figures["throughput"]["rows_per_second"] / offline, 3)
    report(in_markdown(figures), figures, args.json)


def judge_offline() -> tuple[list[Record], list[dict[str, Any]], float]:
    """The rows, their verdicts, and how many rows a second the engine itself scores."""
    records = [row for name in SOURCES for row in _some(name)]
    panel = Panel([load_judge(JUDGE, device="cpu")])
    list(panel.score(records[:200]))
    started = time.perf_counter()
    verdicts = list(panel.score(records))
    pace = len(records) / (time.perf_counter() - started)
    return records, [verdict_line(*pair) for pair in zip(records, verdicts, strict=True)], round(pace, 1)


def _some(name: str) -> list[Record]:
    rows = []
    for row in read_records(str(SHARED_DATA / f"{name}.jsonl.gz")):
        rows.append(row.model_copy(update={"reference": None, "subtask": None}))
        if len(rows) == ROWS_OF_EACH:
            break
    return rows


async def measure(
    records: list[Record], lines: list[dict[str, Any]], seconds: float, minutes: float
) -> dict[str, Any]:
    """All loads, one after the other, each on a service of its own."""
    many, single = Bodies(records, lines, A_REQUEST), Bodies(records, lines, 1)
    found: dict[str, Any] = {}
    async with serving() as (url, _):
        found["throughput"] = (await drive(url, many, 8, seconds)).figures()
        found["latency"] = {str(n): (await drive(url, single, n, seconds)).figures() for n in LATENCY_CONNECTIONS}
    async with serving() as (url, _):
        ten_times = OVERLOAD * found["throughput"]["rows_per_second"]
        found["overload"] = (await overload(url, many, ten_times, seconds)).figures()
        found["after_overload"] = (await drive(url, many, 8, seconds)).figures()
    if minutes:
        async with serving() as (url, process):
            found["soak"] = await soak(url, process, many, minutes)
    return found


async def soak(url: str, process: psutil.Process, bodies: Bodies, minutes: float) -> dict[str, Any]:
    """Memory of the service, in MiB, once a minute under load."""
    memory: list[float] = []
    total = Counter[str]()
    await drive(url, bodies, 8, 20)  # caches and arenas fill first
    for _ in range(max(round(minutes), 1)):
        load = await drive(url, bodies, 8, 60)
        memory.append(round(process.memory_info().rss / 2**20, 1))
        total.update(rows=load.rows, wrong=load.wrong)
    return {"minutes": minutes, "memory_mib": memory, **total}


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[str, psutil.Process]]:
    """A service with its own settings, in a process of its own."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "guardrank.serve.http.serve_command", "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as client:
            while not await _is_ready(client, url):
                await asyncio.sleep(0.1)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


async def drive(url: str, bodies: Bodies, connections: int, seconds: float) -> Load:
    """Ask over so many connections, each as soon as it has its answer."""
    load = Load()
    with measured(load):
        until = time.perf_counter() + seconds
        await asyncio.gather(*(_keep_asking(url, bodies, load, number, until) for number in range(connections)))
    return load


async def _keep_asking(url: str, bodies: Bodies, load: Load, number: int, until: float) -> None:
    turns = itertools.count(number, 97)
    async with connection() as client:  # its own: a pool of many costs a core by itself
        while time.perf_counter() < until:
            await _ask(client, url, bodies, load, next(turns))


async def overload(url: str, bodies: Bodies, rows_per_second: float, seconds: float) -> Load:
    """Ask at a fixed pace, whether or not there are answers; nobody tries again."""
    load, every = Load(), bodies.size / rows_per_second
    free = [connection()]
    asked: set[asyncio.Task[None]] = set()

    async def ask(turn: int) -> None:
        client = free.pop() if free else connection()
        await _ask(client, url, bodies, load, turn)
        free.append(client)

    with measured(load):
        started = time.perf_counter()
        for turn in range(int(seconds / every)):
            await asyncio.sleep(max(started + turn * every - time.perf_counter(), 0))
            task = asyncio.create_task(ask(turn))
            asked.add(task)
        offered = time.perf_counter() - started
        await asyncio.gather(*asked)
    load.offered = len(asked) * bodies.size / offered
    for client in free:
        await client.aclose()
    return load


def connection() -> httpx.AsyncClient:
    """A client of one connection."""
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=1), timeout=120, verify=False)


@contextmanager
def measured(load: Load) -> Iterator[None]:
    """Note how long the block takes, and how much processor time of this process."""
    before, started = _own_seconds(), time.perf_counter()
    yield
    load.seconds = time.perf_counter() - started
    load.client_seconds = _own_seconds() - before


async def _ask(client: httpx.AsyncClient, url: str, bodies: Bodies, load: Load, turn: int) -> None:
    place = turn % len(bodies.sent)
    started = time.perf_counter()
    answer = await client.post(
        f"{url}/v1/score", content=bodies.sent[place], headers={"Content-Type": "application/json"}
    )
    load.statuses[answer.status_code] += 1
    seconds = time.perf_counter() - started
    if answer.status_code != 200:
        load.refusals.append(seconds)
        load.without_time_to_wait += answer.status_code == 503 and "Retry-After" not in answer.headers
        return
    load.latencies.append(seconds)
    load.rows += bodies.size
    load.wrong += orjson.loads(answer.content)["verdicts"] != bodies.expected[place]


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def in_markdown(figures: dict[str, Any]) -> str:
    """The tables of docs/serving.md."""
    loads = {
        f"requests of {A_REQUEST}, 8 connections": figures["throughput"],
        **{f"requests of 1, {n} connections": figures["latency"][str(n)] for n in LATENCY_CONNECTIONS},
        f"overload: {OVERLOAD} x that, offered whatever is answered": figures["overload"],
        "requests of 32, 8 connections, after it": figures["after_overload"],
    }
    head = ["load", "rows/s", "p50, ms", "p99, ms", "200", "503", "wrong", "client's processor, cores"]
    rows = [[name, *_cells(one)] for name, one in loads.items()]
    offline, share = figures["offline_rows_per_second"], figures["share_of_offline"]
    text = f"{markdown_table(head, rows)}\n\nOffline: {offline} rows/s; the service has {share:.0%} of it."
    if soaked := figures.get("soak"):
        memory, rows_scored = soaked["memory_mib"], f"{soaked['rows']:,} rows, {soaked['wrong']} wrong"
        after = f"after the first {memory[0]} MiB, after the last {memory[-1]}, at most {max(memory)}"
        text += f"\nMemory over {soaked['minutes']:g} minutes: {after}; {rows_scored}."
    return text


def _cells(one: dict[str, Any]) -> list[str]:
    statuses = [one["statuses"].get(status, 0) for status in ("200", "503")]
    cells = [one["rows_per_second"], one["p50_ms"], one["p99_ms"], *statuses, one["wrong"]]
    return [*map(str, cells), str(one["client_processor_share"])]


if __name__ == "__main__":
    main()
