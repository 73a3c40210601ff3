"""A server over works that have vectors and titles, and no photo at all."""

from collections.abc import Iterator

import httpx
import pytest
from tests.catalogs import vector_catalog
from tests.web.servers import problem_of, running

from sakka.catalog.works import Work
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.pages.kept import kept_facts
from sakka.search.index import Index
from sakka.web.settings import Settings

WORK = "work-02-003"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    root = tmp_path_factory.mktemp("vectors-alone")
    works = vector_catalog(4, 8)
    works.write(root / "catalog")
    save_model(FusedModel("photo-column:clip", how="log-linear", photo_weight=0.5).fit(works), root / "model")
    Index.build(root / "index", works, root / "model")
    with running(Settings(root / "model", root / "index", root / "catalog", port=0)) as client:
        yield client


@pytest.mark.parametrize("path", [f"/works/{WORK}", "/creators/creator%2002", "/search?q=moon"])
def test_pages_are_shown(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_work_is_named_by_its_vector(client: httpx.Client) -> None:
    (found,) = client.post("/v1/identify/batch", json={"ids": [WORK]}).json()["identifications"]
    assert found["read"] == "both"
    assert found["candidates"][0]["creator"] == "creator 02"


def test_an_upload_is_named_by_its_title_or_told_what_is_read(client: httpx.Client) -> None:
    assert client.post("/v1/identify", data={"title": "刺繍"}).json()["candidates"][0]["creator"] == "creator 02"
    answer = client.post("/v1/identify/batch", json={"works": [{"title": "刺繍"}]}).json()["identifications"][0]
    assert answer["read"] == "text"
    photo = {
        "photo": (
            "a.gif",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
        )
    }
    detail = str(problem_of(client.post("/v1/identify", files=photo))["detail"])
    assert detail.startswith("the model reads only texts and the column 'clip', and the work has only a photo; give it")


def test_a_long_list_of_numbers_is_not_shown_among_the_facts_of_a_work() -> None:
    kept = Work("a", kept={"clip": (0.5,) * 13, "sizes": (1, 2), "price": 3}).kept
    assert [fact.name for fact in kept_facts(kept)] == ["sizes", "price"]
