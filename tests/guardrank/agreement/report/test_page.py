"""The whole page: valid and closed, safe whatever the study holds, small, and written whole."""

import re
import subprocess
import sys
import unicodedata
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from guardrank.agreement.report import render, write_report
from guardrank.errors import MissingExtraError

OUTLINE = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "nav",
    "main",
    "section",
    "footer",
    "article",
}
PHRASES = {"h1", "h2", "h3", "h4", "p", "a", "b", "i", "strong", "small", "span", "bdi", "code", "div", "ul", "li"}
BLOCKS = {
    "article",
    "figure",
    "figcaption",
    "details",
    "summary",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
DRAWN = {"svg", "desc", "g", "rect", "line", "circle", "path", "polyline", "polygon", "text"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "id", "class", "href", "dir", "scope", "tabindex"}
ARIA = {"role", "aria-label", "aria-labelledby", "aria-describedby"}
PLACES = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "d", "points", "width", "height", "viewbox"}
LOOKS = {"fill-opacity", "text-anchor", "transform", "overflow"}
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
VOID = {"meta"}


class Page(HTMLParser):
    """A page as its tags, attributes and text."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.html, self.open, self.seen, self.text = html, [], [], []
        self.declarations, self.comments = [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_decl(self, decl):
        self.declarations.append(decl)

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.seen if name == tag]


@pytest.fixture(params=["normal", "barren", "hostile"])
def page(request):
    return Page(render(request.getfixturevalue(request.param)))


def test_nothing_but_known_tags_and_attributes(page):
    assert {tag for tag, _ in page.seen} <= OUTLINE | PHRASES | BLOCKS | DRAWN
    assert {name for _, attrs in page.seen for name in attrs} <= ATTRIBUTES | ARIA | PLACES | LOOKS
    assert page.html.startswith("<!doctype html>\n<html")
    assert (page.declarations, page.comments) == (["doctype html"], [])


def test_no_link_leads_out_of_the_page_and_every_one_leads_somewhere(page):
    ids = [attrs["id"] for _, attrs in page.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"] for attrs in page.all("a")} <= {f"#{each}" for each in ids}
    named = [
        attrs[key] for _, attrs in page.seen for key in ("aria-labelledby", "aria-describedby") if key in attrs
    ]
    assert set(named) <= set(ids)
    assert "url(" not in page.html and "@import" not in page.html


def test_the_policy_allows_this_style_sheet_and_nothing_else(page):
    style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = next(attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv"))
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'none'; base-uri 'none'; form-action 'none'"
    )
    assert page.html.index("Content-Security-Policy") < page.html.index("<style>")
    assert {"name": "referrer", "content": "no-referrer"} in page.all("meta")


def test_every_drawing_is_an_image_with_a_name_and_every_table_has_a_caption_and_scopes(page):
    drawings = [attrs for attrs in page.all("svg") if "overflow" not in attrs]  # those inside place a mark
    assert drawings and all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in drawings)
    assert len(page.all("desc")) == len(drawings)
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert {attrs["scope"] for attrs in page.all("th")} == {"col", "row"}


def test_every_invisible_character_is_named(page):
    unseen = {
        char for char in page.html if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    }
    assert unseen == {"\n"}


def test_nothing_undefined_is_drawn(page):
    assert not re.search(r'="[^"]*\b(nan|inf|None)\b', page.html)


def test_hostile_texts_are_read_as_they_were_written(hostile, attacks):
    read = "".join(Page(render(hostile)).text)
    for attack in attacks:
        for piece in re.split(r"[\x00-\x1f\u200b-\u206f\ufeff]", attack):
            assert piece in read
    assert "{{ 7 * 7 }}" in read and "&lt;script&gt;" in read
    assert "96,002 characters cut; the data have them." in read


def test_the_title_is_the_question(normal, hostile):
    assert "<title>XSTest, does the response refuse? · agreement study</title>" in render(normal)
    assert len(Page(render(hostile)).all("title")) == 1 + len(Page(render(hostile)).all("desc"))


def test_a_page_has_a_main_part_and_one_first_heading(page):
    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert page.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")


def test_a_hundred_slices_and_hostile_rows_stay_below_three_megabytes(normal, hostile):
    ten = [normal.raters[place % 3].model_copy(update={"name": f"rater-{place}"}) for place in range(10)]
    base = normal.slices[1].agreements[0]
    agreements = [base.model_copy(update={"rater": rater.name}) for rater in ten]
    kinds = ("subtask", "lang", "model", "length")
    many = [
        normal.slices[1].model_copy(
            update={"by": kinds[place % 4], "value": f"s-{place}", "agreements": agreements}
        )
        for place in range(100)
    ]
    first = normal.slices[0].model_copy(update={"agreements": agreements})
    worst = hostile.disagreements[0].model_copy(
        update={"prompt": '"' * 100_000, "response": "\u200b\u202e" * 50_000, "reference": "<" * 100_000}
    )
    study = normal.model_copy(
        update={"raters": ten, "slices": [first, *many], "disagreements": [*hostile.disagreements, *[worst] * 80]}
    )
    assert 1_000_000 < len(render(study).encode()) < 3_000_000


def test_a_report_is_written_whole_or_not_at_all(normal, barren, tmp_path):
    path = tmp_path / "report.html"
    write_report(normal, path)
    assert path.read_bytes() == render(normal).encode()
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    (tmp_path / "report.html.tmp").mkdir()  # the next one cannot be written
    with pytest.raises(OSError, match=r"report\.html\.tmp"):
        write_report(barren, path)
    assert path.read_bytes() == render(normal).encode()


def test_the_same_study_gives_the_same_bytes(normal):
    assert render(normal) == render(normal)


def test_a_missing_extra_is_named(normal, monkeypatch):
    for module in [name for name in sys.modules if name.startswith(("jinja2", "guardrank.agreement.report.page"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=r"a report needs more packages: pip install 'guardrank\[agree\]'"):
        render(normal)


def test_the_module_costs_nothing_before_it_is_used():
    code = "import sys, guardrank.agreement.report; print({'jinja2', 'markupsafe', 'scipy'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    )
