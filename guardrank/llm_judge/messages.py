"""Prompt files and a record -> the messages that a chat model gets.

    system      prompts/frame.md, filled with prompts/DIMENSION.md or prompts/question.md
    user        {"prompt": ..., "response": ...}  }  examples, with few-shot:
    assistant   {"reason": ..., "score": 2}       }  prompts/DIMENSION.examples.yaml
    user        {"prompt": ..., "response": ...}     the record, alone in its message, as data

Every prompt file begins with its version; what stands in it is in the hash that answers carry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from types import MappingProxyType
from typing import Any

import yaml

from guardrank.annotations.questions import Question
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.errors import UsageError
from guardrank.llm_judge.quoting import quote
from guardrank.records import Record, read_jsonl

Message = dict[str, Any]


@dataclass(frozen=True)
class Prompt:
    """What comes before every record of a dimension, or of a question.

    Attributes:
        version: of the files that it is made of: ``privacy 1, frame 1, rules 1``.
        classes: how many scores there are.
        opening: the system message, and the examples.
    """

    version: str
    classes: int
    opening: tuple[Message, ...]

    @property
    def sha256(self) -> str:
        """The hash of the opening."""
        return hashlib.sha256(json.dumps(self.opening, sort_keys=True).encode()).hexdigest()

    @property
    def schema(self) -> dict[str, Any]:
        """The answer's form, as ``response_format`` takes it; the reason first, so that the score follows it."""
        fields = {"reason": {"type": "string"}, "score": {"type": "integer", "enum": list(range(self.classes))}}
        return {
            "name": "verdict",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": fields,
                "required": list(fields),
                "additionalProperties": False,
            },
        }

    def messages(self, record: Record, image_url: str | None = None) -> list[Message]:
        """The messages that ask for a verdict on ``record``."""
        text = quote(record_fields(record, image_shown=image_url is not None))
        if image_url is None:
            return [*self.opening, {"role": "user", "content": text}]
        image = {"type": "image_url", "image_url": {"url": image_url}}
        return [*self.opening, {"role": "user", "content": [{"type": "text", "text": text}, image]}]


def record_fields(record: Record, *, image_shown: bool = False) -> dict[str, str]:
    """What the model is told of ``record``: neither labels nor who wrote the response."""
    fields = {"prompt": record.prompt}
    if record.image:
        fields["image"] = "attached" if image_shown else "not shown to you"
    if record.reference:
        fields["image_description" if record.image and not image_shown else "reference"] = record.reference
    return fields | {"response": record.response}


def load_prompts(question: Question | None, *, few_shot: bool) -> Mapping[Dimension, Prompt]:
    """The prompt of every dimension: its rubric, or ``question`` for all of them.

    Raises:
        UsageError: few-shot for a question: examples exist for the dimensions only.
    """
    if question is None:
        return MappingProxyType({dimension: _rubric_prompt(dimension, few_shot) for dimension in DIMENSIONS})
    if few_shot:
        raise UsageError("the examples show scores of the dimensions, not of a question: leave few-shot out")
    return MappingProxyType(dict.fromkeys(DIMENSIONS, _question_prompt(question)))


def _rubric_prompt(dimension: Dimension, few_shot: bool) -> Prompt:
    rules, own = _File.read("rules.md"), _File.read(f"{dimension}.md")
    classes = DIMENSIONS[dimension].classes
    task = Template(own.text).substitute(rules=rules.text)
    prompt = _framed(task, classes, own.label, rules.label)
    if not few_shot:
        return prompt
    examples = _File.read(f"{dimension}.examples.yaml")
    version = f"{prompt.version}, {examples.label}"
    return Prompt(version, classes, (*prompt.opening, *_examples(dimension, examples.text)))


def _question_prompt(question: Question) -> Prompt:
    file = _File.read("question.md")
    classes = "\n".join(f"- {score}: {name}" for score, name in enumerate(question.classes))
    task = Template(file.text).substitute(title=question.title, classes=classes)
    return _framed(task, len(question.classes), file.label)


def _framed(task: str, classes: int, *labels: str) -> Prompt:
    frame = _File.read("frame.md")
    *others, last = map(str, range(classes))
    text = Template(frame.text).substitute(task=task, scores=f"{', '.join(others)} or {last}")
    version = ", ".join([labels[0], frame.label, *labels[1:]])
    return Prompt(version, classes, ({"role": "system", "content": text},))


def _examples(dimension: Dimension, text: str) -> list[Message]:
    """Seed annotations with a reason each, as turns of a conversation that went before."""
    seeds = {row["id"]: Record.model_validate(row) for row in _seed_rows(dimension)}
    turns: list[Message] = []
    for example in yaml.safe_load(text):
        seed = seeds[example["id"]]
        answer = json.dumps({"reason": example["reason"], "score": seed.human}, ensure_ascii=False)
        turns.append({"role": "user", "content": quote(record_fields(seed))})
        turns.append({"role": "assistant", "content": answer})
    return turns


@cache
def _seed_rows(dimension: Dimension) -> tuple[Mapping[str, Any], ...]:
    path = files("guardrank.data") / "seed" / f"{dimension}.jsonl"
    return tuple(row.fields for row in read_jsonl(str(path)) if row.fields)


@dataclass(frozen=True)
class _File:
    """A prompt file: ``version: 1``, a line of dashes, the text."""

    label: str
    text: str

    @staticmethod
    @cache
    def read(name: str) -> _File:
        path = files("guardrank.llm_judge") / "prompts" / name
        head, _, text = path.read_text(encoding="utf-8").partition("\n---\n")
        version = head.removeprefix("version: ")
        return _File(f"{name.removesuffix('.md').removesuffix('.yaml')} {version}", text.strip())
