"""One request, insisted upon until there is an answer or no hope of one.

    Request ──reserve──> openai SDK (its own retries off) ──> Answer
                  ^              └──> Trouble: curable?  wait as the server asks, or with backoff and jitter
                  └─────────────────────┘

What may have been billed counts as spent: an answer by its tokens, and a request that was sent and whose answer was
lost on the way by the most that it can have cost.
"""

from __future__ import annotations

import json
import random
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import ValidationError

from guardrank.errors import MissingExtraError
from guardrank.llm_judge.answers import Answer
from guardrank.llm_judge.completion import Completion, parse_completion
from guardrank.llm_judge.endpoint import Dialect, Endpoint
from guardrank.llm_judge.failures import MALFORMED, OVER_BUDGET, STOPPED
from guardrank.llm_judge.prices import Price
from guardrank.llm_judge.purse import Purse
from guardrank.llm_judge.request import Request
from guardrank.llm_judge.settings import ChatSettings
from guardrank.llm_judge.tokens import at_most
from guardrank.llm_judge.trouble import Trouble, read_trouble


@dataclass
class Outcome:
    """What came of a request.

    Attributes:
        answer: None where ``failure`` says why.
        requests: how many were sent.
        dollars: what they cost, or may have cost; 0 where the price is not known.
    """

    answer: Answer | None = None
    failure: str | None = None
    requests: int = 0
    dollars: float = 0.0


def require_openai() -> None:
    """Raises MissingExtraError where the SDK is not installed."""
    try:
        import openai  # noqa: F401
    except ImportError:
        raise MissingExtraError("judging with a chat model", "agree") from None


class ChatClient:
    """Asks one endpoint, from several threads, for the length of a ``with`` block.

    Args:
        key: None where the server needs none.
        stop: ends all waiting once it is set.
    """

    def __init__(
        self,
        settings: ChatSettings,
        key: str | None,
        *,
        price: Price | None,
        purse: Purse,
        endpoint: Endpoint,
        stop: threading.Event,
    ) -> None:
        import openai

        self.settings = settings
        self._key = key
        self._price = price
        self._purse = purse
        self._endpoint = endpoint
        self._stop = stop
        # a redirect could lead the key and the records somewhere else
        http = openai.DefaultHttpxClient(follow_redirects=False, timeout=settings.timeout)
        self._sdk = openai.OpenAI(
            api_key=key or "none",
            base_url=settings.base_url,
            max_retries=0,
            timeout=settings.timeout,
            http_client=http,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sdk.close()

    def ask(self, request: Request[Any]) -> Outcome:
        """The answer to ``request``, in the first dialect that the server takes.

        Raises:
            GuardRankError: the server will answer no request at all: the key, the model or the account is at fault.
        """
        outcome = Outcome()
        dialect: Dialect | None = self._endpoint.taken or self._endpoint.first
        while dialect:
            result = self._insist(request, dialect, outcome)
            if isinstance(result, Answer):
                self._endpoint.answered(dialect)
                outcome.answer, outcome.failure = result, None
                return outcome
            outcome.failure = result.failure
            dialect = self._endpoint.after(dialect, result.complaint) if result.is_refusal_of_form else None
        return outcome

    def _insist(self, request: Request[Any], dialect: Dialect, outcome: Outcome) -> Answer | Trouble:
        attempt = 0
        while True:
            attempt += 1
            self._endpoint.wait(self._stop, self.settings.first_wait)
            if self._stop.is_set():
                return Trouble(STOPPED)
            result = self._once(request, dialect, outcome)
            if isinstance(result, Answer) or not result.is_curable:
                return result
            hopeless = self._endpoint.is_down or (result.retry_after or 0) > self.settings.longest_wait
            if hopeless or attempt >= self.settings.attempts:
                self._endpoint.lost()
                return result
            self._wait(attempt, result)

    def _wait(self, attempt: int, trouble: Trouble) -> None:
        """As long as the server asks, for every thread; else twice as long as last time, less up to a half."""
        if trouble.retry_after is not None:
            self._endpoint.hold(trouble.retry_after)
        else:
            longest = min(self.settings.first_wait * 2 ** (attempt - 1), self.settings.longest_wait)
            self._stop.wait(longest * random.uniform(0.5, 1))  # noqa: S311

    def _once(self, request: Request[Any], dialect: Dialect, outcome: Outcome) -> Answer | Trouble:
        most = self._most(request)
        if not self._purse.reserve(most):
            return Trouble(OVER_BUDGET)
        outcome.requests += 1
        spent = most
        try:
            result = self._send(request, dialect)
            if isinstance(result, Answer):
                spent = self._cost(result, most)
            elif not result.may_be_billed:
                spent = 0.0
        finally:
            self._purse.settle(most, spent)
            outcome.dollars += spent
        return result

    def _most(self, request: Request[Any]) -> float:
        """Dollars that ``request`` costs at most; the form of the answer is billed as part of the prompt."""
        if self._price is None:
            return 0.0
        texts = [*request.texts, json.dumps(request.prompt.schema)]
        prompt = at_most(texts) + request.images * self._price.image_tokens.high
        return self._price.dollars(prompt, self.settings.max_tokens)

    def _cost(self, answer: Answer, most: float) -> float:
        if self._price is None:
            return 0.0
        if answer.prompt_tokens is None or answer.completion_tokens is None:
            return most
        return self._price.dollars(answer.prompt_tokens, answer.completion_tokens)

    def _send(self, request: Request[Any], dialect: Dialect) -> Answer | Trouble:
        import openai

        parameters = dialect.parameters(self.settings, request.prompt.schema)
        create: Any = self._sdk.chat.completions.with_raw_response.create
        try:
            raw = create(model=self.settings.model, messages=request.messages, **parameters)
            completion = parse_completion(raw.http_response.content)
        except openai.APIError as error:
            problem = error
        except ValidationError:
            return Trouble(MALFORMED, is_curable=True, may_be_billed=True)
        else:
            return self._answer(completion, request, parameters)
        # out here, so that no traceback of ours goes on with the SDK's, which tells what the server said
        return read_trouble(problem, self.settings, is_known=self._endpoint.taken is not None)

    def _answer(self, completion: Completion, request: Request[Any], parameters: dict[str, Any]) -> Answer:
        said = {name: self._without_key(value) for name, value in completion.said().items()}
        usage = completion.usage
        return Answer(
            **said,
            prompt_tokens=usage and usage.prompt_tokens,
            completion_tokens=usage and usage.completion_tokens,
            model=self.settings.model,
            base_url=self.settings.base_url,
            prompt=request.prompt.sha256,
            sent=parameters,
            answered=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _without_key(self, text: str | None) -> str | None:
        """What a server says, less the key, should it send that back."""
        return text.replace(self._key, "[key]") if text and self._key else text
