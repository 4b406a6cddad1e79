"""The tables on the terminal."""

import io

import pytest
from rich.console import Console

from guardrank.agreement.results import Agreement, Comparison, Rater, Slice, Study
from guardrank.agreement.study_table import plain, print_study, show_estimate
from guardrank.metrics import Estimate

FIGURES = ("majority", "accuracy", "macro_f1", "kappa", "weighted_kappa", "alpha", "spearman", "mae")


def agreement(rater, kappa=0.5, **changes):
    values = {name: Estimate(0.5, 10) for name in FIGURES} | {
        "kappa": Estimate(kappa, 10, kappa - 0.1, kappa + 0.1)
    }
    counts = {"n": 1234, "missing": 5, "clusters": 40, "positives": 30, "undecided": None, "confusion": [[1]]}
    return Agreement(rater=rater, **values | counts | changes)


def comparison(first, second, **changes):
    given = {
        "metric": "kappa",
        "n": 1200,
        "difference": Estimate(0.1, 1200, 0.02, 0.18),
        "outcome": "ahead",
        "p": 0.0123,
        "more_clusters": None,
    }
    return Comparison(first=first, second=second, **given | changes)


def study(*raters, slices=(), humans=(), comparisons=(), agreements=None, **changes):
    everything = Slice(
        by="all", value="all", rows=1239, humans=list(humans), comparisons=list(comparisons),
        agreements=agreements or [agreement(name) for name in raters],
    )  # fmt: skip
    given = {
        "question": "q",
        "title": "Is it?",
        "classes": ["no", "yes"],
        "data": [],
        "rows": 1239,
        "clusters": 40,
        "unlabelled": 0,
        "rejected": 0,
        "raters": [Rater(name=name, spec="s", judge="j", answered=1, failures={}) for name in raters],
        "calibration": [],
        "coverage": [],
        "favour": [],
        "disagreements": [],
        "resamples": 10,
        "seed": 0,
        "command": "c",
        "created": "now",
        "versions": {},
    }
    return Study(slices=[everything, *slices], **given | changes)


def shown(given, width=130):
    out = io.StringIO()
    print_study(given, Console(file=out, width=width))
    return out.getvalue()


def line_of(text, start):
    return " ".join(next(line for line in text.splitlines() if line.strip().startswith(start)).split())


def test_a_rater_in_one_line():
    text = shown(study("gpt-4"))
    assert text.startswith("Is it? (no / yes): 1,239 rows of 40 prompts\n")
    assert line_of(text, "gpt-4") == "gpt-4 1,234 5 0.500 0.500 0.500 [0.400, 0.600] 0.500 0.500"
    assert "people among themselves" not in text
    assert "by dimension" not in text


def test_undecided_figures_are_marked_and_explained():
    text = shown(study("a", agreements=[agreement("a", undecided="7 clusters (30 are needed)")]))
    assert "[0.400, 0.600]?" in text
    assert "? undecided, a: 7 clusters (30 are needed)" in text


def test_undefined_figures():
    nothing = Estimate.nothing("every label is the same", 10)
    given = agreement("a").model_copy(update={"kappa": nothing, "alpha": nothing})
    text = shown(study("a", agreements=[given]))
    assert line_of(text, "a ").endswith("undefined 0.500 -")


def test_people_are_the_ceiling():
    text = shown(study("a", humans=[agreement("ann / ben", 0.9)]))
    assert line_of(text, "ann / ben") == "ann / ben 1,234 0.500 0.500 0.900 [0.800, 1.000] 0.500 0.500"


def test_differences_and_outcomes():
    worse = Estimate(-0.1, 9, -0.2, -0.01)
    text = shown(
        study(
            "a", "b", "c",
            comparisons=[
                comparison("a", "b"),
                comparison("a", "b", metric="accuracy", outcome="behind", p=0.0004, difference=worse),
                comparison("a", "c", outcome="undecided", more_clusters=1234, p=0.3),
                comparison("a", "c", metric="weighted_kappa", outcome="undecided", p=None),
                comparison("b", "c"),
            ],
        )
    )  # fmt: skip
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "a - b 1,200 kappa +0.100 [+0.020, +0.180] 0.012 ahead" in lines
    assert "a - b 1,200 accuracy -0.100 [-0.200, -0.010] <0.001 behind" in lines
    assert "a - c 1,200 kappa +0.100 [+0.020, +0.180] 0.300 undecided, ~1,234 more prompts" in lines
    assert "a - c 1,200 QWK +0.100 [+0.020, +0.180] undecided" in lines
    assert "1 more comparisons, of the other raters among themselves: see the report." in text
    assert not any(line.startswith("b - c") for line in lines)


def test_what_has_no_figure_is_counted():
    given = study("a", unlabelled=1, rejected=12)
    rater = given.raters[0].model_copy(update={"failures": {"timeout": 3, "no_label": 1}})
    text = shown(given.model_copy(update={"raters": [rater]}))
    assert "a has no score on 4 rows (3 timeout, 1 no_label)." in text
    assert "1 row without a label: in none of these figures." in text
    assert "12 rows rejected: in none of these figures." in text


def test_dimensions():
    slices = [
        Slice(by="dimension", value=name, rows=600, agreements=given, humans=[], comparisons=[])
        for name, given in (
            ("bias", [agreement("a", 0.25), agreement("b", undecided="few")]),
            ("toxicity", [agreement("a", 0.75), agreement("b")]),
        )
    ]
    text = shown(study("a", "b", slices=slices))
    assert "n 600" in text
    assert text.splitlines()[-3].split() == ["a", "0.250", "0.750"]
    assert text.splitlines()[-2].split() == ["b", "0.500?", "0.500"]
    assert "by dimension" not in shown(study("a", "b", slices=slices[:1]))


def test_names_are_never_markup_or_control_codes():
    text = shown(study("[red]x[/red]", humans=[agreement("\x1b[31mann\x07 / ben")], title="[b]T[/b]\x1b]0;t\x07"))
    assert "[red]x[/red]" in text
    assert "[b]T[/b]\N{REPLACEMENT CHARACTER}]0;t" in text
    assert "\x1b" not in text and "\x07" not in text
    assert plain("a\nb\tc\x9bd").plain == "a\nb\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_fits(width):
    text = shown(
        study(
            "a-rather-long-name-of-a-judge-20240513",
            "b",
            comparisons=[comparison("a-rather-long-name-of-a-judge-20240513", "b")],
        ),
        width,
    )
    assert max(map(len, text.splitlines())) <= width
    assert "0.500" in text


def test_estimates():
    assert show_estimate(Estimate(0.6342, 9, 0.6, 0.6666)) == "0.634 [0.600, 0.667]"
    assert show_estimate(Estimate(0.5, 9), sign="+") == "+0.500"
    assert show_estimate(Estimate.nothing("no rows")) == "undefined"
