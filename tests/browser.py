"""Debian's Chromium for tests of what a reader sees; modules that import this are skipped where there is none."""

import shutil
from collections.abc import Iterator

import pytest

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium fonts-noto-cjk")


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    """The browser, without a window."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
