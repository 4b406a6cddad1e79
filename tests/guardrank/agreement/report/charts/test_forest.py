from math import nan

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardrank.agreement.report.charts.forest import forest
from guardrank.agreement.report.charts.intervals import Band, IntervalRow, values_of, width_scale
from guardrank.agreement.report.numbers import written
from guardrank.metrics import Estimate


def row(estimate, label="ours", **more):
    return IntervalRow(label, estimate, written(estimate), "c0", **more)


def drawn(rows, band=None):
    ends = [band.low, band.high] if band else []
    scale = width_scale([*values_of(rows), *ends])
    return forest("k", "Kappa", rows, scale, band), scale


def test_the_dot_is_the_value_and_the_line_its_interval(read):
    svg, scale = drawn([row(Estimate(0.8, 9, 0.7, 0.85)), row(Estimate(0.5, 9, 0.45, 0.6))])
    drawing = read(svg)
    dots = [drawing.at(each, "cx") for each in drawing.all("circle")]
    lines = [(drawing.at(each, "x1"), drawing.at(each, "x2")) for each in drawing.all("line", class_="range")]
    assert dots == pytest.approx([scale(0.8), scale(0.5)], abs=0.01)
    assert lines == [
        pytest.approx((scale(0.7), scale(0.85)), abs=0.01),
        pytest.approx((scale(0.45), scale(0.6)), abs=0.01),
    ]
    assert scale(0) == 2 and scale(1) == 98


def test_every_row_stands_below_the_one_before(read):
    svg, _ = drawn([row(Estimate(0.1 * place, 9), f"r{place}") for place in range(6)])
    drawing = read(svg)
    drawing.assert_inside()
    heights = [float(each.get("transform").removeprefix("translate(0 ").rstrip(")")) for each in drawing.all("g")]
    assert heights == sorted(set(heights))
    assert drawing.texts("label") == [f"r{place}" for place in range(6)]


@pytest.mark.parametrize("estimate", [Estimate.nothing("no scores"), Estimate(nan, 9, 0.1, 0.2)])
def test_what_is_undefined_is_said_and_not_drawn(read, estimate):
    svg, _ = drawn([row(estimate)])
    drawing = read(svg)
    assert not drawing.all("circle") and not drawing.all("line", class_="range")
    assert drawing.texts("value") == ["undefined"]
    assert written(estimate) == f"undefined: {drawing.texts('why')[0]}"
    assert "undefined" in drawing.description
    assert "nan" not in str(svg)


def test_a_value_without_an_interval_is_a_dot_alone(read):
    drawing = read(drawn([row(Estimate(0.5, 9))])[0])
    assert len(drawing.all("circle")) == 1 and not drawing.all("line", class_="range")


def test_undecided_is_hollow(read):
    drawing = read(drawn([row(Estimate(0.5, 9, 0.1, 0.9), hollow=True), row(Estimate(0.5, 9, 0.4, 0.6))])[0])
    assert [each.get("class") for each in drawing.all("g")] == ["c0 hollow", "c0"]


def test_the_human_ceiling_is_a_band_on_every_bar(read):
    svg, scale = drawn([row(Estimate(0.8, 9, 0.7, 0.85))] * 3, Band(0.9, 0.96, "people 0.93"))
    drawing = read(svg)
    drawing.assert_inside()
    _key, *bands = drawing.all("rect", class_="ceiling")
    assert len(bands) == 3
    for band in bands:
        start = drawing.at(band, "x")
        assert start == pytest.approx(scale(0.9), abs=0.01)
        assert start + drawing.at(band, "width") == pytest.approx(scale(0.96), abs=0.02)
    assert drawing.texts("ceiling-label") == ["people 0.93"]
    assert "people 0.93" in drawing.description


def test_a_scale_with_negative_values_marks_zero(read):
    svg, scale = drawn([row(Estimate(-0.3, 9, -0.5, -0.1))])
    drawing = read(svg)
    drawing.assert_inside()
    assert [drawing.at(each, "x1") for each in drawing.all("line", class_="zero")] == pytest.approx(
        [scale(0)], abs=0.01
    )


values = st.floats(-1, 1)


@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_point_leaves_the_box_and_intervals_hold_their_value(read, triples):
    rows = [row(Estimate(b, 9, a, c)) for a, b, c in map(sorted, triples)]
    svg, _ = drawn(rows)
    drawing = read(svg)
    drawing.assert_inside()
    dots = [drawing.at(each, "cx") for each in drawing.all("circle")]
    for dot, line in zip(dots, drawing.all("line", class_="range"), strict=True):
        assert drawing.at(line, "x1") <= dot <= drawing.at(line, "x2")


def test_labels_of_data_are_cut_escaped_and_named(read):
    hostile = "</svg><script>alert(1)</script>\u202e" + "x" * 100_000
    svg, _ = drawn([row(Estimate(0.5, 9), hostile)])
    drawing = read(svg)
    assert drawing.texts("label") == ["</svg><script>ale…"]
    assert len(str(svg)) < 5_000
    assert "\u202e" not in str(svg)
