"""The map of the collection without a browser: views of cells, nearer and farther, marked works."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest
from tests.web.servers import Folders

from sakka.search.index import Index
from sakka.search.style_map import MAP_FILE, style_map
from sakka.web.pages_map import MapView

PAGE = {"Accept": "text/html"}


def view(client: httpx.Client, address: str = "/map") -> str:
    """A view of the map; who comes while it is drawn is led to it again."""
    while "is being drawn" in (answer := client.get(address, headers=PAGE)).text:
        assert '<meta http-equiv="refresh"' in answer.text
    assert answer.status_code == 200, answer.text
    return answer.text


def works_in(page: str) -> int:
    return int(re.findall(r'<span class="figure">(\d+) work', page)[0])


def counted(page: str) -> int:
    """How many works the cells have together."""
    cells = re.findall(r"<li><a [^>]*><img [^>]*>(?:<small>(\d+)</small>)?</a></li>", page)
    return sum(int(each or 1) for each in cells)


def test_the_whole_map_has_every_work_and_leads_nearer_and_to_works(client: httpx.Client) -> None:
    page = view(client)
    assert works_in(page) == counted(page) == 72
    nearer = unescape(re.findall(r'<a href="(/map[^"]+)" data-map', page)[0])
    assert "zoom=1" in nearer
    assert 0 < works_in(view(client, nearer)) == counted(view(client, nearer)) < 72
    nearest = view(client, "/map?work=work-01-003&zoom=8")
    assert '<a href="/works/work-01-003" class="marked"><img src="/photos/0/work-01-003?size=tiny"' in nearest
    assert client.get("/photos/0/work-01-003?size=tiny").headers["content-type"] == "image/jpeg"


def test_a_work_and_a_creator_are_marked(client: httpx.Client) -> None:
    around = view(client, "/map?work=work-01-003")
    assert 'class="marked"><img src="/photos/0/work-01-003?size=tiny"' in around
    assert around.count('class="marked"') == 1
    of_creator = view(client, "/map?creator=creator 02")
    marked = re.findall(r'class="marked"><img src="/photos/0/work-(\d\d)', of_creator)
    assert set(marked) == {"02"}
    assert "creator 02" in of_creator


def test_works_of_one_creator_are_near_each_other(folders: Folders) -> None:
    found = style_map(Index.open(folders.index))
    own = [row for row, work in enumerate(found.ids) if work.startswith("work-01")]
    every, mine = (positions.std(axis=0).sum() for positions in (found.positions, found.positions[own]))
    assert mine < every / 2


def test_the_map_is_kept_beside_its_index_until_that_changes(folders: Folders, folder: Path) -> None:
    index = Index.open(folders.index)
    made = style_map(index, folder)
    kept = json.loads((folder / MAP_FILE).read_text(encoding="utf-8"))
    (folder / MAP_FILE).write_text(json.dumps({**kept, "positions": [[0.25, 0.25]] * 72}), encoding="utf-8")
    assert style_map(index, folder).positions[0].tolist() == [0.25, 0.25]
    for damage in ({**kept, "version": -1}, {**kept, "positions": 3}, []):
        (folder / MAP_FILE).write_text(json.dumps(damage), encoding="utf-8")
        assert style_map(index, folder).positions.round(5).tolist() == made.positions.round(5).tolist()


@pytest.mark.parametrize(
    "address", ["/map?zoom=9", "/map?zoom=-1", "/map?x=2&y=0", "/map?x=nan", f"/map?work={'x' * 501}"]
)
def test_a_view_that_there_is_none_of_is_refused(client: httpx.Client, address: str) -> None:
    assert client.get(address, headers=PAGE).status_code == 422


def test_a_work_that_is_not_on_the_map_is_not_looked_for_elsewhere(client: httpx.Client) -> None:
    view(client)
    assert client.get("/map?work=gone", headers=PAGE).status_code == 404


def test_a_view_moves_by_half_its_side_and_stops_at_the_edge() -> None:
    shown = MapView(1, 0.5, 0.5)
    assert (shown.side, shown.corner) == (0.5, (0.25, 0.25))
    assert shown.moved(0.5, 0) == "/map?zoom=1&x=0.7500&y=0.5000"
    assert replace(shown, x=0.9).moved(0.5, 0) is None
    assert MapView(0, 0.1, 0.9).corner == (0, 0)
