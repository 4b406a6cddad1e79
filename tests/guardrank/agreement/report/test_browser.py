"""The page in a real browser without a network: hostile HTML stays text, no script runs, a phone shows it all."""

import json
import os
import re
import shutil
import subprocess
import threading
from html import escape, unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from guardrank.agreement.report import render

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OWNED = "<script>document.title = 'owned'</script>"

MEASURE = """<!doctype html><title></title><iframe width="{width}" height="900" srcdoc="{page}"></iframe><script>
onload = () => {{
  const frame = document.querySelector("iframe"), page = frame.contentDocument;
  const room = frame.contentWindow.innerWidth;
  const all = (selector, inside = page) => [...inside.querySelectorAll(selector)];
  const box = element => element.getBoundingClientRect();
  const texts = all(".drawing text").filter(text => !text.closest("details, .large"));
  const rows = all("svg g").map(row => [".label", ".value"].map(part => row.querySelector(":scope > " + part)));
  document.title = JSON.stringify({{
    room: room,
    width: page.documentElement.scrollWidth,
    beyond: all("figure, article, p, h1, h2, h3, nav, .text").filter(each => box(each).right > room + 1).length,
    outside: texts.filter(text => box(text).left < box(text.closest("figure")).left ||
                                  box(text).right > box(text.closest("figure")).right + 1).length,
    collided: rows.filter(([label, value]) => label && value && box(label).right > box(value).left)
                  .map(([label]) => label.textContent),
    folded: all("details > :not(summary)").filter(each => !each.checkVisibility()).length,
    texts: texts.length,
    size: frame.contentWindow.getComputedStyle(page.body).fontSize,
    ground: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
  }});
}};
</script>"""


@pytest.fixture(scope="session")
def chromium():
    """The browser on this machine; skips where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser ({', '.join(NAMES)}): what hostile HTML does in one is not looked at")
    return found


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a page, run what runs in it, and return the document that it has become."""

    def open_page(html):
        path = tmp_path / "report.html"
        path.write_bytes(html.encode())
        options = [
            *("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            f"--user-data-dir={tmp_path / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            *("--hide-scrollbars", "--window-size=1300,1000", "--virtual-time-budget=3000"),
        ]
        command = [chromium, *options, "--dump-dom", path.as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        return done.stdout.decode()

    return open_page


@pytest.fixture
def server():
    """A server on this machine that keeps what was asked of it."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        running.shutdown()
        thread.join()


def title_of(document):
    return re.search(r"<title>(.*?)</title>", document, re.DOTALL)[1]


def with_body(html, extra):
    return html.replace("</main>", f"{extra}</main>")


def without_policy(html):
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)


def test_hostile_html_stays_text(opened, hostile):
    document = opened(render(hostile))
    assert title_of(document).startswith("XSTest, does the response refuse?")
    assert not re.findall(r"<(script|img|iframe|base|math|animate|form|input|link|object)\b", document)
    assert "&lt;img src=x onerror=" in document
    assert "document.title='owned'" in document


def test_the_policy_stops_a_script_that_got_in_all_the_same(opened, normal, server):
    address, asked = server
    smuggled = with_body(
        render(normal),
        f"{OWNED}<img src='{address}/image' onerror=\"document.title='owned'\">"
        f"<iframe src='{address}/frame'></iframe><link rel=stylesheet href='{address}/style'>"
        "<p id=styled style='color: rgb(1, 2, 3)'>styled</p>",
    )
    assert title_of(opened(smuggled)) == "XSTest, does the response refuse? · agreement study"
    assert asked == []
    assert title_of(opened(without_policy(smuggled))) == "owned"  # the browser would have run it
    assert {"/image", "/frame", "/style"} <= set(asked)


@pytest.mark.parametrize("width", [360, 390, 1200])
@pytest.mark.parametrize("name", ["normal", "barren", "hostile"])
def test_a_phone_and_a_desk_show_everything(opened, request, name, width):
    measured = measure(opened, render(request.getfixturevalue(name)), width)
    assert measured["room"] == width
    assert measured["width"] <= width
    assert (measured["beyond"], measured["outside"], measured["collided"]) == (0, 0, [])
    assert measured["size"] == "16px"  # the policy has let the style sheet in
    assert measured["texts"] > 10


def test_another_style_sheet_is_not_let_in(opened, normal):
    changed = render(normal).replace("--page: #f6f5f1", "--page: #f6f5f2")
    assert measure(opened, changed, 390)["ground"] == "rgba(0, 0, 0, 0)"
    assert measure(opened, render(normal), 390)["ground"] == "rgb(246, 245, 241)"


def test_printed_details_are_unfolded_on_white(opened, normal):
    assert measure(opened, render(normal), 800)["folded"] == 3  # two tables and the rest of a response
    printed = without_policy(render(normal)).replace("@media print", "@media all").replace("@page", "@unused")
    measured = measure(opened, printed, 800)
    assert (measured["folded"], measured["ground"]) == (0, "rgb(255, 255, 255)")
    assert measured["width"] <= 800


def measure(opened, page, width):
    """What a page looks like in a frame of ``width`` pixels, its own policy in force."""
    return json.loads(unescape(title_of(opened(MEASURE.format(width=width, page=escape(page))))))
