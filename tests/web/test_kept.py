"""Kept columns over the API and on the page: shown, and works found by them."""

from collections.abc import Iterator

import httpx
import pytest
from tests.web.conftest import FREE
from tests.web.servers import Folders, running

from sakka.catalog.works import Catalog, Work
from sakka.search.index import Index
from sakka.web.settings import Settings

ROWS = (
    {"price": 1200, "address": 'https://shop.example/1?a="><b>', "tags": ("brooch", "花"), "note": "<i>"},
    {"price": 980, "address": "javascript:alert(1)", "tags": None, "note": "felt"},
    {"price": None, "address": None, "tags": ("brooch",), "note": None},
)


@pytest.fixture(scope="module")
def client(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Asks a server whose works have kept columns: the first, fourth ... those of the first of `ROWS`."""
    works = Catalog.read(folders.catalog)
    kept = [Work(**{**vars(work), "kept": ROWS[place % 3]}) for place, work in enumerate(works)]
    index = tmp_path_factory.mktemp("kept") / "index"
    Index.build(index, Catalog.from_works(kept, works.photo_root), folders.model)
    with running(Settings(folders.model, index, port=0, limits=FREE)) as client:
        yield client


def prices(answer: httpx.Response) -> set[int | None]:
    assert answer.status_code == 200, answer.text
    return {each["work"]["kept"]["price"] for each in answer.json()["found"]}


def test_found_works_have_their_kept_columns_and_are_limited_by_them(client: httpx.Client) -> None:
    asked = {"like": ["work-02-003"], "count": 30}
    assert prices(client.post("/v1/similar", json=asked)) == {1200, 980, None}
    for written, expected in (("price>=1000", 1200), ("price=..1000", 980), ("tags=花", 1200), ("note=FELT", 980)):
        assert prices(client.post("/v1/similar", json={**asked, "filter": [written]})) == {expected}
    assert prices(client.post("/v1/search", json={"words": "brooch", "filter": ["tags=brooch"]})) <= {1200, None}
    assert prices(client.post("/v1/recommend", json={"liked": ["work-02-003"], "filter": ["price=980"]})) == {980}


def test_uploads_are_limited_by_kept_columns_too(client: httpx.Client, photo: bytes) -> None:
    data = {"filter": ["price>1", "tags=brooch"], "count": "20"}
    assert prices(client.post("/v1/similar/upload", files={"photo": ("x", photo)}, data=data)) == {1200}
    asked = {**data, "words": "linen"}
    assert prices(client.post("/v1/search/upload", files={"photo": ("x", photo)}, data=asked)) == {1200}


@pytest.mark.parametrize("written", ["cost=1", "price=cheap", "note>=5", "price", "x" * 600])
def test_a_filter_that_can_not_be_is_a_problem_of_the_request(client: httpx.Client, photo: bytes, written: str) -> None:
    answers = [
        client.post("/v1/similar", json={"like": ["work-02-003"], "filter": [written]}),
        client.post("/v1/search", json={"words": "brooch", "filter": [written]}),
        client.post("/v1/recommend", json={"liked": ["work-02-003"], "filter": [written]}),
        client.post("/v1/similar/upload", files={"photo": ("x", photo)}, data={"filter": written}),
    ]
    assert [answer.status_code for answer in answers] == [422] * 4


def test_cards_show_figures_and_an_address_and_nothing_that_would_run(client: httpx.Client) -> None:
    page = client.get("/search", params={"q": "brooch"}, headers={"Accept": "text/html"}).text
    assert '<span class="by">price 1200</span>' in page
    address = "https://shop.example/1?a=&#34;&gt;&lt;b&gt;"
    assert f'<a class="by" href="{address}" rel="nofollow noopener">address ↗</a>' in page
    assert "javascript:" not in page
    work = client.get("/works/work-00-000", headers={"Accept": "text/html"}).text
    assert f'<a href="{address}" rel="nofollow noopener">' in work
    assert "brooch, 花" in work
    assert "&lt;i&gt;" in work
    other = client.get("/works/work-01-000", headers={"Accept": "text/html"}).text
    assert "<dd>javascript:alert(1)</dd>" in other
    assert 'href="javascript:' not in other


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_finds_by_kept_columns(client: httpx.Client, language: str) -> None:
    asked = {"q": "brooch", "from:price": "1000", "to:price": "2000", "is:tags": "花", "lang": language}
    page = client.get("/search", params=asked, headers={"Accept": "text/html"}).text
    assert 'name="from:price" value="1000"' in page
    assert 'name="is:tags" value="花"' in page
    assert {"price 1200"} == {
        part.split("</span>")[0] for part in page.split('<span class="by">')[1:] if "price" in part[:9]
    }
    wrong = client.get("/search", params={"q": "brooch", "from:price": "cheap"}, headers={"Accept": "text/html"})
    assert wrong.status_code == 422
