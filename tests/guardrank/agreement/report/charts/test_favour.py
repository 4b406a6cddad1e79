import pytest

from guardrank.agreement.report.charts.favour import favour
from guardrank.agreement.report.charts.intervals import IntervalRow, width_scale
from guardrank.metrics import Estimate


def test_the_own_family_is_a_diamond_and_zero_is_in_the_middle(read):
    scale = width_scale([], (-0.2, 0.2))
    rows = [
        IntervalRow("gpt4 (own)", Estimate(-0.1, 9, -0.15, -0.05), "−0.10", "c1", mark="diamond"),
        IntervalRow("llama", Estimate(0.05, 9, 0.0, 0.1), "+0.05", "c1"),
        IntervalRow("none", Estimate.nothing("one model"), "undefined: one model", "c1"),
    ]
    drawing = read(favour("k", "Favour", rows, scale))
    drawing.assert_inside()
    diamonds = [each for each in drawing.all("svg") if each.get("overflow")]
    assert [drawing.at(each, "x") for each in diamonds] == pytest.approx([26.0], abs=0.01)
    assert [drawing.at(each, "cx") for each in drawing.all("circle")] == pytest.approx([62.0], abs=0.01)
    assert {drawing.at(each, "x1") for each in drawing.all("line", class_="zero")} == {50.0}
    assert drawing.texts("tick")[-2:] == ["← lenient", "strict →"]
    assert drawing.texts("value") == ["−0.10", "+0.05", "undefined"]
    assert drawing.texts("why") == ["one model"]
