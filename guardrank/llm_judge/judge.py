"""``ChatJudge``: any OpenAI-compatible chat model as a judge.

    records ──RequestMaker──> Request ──cache──> Answer ──read_answer──> Verdict, in the records' order
                                  └─not there─> ChatClient ─> cache

Every record gets a verdict: a score, or the reason why there is none. What was paid for is in the cache before
anything else is done with it, so that a run that was killed pays again only for what was under way.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Sized
from contextlib import closing
from functools import partial
from typing import Any

from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.llm_judge.answers import Answer, read_answer
from guardrank.llm_judge.cache import AnswerCache
from guardrank.llm_judge.calls import Call, CallLog, Usage
from guardrank.llm_judge.client import ChatClient, Outcome, require_openai
from guardrank.llm_judge.endpoint import Endpoint
from guardrank.llm_judge.estimate import Estimate, estimate
from guardrank.llm_judge.failures import STOPPED
from guardrank.llm_judge.messages import Prompt
from guardrank.llm_judge.pool import map_in_order
from guardrank.llm_judge.prices import find_price
from guardrank.llm_judge.purse import Purse
from guardrank.llm_judge.request import Request, RequestMaker
from guardrank.llm_judge.settings import ChatSettings, read_key
from guardrank.progress import Progress
from guardrank.records import Record, Verdict, failed


class ChatJudge:
    """Judges by asking a chat model.

    Raises:
        MissingExtraError: the ``agree`` extra is not installed.
        UsageError: there is no key, no price although the cost is limited, or the settings contradict each other.
    """

    def __init__(self, settings: ChatSettings) -> None:
        require_openai()
        self.settings = settings
        self.usage = Usage()
        self._key = read_key(settings)
        self._price = find_price(settings)
        self._purse = Purse(settings.max_cost)
        self._endpoint = Endpoint()
        self._requests = RequestMaker(settings)
        self._name = f"{settings.model}@{self._requests.sha256[:16]}"
        self._cache = AnswerCache(settings.cache)
        self._log = CallLog(settings.calls)

    @property
    def name(self) -> str:
        """The model, and the first 16 digits of the hash of all that shapes its verdicts."""
        return self._name

    @property
    def dimensions(self) -> frozenset[Dimension]:
        """All of them."""
        return frozenset(DIMENSIONS)

    def score(self, records: Iterable[Record]) -> Iterator[Verdict]:
        """One verdict for each record, in order.

        Raises:
            GuardRankError: the server answers no request at all: the key, the model or the account is at fault.
        """
        with closing(self.calls(records)) as calls:
            for call in calls:
                yield call.verdict

    def calls(self, records: Iterable[Record]) -> Generator[Call, None, None]:
        """As ``score``, with what stands behind each verdict."""
        self._cache.folder.mkdir(parents=True, exist_ok=True)  # before anything is paid for
        total = len(records) if isinstance(records, Sized) else None
        stop = threading.Event()
        with Progress(total, "records", wanted=self.settings.progress) as progress, self._connect(stop) as client:
            work = partial(self._call, client)
            with closing(map_in_order(work, records, self.settings.concurrency, stop)) as calls:
                for call in calls:
                    self.usage.add(call)
                    self._log.add(call)
                    progress.advance(f"{self.usage.dollars:,.2f} dollars" if self._price else "")
                    yield call

    def estimate(self, records: Iterable[Record]) -> Estimate:
        """What judging ``records`` would cost; nothing is sent."""
        return estimate(self.settings, records)

    def facts(self) -> dict[str, Any]:
        """What was asked and answered so far, what it cost, and which snapshots of the model answered."""
        asked = {"model": self.settings.model, "base_url": self.settings.base_url}
        return asked | self.usage.facts(self._price)

    def _connect(self, stop: threading.Event) -> ChatClient:
        return ChatClient(
            self.settings,
            self._key,
            price=self._price,
            purse=self._purse,
            endpoint=self._endpoint,
            stop=stop,
        )

    def _call(self, client: ChatClient, record: Record) -> Call:
        request = self._requests.make(record)
        if isinstance(request, str):
            prompt = self._requests.prompt_for(record.dimension)
            return Call(failed(record, self.name, request), prompt.version)
        with self._cache.alone(request.key):
            answer = self._cached(request)
            if answer:
                return self._judged(record, request, Outcome(answer), is_cached=True)
            outcome = client.ask(request)
            if outcome.answer:
                self._cache.put(request.key, outcome.answer)
        return self._judged(record, request, outcome)

    def _cached(self, request: Request[Prompt]) -> Answer | None:
        answer = self._cache.get(request.key)
        if answer and self.settings.ask_again and read_answer(answer, request.prompt.classes).error:
            return None
        return answer

    def _judged(
        self, record: Record, request: Request[Prompt], outcome: Outcome, *, is_cached: bool = False
    ) -> Call:
        reason = None
        if outcome.answer:
            score, error, reason = read_answer(outcome.answer, request.prompt.classes)
        else:
            score, error = None, outcome.failure or STOPPED
        return Call(
            verdict=Verdict(id=record.id, score=score, error=error, judge=self.name),
            prompt=request.prompt.version,
            key=request.key,
            answer=outcome.answer,
            is_cached=is_cached,
            requests=outcome.requests,
            dollars=outcome.dollars,
            reason=reason,
        )
