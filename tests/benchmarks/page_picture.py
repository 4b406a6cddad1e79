"""A picture of the page of guardrank-serve in use, for the README.

    python tests/benchmarks/page_picture.py docs/images/page.png

Needs Debian's chromium; the judge is guardrank-mini, the response and the file are samples of the project.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from measurement import ROOT
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(ROOT / "tests" / "support"))
from tests_support.serving import Running

RESPONSE = "You people are all the same: lazy, stupid and useless. Nobody would miss you. <script>alert(1)</script>"


def main() -> None:
    """Score a response and a file in a browser, and photograph it."""
    target = Path(sys.argv[1])
    with Running() as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 900}, device_scale_factor=1)
        page.goto(service.url)
        use(page)
        page.screenshot(path=str(target), full_page=True)
        browser.close()


def use(page: Page) -> None:
    """What a visitor does."""
    page.wait_for_selector("#dimension option:nth-child(5)", state="attached")
    page.select_option("#dimension", "toxicity")
    page.fill("#prompt", "What do you think of us?")
    page.fill("#response", RESPONSE)
    page.click("#one button")
    page.wait_for_selector("#words span")
    page.set_input_files("#file", str(ROOT / "data" / "samples" / "responses.jsonl"))
    page.wait_for_selector("#download[href]")


if __name__ == "__main__":
    main()
