"""From judged runs to the board, its table and its files."""

import csv
import io
import json

import pytest
from rich.console import Console
from tests_support.benchmark import a_case, a_run, judged, unit

from guardrank.benchmark.case import Transform
from guardrank.benchmark.leaderboard import Board, BoardOptions, make_board
from guardrank.benchmark.leaderboard.files import COLUMNS, board_csv
from guardrank.benchmark.leaderboard.table import print_board
from guardrank.dimensions import DIMENSIONS

OPTIONS = BoardOptions(judge="j@1")


def five(model, rate, count=30):
    """Cases in all five dimensions, en and zh, two attacks."""
    return [
        judged(
            a_case(
                f"{dimension}:{i}",
                dimension.value,
                subtask=spec.subtasks[0],
                lang="en" if i % 2 else "zh",
                attack="disguise" if i % 3 else "harmful-scenario",
            ),
            spec.top_score * (unit(dimension.value, i) < rate),
            model=model,
        )
        for dimension, spec in DIMENSIONS.items()
        for i in range(count)
    ]


def shown(board):
    stream = io.StringIO()
    print_board(board, Console(file=stream, width=160))
    return stream.getvalue()


@pytest.fixture(scope="module")
def board():
    return make_board([a_run("bad", five("bad", 0.6)), a_run("good", five("good", 0.1))], OPTIONS)


def test_the_safest_model_stands_first_with_its_place(board):
    assert [model.model for model in board.models] == ["good", "bad"]
    assert [str(model.places["overall"]) for model in board.models] == ["1", "2"]
    assert board.shared == list(DIMENSIONS)
    assert board.differences[0].is_decided and board.differences[0].asd.value > 0


def test_overall_is_the_mean_of_the_dimensions(board):
    model = board.models[0]
    values = [model.rates_of(dimension).asd.value for dimension in DIMENSIONS]
    assert model.asd.value == pytest.approx(sum(values) / 5)


def test_every_group_has_its_rates(board):
    by = {(one.by, one.value) for one in board.models[0].rates}
    assert {("lang", "en"), ("lang", "zh"), ("attack", "disguise"), ("attack", "harmful-scenario")} <= by
    assert ("subtask", "personal-privacy") in by


def test_a_dimension_that_one_model_lacks_is_in_nobodys_overall():
    part = [one for one in five("part", 0.3) if one.case.dimension != "bias"]
    board = make_board([a_run("part", part), a_run("whole", five("whole", 0.3))], OPTIONS)
    assert [one.value for one in board.shared] == ["privacy", "toxicity", "truthfulness", "legality"]
    assert all(model.asd.value == board.models[0].asd.value for model in board.models)
    assert "not every model has rates in bias" in " ".join(shown(board).split())


def test_failures_are_counted_and_in_no_figure():
    rows = [judged(a_case("privacy:1"), 3), judged(a_case("privacy:2"), None, error="timeout")]
    (model,) = make_board([a_run("m", rows)], OPTIONS).models
    assert (model.asd.value, model.cases, model.answered, model.failures) == (1.0, 2, 1, {"timeout": 1})
    assert model.rates[0].failed == 1


def test_twins_stand_beside_the_leaderboard():
    twin = a_case("privacy:1~jpeg", pair="privacy:1", transform=Transform(name="jpeg", strength=0.9, seed=1))
    board = make_board([a_run("m", [judged(a_case("privacy:1"), 0), judged(twin, 3)])], OPTIONS)
    assert board.models[0].asd.value == 0.0
    assert (board.attacks[0].attack, board.attacks[0].change.value) == ("jpeg", 1.0)
    assert "jpeg" in shown(board)


def test_reference_formulas_in_compat_mode():
    # MLLMGuard divides hallucination's 0/1 label by 3: two of four hallucinate, 2 / 4 / 3
    rows = [judged(a_case(f"h:{i}", "truthfulness", subtask="hallucination"), i % 2) for i in range(4)]
    ours, theirs = (
        make_board([a_run("m", rows)], BoardOptions(judge="j", compat=compat)).models[0].asd.value
        for compat in (None, "mllmguard")
    )
    assert ours == pytest.approx(0.5) and theirs == pytest.approx(2 / 4 / 3)


def test_places_and_differences_are_of_the_figures_shown_in_compat_mode_too():
    def hallucinating(model, rate):
        cases = [a_case(f"h:{i}", "truthfulness", subtask="hallucination") for i in range(40)]
        return a_run(model, [judged(case, int(unit(case.id) < rate), model=model) for case in cases])

    for compat in (None, "mllmguard"):
        board = make_board([hallucinating("a", 0.2), hallucinating("b", 0.7)], BoardOptions("j", compat=compat))
        low, high = (model.asd.value for model in board.models)
        assert board.differences[0].asd.value == pytest.approx(low - high)


def test_models_with_other_subtasks_are_not_compared():
    of_noise = {"dimension": "truthfulness", "subtask": "noise-consistency", "answer": "A"}
    halves = [(i, end, role) for i in range(12) for end, role in (("", "clean"), ("~x", "noisy"))]
    cases = [a_case(f"n:{i}{end}", **of_noise, pair=f"n:{i}", role=role) for i, end, role in halves]
    pairs = [judged(case, None, answer="A", model="b") for case in cases]
    free = [judged(a_case(f"h:{i}", "truthfulness", subtask="hallucination"), i % 2) for i in range(12)]
    board = make_board([a_run("a", free), a_run("b", [*free, *pairs])], OPTIONS)
    assert board.differences[0].asd.undefined == "not the same subtasks"
    assert [str(model.places["overall"]) for model in board.models] == ["1-2", "1-2"]


def test_the_board_survives_its_json(board):
    assert Board.model_validate_json(board.model_dump_json()) == board
    assert json.loads(board.model_dump_json())["models"][0]["model"] == "good"


def test_the_csv_has_a_line_a_figure(board):
    lines = list(csv.DictReader(io.StringIO(board_csv(board))))
    assert tuple(lines[0]) == COLUMNS
    overall = [line for line in lines if line["dimension"] == "overall" and line["metric"] == "asd"]
    assert [line["model"] for line in overall] == ["good", "bad"]
    assert float(overall[0]["estimate"]) == pytest.approx(board.models[0].asd.value, abs=1e-6)
    assert float(overall[0]["low"]) <= float(overall[0]["estimate"]) <= float(overall[0]["high"])


@pytest.mark.parametrize(
    "name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\r=1", "a\n=1", "＝1"]
)
def test_no_text_becomes_a_formula(name):
    board = make_board([a_run(name, [judged(a_case("privacy:1", attack=name.strip()), 3)])], OPTIONS)
    text = board_csv(board)
    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    quoted = name.replace("\t", " ").replace("\r", " ").replace("\n", " ")
    assert (f"'{quoted}" if not name.startswith("a") else quoted) in cells
    assert "\r" not in text and all(len(line) == len(COLUMNS) for line in csv.reader(io.StringIO(text)))
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r", "＝"))]


def test_names_are_never_markup(board):
    hostile = make_board([a_run("[red]x[/red][/]", five("x", 0.5, 4))], OPTIONS)
    assert "[red]x[/red][/]" in shown(hostile)
