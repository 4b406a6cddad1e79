"""The card of a judge that ships: its figures are those of metrics.json, and data cannot break it."""

import json
import re
import shutil

import pytest
from markdown_it import MarkdownIt
from tests_support.cards import recorded_numbers, shown_numbers
from tests_support.judges import write_tiny_judge
from tests_support.shipped import example, figures_of

from guardrank.errors import GuardRankError
from guardrank.judge import load_judge, read_manifest, write_manifest
from guardrank.markdown import quoted
from guardrank.train.shipped_card import shipped_card, write_card, write_figures
from guardrank.train.shipped_cost import cost_sentences, kilowatt_hours

EXPORTS = "<!-- exports -->\n## Exports\n\n| variant | MiB |\n|---|---|\n| int8 | 23.9 |\n<!-- /exports -->"


@pytest.fixture(scope="module")
def judge(checkpoints, tmp_path_factory):
    """A tiny judge whose manifest says that it was trained on two sources."""
    folder = tmp_path_factory.mktemp("judges") / "small"
    manifest = write_tiny_judge(folder, checkpoints["bert"], ("truthfulness", "bias")).manifest
    sources = {
        "diasafety": {"rows": 7853, "licence": "Apache-2.0"},
        "a|b <i>": {"rows": 12, "licence": "`MIT`"},
    }
    write_manifest(folder, manifest.model_copy(update={"training": {**manifest.training, "sources": sources}}))
    return folder


@pytest.fixture
def folder(judge, tmp_path):
    return shutil.copytree(judge, tmp_path / "small")


def card(folder) -> str:
    return (folder / "README.md").read_text("utf-8")


def metrics(folder) -> dict:
    return json.loads((folder / "metrics.json").read_text("utf-8"))


def test_every_number_in_the_tables_stands_in_the_metrics_or_the_manifest(folder):
    write_figures(folder, figures_of(folder))
    shown, known = shown_numbers(card(folder)), recorded_numbers(folder)
    assert len(shown) > 50
    assert shown - known == set()


def test_a_changed_figure_would_be_found(folder):
    write_figures(folder, figures_of(folder))
    assert shown_numbers(card(folder).replace("0.812", "0.912")) - recorded_numbers(folder) == {"0.912"}


def test_the_card_names_the_judge_that_loads(folder):
    write_figures(folder, figures_of(folder))
    loaded = load_judge(folder, device="cpu")
    assert f"sha256 `{loaded.content_hash}`" in card(folder)
    assert f"Judge `{loaded.name}`" in card(folder)


def test_card_and_figures_leave_the_judge_as_it_was(folder):
    before = load_judge(folder, device="cpu").content_hash
    rest = metrics(folder)
    write_figures(folder, figures_of(folder))
    assert load_judge(folder, device="cpu").content_hash == before
    assert {name: value for name, value in metrics(folder).items() if name != "test"} == rest


def test_the_rows_of_the_aims(folder):
    write_figures(folder, figures_of(folder))
    lines = card(folder).splitlines()
    assert (
        "| diasafety, trained | accuracy | 1,234 (567) | 0.790 | 0.812 [0.781, 0.841] | 0.734* | 0.654* | yes |"
        in lines
    )
    assert (
        "| xstest, unseen | kappa | 1,234 (567) | 0.500 | -0.018 [-0.049, 0.011] | - | 0.372 | no, undecided |"
        in lines
    )
    assert (
        "| uhgeval_zh, unseen | kappa | 1,234 (567) | - | undefined: every label is the same | - | - | - |" in lines
    )
    assert "| bias, all trained | ECE | 1,234 (567) | 0.050 | 0.046 [0.014, 0.074] | - | - | yes |" in lines
    assert "| trained, all | 0.100 | 9,876 | 5,555 | 0.562 [0.531, 0.591] | 0.094 [0.063, 0.123] |" in lines
    assert any("21 known prompt, 4 open label" in line for line in lines)


def test_training_data_with_rows_and_licences(folder):
    write_figures(folder, figures_of(folder))
    lines = card(folder).splitlines()
    assert "| diasafety | 7,853 | Apache-2.0 |" in lines
    assert "| a?b ?i? | 12 | ?MIT? |" in lines


