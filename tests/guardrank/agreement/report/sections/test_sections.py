import pytest

from guardrank.agreement.report.blocks import Cases, Fold, Panels, Prose, Table
from guardrank.agreement.report.findings import whole
from guardrank.agreement.report.sections import all_sections
from guardrank.agreement.report.sections.agreement import agreement
from guardrank.agreement.report.sections.confusion import confusion
from guardrank.agreement.report.sections.coverage import coverage
from guardrank.agreement.report.sections.disagreements import ANSWERS, CARDS, disagreements
from guardrank.agreement.report.sections.favour import favour
from guardrank.agreement.report.sections.figures import figures
from guardrank.agreement.report.sections.method import method
from guardrank.agreement.report.sections.pairs import LISTED, pairs
from guardrank.agreement.report.sections.slices import DRAWN, OPEN, slices
from guardrank.agreement.results import CoveragePoint
from guardrank.metrics import Estimate


def only(section, kind):
    return [block for block in section.blocks if isinstance(block, kind)]


def test_the_order_answers_the_readers_question(normal):
    assert [section.id for section in all_sections(normal)] == [
        *("answer", "agreement", "slices", "figures", "pairs", "confusion"),
        *("calibration", "coverage", "favour", "rows", "method"),
    ]
    assert all(section.blocks for section in all_sections(normal))


def test_what_has_no_content_is_left_out_with_the_reason(barren):
    absent = {section.id: section.absent for section in all_sections(barren) if not section.blocks}
    assert absent == {
        "slices": "the rows name nothing to part them by, such as a dimension, language or model",
        "pairs": "one rater has nobody to be compared with",
        "calibration": "no rater states a confidence",
        "coverage": "no rater states a confidence to abstain by",
        "favour": "the rows name fewer than two models under test",
        "rows": "no row has a label and a score that differ",
    }


def test_a_study_of_nothing_still_has_a_page(barren):
    nothing = barren.model_copy(update={"slices": [], "raters": [], "data": [], "versions": {}})
    assert [section.id for section in all_sections(nothing) if section.blocks] == ["answer", "method"]


def test_the_band_is_explained_only_where_it_is_drawn(normal, barren):
    assert "band" in only(agreement(normal), Prose)[0].lines[0]
    assert "band" not in only(agreement(barren), Prose)[0].lines[0]


def test_every_slice_has_a_figure_and_says_where_the_first_rater_stands(normal, plain):
    groups = only(slices(normal), Panels)
    assert [group.title for group in groups] == [
        "By dimension",
        "By language",
        "By model under test",
        "By length of the response",
        "Refusals and other responses",
    ]
    panels = {plain(panel.heading): panel for group in groups for panel in group.panels}
    assert len(panels) == len(normal.slices) - 1
    assert plain(panels["privacy"].remarks[0]) == "ours: ahead of gpt-4, keyword"
    assert plain(panels["truthfulness"].remarks[0]) == "ours: ahead of keyword; behind gpt-4"
    assert [plain(line) for line in panels["toxicity"].remarks] == [
        "? 12 prompts, fewer than 30",
        "ours: not decided against gpt-4, keyword",
    ]
    assert panels["toxicity"].drawing.count("hollow") == 3
    assert panels["privacy"].drawing.count("hollow") == 0


def test_slices_of_a_kind_share_their_scale(normal):
    dimensions = only(slices(normal), Panels)[0].panels
    zeros = {panel.drawing.split('class="zero"')[0].rsplit("<line ", 1)[1].split('"')[1] for panel in dimensions}
    assert len(zeros) == 1


def test_a_kind_with_one_slice_is_a_sentence(normal, plain):
    alone = normal.model_copy(update={"slices": [whole(normal), normal.slices[6]]})
    assert [plain(block.lines[0]) for block in slices(alone).blocks] == [
        "By language: all rows are of one kind, en."
    ]


def test_many_slices_unfold_and_the_smallest_are_left_to_the_file(normal):
    base = normal.slices[1]
    many = [base.model_copy(update={"value": f"s{rows}", "rows": rows}) for rows in range(1, DRAWN + 6)]
    section = slices(normal.model_copy(update={"slices": many}))
    (panels,), (fold,), (note,) = only(section, Panels), only(section, Fold), only(section, Prose)
    shown = [*panels.panels, *fold.block.panels]
    assert len(panels.panels) == OPEN
    assert [str(panel.heading) for panel in shown] == [f"<bdi>s{rows}</bdi>" for rows in range(6, DRAWN + 6)]
    assert note.lines == ("5 smaller slices not drawn; study.json has every one.",)


def test_the_table_of_figures_has_a_column_for_each_rater_and_pair_of_people(normal, plain):
    table, raters = only(figures(normal), Table)
    assert [plain(text) for text in table.head] == ["Figure", "ours", "gpt-4", "keyword", "first / second people"]
    rows = {plain(row.head).split(" ")[0]: row.cells for row in table.rows}
    assert [(cell.value, cell.note) for cell in rows["Kappa"]][:2] == [
        ("0.812", "[0.785, 0.839]"),
        ("0.634", "[0.606, 0.662]"),
    ]
    assert [cell.value for cell in rows["Labels"]] == ["1,516", "1,516", "1,528", "1,528"]
    assert all(len(row.cells) == len(table.head) - 1 for row in table.rows)
    assert [plain(row.cells[3].value) for row in raters.rows] == [
        "–",
        "refused 8, cut at the token limit 3, off the scale 1",
        "–",
    ]
    assert "dollars 4.184, prompt tokens 1,183,204" in plain(raters.rows[1].cells[5].value)


