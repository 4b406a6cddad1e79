"""Fonts: the first that has all characters is taken, the user's before any other, and none that lacks one."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrank.benchmark.redteam import CannotAttackError, fonts
from guardrank.benchmark.redteam.fonts import FONT_VARIABLE, find_font, needs_shaping, system_fonts
from guardrank.errors import UsageError


@pytest.mark.parametrize("prompt", ["怎么开锁？", "Is this 猫?", "한국어", "हिन्दी"])
def test_a_font_that_lacks_a_character_is_not_taken(only_dejavu: str, prompt: str) -> None:
    with pytest.raises(CannotAttackError, match="no_font"):
        find_font(prompt, 20)


def test_the_first_font_that_has_all(only_dejavu: str) -> None:
    assert find_font("plain", 20).getname()[0] != "DejaVu Sans"  # Pillow's own
    assert find_font("café, “naïve”", 20).getname()[0] == "DejaVu Sans"
    assert find_font("café", 31).size == 31


def test_the_user_s_font_comes_first(monkeypatch: pytest.MonkeyPatch, bare: None, dejavu: str) -> None:
    monkeypatch.setenv(FONT_VARIABLE, dejavu)
    assert find_font("plain", 20).getname()[0] == "DejaVu Sans"
    with pytest.raises(CannotAttackError, match="no_font"):
        find_font("猫", 20)


def test_the_user_s_font_must_be_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for file in (tmp_path / "none.ttf", tmp_path):
        monkeypatch.setenv(FONT_VARIABLE, str(file))
        with pytest.raises(UsageError, match="GUARDRANK_FONT"):
            find_font("plain", 20)


def test_damaged_fonts_are_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dejavu: str) -> None:
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(Path(dejavu).read_bytes()[:300])
    monkeypatch.setattr(fonts, "system_fonts", lambda: (str(damaged), dejavu))
    assert find_font("café", 20).getname()[0] == "DejaVu Sans"


def test_right_to_left_needs_a_layout_engine(monkeypatch: pytest.MonkeyPatch, only_dejavu: str) -> None:
    arabic = "ما نوع هذا الحيوان؟"
    monkeypatch.setattr(fonts.features, "check", lambda feature: feature != "raqm")
    with pytest.raises(CannotAttackError, match="no_font"):
        find_font(arabic, 20)
    find_font("café", 20)


@pytest.mark.parametrize(
    ("text", "needs"),
    [("abc", False), ("中文", False), ("שלום", True), ("हिन्दी", True), ("กำ", False), ("กี", True)],
)
def test_which_text_needs_shaping(text: str, needs: bool) -> None:
    assert needs_shaping(text) is needs


def test_fonts_are_found_by_walking_where_there_is_no_fc_list(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts.shutil, "which", lambda name: None)
    monkeypatch.setattr(fonts, "FONT_FOLDERS", (str(tmp_path), str(tmp_path / "absent")))
    (tmp_path / "deep").mkdir()
    for name in ("B-Bold.ttf", "deep/Some-Sans.TTF", "Another.otf", "LastResort.otf", "read.me"):
        (tmp_path / name).touch()
    found = [Path(file).name for file in system_fonts.__wrapped__()]
    assert found == ["Some-Sans.TTF", "Another.otf", "B-Bold.ttf"]


def test_fonts_of_this_machine_are_files() -> None:
    assert all(Path(file).is_file() for file in system_fonts())