def test_written_again_it_is_the_same_and_the_exports_stay(folder):
    (folder / "README.md").write_text(f"# old\n\n{EXPORTS}\n\nrest\n", encoding="utf-8")
    figures = figures_of(folder)
    write_figures(folder, figures)
    first = card(folder)
    assert first.endswith(f"\n{EXPORTS}\n") and "# old" not in first
    write_figures(folder, figures)
    write_card(folder)
    assert card(folder) == first
    assert not list(folder.glob("*.tmp"))


HOSTILE = (
    'x | y |\n| --- | <script>alert(1)</script> ![a](http://b) [c](javascript:d) `e` <!-- /exports --> \\| &lt; "q"'
)


@pytest.mark.parametrize("field", ["prompt", "response"])
def test_texts_from_data_cannot_break_the_table(folder, field):
    write_figures(folder, figures_of(folder, examples=(example(**{field: HOSTILE}), example())))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(card(folder))
    examples = html[html.index("<th>response</th>") :]
    rows = re.findall(r"<tr>\n(.*?)</tr>", examples[: examples.index("</table>")], re.DOTALL)
    assert [row.count("<td") for row in rows[-2:]] == [6, 6]
    for tag in ("<script", "<img", "<a ", "<code>e", "<!--"):
        assert tag not in examples[: examples.index("</table>")]
    assert "isn't it" in html.replace("&#x27;", "'").replace("’", "'")


def test_quoted_keeps_sentences_readable():
    assert quoted("It's \"red\",\n isn't it? 是的，很红。") == "It's \"red\", isn't it? 是的，很红。"
    assert quoted("a" * 300) == "a" * 240
    assert quoted("see https://x.org") == "see https?x.org"


def test_a_part_of_the_rows_is_no_measurement(folder):
    write_figures(folder, figures_of(folder, limit=50))
    assert "at most 50 rows a file" in card(folder)


def test_figures_of_another_judge_are_refused(folder):
    before = card(folder), metrics(folder)
    with pytest.raises(GuardRankError, match="not of the judge in"):
        write_figures(folder, figures_of(folder, hash="0" * 64))
    assert (card(folder), metrics(folder)) == before


def test_a_judge_trained_again_gets_no_card_of_the_old_figures(folder):
    write_figures(folder, figures_of(folder))
    manifest = read_manifest(folder)
    write_manifest(folder, manifest.model_copy(update={"name": "other"}))
    with pytest.raises(GuardRankError, match="measure it again"):
        write_card(folder)


@pytest.mark.parametrize("content", [b"{", b"[]", None])
def test_damaged_metrics_are_said(folder, content):
    figures = figures_of(folder)
    file = folder / "metrics.json"
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(GuardRankError, match=r"metrics\.json is missing or damaged"):
        write_figures(folder, figures)


def test_without_figures_there_is_no_card(folder):
    with pytest.raises(GuardRankError, match="has no figures"):
        write_card(folder)


def test_kinds_without_rows_are_said(folder):
    found = figures_of(folder, slices=(), bars=(), examples=())
    text = shipped_card(read_manifest(folder), metrics(folder) | {"test": found.model_dump(mode="json")})
    assert "Hard kinds of rows: nothing was measured." in text


def test_cost_by_hand():
    # 2 hours at 65 W are 0.13 kWh; 0.13 kWh at 480 g are 62.4 g
    assert kilowatt_hours(7200, "cpu") == pytest.approx(0.13)
    training, rest = cost_sentences({"training": {"seconds": 7200.0, "device": "cpu"}})
    assert "Training: 7,200 s on cpu, at an assumed 65 W 0.130 kWh" in training
    assert training.endswith("480 g of CO2e a kWh (the world's mean of 2023) 62 g")
    assert rest.startswith("Not counted")
    assert kilowatt_hours(3600, "cuda:1") == pytest.approx(0.7)


def test_cost_of_pretraining_is_counted_where_it_is_known():
    step = {"seconds": 3600.0, "device": "cpu"}
    assert [each.split(":")[0] for each in cost_sentences({"training": step, "pretraining": step})] == [
        "Pretraining",
        "Training",
    ]
