"""The page in a real browser: the way of somebody who has never been here, and what goes wrong on it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from studies.inputs.hostile_files import SCRIPT
from tests.browser import browser as browser
from tests.browser import needs_browser, playwright
from tests.web.servers import Folders

from sakka.web.settings import Settings

pytestmark = needs_browser
WAIT_MS = 30_000


class Visit:
    """One reader with a page; what the page's console complains of is kept."""

    def __init__(self, browser: "playwright.Browser", client: httpx.Client, **settings: object) -> None:
        self.context = browser.new_context(base_url=str(client.base_url), **settings)
        self.context.set_default_timeout(WAIT_MS)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(httpx.URL(request.url.removeprefix("blob:")).host))

    def text(self, selector: str) -> str:
        """What an element says."""
        return str(self.page.inner_text(selector))

    def is_wider_than_its_window(self) -> bool:
        """Tell whether a reader would have to scroll sideways, once everything is loaded."""
        self.page.wait_for_load_state("load")
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@pytest.fixture
def visits(browser: "playwright.Browser", client: httpx.Client) -> Iterator[list[Visit]]:
    """Visits to close at the end."""
    begun: list[Visit] = []
    yield begun
    for visit in begun:
        visit.context.close()


def drop(page: "playwright.Page", **photos: bytes) -> None:
    """Let files fall on the page as a hand with a mouse does."""
    script = """(files) => {
        const data = new DataTransfer();
        for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name));
        for (const kind of ["dragover", "drop"])
            document.querySelector("[data-drop]").dispatchEvent(
                new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(script, [[name, list(content)] for name, content in photos.items()])


def test_a_newcomer_drops_photos_reads_the_answer_and_goes_on_from_a_work(
    browser: "playwright.Browser", client: httpx.Client, photo: bytes, folders: Folders, visits: list[Visit]
) -> None:
    visit = Visit(browser, client, locale="en-GB")
    visits.append(visit)
    page = visit.page
    page.goto("/")
    others = [(folders.photos / f"photo-01-00{number}.png").read_bytes() for number in range(3)]
    drop(page, front=photo, back=others[0])
    drop(page, side=others[1], detail=others[2], chart=others[0])
    page.wait_for_selector("img.preview:visible")
    assert visit.text(".drop .said") == "5 of 5 photos"
    drop(page, large=bytes(1), more=photo)
    assert "5 photos are looked at; the others were left out." in visit.text(".drop .said")
    for left in ("4 of 5 photos", "3 of 5 photos", "2 of 5 photos"):
        page.focus(".previews li:last-child button")
        page.keyboard.press("Enter")
        assert visit.text(".drop .said") == left
    assert page.evaluate("document.querySelector('#photo').files.length") == 2
    page.fill("#title", "刺繍 brooch")
    page.click("#ask [type=submit]")
    page.wait_for_url("**/answers/*")
    assert "creator 01" in visit.text(".candidates li:first-child")
    assert "%" in visit.text(".candidates li:first-child")
    shown = page.get_attribute(".photos figure img", "src")
    assert page.evaluate("document.querySelector('.photos figure img').naturalWidth") > 40
    page.focus(".strip a:not([aria-current])")
    page.keyboard.press("Enter")
    assert page.get_attribute(".photos figure img", "src") != shown
    assert page.locator(".strip a[aria-current]").count() == 1
    page.click("text=See the evidence")
    assert page.url.endswith("#evidence")
    assert page.is_visible("#evidence mark")
    assert page.evaluate("document.querySelector('#evidence figure img').naturalWidth") > 100
    page.click("section ul.pieces a >> nth=-1")
    page.wait_for_url("**/works/*")
    first = page.url
    page.click("section ul.pieces a >> nth=-1")
    page.wait_for_url(lambda url: url != first)
    page.click("text=日本語")
    page.wait_for_selector("html[lang=ja]")
    assert "作り手を調べる" in visit.text("header nav")
    page.goto("/")
    assert "誰の手から" in visit.text("h1")
    assert visit.complaints == []
    assert visit.hosts == {"127.0.0.1"}


def test_the_page_speaks_the_browsers_language_and_fits_a_phone(
    browser: "playwright.Browser", client: httpx.Client, folders: Folders, visits: list[Visit]
) -> None:
    for language, scheme in (("ja-JP", "light"), ("en-US", "dark")):
        visit = Visit(
            browser,
            client,
            locale=language,
            viewport={"width": 360, "height": 700},
            color_scheme=scheme,
            is_mobile=True,
        )
        visits.append(visit)
        visit.page.goto("/")
        assert visit.page.get_attribute("html", "lang") == language[:2]
        visit.page.set_input_files("#photo", folders.photos / "photo-02-001.png")
        visit.page.fill("#description", "とても長い言葉" * 20 + "x" * 200)
        visit.page.click("#ask [type=submit]")
        visit.page.wait_for_selector("#maker")
        assert not visit.is_wider_than_its_window()
        paths = ("/", "/creators", "/creators/creator 02", "/works/work-02-001", "/key", "/nothing", "/docs", "/map")
        for path in (*paths, "/search?q=leather&creator=x", "/search", "/picks?id=work-02-001"):
            visit.page.goto(path)
            assert not visit.is_wider_than_its_window(), path


def test_the_keyboard_alone_is_enough(browser: "playwright.Browser", client: httpx.Client, visits: list[Visit]) -> None:
    visit = Visit(browser, client, locale="en-GB")
    visits.append(visit)
    page = visit.page
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.type"))
    assert reached == ["photo", "title", "description", "submit"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("leather, classic")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#maker")
    assert "creator 05" in visit.text(".candidates")


def test_every_field_and_picture_has_a_name(
    browser: "playwright.Browser", client: httpx.Client, visits: list[Visit]
) -> None:
    visit = Visit(browser, client, locale="en-GB")
    visits.append(visit)
    nameless = """() => {
        const all = (selector) => [...document.querySelectorAll(selector)];
        const unsaid = (each) => !each.innerText.trim() && !each.ariaLabel;
        const silent = (each) => unsaid(each) && !each.querySelector("img[alt]:not([alt=''])");
        return [
            ...all("input:not([type=hidden]), textarea, select").filter((each) => !each.labels.length && unsaid(each)),
            ...all("img:not([alt])"),
            ...all("a, button").filter(silent),
        ].map((each) => each.outerHTML);
    }"""
    for path in ("/", "/works/work-01-003", "/creators", "/key", "/search", "/picks?id=work-01-003"):
        visit.page.goto(path)
        assert visit.page.evaluate(nameless) == []
        assert visit.page.evaluate("document.querySelectorAll('h1').length") == 1


def test_without_a_script_the_main_task_works(
    browser: "playwright.Browser", client: httpx.Client, folders: Folders, visits: list[Visit]
) -> None:
    visit = Visit(browser, client, locale="en-GB", java_script_enabled=False)
    visits.append(visit)
    visit.page.goto("/")
    visit.page.set_input_files("#photo", [folders.photos / f"photo-03-00{number}.png" for number in (2, 3)])
    visit.page.click("#ask [type=submit]")
    visit.page.wait_for_selector("#maker")
    assert "creator 03" in visit.text(".candidates li:first-child")
    visit.page.click(".strip a:not([aria-current])")
    visit.page.wait_for_url("**/answers/*?photo=*")
    assert visit.page.locator(".strip .marked a[aria-current]").count() == 0


def test_hostile_files_are_refused_on_the_page_and_nothing_of_them_runs(
    browser: "playwright.Browser", client: httpx.Client, folder: Path, visits: list[Visit]
) -> None:
    visit = Visit(browser, client, locale="ja-JP")
    visits.append(visit)
    page = visit.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    files = {
        "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "b.jpg": b"\xff\xd8\xff" + SCRIPT,
        "c.png": b"GIF89a/*" + SCRIPT + b"*/",
        "<img src=x onerror=alert(1)>.png": b"%PDF-1.7",
        "empty.jpg": b"",
    }
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        page.goto("/")
        page.set_input_files("#photo", path)
        page.fill("#title", "<script>alert(2)</script>")
        page.click("#ask [type=submit]")
        page.wait_for_selector("[role=alert]")
        assert page.input_value("#title") == "<script>alert(2)</script>"
    assert dialogs == []


def written_findings(folder: Path) -> None:
    said = {"kind": "wrong creator", "score": 0.9, "beside": ["work-02-001"], "evidence": ["The models agree."]}
    findings = [{**said, "creators": ["creator 01", f"creator 0{n}"], "works": [f"work-01-00{n}"]} for n in (2, 3, 4)]
    (folder / "findings.json").write_text(json.dumps(findings), encoding="utf-8")


def test_a_finding_is_decided_by_keyboard_and_without_a_script(
    browser: "playwright.Browser", settings: Settings, serve: Callable[[Settings], httpx.Client], folder: Path
) -> None:
    written_findings(folder)
    client = serve(replace(settings, audit=folder))
    visit = Visit(browser, client, locale="ja-JP", viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = visit.page
    page.goto("/audit")
    assert not visit.is_wider_than_its_window()
    assert page.locator(".findings > .card").count() == 3
    page.focus(".findings > .card:first-child button[value=dismissed]")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=判断済み 1")
    assert page.locator(".findings > .card").count() == 2
    for box in page.locator(".findings input[type=checkbox]").all():
        box.check()
    page.click(".several button[value=later]")
    page.wait_for_selector("text=保留 2")
    page.click("text=判断済み 1")
    assert "却下済み" in visit.text(".decide")
    assert visit.complaints == []
    visit.context.close()


def test_keys_lead_through_the_queue_of_findings(
    browser: "playwright.Browser", settings: Settings, serve: Callable[[Settings], httpx.Client], folder: Path
) -> None:
    written_findings(folder)
    client = serve(replace(settings, audit=folder))
    visit = Visit(browser, client, locale="en-GB")
    page = visit.page
    page.goto("/audit")
    first, second, third = (each.get_attribute("id") for each in page.locator(".findings > .card").all())
    page.keyboard.press("j")
    page.keyboard.press("c")
    page.wait_for_selector(f"#{second}:focus")
    page.wait_for_selector(".states [aria-current] >> text=2")
    page.keyboard.press("u")
    page.wait_for_selector(f"#{first}:focus")
    page.keyboard.press("l")
    page.wait_for_selector(f"#{second}:focus")
    page.keyboard.press("x")
    assert page.locator(".findings input:checked").count() == 1
    page.keyboard.press("d")
    page.wait_for_selector(f"#{third}:focus")
    decisions = json.loads((folder / "decisions.json").read_text(encoding="utf-8"))
    assert sorted(each["decision"] for each in decisions.values()) == ["dismissed", "later"]
    assert visit.complaints == []
    visit.context.close()


def test_a_creator_is_found_on_a_phones_map(
    browser: "playwright.Browser", client: httpx.Client, visits: list[Visit]
) -> None:
    visit = Visit(browser, client, locale="en-GB", viewport={"width": 390, "height": 844})
    visits.append(visit)
    for number in range(6):
        visit.page.goto(f"/map?creator=creator+0{number}")
        visit.page.wait_for_selector(".cells .marked")
        boxes = [each.bounding_box() for each in visit.page.locator(".cells .marked").all()]
        assert any(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    visit.page.goto("/map?creator=nobody")
    assert "There is no creator of this name." in visit.text("#map")


@pytest.mark.parametrize("script", [True, False])
def test_the_map_is_wandered_through_from_the_whole_to_a_work(
    browser: "playwright.Browser", client: httpx.Client, visits: list[Visit], *, script: bool
) -> None:
    visit = Visit(browser, client, locale="en-GB", java_script_enabled=script)
    visits.append(visit)
    page = visit.page
    page.goto("/map")
    page.wait_for_selector(".cells img")  # once it is drawn, it appears
    page.click(".cells a[data-map] >> nth=0")
    page.wait_for_url("**zoom=1*")
    if script:
        page.focus(".frame")
        page.keyboard.press("+")
        page.wait_for_url("**zoom=2*")
        page.keyboard.press("-")
        page.wait_for_url("**zoom=1*")
        page.go_back()
        page.wait_for_url("**zoom=2*")
    page.click("text=The whole map")
    page.wait_for_url("**zoom=0*")
    page.click("text=creator 03")
    page.wait_for_selector("text=Works by creator 03 are framed.")
    assert page.locator(".cells .marked").count() > 0
    page.click(".cells a[href^='/works/'] >> nth=0")
    page.wait_for_url("**/works/*")
    page.click("text=On the map")
    page.wait_for_selector(".cells .marked")
    assert visit.complaints == []


@pytest.mark.parametrize("script", [True, False])
def test_a_shopper_searches_by_photo_and_words_narrows_turns_the_page_picks_and_saves(
    browser: "playwright.Browser", client: httpx.Client, folders: Folders, visits: list[Visit], *, script: bool
) -> None:
    visit = Visit(browser, client, locale="en-GB", java_script_enabled=script)
    visits.append(visit)
    page = visit.page
    page.goto("/search")
    assert visit.text("#found") == "72 works"
    page.click("text=Next")
    assert visit.text(".turn span") == "37–72 of 72"
    page.click("text=Oldest")
    page.click(".facets a >> text=creator 03")
    assert visit.text("#found") == "12 works"
    page.fill("#q", "glass moon")
    page.set_input_files("#photo", folders.photos / "photo-03-001.png")
    page.click(".find button")
    page.wait_for_url("**photo=*")
    assert "creator=creator+03" in page.url
    page.click(".pick >> nth=0")
    page.wait_for_selector("[data-picks] >> text=1")
    page.click("text=Picks")
    with page.expect_download() as saved:
        page.click("text=Save as a table")
    assert "work-03-" in saved.value.path().read_text(encoding="utf-8-sig")
    assert visit.complaints == []
    assert visit.hosts == {"127.0.0.1"}
