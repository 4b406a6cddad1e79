from math import nan

import pytest

from guardrank.agreement.report.charts.reliability import reliability
from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.square import DEPTH, TOP, x_scale
from guardrank.agreement.results import Bin

BINS = [
    Bin(n=0, confidence=nan, accuracy=nan),
    Bin(n=25, confidence=0.5, accuracy=0.25),
    Bin(n=100, confidence=0.9, accuracy=1.0),
]


def test_a_dot_is_a_bin_and_its_area_the_rows(read):
    drawing = read(reliability("k", "Reliability", BINS, "c0"))
    drawing.assert_inside()
    x, y = x_scale(), Scale(0, 1, TOP + DEPTH, TOP)
    dots = drawing.all("circle")
    assert [(drawing.at(each, "cx"), drawing.at(each, "cy")) for each in dots] == [
        pytest.approx((x(0.5), y(0.25)), abs=0.01),
        pytest.approx((x(0.9), y(1.0)), abs=0.01),
    ]
    small, large = (float(each.get("r")) for each in dots)
    assert (large / small) ** 2 == pytest.approx(4)


def test_the_gap_reaches_from_the_diagonal_to_the_dot(read):
    drawing = read(reliability("k", "Reliability", BINS, "c0"))
    y = Scale(0, 1, TOP + DEPTH, TOP)
    gaps = [(drawing.at(each, "y1"), drawing.at(each, "y2")) for each in drawing.all("line", class_="gap")]
    assert gaps == [pytest.approx((y(0.5), y(0.25)), abs=0.01), pytest.approx((y(0.9), y(1.0)), abs=0.01)]


def test_empty_bins_are_not_drawn(read):
    svg = reliability("k", "Reliability", BINS[:1], "c0")
    assert not read(svg).all("circle")
    assert read(svg).description == "no verdicts with a confidence"
    assert "nan" not in str(svg)
    assert "100 rows: sure 90 %, right 100 %" in read(reliability("k", "Reliability", BINS, "c0")).description
