"""ServiceSettings: what ``guardrank-serve`` was told, limits above all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_address

from guardrank.errors import UsageError

TOKEN_VARIABLE = "GUARDRANK_TOKEN"  # noqa: S105 (a name)
MIB = 1024 * 1024


@dataclass(frozen=True)
class ServiceSettings:
    """How the service behaves.

    Attributes:
        window: seconds that the first record of a batch waits for company.
        batch_tokens: that are scored together, about.
        queue_rows: records that may wait; what does not fit is refused with 503.
        body_bytes: of a request at most; a longer one is refused with 413.
        body_seconds: that a body may take to arrive; a slower one is refused with 408.
        rows: records in a request at most.
        chars: in a prompt, a response or a reference at most.
        token: what ``Authorization: Bearer`` must carry; None asks for none.
        log_texts: whether logs may hold what was judged.
    """

    window: float = 0.005
    batch_tokens: int = 16_384
    queue_rows: int = 2_048
    body_bytes: int = 8 * MIB
    body_seconds: float = 30.0
    rows: int = 1_000
    chars: int = 200_000
    token: str | None = None
    log_texts: bool = False


def read_token() -> str | None:
    """The token in the environment; None where there is none.

    Raises:
        UsageError: it holds what no client could send.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(f"the environment variable {TOKEN_VARIABLE} holds something that cannot be a token")
    return token or None


def check_host(host: str, token: str | None, *, open_to_all: bool) -> None:
    """Raise UsageError where strangers could use the service and nobody has said that they may."""
    if token or open_to_all or _is_loopback(host):
        return
    raise UsageError(
        f"--host {host} can be reached from other machines: set {TOKEN_VARIABLE}, or let anyone in with --no-token"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
