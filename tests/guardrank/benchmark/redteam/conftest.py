"""Machines with few fonts, so that which one is taken does not depend on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardrank.benchmark.redteam import fonts


@pytest.fixture(autouse=True)
def _no_font_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fonts.FONT_VARIABLE, raising=False)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without fonts."""
    monkeypatch.setattr(fonts, "system_fonts", tuple)


@pytest.fixture(scope="session")
def dejavu() -> str:
    found = [file for file in fonts.system_fonts() if Path(file).name == "DejaVuSans.ttf"]
    if not found:
        pytest.skip("DejaVuSans.ttf is not installed")
    return found[0]


@pytest.fixture
def only_dejavu(monkeypatch: pytest.MonkeyPatch, dejavu: str) -> str:
    monkeypatch.setattr(fonts, "system_fonts", lambda: (dejavu,))
    return dejavu
