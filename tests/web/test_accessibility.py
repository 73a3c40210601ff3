"""The page by axe-core's rules, in both languages and colour schemes, at both widths."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.accessibility import serious_findings
from tests.browser import browser as browser
from tests.browser import needs_browser, playwright
from tests.web.servers import Folders
from tests.web.test_browser import written_findings

from sakka.web.settings import Settings

pytestmark = needs_browser
PATHS = (
    *("/", "/creators", "/creators/creator 02", "/works/work-02-001", "/search", "/docs"),
    *("/search?q=leather&creator=x", "/search?q=leather", "/map", "/picks?id=work-02-001", "/key", "/nothing"),
)


@pytest.fixture(params=[("ja-JP", "light", 1280), ("en-GB", "dark", 390)])
def context(browser: "playwright.Browser", request: pytest.FixtureRequest) -> Iterator["playwright.BrowserContext"]:
    language, scheme, width = request.param
    with browser.new_context(locale=language, color_scheme=scheme, viewport={"width": width, "height": 800}) as context:
        yield context


def test_no_page_breaks_a_rule_seriously(
    context: "playwright.BrowserContext", client: httpx.Client, folders: Folders
) -> None:
    page = context.new_page()
    found = {}
    for path in PATHS:
        opened = page.goto(str(client.base_url.join(path)))
        assert opened.status == (404 if path == "/nothing" else 200), path
        found[path] = serious_findings(page)
    page.goto(str(client.base_url))
    page.set_input_files("#photo", folders.photos / "photo-02-001.png")
    page.fill("#title", "leather")
    page.click("#ask [type=submit]")
    page.wait_for_selector("#maker")
    found["an answer"] = serious_findings(page)
    assert {path: each for path, each in found.items() if each} == {}


def test_the_queue_of_findings_breaks_no_rule_seriously(
    context: "playwright.BrowserContext", settings: Settings, serve: Callable[[Settings], httpx.Client], folder: Path
) -> None:
    written_findings(folder)
    page = context.new_page()
    page.goto(str(serve(replace(settings, audit=folder)).base_url.join("/audit")))
    assert page.locator(".findings > .card").count() == 3
    assert serious_findings(page) == []


def test_a_picture_without_words_and_faint_letters_are_found(browser: "playwright.Browser") -> None:
    page = browser.new_page()
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=x><p style='color: #ccc'>faint</p></main>")
    assert [each.partition(":")[0] for each in serious_findings(page)] == ["color-contrast", "image-alt"]
    page.close()
