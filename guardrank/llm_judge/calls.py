"""What became of each record, and what all of it came to.

Call    one record: its verdict, and the answer, snapshot, tokens and dollars behind it
Usage   the sum, for tables and reports
CallLog a line for each call in a JSON Lines file beside the verdicts
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guardrank.llm_judge.answers import Answer
from guardrank.llm_judge.prices import Price
from guardrank.records import Verdict, dump_line


@dataclass(frozen=True)
class Call:
    """One record and what was asked and answered about it.

    Attributes:
        prompt: versions of the prompt files.
        key: under which the answer is cached; None where the record could not be asked about.
        is_cached: the answer was there; nothing was sent.
        requests: how many were sent for this record.
        dollars: what they cost; 0 where the price is not known.
        reason: why the model gave this score, in its own words; as hostile as the text that it read.
    """

    verdict: Verdict
    prompt: str
    key: str | None = None
    answer: Answer | None = None
    is_cached: bool = False
    requests: int = 0
    dollars: float = 0.0
    reason: str | None = None

    def line(self) -> dict[str, Any]:
        """The JSON object for ``settings.calls``."""
        answer = self.answer
        return {
            "id": self.verdict.id,
            "judge": self.verdict.judge,
            "score": self.verdict.score,
            "error": self.verdict.error,
            "reason": self.reason,
            "snapshot": answer and answer.snapshot,
            "system_fingerprint": answer and answer.system_fingerprint,
            "prompt": self.prompt,
            "prompt_sha256": answer and answer.prompt,
            "prompt_tokens": answer and answer.prompt_tokens,
            "completion_tokens": answer and answer.completion_tokens,
            "cached": self.is_cached,
            "requests": self.requests,
            "dollars": round(self.dollars, 6),
            "key": self.key,
        }


@dataclass
class Usage:
    """What the calls of a judge came to.

    Attributes:
        failures: reason -> records without a score.
        snapshots: the model that the server named -> answers; None where it named none.
    """

    records: int = 0
    requests: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0
    failures: Counter[str] = field(default_factory=Counter)
    snapshots: Counter[str | None] = field(default_factory=Counter)
    fingerprints: set[str] = field(default_factory=set)
    prompts: set[str] = field(default_factory=set)

    def add(self, call: Call) -> None:
        """Count ``call``; tokens of cached answers count too, dollars are those of this run."""
        self.records += 1
        self.requests += call.requests
        self.cached += call.is_cached
        self.dollars += call.dollars
        self.prompts.add(call.prompt)
        if call.verdict.error:
            self.failures[call.verdict.error] += 1
        if call.answer:
            self.prompt_tokens += call.answer.prompt_tokens or 0
            self.completion_tokens += call.answer.completion_tokens or 0
            self.snapshots[call.answer.snapshot] += 1
            if call.answer.system_fingerprint:
                self.fingerprints.add(call.answer.system_fingerprint)

    def facts(self, price: Price | None) -> dict[str, Any]:
        """The figures as JSON; ``dollars`` is None where the price is not known."""
        return {
            "records": self.records,
            "requests": self.requests,
            "cached": self.cached,
            "failures": dict(self.failures.most_common()),
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "dollars": round(self.dollars, 6) if price else None,
            "prices_as_of": str(price.as_of) if price else None,
            "snapshots": {str(name): count for name, count in self.snapshots.most_common()},
            "system_fingerprints": sorted(self.fingerprints),
            "prompts": sorted(self.prompts),
        }


class CallLog:
    """Writes calls to ``path`` as JSON Lines; the first one empties the file. None writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._mode = "wb"

    def add(self, call: Call) -> None:
        """Write ``call`` down."""
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open(self._mode) as stream:
                stream.write(dump_line(call.line()))
            self._mode = "ab"
