"""Raters: what stands after ``--judge``, and the judge that it opens.

[NAME=]FOLDER or hub id    a judge that guardrank-train made
[NAME=]file:VERDICTS       verdicts written before, by any team
[NAME=]column:NAME         a column of labels in the data
[NAME=]keyword             the refusal-keyword rule
[NAME=]openai:MODEL        a chat model behind an OpenAI-compatible endpoint
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from guardrank.agreement.asked import Asked
from guardrank.agreement.kept_verdicts import beside
from guardrank.agreement.settings import StudySettings
from guardrank.console import say
from guardrank.errors import JudgeError, UsageError
from guardrank.judge import (
    HeadJudge,
    Judge,
    KeywordJudge,
    Manifest,
    Panel,
    RecordedColumn,
    RecordedVerdicts,
    load_judge,
    read_manifest,
)
from guardrank.judge.manifest import MANIFEST_FILE
from guardrank.llm_judge import ChatJudge, ChatSettings
from guardrank.records import Record, stem_of

Kind = Literal["folder", "file", "column", "keyword", "openai"]
_PREFIXES = ("file", "column", "openai")


@dataclass(frozen=True)
class Spec:
    """A judge as the user named it: ``gpt-4=column:meta.compliance_gpt4``.

    Attributes:
        name: short, for tables.
        text: without the name.
        target: the folder, file, column or model.
    """

    name: str
    text: str
    kind: Kind
    target: str


def parse_specs(texts: Sequence[str]) -> list[Spec]:
    """The judges of a study, in order.

    Raises:
        UsageError: there is none, one is not understood, or two have the same name.
    """
    if not texts:
        raise UsageError("no judge: name one with --judge, such as a folder, column:gpt-4 or keyword")
    specs = [parse_spec(text) for text in texts]
    seen: set[str] = set()
    for spec in specs:
        if spec.name in seen:
            raise UsageError(f"two judges are called {spec.name}: give one another name, OTHER={spec.text}")
        seen.add(spec.name)
    return specs


def parse_spec(text: str) -> Spec:
    """One ``--judge``; raises UsageError where it is not understood."""
    name, body = _split_name(text)
    prefix, colon, rest = body.partition(":")
    if body == "keyword":
        return Spec(name or body, body, "keyword", body)
    if colon and prefix in _PREFIXES:
        if not rest:
            raise UsageError(f"--judge {text}: nothing stands after {prefix}:")
        kind = next(kind for kind in get_args(Kind) if kind == prefix)
        return Spec(name or _short_name(kind, rest), body, kind, rest)
    if colon and not Path(body).exists():
        raise UsageError(f"--judge {text}: no such folder, and it begins with none of file:, column: and openai:")
    return Spec(name or _short_name("folder", body), body, "folder", body)


def _split_name(text: str) -> tuple[str, str]:
    """Name and the rest; a folder may have ``=`` in its name, and so may a column."""
    name, _, body = text.partition("=")
    named = name.strip() and body and not set(name) & set(":/\\") and not Path(text).exists()
    return (name.strip(), body) if named else ("", text)


def _short_name(kind: Kind, target: str) -> str:
    if kind == "file":
        return stem_of(target).removesuffix(".verdicts")
    return Path(target).resolve().name if kind == "folder" else target


def check_spec(spec: Spec, asked: Asked, records: Sequence[Record], settings: StudySettings) -> None:
    """Raise, before anything is scored, where it is plain that this judge cannot answer.

    Raises:
        UsageError: there is no such file, no key, or the judge answers on another scale than is asked.
        JudgeError: the folder cannot be read.
    """
    if spec.kind == "file" and not Path(spec.target).is_file():
        raise UsageError(f"there is no verdict file {spec.target}")
    if spec.kind == "folder" and Path(spec.target).is_dir():
        _check_scale(spec.name, read_manifest(Path(spec.target)), asked, records)
    if spec.kind == "openai":
        ChatJudge(chat_settings(spec, asked, settings))


def open_judge(
    spec: Spec, asked: Asked, records: Sequence[Record], settings: StudySettings, spent: float = 0.0
) -> Judge:
    """The judge that ``spec`` names; its verdicts are on the scale that labels come on.

    Args:
        spent: dollars that chat models have cost so far.

    Raises:
        UsageError: it answers on another scale than is asked, or ids repeat where they are matched.
        JudgeError: there is no such judge.
    """
    if spec.kind == "keyword":
        return KeywordJudge(len(asked.scale) - 1 if asked.scale else None)
    if spec.kind == "column":
        return RecordedColumn(spec.target, asked.scale)
    if spec.kind == "file":
        _check_ids(records, spec)
        return RecordedVerdicts(Path(spec.target), asked.scale)
    if spec.kind == "openai":
        return ChatJudge(chat_settings(spec, asked, settings, spent))
    return Panel([_load(spec, asked, records, settings.device)])


def chat_settings(spec: Spec, asked: Asked, settings: StudySettings, spent: float = 0.0) -> ChatSettings:
    """How a chat model is asked: the question that people answered, else by the dimensions' rubric."""
    calls = beside(settings.output, spec.name, ".calls.jsonl")
    return settings.chat.settings(spec.target, question=asked.question, calls=calls, spent=spent)


def _load(spec: Spec, asked: Asked, records: Sequence[Record], device: str | None) -> HeadJudge:
    if Path(spec.target).exists() and not (Path(spec.target) / MANIFEST_FILE).is_file():
        raise JudgeError(f"{spec.target} is no judge folder; verdicts in a file are named file:{spec.target}")
    judge = load_judge(spec.target, device=device)
    _check_scale(spec.name, judge.manifest, asked, records)
    say(f"Judge {spec.name}: {judge.name} ({', '.join(sorted(judge.dimensions))}; {judge.variant})")
    return judge


def _check_scale(name: str, manifest: Manifest, asked: Asked, records: Iterable[Record]) -> None:
    """Raise UsageError unless the judge's labels answer what is asked, in the dimensions of ``records``."""
    for dimension in sorted({record.dimension for record in records}):
        output = manifest.output_of(dimension)
        if output is None or output.classes == len(asked.classes):
            continue
        known = output.classes in _scales(asked) if manifest.own_labels else asked.is_binary
        if not known:
            raise UsageError(
                f"judge {name} gives {output.classes} labels in {dimension}, and what is asked has "
                f"{len(asked.classes)}: only a question of two classes can be asked of it, as by --binary"
            )


def _scales(asked: Asked) -> set[int]:
    """How many classes the label sets have that answer what is asked: the question's, its finer question's."""
    finer = asked.question.finer if asked.question else None
    return {len(labels) for labels in (asked.scale, finer and finer.classes) if labels}


def _check_ids(records: Sequence[Record], spec: Spec) -> None:
    seen: set[str] = set()
    for record in records:
        if record.id in seen:
            raise UsageError(
                f"two rows of the data have the id {record.id[:60]!r}, so the verdicts of {spec.target} could be "
                "of either: give each row its own id"
            )
        seen.add(record.id)
