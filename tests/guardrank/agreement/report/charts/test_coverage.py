import pytest

from guardrank.agreement.report.charts.coverage import coverage
from guardrank.agreement.report.charts.scale import Scale
from guardrank.agreement.report.charts.square import DEPTH, TOP, x_scale
from guardrank.agreement.results import CoveragePoint
from guardrank.metrics import Estimate

NONE = Estimate.nothing("one class left")


def point(share, accuracy, kappa=NONE):
    return CoveragePoint(coverage=share, accuracy=accuracy, kappa=kappa)


CURVE = [
    point(1.0, Estimate(0.8, 9, 0.75, 0.85), Estimate(0.6, 9, 0.5, 0.7)),
    point(0.5, Estimate(0.9, 9, 0.85, 0.95), Estimate(0.8, 9, 0.7, 0.9)),
    point(0.2, Estimate(0.95, 9, 0.9, 1.0)),
]


def polyline(each):
    return [tuple(map(float, pair.split(","))) for pair in each.get("points").split()]


def test_the_curves_run_through_the_points_from_few_rows_to_all(read):
    drawing = read(coverage("k", "Coverage", CURVE, None, "c0"))
    drawing.assert_inside()
    x, y = x_scale(), Scale(0.5, 1.0, TOP + DEPTH, TOP)
    accuracy, kappa = map(polyline, drawing.all("polyline"))
    assert accuracy == [pytest.approx((x(c), y(v)), abs=0.01) for c, v in [(0.2, 0.95), (0.5, 0.9), (1.0, 0.8)]]
    assert kappa == [pytest.approx((x(c), y(v)), abs=0.01) for c, v in [(0.5, 0.8), (1.0, 0.6)]]  # no point at 0.2
    assert "kappa undefined: one class left" in drawing.description


def test_the_shade_is_the_interval(read):
    drawing = read(coverage("k", "Coverage", CURVE, None, "c0"))
    x, y = x_scale(), Scale(0.5, 1.0, TOP + DEPTH, TOP)
    low_high = [(x(0.5), y(0.7)), (x(1.0), y(0.5)), (x(1.0), y(0.7)), (x(0.5), y(0.9))]
    assert polyline(drawing.all("polygon")[1]) == [pytest.approx(pair, abs=0.01) for pair in low_high]


def test_the_own_abstention_is_marked(read):
    own = point(0.75, Estimate(0.85, 9), Estimate(0.7, 9))
    drawing = read(coverage("k", "Coverage", CURVE, own, "c0"))
    drawing.assert_inside()
    assert [drawing.at(each, "x1") for each in drawing.all("line", class_="own")] == pytest.approx(
        [x_scale()(0.75)]
    )
    assert len(drawing.all("path", class_="dot")) == 2
    assert "its own abstention answers 75 %" in drawing.description


def test_a_value_below_the_half_moves_the_floor(read):
    low = [point(0.5, Estimate(0.6, 9)), point(1.0, Estimate(0.4, 9))]
    texts = read(coverage("k", "Coverage", low, None, "c0")).texts("tick")
    assert "0.0" in texts[6:]
    assert "0.5" in read(coverage("k", "Coverage", CURVE, None, "c0")).texts("tick")


def test_one_point_is_a_dot_and_none_is_nothing(read):
    assert len(read(coverage("k", "Coverage", CURVE[2:], None, "c0")).all("circle")) == 1
    nothing = read(coverage("k", "Coverage", [point(1.0, NONE)], None, "c0"))
    assert not nothing.all("circle") and not nothing.all("polyline") and not nothing.all("polygon")
