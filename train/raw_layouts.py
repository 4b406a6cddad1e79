"""The files of public data sets as raw rows, one an answer, with their own column names.

A flat file needs only its format. For a nested one ``download.layout`` in data/sources.yaml names one of LAYOUTS: a
function from one raw row to those in it. What it yields keeps the columns of the row that holds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from guardrank.annotations.downloads import Format
from guardrank.annotations.tables import read_csv
from guardrank.errors import UsageError
from guardrank.records import RawRow, read_jsonl

Raw = Mapping[str, Any]
Layout = Callable[[Raw], Iterator[Raw]]


def read_raw(path: Path, file_format: Format) -> Iterator[RawRow]:
    """Rows of a file as they stand; raises UsageError if a JSON file, or the header of a table, is damaged."""
    if file_format in ("csv", "tsv"):
        return read_csv(path, delimiter="\t" if file_format == "tsv" else ",")
    return read_jsonl(path) if file_format == "jsonl" else _read_json(path)


def _read_json(path: Path) -> Iterator[RawRow]:
    try:
        value = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        raise UsageError(f"{path} is no JSON file: download it again") from None
    for line, item in enumerate(value if isinstance(value, list) else [value], 1):
        fields = item if isinstance(item, dict) else None
        yield RawRow(path.name, line, fields, problem=None if fields is not None else "not a JSON object")


def unnest(row: RawRow, layout: str | None) -> Iterator[RawRow]:
    """The rows in ``row``, each with its columns; a row that is not built as the layout says is a problem."""
    if row.fields is None or layout is None:
        yield row
        return
    try:
        parts = [dict(row.fields) | dict(part) for part in LAYOUTS[layout](row.fields)]
    except (KeyError, TypeError, AttributeError, ValueError):
        yield RawRow(row.file, row.line, problem=f"not built as {layout}")
        return
    yield from (RawRow(row.file, row.line, part) for part in parts)


def answers_by_model(item: Raw) -> Iterator[Raw]:
    """EVOUNA: ``answer_MODEL`` and ``judge_MODEL`` of each model; a model without an answer has none."""
    for name in item:
        model = name.removeprefix("answer_")
        if model != name and item[name] is not None:
            yield {"model": model, "answer": item[name], "judge": item[f"judge_{model}"]}


def answers_in_list(item: Raw) -> Iterator[Raw]:
    """ChineseFactEval: a list ``responses_and_factuality`` of answers under one prompt."""
    yield from item["responses_and_factuality"]


def right_and_wrong(item: Raw) -> Iterator[Raw]:
    """HalluQA: ``Best Answer1`` and on are right, ``Wrong_Answer1`` and on wrong."""
    for name, answer in item.items():
        if answer and re.fullmatch(r"(Best|Wrong)[ _]Answer\d", name):
            yield {"answer": answer, "right": name.startswith("Best")}


def statements(item: Raw) -> Iterator[Raw]:
    """HaluEval 2.0: as many ``human_judge`` as ``chatgpt_fact``; none where nobody judged the response."""
    facts, labels = item["chatgpt_fact"], item["human_judge"]
    for number, (fact, label) in enumerate(zip(facts, labels or [None] * len(facts), strict=True)):
        yield {"fact": fact, "judged": label, "number": number}


CUTS = (0.1, 0.4, 0.7)
"""From these shares of unsupported facts on, a biography scores 1, 2 and 3."""


def share_of_facts(item: Raw) -> Iterator[Raw]:
    """FActScore: the score by the share of facts labelled NS among those S or NS; null where there are none."""
    sentences = item["annotations"] or []
    labels = [fact["label"] for part in sentences for fact in part.get("human-atomic-facts") or ()]
    right, wrong = labels.count("S"), labels.count("NS")
    share = wrong / (right + wrong) if right + wrong else None
    score = None if share is None else sum(share >= cut for cut in CUTS)
    yield {"supported": right, "not_supported": wrong, "frac_false": share, "score": score}


def groups_of_answers(item: Raw) -> Iterator[Raw]:
    """Latent Jailbreak: one object of lists, a list for each kind of group; the group stands in the context."""
    for answers in item.values():
        for answer in answers:
            about = re.search(r"about (.+?) with at most", answer["context"])
            yield {**answer, "group": about[1] if about else None}


def question_and_answer(item: Raw) -> Iterator[Raw]:
    """TruthfulQA's judge: ``Q: ...`` and ``A: ...`` and ``True:`` in one prompt."""
    parts = re.fullmatch(r"Q: (.*?)\nA: (.*)\nTrue:", item["prompt"], re.DOTALL)
    if parts is None:
        raise ValueError(item["prompt"])
    yield {"question": parts[1], "answer": parts[2], "completion": item["completion"].strip()}


_ASPECTS = ("factuality_label", "irrelevance_label", "incomplete_ans_label")


def two_answers(item: Raw) -> Iterator[Raw]:
    """HaluQuestQA: ``ans1_text`` and ``ans2_text``; each aspect lists the answers with that error, or none."""
    for number in "12":
        wrong = {name: f"'answer{number}'" in (item[name] or "") for name in _ASPECTS}
        yield {"answer": item[f"ans{number}_text"], "role": item[f"ans{number}_label"], **wrong}


LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        layout.__name__: layout
        for layout in (
            answers_by_model,
            answers_in_list,
            right_and_wrong,
            statements,
            share_of_facts,
            groups_of_answers,
            question_and_answer,
            two_answers,
        )
    }
)
