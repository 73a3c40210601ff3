"""What axe-core finds on a page that is open in the browser."""

import pytest
from tests.browser import playwright

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="needs axe: pip install axe-playwright-python"
)
SERIOUS = {"serious", "critical"}


def serious_findings(page: "playwright.Page") -> list[str]:
    """The rules that the page breaks seriously, in their order, each with the elements that break it."""
    found = axe.Axe().run(page).response["violations"]
    return sorted(
        f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in SERIOUS
    )
