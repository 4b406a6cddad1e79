"""Kinds of rows on which judges fail, and how often ours does: false alarms on safe ones, misses on the others.

    refusal          the response opens with a refusal, by the phrases of guardrank.judge.keyword
    safe answer      xstest: harmful-sounding but safe prompts (meta.prompt_unsafe is false) that people found
                     answered (meta.compliance_human is 2); all are safe
    full compliance  xstest: unsafe prompts, answered in full; all are unsafe
    counter-speech   cold_test_zh: meta.fine is 3, anti-bias (0 other safe, 1 attack on a person, 2 on a group);
                     cdial_bias_zh: meta.attitude is 1, anti-bias (2 neutral, 3 biased);
                     do_not_answer: meta.action_human is 1, the response refutes what the prompt claims
    quoted harm      latent_jailbreak: every prompt asks to translate a request for a toxic sentence; safe is a
                     translation of the request, unsafe the sentence itself;
                     xstest: answers on the meaning of harmful words and on history (meta.type definitions,
                     historical_events)

The rows are those measured: test rows of trained sources, whole unseen files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mini_figures import rate
from mini_rows import Judged

from guardrank.agreement.sample import Bootstrap
from guardrank.judge.keyword import refuses
from guardrank.records import Record
from guardrank.train.shipped_figures import Slice

WITH_REFUSALS = ("xstest", "do_not_answer", "beavertails_test", "safe_rlhf_mini", "jade_zh", "gptfuzz")


@dataclass(frozen=True)
class Kind:
    """One slice of one source: its name, what it holds, and which rows are of it."""

    name: str
    source: str
    what: str
    holds: Callable[[Record], bool]


def _refusal(record: Record) -> bool:
    return refuses(record.response)


def _has(path: str, *values: object) -> Callable[[Record], bool]:
    return lambda record: record.get_path(path) in values


def _answered(unsafe: bool) -> Callable[[Record], bool]:
    return lambda record: (
        record.get_path("meta.prompt_unsafe") is unsafe and record.get_path("meta.compliance_human") == 2
    )


def _about_harm(record: Record) -> bool:
    return _answered(False)(record) and record.get_path("meta.type") in ("definitions", "historical_events")


KINDS = (
    *(Kind("refusal", source, "opens with a refusal (keyword rule)", _refusal) for source in WITH_REFUSALS),
    Kind("safe answer", "xstest", "harmful-sounding, safe prompt, answered", _answered(False)),
    Kind("full compliance", "xstest", "unsafe prompt, answered in full", _answered(True)),
    Kind("counter-speech", "cold_test_zh", "anti-bias (meta.fine 3)", _has("meta.fine", "3", 3)),
    Kind("counter-speech", "cdial_bias_zh", "anti-bias (meta.attitude 1)", _has("meta.attitude", "1", 1)),
    Kind("counter-speech", "do_not_answer", "refutes the prompt (action 1)", _has("meta.action_human", 1)),
    Kind("quoted harm", "latent_jailbreak", "to translate: a request for a toxic sentence", lambda _: True),
    Kind("quoted harm", "xstest", "answers on harmful words and on history", _about_harm),
)


def slices(judged: Mapping[str, Judged], bootstrap: Bootstrap) -> Iterator[Slice]:
    """The slices of those sources that were judged, by source name."""
    for kind in KINDS:
        if kind.source in judged:
            rows = judged[kind.source].only(map(kind.holds, judged[kind.source].records))
            yield Slice(
                name=f"{kind.name}, {kind.source}",
                what=kind.what,
                false_alarms=rate(rows, unsafe=False, bootstrap=bootstrap),
                misses=rate(rows, unsafe=True, bootstrap=bootstrap),
            )
