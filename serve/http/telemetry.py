"""What an operator sees: Prometheus counters, and a line of JSON a request; neither holds a response text.

{"at": ..., "method": "POST", "path": "/v1/score", "status": 200, "rows": 32, "seconds": 0.11}

A request that no code foresaw is answered with 500 here, outside of all else, and its line gains "crash".
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPMethod
from time import perf_counter

import orjson
from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client import Counter as Total

from guardrank.records import Verdict
from guardrank.serve.http.batcher import Batcher
from guardrank.serve.http.crashes import crash_lines
from guardrank.serve.http.limits import App, Message, Receive, Scope, Send, refuse

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
KNOWN_PATHS = frozenset(
    {"/v1/score", "/v1/moderations", "/v1/judges", "/healthz", "/readyz", "/metrics", "/", "/docs", "/openapi.json"}
)
KNOWN_METHODS = frozenset(HTTPMethod)
"""A client may call a method or a path what it likes; neither goes into the log as it came."""


class Telemetry:
    """The metrics of one service, in a registry of its own."""

    def __init__(self, batchers: Mapping[str, Batcher]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Total("guardrank_requests", "Requests.", ["path", "status"], registry=self.registry)
        self.seconds = Histogram(
            "guardrank_request_seconds", "Time to the answer.", ["path"], buckets=SECONDS, registry=self.registry
        )
        self.rows = Total("guardrank_records", "Records judged.", ["judge", "outcome"], registry=self.registry)
        waiting = Gauge("guardrank_waiting_records", "Records in the queue.", ["judge"], registry=self.registry)
        pace = Gauge("guardrank_records_per_second", "Pace of the last batch.", ["judge"], registry=self.registry)
        for name, batcher in batchers.items():
            waiting.labels(name).set_function(partial(getattr, batcher, "waiting"))
            pace.labels(name).set_function(partial(getattr, batcher, "pace"))

    def count(self, verdicts: list[Verdict]) -> None:
        """Count verdicts by judge and what became of them."""
        for (judge, outcome), number in Counter((one.judge, _outcome(one)) for one in verdicts).items():
            self.rows.labels(judge, outcome).inc(number)


def _outcome(verdict: Verdict) -> str:
    if verdict.score is None:
        return "failed"
    return "abstained" if verdict.abstained else "scored"


class RequestLog:
    """Wraps the application: counts and logs every request."""

    def __init__(self, app: App, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started, crash = None, perf_counter(), {}

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:  # noqa: BLE001 (uvicorn would log the message, which may hold what was judged)
            crash = {"crash": crash_lines(error)}
            if status is None:  # of an answer that has begun the rest is missing, and uvicorn hangs up
                await refuse(noted, 500, "the service failed; its log says where")
        finally:
            self._note(scope, status or 500, perf_counter() - started, crash)

    def _note(self, scope: Scope, status: int, seconds: float, crash: Mapping[str, object]) -> None:
        path = scope["path"] if scope["path"] in KNOWN_PATHS else "other"
        self._telemetry.requests.labels(path, str(status)).inc()
        self._telemetry.seconds.labels(path).observe(seconds)
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": scope["method"] if scope["method"] in KNOWN_METHODS else "other",
            "path": path,
            "status": status,
            "seconds": round(seconds, 4),
            **scope.get("state", {}).get("noted", {}),
            **crash,
        }
        sys.stderr.buffer.write(orjson.dumps(line) + b"\n")
        sys.stderr.flush()
