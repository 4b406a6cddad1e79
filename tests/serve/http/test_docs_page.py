"""The page at /docs in a browser: all operations, nothing from elsewhere, text as text, with or without a token."""

import json

import httpx
import pytest
from tests_support.serving import Running


@pytest.fixture
def page(browser):
    context = browser.new_context()
    opened = context.new_page()
    opened.problems, opened.asked = [], []
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("console", lambda message: opened.problems.append(message.text))
    opened.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    context.close()


def test_it_shows_every_operation_and_object_and_asks_only_the_service(page, service):
    answer = page.goto(f"{service.url}docs")
    page.wait_for_selector("#contents li")
    api = httpx.get(f"{service.url}openapi.json").json()
    assert page.locator("#contents a").all_inner_texts() == list(api["paths"])
    assert page.locator("#schemas h3").all_inner_texts() == list(api["components"]["schemas"])
    assert "at most 1,000 items" in page.inner_text("#score") and "503" in page.inner_text("#score")
    assert "curl" in page.inner_text("#score pre") and "token" not in page.inner_text("#operations").lower()
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert all(url.startswith(service.url) for url in page.asked) and page.problems == []


def test_all_links_within_the_page_lead_somewhere(page, service):
    page.goto(f"{service.url}docs")
    page.wait_for_selector("#contents li")
    dead = "[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.querySelector(a.hash)).length"
    assert page.evaluate(dead) == 0
    assert page.evaluate("document.querySelectorAll('a[href^=\"#\"]').length") > 20


def test_the_example_is_a_request_that_the_service_answers(page, service):
    page.goto(f"{service.url}docs")
    page.wait_for_selector("#contents li")
    for operation in ("score", "moderate"):
        first, *_, data = page.inner_text(f"#{operation} pre").split(" \\\n  ")
        body = json.loads(data.removeprefix("-d '").removesuffix("'"))
        assert httpx.post(first.removeprefix("curl "), json=body).status_code == 200


def test_markup_in_the_document_stays_text(page, service):
    hostile = "<img src=x onerror='window.hacked = 1'>"

    def add_markup(route):
        api = route.fetch().json()
        api["paths"]["/v1/score"]["post"]["description"] = hostile
        api["components"]["schemas"]["ScoreBody"]["properties"]["judge"]["description"] = hostile
        route.fulfill(json=api)

    page.route("**/openapi.json", add_markup)
    page.goto(f"{service.url}docs")
    page.wait_for_selector("#contents li")
    assert page.inner_text("#score").count(hostile) == 2 and page.locator("main img").count() == 0
    assert page.evaluate("window.hacked") is None


def test_a_token_is_asked_for_and_used(page):
    with Running(token="secret-1") as service:
        page.goto(f"{service.url}docs")
        page.wait_for_selector("#token-section:not([hidden])")
        assert page.locator("#contents li").count() == 0
        page.fill("#token", "secret-2")
        page.keyboard.press("Tab")
        page.wait_for_selector("#problem:not([hidden])")
        page.fill("#token", "secret-1")
        page.keyboard.press("Tab")
        page.wait_for_selector("#contents li")
        assert page.is_hidden("#problem") and page.is_hidden("#token-section")
        assert "Needs the token." in page.inner_text("#score") and "$GUARDRANK_TOKEN" in page.inner_text(
            "#score pre"
        )
        assert "Needs the token." not in page.inner_text("#healthy")


def test_it_fits_a_telephone(page, service):
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{service.url}docs")
    page.wait_for_selector("#contents li")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_page_at_the_root_leads_to_it(page, service):
    page.goto(service.url)
    page.click("footer a")
    page.wait_for_selector("#contents li")
    assert page.url == f"{service.url}docs"