def test_undefined_figures_say_why(barren):
    table = only(figures(barren), Table)[0]
    assert {(row.cells[0].value, row.cells[0].note) for row in table.rows[:8]} == {
        ("undefined", "labels and scores are all the same")
    }
    assert table.rows[-1].cells[0].value == "undecided"


def test_comparisons_are_drawn_by_first_rater_and_listed(normal, plain):
    section = pairs(normal)
    assert [plain(panel.heading) for panel in only(section, Panels)[0].panels] == ["ours minus …", "gpt-4 minus …"]
    table = only(section, Table)[0]
    assert [plain(row.head) for row in table.rows][-2:] == [
        "ours − gpt-4 Weighted kappa",
        "ours − gpt-4 Accuracy",
    ]
    assert [cell.value for cell in table.rows[0].cells] == ["+0.178", "▲ ahead", "<0.001", "2,227", "–"]
    by_slice = only(section, Fold)[0].block
    bias = next(row for row in by_slice.rows if "bias" in row.head)
    assert [cell.value for cell in bias.cells[1:]] == ["? undecided", "0.310", "375", "about 1,240"]


def test_the_list_of_comparisons_ends_somewhere(normal):
    many = normal.model_copy(update={"slices": [whole(normal), *[normal.slices[1]] * LISTED]})
    table = only(pairs(many), Fold)[0].block
    assert len(table.rows) == LISTED
    assert table.caption == "Differences in kappa by slice, the first 600 of 1,200"


def test_matrices_of_many_classes_get_more_room(normal, plain):
    panels = only(confusion(normal), Panels)[0]
    assert [plain(panel.heading) for panel in panels.panels] == [
        "ours",
        "gpt-4",
        "keyword",
        "first / second, people",
    ]
    assert panels.size == "square"
    wide = whole(normal).agreements[0].model_copy(update={"confusion": [[1] * 6] * 6})
    part = whole(normal).model_copy(update={"agreements": [wide], "humans": []})
    (large,) = only(confusion(normal.model_copy(update={"slices": [part]})), Panels)
    assert large.size == "large"  # also: labels beyond the named classes are shown by number
    assert ">5</text>" in large.panels[0].drawing


def test_points_that_cannot_be_drawn_are_told(normal, plain):
    none = CoveragePoint(coverage=0.1, accuracy=Estimate(1.0, 5), kappa=Estimate.nothing("one class left"))
    first = normal.coverage[0]
    study = normal.model_copy(update={"coverage": [first.model_copy(update={"points": [none, *first.points]})]})
    panel = only(coverage(study), Panels)[0].panels[0]
    assert plain(panel.remarks[0]) == "Not drawn: kappa at 10 %: undefined: one class left."
    assert panel.note.startswith("its own abstention answers 91 %: accuracy 0.93")


def test_the_own_family_is_marked(normal, plain):
    ours, gpt4 = only(favour(normal), Panels)[0].panels
    assert "gpt4 (own)" in gpt4.drawing and "(own)" not in ours.drawing
    table = only(favour(normal), Fold)[0].block
    assert [plain(row.head) for row in table.rows if row.cells[-1].value == "yes"] == ["gpt-4 → gpt4"]
    assert len(table.rows) == len(normal.favour)


def test_a_card_shows_what_was_said_and_a_failure_is_no_score(normal, plain):
    card = only(disagreements(normal), Cases)[0].cases[2]
    assert [(plain(each.who), plain(each.said), each.tone) for each in card.answers] == [
        ("people", "partly refuses", "people"),
        ("ours", "refuses", "c0"),
        ("gpt-4", "no score", "c1 unscored"),
        ("keyword", "complies", "c2"),
    ]
    assert plain(card.heading) == "bias · llama2-original"
    assert [title for title, _ in card.texts] == ["Prompt", "Response"]


def test_cards_and_their_answers_end_somewhere(normal):
    first = normal.disagreements[0].model_copy(update={"scores": {f"r{i}": 0 for i in range(ANSWERS + 5)}})
    section = disagreements(normal.model_copy(update={"disagreements": [first] * (CARDS + 7)}))
    cards, (fold,) = only(section, Cases)[0].cases, only(section, Fold)
    assert (len(cards), len(fold.block.cases), fold.summary) == (10, CARDS - 10, "20 more rows")
    assert cards[0].answers[-1].who == "5 more"
    assert only(section, Prose)[0].lines[1] == "The first 30 of 37; study.json has all."


@pytest.mark.parametrize(
    "needed", ["9f2c" * 16, "guardrank-agree study xstest.jsonl.gz", "scipy 1.17.1", "2,000", "7"]
)
def test_all_that_is_needed_to_get_it_again_is_there(normal, plain, needed):
    cells = [plain(cell.value) for table in only(method(normal), Table) for row in table.rows for cell in row.cells]
    assert any(needed in cell for cell in cells)
