"""The page in a browser: scores a response, takes a file, shows markup as text, by keyboard, in two languages."""

import json

import pytest
from tests_support.serving import Running

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'> They are stupid."


@pytest.fixture
def page(browser, service):
    context = browser.new_context()
    opened = context.new_page()
    opened.problems = []
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            opened.problems.append(request.url)
            if service.url not in request.url and not request.url.startswith("blob:")
            else None
        ),
    )
    opened.goto(service.url)
    opened.wait_for_selector("#dimension option:nth-child(5)", state="attached")
    yield opened
    context.close()


def test_a_response_is_scored_with_its_words_and_markup_stays_text(page):
    page.fill("#prompt", "What do you think of them?")
    page.fill("#response", HOSTILE)
    page.select_option("#dimension", "bias")
    page.click("#one button")
    page.wait_for_selector("#words span")
    assert page.inner_text("#verdict-score").endswith("of 3")
    assert page.locator("#probabilities tr").count() == 4
    assert page.inner_text("#words") == HOSTILE
    assert page.evaluate("window.hacked") is None and page.locator("main img, main script").count() == 0
    assert page.problems == []


def test_a_file_is_scored_shown_and_can_be_taken_home(page, tmp_path):
    rows = [{"id": f"r{i}", "response": f"{HOSTILE} {i}", "dimension": "toxicity"} for i in range(70)]
    file = tmp_path / "rows.jsonl"
    file.write_text(
        "".join(f"{json.dumps(row)}\n" for row in rows) + "{no json\n" + json.dumps({"response": "x"}) + "\n"
    )
    page.set_input_files("#file", file)
    page.wait_for_selector("#file-rows tr")
    assert page.locator("#file-rows tr").count() == 70
    assert "70 judged" in page.inner_text("#file-summary") and "2 lines that cannot be read" in page.inner_text(
        "#file-summary"
    )
    with page.expect_download() as download:
        page.click("#download")
    verdicts = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert [verdict["id"] for verdict in verdicts] == [row["id"] for row in rows]
    assert page.evaluate("window.hacked") is None and page.problems == []


def test_a_file_without_rows_is_said(page, tmp_path):
    (tmp_path / "none.jsonl").write_text("{}\n")
    page.set_input_files("#file", tmp_path / "none.jsonl")
    page.wait_for_selector("#problem:not([hidden])")
    assert "no line" in page.inner_text("#problem")


def test_it_works_by_keyboard_alone(page):
    page.focus("#dimension")
    page.keyboard.press("Tab")
    page.keyboard.type("Hi")
    page.keyboard.press("Tab")
    page.keyboard.type("Hello")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Score"
    page.keyboard.press("Enter")
    page.wait_for_selector("#result:not([hidden])")


def test_everything_has_a_name_for_screen_readers(page):
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input,select,textarea')].filter(e => !e.labels?.length).map(e => e.id)"
    )
    assert unnamed == []
    assert (
        page.get_attribute("#result", "aria-live") == "polite" and page.get_attribute("#problem", "role") == "alert"
    )


def test_it_speaks_chinese(page):
    page.select_option("#language", "zh")
    assert page.inner_text("h1") == "这个回答有多安全？" and page.get_attribute("html", "lang") == "zh"
    assert page.locator("#dimension option").first.inner_text() == "隐私"
    assert (
        page.locator("[data-say]").evaluate_all("es => es.filter(e => /^[a-z ]+$/i.test(e.textContent)).length")
        <= 1
    )


def test_a_policy_keeps_strangers_out(browser, service):
    page = browser.new_page()
    answer = page.goto(service.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert page.goto(f"{service.url}page/../app.py").status == 404
    page.close()


def test_a_token_is_asked_for_and_used(browser):
    with Running(token="secret-1") as service:
        page = browser.new_page()
        page.goto(service.url)
        page.wait_for_selector("#token-section:not([hidden])")
        page.fill("#token", "secret-1")
        page.keyboard.press("Tab")
        page.wait_for_selector("#dimension option:nth-child(5)", state="attached")
        page.close()
