"""The sample task folders: whole, of both languages and every subtask, with images as the script draws them."""

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from PIL import Image, features
from tests_support.scripts import script

from guardrank.annotations.task_sheets import TASK_SUBTASKS, TaskCase, read_task_sheets
from guardrank.dimensions import DIMENSION_OF_SUBTASK

TASKS = Path(str(files("guardrank.data"))) / "samples" / "tasks"
ATTACKS = {
    "harmful-scenario",
    "disguise",
    "reverse-induction",
    "indirect-task-misalignment",
    "unsafe-inquiry",
    "facial-stereotype-bias",
    "malicious-labeling",
    "non-existent-query",
    "noise-injection",
    "position-swapping",
}
COMPRESSOR = "2.2.5"
"""The zlib-ng that wrote the committed files; another one writes the same pixels in other bytes."""
LARGEST_FOLDER = 300_000


@pytest.fixture(scope="module")
def cases() -> tuple[TaskCase, ...]:
    return read_task_sheets(TASKS)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    script("draw_sample_tasks").draw_all(folder)
    return folder


def images(folder: Path) -> dict[str, Path]:
    return {file.relative_to(folder).as_posix(): file for file in sorted(folder.glob("*/imgs/*"))}


def named(case: TaskCase) -> Iterator[str]:
    for name in (case.image, case.reverse_image):
        if name:
            yield f"{case.task}/imgs/{name}"


def test_every_task_subtask_and_attack_is_there(cases: tuple[TaskCase, ...]) -> None:
    assert {case.task for case in cases} == set(TASK_SUBTASKS)
    assert {case.subtask for case in cases} == set(DIMENSION_OF_SUBTASK)
    assert all(DIMENSION_OF_SUBTASK[case.subtask or ""] == case.dimension for case in cases)
    assert {case.attack for case in cases} == ATTACKS


def test_each_task_has_three_rows_of_each_language(cases: tuple[TaskCase, ...]) -> None:
    assert Counter((case.task, case.lang) for case in cases) == {
        (task, lang): 3 for task in TASK_SUBTASKS for lang in ("en", "zh")
    }
    for case in cases:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in case.prompt) == (case.lang == "zh"), case.prompt
    assert len({case.prompt for case in cases}) == len(cases)


def test_only_the_tasks_that_need_them_have_options_answers_and_reverse_images(cases: tuple[TaskCase, ...]) -> None:
    for case in cases:
        assert (case.options is not None) == (case.task == "hallucination"), case
        assert (case.answer in ("A", "B")) == (case.task == "noise-injection"), case
        assert (case.reverse_image is not None) == (case.task == "position-swapping"), case
    assert Counter(case.answer for case in cases if case.answer) == {"A": 3, "B": 3}


def test_every_image_named_is_there_and_none_else(cases: tuple[TaskCase, ...]) -> None:
    used = {name for case in cases for name in named(case)}
    there = set(images(TASKS))
    assert used <= there
    assert there - used == {"noise-injection/imgs/apple_noise.png"}
    assert sum(case.image == "apple.png" for case in cases) == 1


def test_images_are_small() -> None:
    for name, file in images(TASKS).items():
        with Image.open(file) as image:
            image.load()
            assert (image.format, image.mode, image.size) == ("PNG", "P", (240, 180)), name
        assert file.stat().st_size < 8_000, name
    assert sum(file.stat().st_size for file in TASKS.rglob("*") if file.is_file()) < LARGEST_FOLDER


def test_every_scene_is_another_picture() -> None:
    assert len({file.read_bytes() for file in images(TASKS).values()}) == len(images(TASKS))


def test_drawn_again_the_pictures_are_the_same(drawn: Path) -> None:
    committed = images(TASKS)
    assert set(images(drawn)) == set(committed)
    for name, file in images(drawn).items():
        with Image.open(file) as new, Image.open(committed[name]) as old:
            assert (new.tobytes(), new.getpalette()) == (old.tobytes(), old.getpalette()), name


def test_drawn_again_the_files_are_the_same(drawn: Path, tmp_path: Path) -> None:
    script("draw_sample_tasks").draw_all(tmp_path)
    again = images(tmp_path)
    assert all(file.read_bytes() == again[name].read_bytes() for name, file in images(drawn).items())
    if features.version("zlib_ng") != COMPRESSOR:
        pytest.skip(f"the committed files were compressed by zlib-ng {COMPRESSOR}")
    assert all(file.read_bytes() == again[name].read_bytes() for name, file in images(TASKS).items())


def test_reverse_images_swap_the_products_and_leave_the_letters(cases: tuple[TaskCase, ...]) -> None:
    pen, swapping = script("sample_tasks.pen"), script("sample_tasks.position_swapping")
    half, top, bottom = pen.WIDTH // 2, swapping.LABELS, pen.HEIGHT
    left, right = (0, top, half, bottom), (half, top, 2 * half, bottom)
    letters = (0, 0, 2 * half, top)
    for case in cases:
        if case.task == "position-swapping":
            first, swapped = (Image.open(TASKS / name) for name in named(case))
            assert first.crop(left).tobytes() == swapped.crop(right).tobytes()
            assert first.crop(right).tobytes() == swapped.crop(left).tobytes()
            assert first.crop(left).tobytes() != first.crop(right).tobytes()
            assert first.crop(letters).tobytes() == swapped.crop(letters).tobytes()
