"""A running service, and a browser to look at it with."""

import shutil

import pytest
from tests_support.serving import Running


@pytest.fixture(scope="module")
def service():
    with Running() as running:
        yield running


@pytest.fixture(scope="module")  # no longer: its event loop is in the way of tests that run their own
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    if (chromium := shutil.which("chromium")) is None:
        pytest.skip("chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()
