"""The search page without a browser: what an address finds, narrows, orders and turns to."""

import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest
from tests.web.conftest import FREE
from tests.web.servers import Folders, running

from sakka.catalog.works import Catalog, Work
from sakka.search.index import Index
from sakka.web.search_page import PAGE_WORKS
from sakka.web.settings import Settings

PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def client(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Asks a server whose works have a price, that of the first being 100, and one of three shops."""
    works = Catalog.read(folders.catalog)
    kept = [
        {"price": 100 + row if row % 5 else None, "shop": ("京都", "東京都", "<b>")[row % 3], "note": f"note {row}" * 9}
        for row in range(len(works))
    ]
    listed = [Work(**{**vars(work), "kept": own}) for work, own in zip(works, kept, strict=True)]
    index = tmp_path_factory.mktemp("shop") / "index"
    Index.build(index, Catalog.from_works(listed, works.photo_root), folders.model)
    with running(Settings(folders.model, index, port=0, limits=FREE)) as client:
        yield client


@pytest.fixture(scope="module")
def leather(folders: Folders) -> set[str]:
    """The ids of the works whose texts name leather."""
    return {each.id for each in Catalog.read(folders.catalog) if "leather" in each.title + each.description}


def page_of(client: httpx.Client, address: str = "/search", **asked: str | int) -> str:
    answer = client.get(address, params=asked or None, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.text


def ids(page: str) -> list[str]:
    return re.findall(r'<a href="/works/(work-[\d-]+)">', page.split('id="found"')[1].split("<aside")[0])


def total(page: str) -> str:
    return re.findall(r'<h2 id="found">([^<]*)', page)[0]


def link(page: str, words: str) -> str:
    """Where the link that says some words leads."""
    address = next(re.findall(r'href="([^"]*)"', tag)[-1] for tag, said in _links(page) if words in said)
    return unescape(address)


def _links(page: str) -> list[tuple[str, str]]:
    found = re.findall(r"(<a [^>]*>)(.*?)</a>", page, re.DOTALL)
    return [(tag, unescape(re.sub("<[^>]*>", "", said))) for tag, said in found]


def test_all_works_are_gone_through_page_by_page_each_once(client: httpx.Client) -> None:
    page = page_of(client)
    assert total(page) == "72 works"
    seen = ids(page)
    assert len(seen) == PAGE_WORKS
    second = page_of(client, link(page, "Next"))
    assert len({*seen, *ids(second)}) == 72
    assert link(second, "Previous") == "/search?start=0"
    assert ids(page_of(client, start=5000)) == ids(second)


def test_words_find_the_works_that_have_them_and_say_how_many(client: httpx.Client, leather: set[str]) -> None:
    page = page_of(client, q="leather")
    assert total(page) == f"{len(ids(page))} works"
    assert leather <= set(ids(page))
    assert {each[:7] for each in ids(page)} == {"work-05"}
    assert total(page_of(client, q="xyzzy")) == total(page_of(client, q=" 、。")) == "Nothing was found"


def test_a_facet_counts_what_its_link_leads_to_and_is_taken_away_again(client: httpx.Client) -> None:
    page = page_of(client)
    for name in ("京都", "東京都", "<b>"):
        narrowed = page_of(client, link(page, f"{name} 24"))
        assert total(narrowed) == "24 works"
        assert total(page_of(client, link(narrowed, f"shop: {name}"))) == "72 works"
        assert "<b>" not in narrowed
    of_creator = page_of(client, link(page, "creator 02 12"))
    assert {each[:7] for each in ids(of_creator)} == {"work-02"}
    assert "note" not in [each for each, _ in re.findall(r"<h3>(\w+)(<)", page)]
    assert ids(page_of(client, q="leather", year="2015")) == ids(page_of(client, q="leather"))
    assert total(page_of(client, q="leather", year="2014")) == "Nothing was found"


def test_works_come_in_the_order_that_is_asked_for(client: httpx.Client) -> None:
    prices = [int(each) for each in re.findall(r"price (\d+)", page_of(client, sort="up:price"))]
    assert prices == sorted(prices)
    assert len(prices) == PAGE_WORKS
    last = page_of(client, sort="down:price", start=PAGE_WORKS)
    assert re.search(r"price \d", last)
    assert not re.search(r"price \d", last.split('class="piece"')[-1])  # those without a price come last
    newest, oldest = page_of(client, sort="newest"), page_of(client, sort="oldest")
    assert newest != oldest
    assert ids(page_of(client)) == ids(newest)


def test_limits_on_numbers_and_words_within_texts_hold_together(client: httpx.Client) -> None:
    page = page_of(client, **{"from:price": "121", "to:price": "130", "has:note": "NOTE 2"})
    assert total(page) == "8 works"
    assert "price from 121" in page
    assert total(page_of(client, **{"is:shop": "京"})) == "Nothing was found"


def test_a_work_and_words_find_the_works_that_have_the_words_by_its_style(client: httpx.Client) -> None:
    alone = page_of(client, like="work-05-001")
    assert total(alone).endswith("nearest works")
    assert ids(alone)[0].startswith("work-05")
    both = page_of(client, like="work-05-001", q="leather")
    assert {each[:7] for each in ids(both)} == {"work-05"}
    assert "same creator:" in both


def test_a_photo_that_is_sent_with_words_stands_in_the_address_it_leads_to(client: httpx.Client, photo: bytes) -> None:
    form = {"q": "brooch", "is:shop": "京都", "year": ""}
    sent = client.post("/search", data=form, files={"photo": ("x", photo)}, headers=PAGE)
    assert sent.status_code == 303
    page = page_of(client, sent.headers["location"])
    assert "By the style of this photo" in page
    assert 'name="is:shop" value="京都"' in page
    token = re.findall(r'name="kept-photo" value="([^"]+)"', page)[0]
    assert client.get(f"/answers/{token}/photo-1").headers["content-type"] == "image/jpeg"
    assert client.get(f"/answers/{token}", headers=PAGE).status_code == 404
    again = client.post("/search", data={"kept-photo": token, "q": "brooch"}, headers=PAGE)
    assert "By the style of this photo" in page_of(client, again.headers["location"])
    alone = client.post("/search", files={"photo": ("x", photo)}, headers=PAGE)
    assert ids(page_of(client, alone.headers["location"]))[0].startswith("work-01")
    assert client.post("/search", files={"photo": ("x", b"none")}, headers=PAGE).status_code == 415


def test_where_nothing_is_found_it_is_said_what_would_find_something(client: httpx.Client) -> None:
    page = page_of(client, q="leather", creator="creator 02")
    assert total(page) == "Nothing was found"
    every = ids(page_of(client, q="leather"))
    assert ids(page_of(client, link(page, "Without “Creator: creator 02”"))) == every
    both = page_of(client, q="leather 刺繍")
    assert total(both) == "Nothing was found"
    assert ids(page_of(client, link(both, "Only “leather”"))) == every
    two = page_of(client, q="leather", creator="nobody", category="none")
    assert ids(page_of(client, link(two, "Without any"))) == every
    assert "Try other words" in page_of(client, q="xyzzy")


@pytest.mark.parametrize(
    "asked",
    [
        {"sort": "dearest"},
        {"year": "soon"},
        {"year": "99999"},
        {"colour": "plaid"},
        {"q": "x" * 501},
        {"is:shop": "x" * 501},
        {"start": "-1"},
        {"from:price": "cheap"},
    ],
)
def test_what_no_work_can_be_asked_for_is_refused(client: httpx.Client, asked: dict[str, str]) -> None:
    assert client.get("/search", params=asked, headers=PAGE).status_code == 422


def test_a_photo_or_a_work_that_is_not_there_is_not_searched_by(client: httpx.Client) -> None:
    for asked in ({"photo": "gone"}, {"like": "nowhere"}):
        assert client.get("/search", params=asked, headers=PAGE).status_code == 404
