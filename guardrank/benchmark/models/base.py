"""What a model under test is: it answers requests, a batch at a time, with a text or a reason why there is none.

    Ask (prompt, images) ──model.answer([ask, ...])──> Reply(text) or Reply(error)

``--model KIND:REST`` finds the kind by the entry point ``guardrank.models``, a function (rest, options) -> Model.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

from guardrank.errors import UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

MODELS_GROUP = "guardrank.models"

EMPTY = "empty"
"""The model answered with nothing."""
MODEL_ERROR = "model_error"
"""The model's code raised an error; the log says which."""


class OutOfMemoryError(Exception):
    """The batch was too large; fewer asks at once may do."""


@dataclass(frozen=True)
class Ask:
    """One request: ``images`` are decoded, RGB, shown before the prompt in this order."""

    id: str
    prompt: str
    images: tuple[Image, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What came of a request: either ``text`` or ``error``, a slug.

    Attributes:
        cut: the text ran into the token limit.
        facts: of this reply: tokens, dollars, the snapshot that answered.
    """

    text: str | None = None
    error: str | None = None
    cut: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.text is None) == (self.error is None):
            raise ValueError("a reply has either a text or an error")


@dataclass(frozen=True)
class ModelOptions:
    """What the command line says of any model.

    Attributes:
        batch_size: asks at once, for models on this machine.
        max_new_tokens: of a response.
        temperature: 0 is greedy.
        device: as torch calls it; None takes the accelerator if there is one.
        trust_remote_code: run code that comes with the model.
        base_url: of a server; None is the model kind's own.
        concurrency: requests under way at once, for servers.
        requests_per_minute: sent at most, for servers; None leaves it to the server to slow us down.
        more: ``--set KEY=VALUE``, for the kind of model to read.
    """

    batch_size: int = 4
    max_new_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0
    device: str | None = None
    trust_remote_code: bool = False
    base_url: str | None = None
    concurrency: int = 8
    requests_per_minute: float | None = None
    max_cost: float | None = None
    more: Mapping[str, str] = field(default_factory=dict)


class Model(Protocol):
    """A model under test, for the length of a ``with`` block."""

    @property
    def name(self) -> str:
        """As the leaderboard calls it."""
        ...

    @property
    def threads(self) -> int:
        """How many threads may call ``answer`` at once; more than 1 for servers, which get one ask a call."""
        ...

    @property
    def batch_size(self) -> int:
        """Asks that ``answer`` takes at once."""
        ...

    @property
    def stop(self) -> threading.Event:
        """Set where a run ends early: who waits for a server then waits no longer."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """All that shapes its answers, as JSON: revision, decoding, data type; never a key."""
        ...

    def answer(self, asks: Sequence[Ask]) -> Sequence[Reply]:
        """One reply for each ask, in order.

        Raises:
            OutOfMemoryError: fewer asks at once may do.
            GuardRankError: no ask will be answered.
        """
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


def load_model(spec: str, options: ModelOptions) -> Model:
    """The model that ``KIND:REST`` names.

    Raises:
        UsageError: no such kind, or the kind does not take the rest.
        MissingExtraError: its packages are not installed.
    """
    kind, colon, rest = spec.partition(":")
    found = {entry.name: entry for entry in entry_points(group=MODELS_GROUP)}
    if not colon or kind not in found:
        kinds = ", ".join(f"{name}:..." for name in sorted(found))
        raise UsageError(f"--model {spec}: give one of {kinds}, such as hf:llava-hf/llava-1.5-7b-hf")
    model: Model = found[kind].load()(rest, options)
    return model
