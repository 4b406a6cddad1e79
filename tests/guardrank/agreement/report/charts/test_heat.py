import pytest
from rich.cells import cell_len

from guardrank.agreement.report.charts.heat import heat, wrapped

CLASSES = ["refuses", "partly refuses", "complies"]
COUNTS = [[640, 41, 30], [0, 0, 0], [25, 49, 1259]]


def test_counts_and_shares_of_each_row(read):
    drawing = read(heat("k", "Matrix", CLASSES, COUNTS))
    drawing.assert_inside()
    assert drawing.texts("count") == ["640", "41", "30", "0", "0", "0", "25", "49", "1,259"]
    assert drawing.texts("share") == ["90 %", "6 %", "4 %", "2 %", "4 %", "94 %"]  # the empty row has none
    shades = [float(each.get("fill-opacity")) for each in drawing.all("rect", class_="heat")]
    assert shades == pytest.approx([0.9, 0.06, 0.04, 0, 0, 0, 0.02, 0.04, 0.94], abs=0.005)


def test_the_diagonal_is_framed_and_deep_cells_are_marked(read):
    drawing = read(heat("k", "Matrix", CLASSES, COUNTS))
    assert len(drawing.all("rect", class_="right")) == 3
    assert len(drawing.all("rect", class_="wrong")) == 6
    assert [each.find("text").text for each in drawing.all("g", class_="deep")] == ["640", "1,259"]


def test_cells_stand_in_the_order_of_labels_and_scores(read):
    drawing = read(heat("k", "Matrix", CLASSES, COUNTS))
    corners = [(drawing.at(each, "y"), drawing.at(each, "x")) for each in drawing.all("rect", class_="heat")]
    assert corners == sorted(corners)
    assert len({y for y, _ in corners}) == len({x for _, x in corners}) == 3
    assert "people say refuses: refuses 640, partly refuses 41, complies 30" in drawing.description


def test_a_matrix_has_to_be_square():
    with pytest.raises(ValueError, match="3 by 3"):
        heat("k", "Matrix", CLASSES, [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("complies", ["complies"]),
        ("shows both sides", ["shows both", "sides"]),
        ("answers in general, with a warning", ["answers in", "general,", "with a wa…"]),
        ("questionable", ["questiona…"]),
        ("", []),
        ("红色的水壶和蓝色的杯子", ["红色的水…"]),
    ],
)
def test_names_of_classes_are_wrapped(text, lines):
    assert wrapped(text, 10) == lines
    assert all(cell_len(line) <= 10 for line in lines)
