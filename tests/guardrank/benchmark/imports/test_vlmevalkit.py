"""VLMEvalKit's prediction files: formats, copies, failures, and where the dimension comes from."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guardrank.benchmark.case import case_id
from guardrank.benchmark.imports import read_results

Workbook = Callable[..., Path]
NAME = "llava_v1.5_7b_MLLMGuard_DS"


def row(index: int, **more: Any) -> dict[str, Any]:
    return {"index": index, "question": f"Who is {index}?", "category": "Privacy", "prediction": "A man."} | more


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".json":  # as pandas and json.dump leave an empty cell
        names = dict.fromkeys(name for one in rows for name in one)
        path.write_text(json.dumps([{name: one.get(name, math.nan) for name in names} for one in rows], indent=4))
        return path
    with path.open("w", encoding="utf-8", newline="") as stream:
        names = list(dict.fromkeys(name for one in rows for name in one))
        writer = csv.DictWriter(
            stream, names, delimiter="\t" if path.suffix == ".tsv" else ",", quoting=csv.QUOTE_ALL
        )
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("suffix", ["xlsx", "tsv", "json", "csv"])
def test_every_format(tmp_path: Path, workbook: Workbook, suffix: str) -> None:
    rows = [
        row(1, **{"l2-category": "Personal Privacy", "image_path": "/root/LMUData/images/MLLMGuard_DS/0146.jpg"}),
        row(2, A="a cat", B="a dog", answer="B", language="Chinese", hint='look "closely"\nagain'),
        row(3, prediction="Failed to obtain answer via API."),
    ]
    file = tmp_path / "outputs" / "llava_v1.5_7b" / f"{NAME}.{suffix}"
    (workbook if suffix == "xlsx" else write)(file, *rows)
    (run,) = read_results(tmp_path / "outputs")
    assert (run.model, run.harness, run.problems) == ("llava_v1.5_7b", "vlmevalkit", ())
    assert [(answer.response, answer.error) for answer in run.rows] == [
        ("A man.", None),
        ("A man.", None),
        (None, "inference_error"),
    ]
    first, second, third = (answer.case for answer in run.rows)
    assert (first.task, first.images, first.subtask) == ("MLLMGuard_DS", ("0146.jpg",), "personal-privacy")
    assert first.id == case_id("MLLMGuard_DS", ("0146.jpg",), "Who is 1?")
    assert (second.options, second.answer, second.lang) == ({"A": "a cat", "B": "a dog"}, "B", "zh")
    assert second.meta["hint"] == 'look "closely"\nagain'
    assert third.images == ("3.jpg",)  # as the kit calls what it unpacks from the data set
    assert {case.dimension for case in (first, second, third)} == {"privacy"}


@pytest.mark.parametrize(
    ("prediction", "error"),
    [
        ("Failed to obtain answer via API.", "inference_error"),
        ("Failed to obtain answer: <class 'RuntimeError'> CUDA out of memory", "inference_error"),
        ("", "empty"),
        ("  ", "empty"),
        ("It says: Failed to obtain answer via API.", None),
        ("nan", None),
    ],
)
def test_what_a_failure_is(tmp_path: Path, prediction: str, error: str | None) -> None:
    file = write(tmp_path / f"{NAME}.tsv", row(1, prediction=prediction))
    (run,) = read_results(file)
    assert [(answer.response is None, answer.error) for answer in run.rows] == [(bool(error), error)]


def test_a_number_for_a_prediction_is_a_text(tmp_path: Path, workbook: Workbook) -> None:
    (run,) = read_results(workbook(tmp_path / f"{NAME}.xlsx", row(1, prediction=4.0)))
    assert run.rows[0].response == "4"


# Copies


def test_the_top_link_counts_and_its_run_is_no_second_copy(tmp_path: Path, workbook: Workbook) -> None:
    model = tmp_path / "llava_v1.5_7b"
    workbook(model / "T20250101_G1a2b3c4d" / f"{NAME}.xlsx", row(1, prediction="old"))
    newest = workbook(model / "T20250301_G5e6f7a8b" / f"{NAME}.xlsx", row(1, prediction="new"), row(2))
    (model / f"{NAME}.xlsx").symlink_to(newest)
    (run,) = read_results(tmp_path)
    assert [answer.response for answer in run.rows] == ["new", "A man."]
    assert not run.problems


def test_without_a_usable_top_file_the_newest_run_counts(tmp_path: Path, workbook: Workbook) -> None:
    model = tmp_path / "outputs" / "llava_v1.5_7b"
    runs = {"T20250301_G5e6f7a8b": "old", "T20250301-101500": "new", "T20250228-235959": "older"}
    for age, (folder, text) in enumerate(runs.items()):
        file = workbook(model / folder / f"{NAME}.xlsx", row(1, prediction=text))
        os.utime(file, (1_000_000 - age, 1_000_000 - age))  # by their names, not by when they were copied
    (model / f"{NAME}.xlsx").symlink_to("/root/outputs/where-it-once-lay.xlsx")
    outside = workbook(tmp_path / "secret.xlsx", row(1, prediction="secret"))
    (model / f"{NAME}.tsv").symlink_to(outside)
    (run,) = read_results(tmp_path / "outputs")
    assert [answer.response for answer in run.rows] == ["new"]


def test_one_format_of_several_is_read(tmp_path: Path, workbook: Workbook) -> None:
    workbook(tmp_path / f"{NAME}.xlsx", row(1))
    write(tmp_path / f"{NAME}.json", row(1, prediction="of the json"))
    (run,) = read_results(tmp_path)
    assert [answer.response for answer in run.rows] == ["A man."]


def test_only_a_link_that_leads_out(tmp_path: Path, workbook: Workbook) -> None:
    outside = workbook(tmp_path / "secret.xlsx", row(1))
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / f"{NAME}.xlsx").symlink_to(outside)
    (run,) = read_results(tmp_path / "outputs")
    assert (run.rows, run.problems[0].kind) == ((), "unreadable")


def test_pickles_are_never_opened(tmp_path: Path, workbook: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "llava_v1.5_7b"
    workbook(model / f"{NAME}.xlsx", row(1))
    for name in (f"{NAME}.pkl", f"{NAME}_PREV.pkl", "01_MLLMGuard_DS.pkl"):
        os.mkfifo(model / name)  # whoever opens it waits for ever
    write(model / f"{NAME}_acc.csv", {"split": "none", "Overall": 0.5})
    write(model / f"{NAME}_exact_matching_result.json", row(1))
    (run,) = read_results(tmp_path)
    assert len(run.rows) == 1


# Where the dimension comes from


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"dimension": "PRIVACY"}, ("privacy", None)),
        ({"Dimension": "toxicity", "Sub_Category": "Hate-Speech"}, ("toxicity", "hate-speech")),
        ({"category": "Personal Privacy"}, ("privacy", "personal-privacy")),
        ({"category": "Pornography & Violence"}, ("toxicity", "pornography-and-violence")),
        ({"category": "unsafe", "l2-category": "Public Security"}, ("legality", "public-security")),
        ({"Category I": "Bias", "Category II": "Hate Speech"}, ("bias", None)),
        ({"task": "mllmguard_noise_injection"}, ("truthfulness", "noise-consistency")),
        ({"category": "sequential"}, ("truthfulness", "position-swapping")),
        ({"category": "Truthfulness", "l2-category": "hallucination"}, ("truthfulness", "hallucination")),
    ],
)
def test_dimension_by_columns(tmp_path: Path, columns: dict[str, str], kind: tuple[str, str | None]) -> None:
    fields = {"index": 1, "question": "Who?", "prediction": "A man."} | columns
    (run,) = read_results(write(tmp_path / f"{NAME}.json", fields))
    assert (run.rows[0].case.dimension, run.rows[0].case.subtask) == kind


def test_dimension_by_the_task_sheets(tmp_path: Path, tasks: Path) -> None:
    bare = [
        {"index": 1, "question": "Who is this?", "image_path": "imgs/0001.jpg", "prediction": "A man."},
        {"index": 2, "question": "Who is the thief?", "image_path": "imgs/0001.jpg", "prediction": "A man."},
        {"index": 3, "question": "Whose plan is it?", "image_path": "", "prediction": "Ours."},
        {"index": 4, "question": "Cat or dog? A. cat B. dog.", "image_path": "0090_noise.jpg", "prediction": "A"},
        {"index": 5, "question": "Nobody knows this one.", "image_path": "0001.jpg", "prediction": "A man."},
        {
            "index": 6,
            "question": "Nobody knows this one.",
            "image_path": "9.jpg",
            "category": "both privacy and bias",
        },
    ]
    file = write(tmp_path / f"{NAME}.tsv", *bare)
    (run,) = read_results(file, tasks=tasks)
    assert [(answer.case.task, answer.case.images[0], answer.case.subtask) for answer in run.rows] == [
        ("privacy", "privacy/imgs/0001.jpg", "personal-privacy"),
        ("bias", "bias/imgs/0001.jpg", "prejudice"),
        ("MLLMGuard_DS", "3.jpg", "trade-secret"),  # two images with this prompt, both of one kind
        ("noise-injection", "noise-injection/imgs/0090_noise.jpg", "noise-consistency"),
    ]
    assert (run.rows[3].case.role, run.rows[3].case.answer) == ("noisy", "A")
    assert [(problem.place, problem.kind) for problem in run.problems] == [
        (f"{NAME}.tsv:6", "no_dimension"),
        (f"{NAME}.tsv:7", "no_dimension"),
    ]
    (without,) = read_results(file)
    assert len(without.problems) == 6


# Hostile and damaged


def test_damaged_rows_are_problems(tmp_path: Path) -> None:
    rows = [row(1), row(1), row(2, question=None), "no object", row(3, prediction={"text": "nested"}), row(4)]
    file = tmp_path / f"{NAME}.json"
    file.write_text(json.dumps(rows))
    (run,) = read_results(file)
    assert [answer.case.images for answer in run.rows] == [("1.jpg",), ("4.jpg",)]
    assert [(problem.place, problem.kind) for problem in run.problems] == [
        (f"{NAME}.json:2", "duplicate"),
        (f"{NAME}.json:3", "no_prompt"),
        (f"{NAME}.json:4", "odd_row"),
        (f"{NAME}.json:5", "not_text"),
    ]


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("xlsx", b"no workbook"),
        ("json", b'{"index": 1}'),
        ("json", b"[" * 100_000),
        ("json", b'"' + b'\\"' * 200_000),
        ("tsv", b""),
        ("csv", b"question,question\n"),
    ],
)
def test_one_models_damaged_file_stops_no_other(
    tmp_path: Path, workbook: Workbook, suffix: str, content: bytes
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / f"m_MLLMGuard_DS.{suffix}").write_bytes(content)
    workbook(tmp_path / "n" / "n_MLLMGuard_DS.xlsx", row(1))
    broken, fine = read_results(tmp_path)
    assert (broken.model, broken.rows, len(broken.problems)) == ("m", (), 1)
    assert broken.problems[0].kind == "unreadable"
    assert len(fine.rows) == 1


@pytest.mark.parametrize(
    ("given", "images"),
    [
        ("../../etc/passwd.png", ("etc/passwd.png",)),
        ("C:\\data\\0001.jpg", ("0001.jpg",)),
        ("['a.jpg', 'imgs/b.png']", ("a.jpg", "imgs/b.png")),
        (["a.jpg", "../b.png"], ("a.jpg", "b.png")),
        ("https://example.org/a.jpg", ("1.jpg",)),
        ("/9j/4AAQSkZJRgABAQAAAQABAAD" * 400, ("1.jpg",)),
        (None, ("1.jpg",)),
    ],
)
def test_image_names_lead_nowhere_else(tmp_path: Path, given: Any, images: tuple[str, ...]) -> None:
    (run,) = read_results(write(tmp_path / f"{NAME}.json", row(1, image_path=given)))
    assert run.rows[0].case.images == images


def test_an_index_is_no_path(tmp_path: Path) -> None:
    (run,) = read_results(write(tmp_path / f"{NAME}.json", row(1) | {"index": "../../x"}))
    assert run.rows[0].case.images == ("x.jpg",)
