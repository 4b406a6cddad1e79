"""lmms-eval's logs, of this and of older versions."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from guardrank.benchmark.imports import read_results

Lines = Callable[..., Path]
DATE = "20250102_131415"


def sample(doc_id: int, **more: Any) -> dict[str, Any]:
    """As evaluation_tracker writes it: without ``doc``, ``arguments`` and a ``resps`` that adds nothing."""
    return {
        "doc_id": doc_id,
        "target": "",
        "filtered_resps": ["A man."],
        "doc_hash": "c0ffee",
        "input": "Who is this?",
    } | more


def results(folder: Path, date: str = DATE, **fields: Any) -> None:
    (folder / f"{date}_results.json").write_bytes(orjson.dumps({"results": {}, "config": {}} | fields))


def test_a_folder_of_two_models(tmp_path: Path, lines: Lines) -> None:
    llava, gpt = tmp_path / "lmms-lab__llava-7b", tmp_path / "gpt-4o"
    lines(llava / f"{DATE}_samples_mllmguard_privacy.jsonl", sample(0), sample(1, input="Whose plan?"))
    lines(llava / f"{DATE}_samples_mllmguard_bias.jsonl", sample(0, filtered_resps=[""]))
    lines(gpt / f"{DATE}_samples_mllmguard_privacy.jsonl", sample(0))
    results(llava, model_name="lmms-lab/llava-7b", config={"model": "llava"})
    results(gpt, model_name="", model_source="gpt4v", config={"model_args": "model_version=gpt-4o,modality=image"})
    second, first = read_results(tmp_path)
    assert (first.model, second.model, first.harness) == ("lmms-lab/llava-7b", "gpt-4o", "lmms-eval")
    assert [(answer.case.dimension, answer.response, answer.error) for answer in first.rows] == [
        ("bias", None, "empty"),
        ("privacy", "A man.", None),
        ("privacy", "A man.", None),
    ]
    case = first.rows[1].case
    assert (case.task, case.prompt, case.images) == ("mllmguard_privacy", "Who is this?", ())
    assert case.meta == {"doc_id": "0"}
    assert not (first.problems or second.problems)


def test_the_fields_of_doc_in_any_spelling(tmp_path: Path, lines: Lines) -> None:
    doc = {
        "Question": "Cat or dog?",
        "Category I": "Truthfulness",
        "Category-II": "Noise Consistency",
        "img_path": "imgs/0090_noise.jpg",
        "options": {"A": "cat", "B": "dog"},
        "Lan": "english",
        "nested": {"left": "out"},
        "difficulty": 3,
    }
    asked = "Cat or dog? Answer with the letter."
    one = sample(7, doc=doc, arguments=[asked, {"max_new_tokens": 16}, 7, "t", "test"], input=asked, target="A")
    (run,) = read_results(lines(tmp_path / f"{DATE}_samples_safety.jsonl", one))
    case = run.rows[0].case
    assert (case.prompt, case.dimension, case.subtask) == ("Cat or dog?", "truthfulness", "noise-consistency")
    assert (case.images, case.role, case.answer) == (("imgs/0090_noise.jpg",), "noisy", "A")
    assert (case.options, case.lang) == ({"A": "cat", "B": "dog"}, "en")
    assert (case.meta["difficulty"], "nested" in case.meta) == (3, False)


@pytest.mark.parametrize(
    ("fields", "response"),
    [
        ({"resps": [["raw", "second"]], "filtered_resps": ["filtered"]}, "raw"),
        ({"resps": [[["deep"]]]}, "deep"),
        ({"filtered_resps": "bare"}, "bare"),
        ({"resps": []}, None),
        ({"resps": [[None]]}, None),
    ],
)
def test_the_first_response_counts(
    tmp_path: Path, lines: Lines, fields: dict[str, Any], response: str | None
) -> None:
    (run,) = read_results(lines(tmp_path / f"{DATE}_samples_toxicity.jsonl", sample(0) | fields))
    assert run.rows[0].response == response
    assert run.rows[0].error == (None if response else "empty")


def test_one_question_about_several_images_is_several_cases(tmp_path: Path, lines: Lines) -> None:
    path = lines(tmp_path / f"{DATE}_samples_privacy.jsonl", sample(0), sample(1), sample(1))
    (run,) = read_results(path)
    assert len({answer.case.id for answer in run.rows}) == 2
    assert [problem.kind for problem in run.problems] == ["duplicate"]  # a sample of several filters comes twice


def test_of_several_dates_the_newest_counts(tmp_path: Path, lines: Lines) -> None:
    for date, text in ((DATE, "new"), ("20241231_235959", "old")):
        lines(tmp_path / "m" / f"{date}_samples_privacy.jsonl", sample(0, filtered_resps=[text]))
    lines(tmp_path / "m" / "20241231_235959_samples_bias.jsonl", sample(0))
    lines(tmp_path / "m" / "checkpoint_samples_privacy_rank0.jsonl", sample(9))
    (run,) = read_results(tmp_path)
    assert sorted(str(answer.response) for answer in run.rows) == ["A man.", "new"]


def old_log(
    path: Path, *logs: Any, model_args: str = "pretrained=liuhaotian/llava-v1.5-7b,conv_template=x"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {
        "args": {"model": "llava", "model_args": model_args},
        "model_configs": {"task": path.stem},
        "logs": logs,
    }
    path.write_text(json.dumps(whole, indent=4))
    return path


def old_sample(doc_id: int) -> dict[str, Any]:
    arguments = [["Who is this?", {"max_new_tokens": 16}, "<function>", doc_id, "privacy", "test"]]
    doc = {"question_id": str(doc_id), "score": math.nan}
    return {"doc_id": doc_id, "doc": doc, "target": "x", "arguments": arguments, "resps": [["A man."]]}


def test_older_logs_are_one_json_file(tmp_path: Path) -> None:
    folder = tmp_path / "llava" / "model_args_1a2b3c" / "0514_2039_suffix"
    old_log(folder / "mllmguard_privacy.json", old_sample(0), old_sample(1), "no object")
    (folder / "results.json").write_text("{}")
    (run,) = read_results(tmp_path)
    assert (run.model, len(run.rows)) == ("liuhaotian/llava-v1.5-7b", 2)
    assert (run.rows[0].case.prompt, run.rows[0].case.dimension) == ("Who is this?", "privacy")
    assert [problem.place for problem in run.problems] == ["mllmguard_privacy.json:3"]


def test_older_logs_without_samples_and_cut_ones(tmp_path: Path) -> None:
    old_log(tmp_path / "a" / "privacy.json").write_text('{"args": {"model": "llava"}, "logs": {}}')
    cut = old_log(tmp_path / "b" / "privacy.json", old_sample(0))
    cut.write_text(cut.read_text()[:-20])
    runs = {run.model: run for run in read_results(tmp_path)}
    assert [(run.rows, run.problems[0].kind) for run in runs.values()] == [((), "unreadable")] * 2


def test_damaged_samples_are_problems(tmp_path: Path, lines: Lines) -> None:
    path = lines(
        tmp_path / f"{DATE}_samples_privacy.jsonl",
        b'{"doc_id": 0, "input": "NaN is no number", "filtered_resps": ["Infinity"], "score": NaN}',
        b'{"doc_id": 1, "input"',
        b"[]",
        {"doc_id": 2, "input": "no answer"},
        sample(3, input={"no": "text"}),
        sample(4, filtered_resps=[{"no": "text"}]),
        sample(5),
    )
    (run,) = read_results(path)
    assert [(answer.case.prompt, answer.response) for answer in run.rows] == [
        ("NaN is no number", "Infinity"),
        ("Who is this?", "A man."),
    ]
    kinds = ["odd_row", "odd_row", "no_response", "no_prompt", "not_text"]
    assert [problem.kind for problem in run.problems] == kinds


def test_dimension_by_the_task_sheets(tmp_path: Path, lines: Lines, tasks: Path) -> None:
    path = lines(tmp_path / f"{DATE}_samples_safety.jsonl", sample(0), sample(1, input="Who knows?"))
    (run,) = read_results(path, tasks=tasks)
    case = run.rows[0].case
    assert (case.dimension, case.subtask, case.attack) == ("privacy", "personal-privacy", "unsafe-inquiry")
    assert [problem.kind for problem in run.problems] == ["no_dimension"]


def test_a_hostile_model_name_is_one_line(tmp_path: Path, lines: Lines) -> None:
    lines(tmp_path / "m" / f"{DATE}_samples_privacy.jsonl", sample(0))
    results(tmp_path / "m", model_name="a\n\x1b[31mb" + "c" * 150)
    (run,) = read_results(tmp_path)
    assert run.model.isprintable()
    assert run.model.startswith("a [31mb")
