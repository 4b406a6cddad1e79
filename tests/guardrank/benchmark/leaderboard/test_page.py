"""The leaderboard's page: what it says of one, two and nine models, and that hostile texts stay texts."""

import re
import sys
import unicodedata
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import Image
from tests_support.judged_runs import board, judged, run

from guardrank.agreement.corrected_results import CorrectedRow, Failures, Rate
from guardrank.benchmark.images import ImageFolder
from guardrank.benchmark.leaderboard.page import render_page
from guardrank.benchmark.leaderboard.worst import worst_cases
from guardrank.dimensions import DIMENSIONS, Dimension
from guardrank.errors import MissingExtraError
from guardrank.metrics import Estimate

ATTACK = "<script>alert('x')</script><img src=//evil.example/x onerror=alert(1)>\u202e\x00"
VOID = {"meta", "img"}


class Page(HTMLParser):
    """A page as its tags and its text; every tag is closed."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.html, self.open, self.tags, self.pieces = html, [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.pieces.append(data)

    @property
    def text(self):
        return " ".join("".join(self.pieces).split())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def cases(score, n=12, dimensions=tuple(DIMENSIONS), **more):
    """``n`` cases of each dimension, each with an image of its own; ``score`` of 3, or of 1."""
    return [
        judged(f"{each.value}{i}", each.value, min(score(i), DIMENSIONS[each].top_score), **more)
        for each in dimensions
        for i in range(n)
    ]


def page(*runs, folders=None, **options):
    return Page(render_page(board(*runs, **options), worst_cases(runs, folders or {})))


@pytest.fixture
def folder(tmp_path):
    """A large image, an upright one, one that is cut off, and one that is text."""
    Image.new("RGB", (900, 300), "red").save(tmp_path / "wide.jpg", comment=b"<script>in the file</script>")
    Image.new("RGBA", (20, 900), (0, 0, 255, 128)).save(tmp_path / "tall.png")
    Image.effect_noise((64, 64), 90).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:900])
    (tmp_path / "text.png").write_text("<svg onload=alert(1)>")
    return ImageFolder(tmp_path)


def test_one_model_has_its_figure_and_its_weakest_dimension():
    bad = [judged(f"b{i}", "bias", 3) for i in range(12)]
    good = [judged(f"p{i}", "privacy", 0) for i in range(12)]
    shown = page(run("solo", bad + good))
    assert "solo: overall ASD 0.50" in shown.text
    assert "Its weakest dimension is bias, with ASD 1.00" in shown.text
    assert "Judged by guardrank-mini@1. 24 cases; 24 of 24 answered." in shown.text
    assert "Overall is the mean of privacy, bias; no model has rates in toxicity" in shown.text
    assert "No radar: it needs values in at least 3 dimensions." in shown.text
    assert "Place" not in shown.text.split("Method and origin")[0]


def test_two_models_that_differ_are_ranked():
    shown = page(run("safe", cases(lambda i: 0)), run("unsafe", cases(lambda i: 2 + i % 2)))
    assert "safe is the safest of 2 models: overall ASD 0.00" in shown.text
    assert "Every other model is surely less safe." in shown.text
    assert re.search(r"1 safe 0\.00 ▲ .* 2 unsafe 0\.8\d ▼", shown.text)
    assert {"ahead", "behind"} <= {attrs.get("class") for attrs in shown.all("td")}
    assert "safe − unsafe" in shown.text and "▲ safer" in shown.text
    assert "The radar shows" not in shown.text


def test_two_models_that_are_alike_share_their_places():
    shown = page(run("a", cases(lambda i: i % 4)), run("b", cases(lambda i: (i + 1) % 4)))
    assert "that it is the safest is not decided: it cannot be told apart from b, so its place is 1–2" in shown.text
    alone = (Dimension.PRIVACY,)
    few = page(run("a", cases(lambda i: 0, 3, alone)), run("b", cases(lambda i: 1, 3, alone)))
    assert "cannot be told apart from b (fewer than 10 images), so its place is 1–2." in few.text


def test_nine_models_share_six_outlines():
    runs = [run(f"vendor/model-{n}", cases(lambda i, n=n: (i * 7 % 10 < n) * 3)) for n in range(9)]
    shown = page(*runs)
    assert "The radar shows the first 6 of 9 models." in shown.text
    (radar,) = re.findall(r'<svg role="img" aria-labelledby="radar-title".*?</svg>', shown.html, re.DOTALL)
    assert radar.count('<polygon points="') == 4 + 6  # rings and outlines
    assert len(set(re.findall(r'stroke-dasharray="[^"]*"', radar))) == 6
    assert "vendor/model-8: 6 responses" in shown.text  # folded, as there are more than three models
    assert shown.text.startswith("9 models compared")


def test_a_model_without_a_dimension_has_an_open_outline_and_a_dash():
    four = [each for each in DIMENSIONS if each is not Dimension.BIAS]
    shown = page(run("all", cases(lambda i: i % 4)), run("part", cases(lambda i: i % 3, dimensions=four)))
    assert "part has not every value: its outline is open." in shown.text
    assert "– not asked" in shown.text
    assert "not every model has rates in bias" in shown.text
    assert "bias no value" in next(iter(re.findall(r'<desc id="radar-desc">(.*?)</desc>', shown.html)))


def test_failed_cases_are_counted_by_reason_and_never_shown():
    failed = [judged(f"f{i}", "privacy", None, error=("timeout", "http_500")[i % 2]) for i in range(5)]
    doubtful = judged("d", "privacy", 3, abstained=True, response="doubtful text")
    shown = page(run("m", [*failed, doubtful, judged("p", "privacy", 0, response="a perfect text")]))
    assert "timeout 3, http_500 2" in shown.text
    assert "5 failed 1 abstained" in shown.text
    assert "Worst responses left out: no response has a score above 0." in shown.text
    assert "doubtful text" not in shown.text and "a perfect text" not in shown.text


def test_a_run_without_any_score_still_has_a_page():
    shown = page(run("m", [judged("f", "privacy", None)]), run("n", [judged("f", "privacy", None)]))
    assert "No model has an overall figure: no dimension in which every model has rates." in shown.text
    assert not re.search(r'="[^"]*\b(nan|inf|None)\b', shown.html)
    assert "There is no run" in page().text


def test_slices_by_subtask_language_and_attack_are_shaded():
    own = [
        judged(f"s{i}", "privacy", 3 * (i % 2), subtask=("trade-secret", "state-secret")[i % 2], lang="zh")
        for i in range(12)
    ]
    shown = page(run("m", [one._replace(case=one.case.model_copy(update={"attack": "jailbreak"})) for one in own]))
    assert all(title in shown.text for title in ("By subtask", "By language", "By attack"))
    assert re.search(r"state-secret privacy 1\.00 \[[^]]*\] n 6", shown.text)
    assert "shade-4" in shown.html and "jailbreak privacy" in shown.text


def test_attacks_are_decided_where_the_interval_leaves_out_zero():
    clean = [judged(f"c{i}", "bias", 0, pair=f"c{i}") for i in range(12)]
    twins = [judged(f"c{i}~t", "bias", 2 + i % 2, pair=f"c{i}", attack="typographic") for i in range(12)]
    same = [judged(f"c{i}~n", "bias", 0, pair=f"c{i}", attack="noise") for i in range(12)]
    shown = page(run("m", [*clean, *twins, *same]))
    assert re.search(r"typographic bias 12 0\.00 0\.83 \+0\.83 \[\+0\.7\d, \+0\.9\d\] ▼ less safe", shown.text)
    assert re.search(r"noise bias 12 0\.00 0\.00 0\.00 \? undecided", shown.text)
    assert "Image, shown without the attack typographic" in shown.text


def test_corrected_rates_and_bounds_without_a_value():
    point = Estimate(0.31, 40, 0.2, 0.4)
    bounds = Estimate(None, 40, 0.22, 0.44, "labels are intervals")
    rate, nothing = Rate(judge=point, labels=point, corrected=point), Estimate.nothing("no rows")
    row = CorrectedRow(
        dimension=Dimension.PRIVACY, value=None, rows=60, scored=60, abstained=0, by_rule=0, labelled=40,
        clusters=40, undecided="few prompts", imbalance=0.0, asd=rate.model_copy(update={"corrected": bounds}),
        par=rate, failures=Failures(rows=0, labelled=0, asd=nothing, par=nothing),
    )  # fmt: skip
    shown = page(run("m", cases(lambda i: i % 4), [row]))
    assert "privacy 40 of 60 0.31 [0.20, 0.40] 0.22 to 0.44 labels are intervals 0.31" in shown.text
    assert "undecided few prompts" in shown.text


def test_hostile_texts_are_read_and_never_run(folder):
    case = {"subtask": f"s {ATTACK}", "lang": ATTACK, "prompt": ATTACK, "task": ATTACK, "images": (ATTACK,)}
    own = [judged(f"{ATTACK}{i}", "privacy", i % 4, response=ATTACK, **case) for i in range(12)]
    own += [judged(f"{ATTACK}{i}~", "privacy", 3, pair=f"{ATTACK}{i}", attack=ATTACK, **case) for i in range(12)]
    own.append(judged("f", "bias", None, error=ATTACK))
    runs = [run(f"{ATTACK}{n}", own, facts={ATTACK: {ATTACK: ATTACK}}) for n in range(2)]
    told = {"judge": ATTACK, "command": ATTACK, "labels": ATTACK, "compat": None}
    shown = page(*runs, folders={each.label: folder for each in runs}, **told)
    assert not {tag for tag, _ in shown.tags} & {"script", "img", "iframe", "link", "base", "form", "object"}
    assert not [name for _, attrs in shown.tags for name in attrs if name.startswith("on") or name == "style"]
    assert "&lt;script&gt;alert(" in shown.html and "<script" not in shown.html
    assert {char for char in shown.html if unicodedata.category(char) in ("Cc", "Cf", "Cn", "Co")} == {"\n"}


def test_the_policy_allows_this_style_sheet_and_images_of_the_page():
    shown = page(run("m", cases(lambda i: i % 4)))
    style = re.search(r"<style>(.*?)</style>", shown.html, re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert [attrs["content"] for attrs in shown.all("meta") if attrs.get("http-equiv")] == [
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    ]
    assert not re.search(r"url\(|@import", shown.html)


def test_ids_are_unique_and_links_stay_on_the_page():
    shown = page(run("a", cases(lambda i: i % 4)), run("b", cases(lambda i: 1)))
    ids = [attrs["id"] for _, attrs in shown.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"] for attrs in shown.all("a")} <= {f"#{each}" for each in ids}
    assert shown.html.count("aria-labelledby") > 5


def test_images_are_small_and_made_anew(folder):
    own = [judged(name, "privacy", 3, images=(name,)) for name in ("wide.jpg", "tall.png")]
    shown = page(run("m", own), folders={"m": folder})
    urls = [attrs["src"] for attrs in shown.all("img")]
    assert len(urls) == 2 and all(url.startswith("data:image/jpeg;base64,") for url in urls)
    contents = [b64decode(url.partition(",")[2]) for url in urls]
    pictures = [Image.open(BytesIO(content)) for content in contents]
    assert {picture.size for picture in pictures} == {(240, 80), (5, 240)}
    assert {picture.format for picture in pictures} == {"JPEG"}
    assert not any(b"script" in content for content in contents)
    assert {name for _, attrs in shown.tags for name in attrs} & {"src", "srcset", "data", "action"} == {"src"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone.png", "image_missing"),
        ("../out.png", "image_outside"),
        ("https://evil.example/x.png", "image_outside"),
        ("cut.png", "image_damaged"),
        ("text.png", "image_type"),
    ],
)
def test_an_image_that_cannot_be_shown_says_why(folder, name, why):
    runs = [run("m", [judged("c", "privacy", 3, images=(name,))])]
    shown = page(*runs, folders={"m": folder})
    assert f"Image: {why}" in shown.text and not shown.all("img")
    assert "no_image_folder" in page(*runs).text
    assert "Image: no_image" in page(run("m", [judged("c", "privacy", 3, images=())])).text


def test_unsafe_texts_and_images_are_folded_twice(folder):
    shown = page(run("m", [judged("c", "privacy", 3, images=("wide.jpg",))]), folders={"m": folder})
    section = shown.html.split('<section id="worst"')[1]
    assert section.index("Unsafe texts and images.") < section.index("<article>")
    before_text, before_image = section.split("what of c?")[0], section.split("<img")[0]
    assert before_text.count("<details") - before_text.count("</details>") == 1
    assert before_image.count("<details") - before_image.count("</details>") == 2
    assert not [attrs for attrs in shown.all("details") if "open" in attrs]


def test_the_worst_come_first_and_not_all_of_one_kind():
    same = [judged(f"s{i}", "privacy", 3, subtask="trade-secret") for i in range(4)]
    twins = [judged(f"t{x}", "bias", 3, pair="t", attack=x or None) for x in ("", "noise")]
    pair = judged("n", "truthfulness", 1, subtask="noise-consistency", pair="n", role="clean")
    one = judged("h", "truthfulness", 1, subtask="hallucination")
    found = worst_cases([run("m", [judged("low", "bias", 1), *same, *twins, pair, one])], {})
    assert [each.judged.case.id for each in found] == ["s0", "s1", "t", "h", "low"]
    assert len(worst_cases([run("m", [*same, *twins, one])], {}, per_model=2)) == 2


def test_the_surer_of_two_equal_scores_comes_first():
    sure, unsure = judged("z", "bias", 3), judged("a", "bias", 3)
    unsure = unsure._replace(verdict=unsure.verdict.model_copy(update={"expected": 2.1}))
    found = worst_cases([run("m", [unsure, sure])], {})
    assert [each.judged.case.id for each in found] == ["z", "a"]


def test_the_same_board_gives_the_same_bytes():
    runs = [run("a", cases(lambda i: i % 4)), run("b", cases(lambda i: i % 3))]
    shown, worst = board(*runs), worst_cases(runs, {})
    assert render_page(shown, worst) == render_page(shown, worst)


def test_a_missing_extra_is_named(monkeypatch):
    shown = board(run("m", cases(lambda i: 0, 1)))
    needed = ("guardrank.agreement.report.page", "guardrank.benchmark.leaderboard.sections")
    for module in [each for each in sys.modules if each.startswith(needed)]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'guardrank\[bench\]'"):
        render_page(shown, [])
