"""Contrast of the style sheet's colours, light and dark (WCAG 2.2: 4.5 for text, 3 for marks)."""

import re
from importlib.resources import files

import pytest

from guardrank.agreement.report.charts.heat import DEEP
from guardrank.agreement.report.findings import COLOURS

CSS = (files("guardrank.agreement.report") / "templates" / "report.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
)
PALETTE = [*(f"c{place}" for place in range(COLOURS)), "people"]


def rgb(colour):
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def luminance(channels):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(above, below, opacity):
    return tuple(opacity * a + (1 - opacity) * b for a, b in zip(above, below, strict=True))


def test_the_measure_itself():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#777777"), rgb("#ffffff")) == pytest.approx(4.48, abs=0.01)


def test_both_themes_name_the_same_colours():
    assert set(DARK) <= set(LIGHT)
    assert set(LIGHT) - set(DARK) == set()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "accent", "ahead", "behind", "ceiling-ink", *PALETTE])
def test_text_is_readable_on_page_and_cards(theme, name):
    for ground in ("page", "card"):
        assert contrast(rgb(theme[name]), rgb(theme[ground])) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_names_of_unseen_characters_are_readable(theme):
    assert contrast(rgb(theme["unseen"]), rgb(theme["unseen-back"])) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", PALETTE)
def test_marks_stand_out_from_bars_and_the_human_ceiling(theme, name):
    assert contrast(rgb(theme[name]), rgb(theme["track"])) >= 3
    assert contrast(rgb(theme[name]), rgb(theme["ceiling"])) >= 3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_counts_are_readable_on_every_shade_of_a_heat_map(theme):
    heat, card = rgb(theme["heat"]), rgb(theme["card"])
    for share in (place / 1000 for place in range(1001)):
        ink = theme["deep-ink"] if share > DEEP else theme["ink"]
        assert contrast(rgb(ink), mixed(heat, card, share)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_figures_are_readable_on_every_shade_of_a_table(theme):
    shades = [int(share) / 100 for share in re.findall(r"shade-\d .*? var\(--heat\) (\d+)%", CSS)]
    assert len(shades) == 4
    for share in shades:
        ground = mixed(rgb(theme["heat"]), rgb(theme["card"]), share)
        assert min(contrast(rgb(theme[ink]), ground) for ink in ("ink", "soft")) >= 4.5
