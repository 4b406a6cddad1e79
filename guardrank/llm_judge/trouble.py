"""What an error of the SDK means: whether asking again can help, when, and whether it may have been billed.

Only a slug is kept of an error; its text can hold anything, the key included, and goes nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from guardrank.errors import GuardRankError
from guardrank.llm_judge.failures import CONNECTION, MALFORMED, REFUSED, TIMEOUT, TOO_LONG, http_failure
from guardrank.llm_judge.settings import OPENAI_KEY, ChatSettings

if TYPE_CHECKING:
    import openai

_SECONDS = re.compile(r"\d{1,9}(\.\d*)?")
_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
"""By name: the SDK speaks through httpx or, from version 3 on, through httpx2."""
_CURABLE = frozenset({408, 409, 425, 429})
_ABOUT_FORM = frozenset({400, 422})
_TOO_LONG = frozenset({"context_length_exceeded", "string_above_max_length"})
_FILTERED = frozenset({"content_filter", "content_policy_violation"})


@dataclass(frozen=True)
class Trouble:
    """Why a request has no answer.

    Attributes:
        failure: the slug.
        is_curable: the same request may be answered later.
        may_be_billed: it was sent, and nobody knows whether it was worked on.
        retry_after: seconds that the server asks to wait.
        is_refusal_of_form: it may be a parameter that the server does not take.
        complaint: what the server said of that, in lower case; read, never shown.
    """

    failure: str
    is_curable: bool = False
    may_be_billed: bool = False
    retry_after: float | None = None
    is_refusal_of_form: bool = False
    complaint: str = ""


def read_trouble(error: openai.APIError, settings: ChatSettings, *, is_known: bool) -> Trouble:
    """What ``error`` means for the request.

    Args:
        is_known: the server has answered before, so that its address and the model are right.

    Raises:
        GuardRankError: no request will be answered.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        return _read_status(error.response, settings, is_known)
    if isinstance(error, openai.APIConnectionError):
        failure = TIMEOUT if isinstance(error, openai.APITimeoutError) else CONNECTION
        return Trouble(failure, is_curable=True, may_be_billed=type(error.__cause__).__name__ not in _NOT_SENT)
    return Trouble(MALFORMED, is_curable=True, may_be_billed=True)


def _read_status(response: Any, settings: ChatSettings, is_known: bool) -> Trouble:
    status, (code, complaint) = response.status_code, _read_body(response)
    where = settings.base_url
    if status == 401:
        raise GuardRankError(f"{where} does not take the key in {settings.key_env or OPENAI_KEY}: check it")
    if status == 404 and not is_known:
        raise GuardRankError(f"{where} knows no model {settings.model}, or is no address of an API: check both")
    if code == "insufficient_quota":
        raise GuardRankError(f"the account at {where} has no credit left: what was paid for is cached, go on later")
    if code in _TOO_LONG or status == 413:
        return Trouble(TOO_LONG)
    if code in _FILTERED:
        return Trouble(REFUSED)
    return Trouble(
        http_failure(status),
        is_curable=status in _CURABLE or status >= 500,
        retry_after=read_retry_after(response.headers, datetime.now(UTC)),
        is_refusal_of_form=status in _ABOUT_FORM,
        complaint=complaint,
    )


def _read_body(response: Any) -> tuple[str, str]:
    """The error's code, and what it says: OpenAI's form of an error, or any other."""
    try:
        body: Any = response.json()
    except ValueError:
        return "", response.text.lower()
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", response.text.lower()
    return str(error.get("code")), f"{error.get('param')} {error.get('message')}".lower()


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by ``Retry-After`` (a number, or an HTTP date by the server's own clock), None without one.

    Source: RFC 9110, 10.2.3.
    """
    value = headers.get("retry-after", "")
    if _SECONDS.fullmatch(value):
        return float(value)
    until, since = _date(value), _date(headers.get("date", "")) or now
    return max((until - since).total_seconds(), 0.0) if until else None


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
