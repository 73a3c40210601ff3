"""The report in a real browser: without a script chapters open and creators change their order, on a phone too."""

from pathlib import Path

import pytest
from tests.accessibility import serious_findings
from tests.browser import browser as browser
from tests.browser import needs_browser, playwright
from tests.runs import CREATORS, make_works, write_run

from sakka.pages.write_report import write_report

pytestmark = needs_browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_run(folder, make_works(lacking=True), inner_folds=1)
    return write_report(folder)


def visited(browser: "playwright.Browser", page: Path, width_px: int) -> "playwright.Page":
    tab = browser.new_page(viewport={"width": width_px, "height": 800})
    tab.goto(page.as_uri())
    return tab


def height_px(tab: "playwright.Page") -> int:
    return int(tab.evaluate("document.documentElement.scrollHeight"))


def test_the_report_with_its_chapters_closed_is_less_than_half_as_high(
    browser: "playwright.Browser", report: Path
) -> None:
    tab = visited(browser, report, 1280)
    closed = height_px(tab)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert 2 * closed < height_px(tab)


@pytest.mark.parametrize("name", ["index.html", "index.ja.html"])
def test_on_a_phone_tables_scroll_and_the_page_does_not(browser: "playwright.Browser", report: Path, name: str) -> None:
    tab = visited(browser, report.with_name(name), 390)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    assert tab.evaluate("[...document.querySelectorAll('.scroll')].some(each => each.scrollWidth > each.clientWidth)")


def test_a_link_of_the_first_screen_opens_its_chapter(browser: "playwright.Browser", report: Path) -> None:
    tab = visited(browser, report, 1280)
    link = tab.locator(".leads a").first
    chapter = tab.locator(str(link.get_attribute("href")))
    assert not chapter.is_visible()
    link.click()
    chapter.wait_for(state="visible")


def test_creators_come_in_the_order_that_is_chosen(browser: "playwright.Browser", report: Path) -> None:
    tab = visited(browser, report, 1280)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")

    def names() -> list[str]:
        rows = tab.locator(".sorted tbody tr").all()
        return [row.locator("td.w").first.inner_text() for row in sorted(rows, key=lambda row: row.bounding_box()["y"])]

    tab.get_by_text("by name").click()
    assert names() == sorted(CREATORS)
    tab.get_by_text("most works first").click()
    assert names()[0] == "Abe"


@pytest.mark.parametrize(("name", "scheme"), [("index.html", "dark"), ("index.ja.html", "light")])
def test_the_report_breaks_no_rule_of_accessibility_seriously(
    browser: "playwright.Browser", report: Path, name: str, scheme: str
) -> None:
    tab = visited(browser, report.with_name(name), 1280)
    tab.emulate_media(color_scheme=scheme)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert serious_findings(tab) == []
