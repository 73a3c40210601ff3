"""Picks without a browser: set aside in a cookie, sent as an address, saved as a table or as JSON."""

import csv
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from sakka.catalog.works import Work
from sakka.web.pages_picks import picks_csv
from sakka.web.picks import MOST_PICKS

PAGE = {"Accept": "text/html"}


@pytest.fixture
def client(client: httpx.Client) -> Iterator[httpx.Client]:
    """A reader of the shared server who has a browser, and so cookies, of their own."""
    with httpx.Client(base_url=client.base_url, timeout=30) as reader:
        yield reader


def pick(client: httpx.Client, do: str, *ids: str, **more: str) -> httpx.Response:
    return client.post("/picks", data={"do": do, "id": list(ids), **more}, headers=PAGE)


def shown(page: str) -> list[str]:
    return re.findall(r'<a href="/works/(work-[\d-]+)">', page.split('<section aria-labelledby="also">')[0])


def test_picks_are_kept_for_the_reader_and_taken_out_again(client: httpx.Client) -> None:
    assert "Mark works by the ribbon" in client.get("/picks", headers=PAGE).text
    answer = pick(client, "add", "work-01-003", back="/search?q=leather")
    assert (answer.status_code, answer.headers["location"]) == (303, "/search?q=leather")
    pick(client, "add", "work-05-001")
    page = client.get("/picks", headers=PAGE).text
    assert shown(page) == ["work-01-003", "work-05-001"]
    assert "<span data-picks>2</span>" in client.get("/", headers=PAGE).text
    assert 'aria-pressed="true"' in client.get("/works/work-01-003", headers=PAGE).text
    assert "You may also like" in page
    pick(client, "remove", "work-01-003")
    assert shown(client.get("/picks", headers=PAGE).text) == ["work-05-001"]
    pick(client, "clear")
    assert shown(client.get("/picks", headers=PAGE).text) == []


def test_an_address_shows_picks_to_somebody_else_who_may_take_them_over(client: httpx.Client) -> None:
    pick(client, "add", "work-01-003", "work-05-001")
    (address,) = re.findall(r'href="(/picks\?id=[^"]+)"', client.get("/picks", headers=PAGE).text)
    client.cookies.clear()
    sent = client.get(address.replace("&amp;", "&") + "&id=gone", headers=PAGE).text
    assert shown(sent) == ["work-01-003", "work-05-001"]
    assert "Picks that were sent to you" in sent
    assert "1 work is no longer here." in sent
    assert shown(client.get("/picks", headers=PAGE).text) == []
    pick(client, "add", *shown(sent))
    assert shown(client.get("/picks", headers=PAGE).text) == ["work-01-003", "work-05-001"]


def test_picks_are_saved_as_a_table_and_as_json(client: httpx.Client) -> None:
    asked = {"id": ["work-01-003", "work-05-001"]}
    table = client.get("/picks.csv", params=asked)
    assert table.headers["content-disposition"] == 'attachment; filename="picks.csv"'
    rows = list(csv.DictReader(table.content.decode("utf-8-sig").splitlines()))
    assert [each["id"] for each in rows] == asked["id"]
    assert rows[0]["creator"] == "creator 01"
    saved = client.get("/picks.json", params=asked).json()
    assert [each["id"] for each in saved] == asked["id"]
    assert saved[0]["photos"] == ["/photos/0/work-01-003"]
    work = Work("=1", title="@x", kept={"price": -5, "listing": "+http"})
    assert bytes(picks_csv([work], ["price", "listing"]).body).decode().splitlines()[1] == "'=1,,'@x,,,,-5,'+http"


def test_a_program_is_given_the_number_of_picks(client: httpx.Client) -> None:
    answer = client.post("/picks", data={"do": "add", "id": "work-01-003"}, headers={"Accept": "application/json"})
    assert answer.json() == {"picks": 1}


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "\\\\elsewhere"])
def test_picking_leads_to_this_server_only(client: httpx.Client, back: str) -> None:
    assert pick(client, "add", "work-01-003", back=back).headers["location"] == "/"


def test_more_picks_than_are_kept_and_works_that_are_not_there_are_refused(client: httpx.Client) -> None:
    assert pick(client, "add", "gone").status_code == 404
    assert pick(client, "burn", "work-01-003").status_code == 422
    assert client.get("/picks", params={"id": ["x"] * (MOST_PICKS + 1)}, headers=PAGE).status_code == 422
    assert client.get("/picks", params={"id": "x" * 501}, headers=PAGE).status_code == 422
    client.cookies.set("sakka-picks", "!".join(f"n{number}" for number in range(MOST_PICKS)))
    refused = pick(client, "add", "work-01-003")
    assert refused.status_code == 422
    assert "Got 101 picks" in refused.text


def test_a_cookie_that_somebody_made_up_picks_nothing(client: httpx.Client) -> None:
    client.cookies.set("sakka-picks", "!".join(quote(each) for each in ("<script>", "'; --", "work-01-003")))
    page = client.get("/picks", headers=PAGE).text
    assert shown(page) == ["work-01-003"]
    assert "<script>'" not in page
