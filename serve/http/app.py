"""The application: judges behind HTTP.

create_app(judges, settings) ──> /v1/score, /v1/moderations, /v1/judges, /healthz, /readyz, /metrics,
                                    /openapi.json, and the pages / and /docs
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from guardrank import __version__
from guardrank.dimensions import DIMENSIONS
from guardrank.judge import HeadJudge, Panel
from guardrank.records import Record, Verdict, verdict_line
from guardrank.serve.http.batcher import Batcher, ClosingError, QueueFullError
from guardrank.serve.http.errors import FieldError, add_errors
from guardrank.serve.http.limits import Limits
from guardrank.serve.http.moderation import moderation_records, moderations
from guardrank.serve.http.openapi import DescribedApp
from guardrank.serve.http.page_files import add_page
from guardrank.serve.http.parsing import StrictRoute
from guardrank.serve.http.schemas import (
    JudgeOut,
    JudgesAnswer,
    ModerationAnswer,
    ModerationBody,
    ScoreAnswer,
    ScoreBody,
    error_responses,
)
from guardrank.serve.http.settings import ServiceSettings
from guardrank.serve.http.telemetry import RequestLog, Telemetry

DEFAULT = "default"
"""The panel of all judges: each record goes to the first that judges its dimension."""


class Service:
    """The judges of one process, each with its queue.

    Args:
        judges: the first that judges a dimension is its default.
        cards: name -> README, where there is one.
    """

    def __init__(self, judges: Sequence[HeadJudge], settings: ServiceSettings, cards: Mapping[str, str]) -> None:
        self.judges, self.settings, self.cards = tuple(judges), settings, cards
        self.executor = ThreadPoolExecutor(1, thread_name_prefix="judge")
        panels = {DEFAULT: Panel(judges), **{judge.name: Panel([judge]) for judge in judges}}
        longest = max(judge.manifest.transformer.max_tokens for judge in judges)
        self.batchers = {name: Batcher(panel, self.executor, settings, longest) for name, panel in panels.items()}
        self.telemetry = Telemetry(self.batchers)
        self.is_ready = False

    def find(self, name: str | None) -> Batcher | None:
        """The queue of a judge, by its name with or without hash."""
        if name is None:
            return self.batchers[DEFAULT]
        short = {judge.manifest.name: judge.name for judge in reversed(self.judges)}
        return self.batchers.get(short.get(name, name))

    async def score(self, batcher: Batcher, records: Sequence[Record]) -> list[Verdict]:
        """The verdicts; a queue that is full, or a service that ends, answers with 503."""
        try:
            verdicts = await batcher.score(records)
        except QueueFullError as full:
            raise HTTPException(503, "the queue is full", {"Retry-After": str(full.retry_after)}) from None
        except ClosingError:
            raise HTTPException(503, "the service is ending", {"Retry-After": "1"}) from None
        self.telemetry.count(verdicts)
        return verdicts

    def noted(self, records: Sequence[Record]) -> dict[str, Any]:
        """What a request's log line says of its records."""
        texts = [{"prompt": record.prompt, "response": record.response} for record in records]
        return {"rows": len(records)} | ({"texts": texts} if self.settings.log_texts else {})

    @property
    def texts(self) -> int:
        """Texts in a moderation at most: each is a record a dimension."""
        return max(self.settings.rows // len(self.batchers[DEFAULT].judge.dimensions), 1)

    def check_records(self, records: Sequence[Record]) -> None:
        """Raise FieldError where there is too much of something."""
        if len(records) > self.settings.rows:
            raise FieldError("records", f"at most {self.settings.rows:,} in a request")
        for i, record in enumerate(records):
            for field in ("prompt", "response", "reference"):
                self._check_text(f"records.{i}.{field}", getattr(record, field) or "")

    def check_texts(self, body: ModerationBody) -> None:
        """The same of what is to be moderated."""
        if not isinstance(body.input, str) and len(body.input) > self.texts:
            raise FieldError("input", f"at most {self.texts:,} in a request")
        for text in body.texts:
            self._check_text("input", text)

    def _check_text(self, field: str, text: str) -> None:
        if len(text) > self.settings.chars:
            raise FieldError(field, f"at most {self.settings.chars:,} characters")

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Work from the start to the end; at the end all that was accepted is scored."""
        for batcher in self.batchers.values():
            batcher.start()
        self.is_ready = True
        yield
        self.is_ready = False
        for batcher in self.batchers.values():
            await batcher.close()
        self.executor.shutdown()


def create_app(
    judges: Sequence[HeadJudge], settings: ServiceSettings, cards: Mapping[str, str] | None = None
) -> FastAPI:
    """The application that serves ``judges``; each must have labels that are scores of a dimension."""
    service = Service(judges, settings, cards or {})
    app = DescribedApp(
        title="GuardRank",
        description="How safe responses are, in five dimensions; 0 is best.",
        version=__version__,
        lifespan=service.lifespan,
        docs_url=None,
        redoc_url=None,  # both would load scripts from elsewhere; page_files has a page of our own
        redirect_slashes=False,  # to the address that the client's Host header names
        generate_unique_id_function=lambda route: route.name,  # what generated clients call their methods
        telemetry={"tracing": False, "logs": False, "auto_configure": False},  # messages of errors may hold texts
    )
    app.router.route_class = StrictRoute
    app.state.service = service
    _add_scoring(app, service)
    _add_operations(app, service)
    add_errors(app)
    add_page(app)
    app.add_middleware(Limits, settings=settings)
    app.add_middleware(RequestLog, telemetry=service.telemetry)
    return app


def _add_scoring(app: FastAPI, service: Service) -> None:
    refused = error_responses(400, 415, 422, 503)

    @app.post("/v1/score", response_model=ScoreAnswer, responses=refused | error_responses(404))
    async def score(body: ScoreBody, request: Request) -> Response:
        """Score records: one verdict each, in order."""
        batcher = _known(service, body.judge)
        service.check_records(body.records)
        verdicts = await service.score(batcher, body.records)
        request.state.noted = service.noted(body.records)
        lines = [verdict_line(*pair) for pair in zip(body.records, verdicts, strict=True)]
        return Response(orjson.dumps({"verdicts": lines}), media_type="application/json")

    @app.post("/v1/moderations", response_model=ModerationAnswer, responses=refused)
    async def moderate(body: ModerationBody, request: Request) -> ModerationAnswer:
        """Judge texts in the form of OpenAI's moderation API."""
        batcher = service.find(body.model) or _known(service, None)
        service.check_texts(body)
        records = moderation_records(body.texts, batcher.judge.dimensions)
        verdicts = await service.score(batcher, records)
        request.state.noted = service.noted(records)
        return ModerationAnswer(
            id=f"modr-{secrets.token_hex(12)}", model=batcher.judge.name, results=moderations(records, verdicts)
        )


def _known(service: Service, name: str | None) -> Batcher:
    batcher = service.find(name)
    if batcher is None:
        known = ", ".join(judge.name for judge in service.judges)
        raise HTTPException(404, f"judge: there is none of this name, only {known}")
    return batcher


def _add_operations(app: FastAPI, service: Service) -> None:
    @app.get("/v1/judges")
    async def judges() -> JudgesAnswer:
        """The judges that are served, with their cards and hashes."""
        return JudgesAnswer(judges=[_described(judge, service.cards.get(judge.name)) for judge in service.judges])

    @app.get("/healthz")
    async def healthy() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get("/readyz", responses=error_responses(503))
    async def ready() -> dict[str, str]:
        """The judges are loaded, and new requests are taken."""
        if not service.is_ready:
            raise HTTPException(503, "not ready", {"Retry-After": "1"})
        return {"status": "ready"}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(generate_latest(service.telemetry.registry), media_type=CONTENT_TYPE_LATEST)


def _described(judge: HeadJudge, card: str | None) -> JudgeOut:
    return JudgeOut(
        name=judge.name,
        hash=judge.content_hash,
        variant=judge.variant,
        dimensions=[dimension.value for dimension in DIMENSIONS if dimension in judge.dimensions],
        scales={output.dimension.value: output.classes - 1 for output in judge.manifest.outputs},
        max_tokens=judge.manifest.transformer.max_tokens,
        card=card,
    )
