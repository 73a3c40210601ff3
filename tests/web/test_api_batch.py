"""Several works in one request: by texts, by photos, by ids of the catalog."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.catalogs import tiny_catalog
from tests.web.servers import Folders, problem_of

from sakka.catalog.works import Catalog
from sakka.models.asked_table import of_catalog
from sakka.models.folder import load_model
from sakka.models.identified import identify_works
from sakka.web.settings import Limits, Settings

BATCH = "/v1/identify/batch"


def test_a_batch_gives_an_answer_for_every_work_in_its_order(client: httpx.Client) -> None:
    works = [{"title": "leather saddle stitch", "id": "mine"}, {"description": "刺繍 小鳥 手縫い"}]
    answer = client.post("/v1/identify/batch", json={"works": works, "ids": ["work-01-003", "work-04-000"], "top": 1})
    found = [(each["id"], each["candidates"][0]["creator"]) for each in answer.json()["identifications"]]
    assert found == [
        ("mine", "creator 05"), ("1", "creator 02"), ("work-01-003", "creator 01"), ("work-04-000", "creator 04"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"works": [{"title": "x"}] * 65}, 422),
        ({"works": [{"title": "x" * 501}]}, 422),
        ({"works": [{"title": "\ud800"}]}, 422),
        ({"works": [{}]}, 422),
        ({"works": [], "more": 1}, 422),
        ({"ids": ["nowhere"]}, 404),
        ({"ids": ["work-01-003"], "top": 0}, 422),
        ([], 422),
    ],
)
def test_a_batch_that_is_not_one_is_refused(client: httpx.Client, body: object, status: int) -> None:
    content = json.dumps(body).encode()
    answer = client.post("/v1/identify/batch", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert problem_of(answer)["detail"]


def test_an_empty_batch_has_no_answers(client: httpx.Client) -> None:
    assert client.post("/v1/identify/batch", json={}).json() == {"identifications": []}


def form(*photos: bytes, **batch: object) -> dict[str, object]:
    """A form of photos, and of a batch where one is given."""
    files: list[tuple[str, object]] = [("photos", ("a photo", photo)) for photo in photos]
    return {"files": files, **({"data": {"batch": json.dumps(batch)}} if batch else {})}


def test_photos_alone_are_works_of_their_own(client: httpx.Client, photo: bytes, folders: Folders) -> None:
    other = (folders.photos / "photo-04-000.png").read_bytes()
    answer = client.post(BATCH, **form(photo, other))  # type: ignore[arg-type]
    found = answer.json()["identifications"]
    assert [(each["id"], each["read"]) for each in found] == [("0", "photo"), ("1", "photo")]
    assert [each["candidates"][0]["creator"] for each in found] == ["creator 01", "creator 04"]


def test_photos_and_texts_of_a_batch_get_the_answers_that_a_table_of_them_gets(
    client: httpx.Client, folders: Folders
) -> None:
    works = Catalog.read(folders.catalog).take(range(12, 24))
    photos = [path.read_bytes() for path in works.photo_paths if path]
    asked = [
        {"id": work.id, "title": work.title, "description": work.description, "photo": row}
        for row, work in enumerate(works)
    ]
    answer = client.post(BATCH, **form(*photos, works=asked, top=3))  # type: ignore[arg-type]
    table = identify_works(load_model(folders.model), of_catalog(works), works.photo_root, 3)
    for each, expected in zip(answer.json()["identifications"], table, strict=True):
        assert (each["id"], each["answer"], each["read"]) == (expected.id, expected.answer, "both")
        probabilities = [candidate.probability for candidate in expected.candidates]
        assert [candidate["probability"] for candidate in each["candidates"]] == pytest.approx(probabilities, abs=1e-3)


def test_a_bad_photo_costs_its_work_the_photo_and_not_the_batch(client: httpx.Client, photo: bytes) -> None:
    works = [{"photo": 1, "title": "leather saddle stitch"}, {"photo": 0, "id": "good"}, {"photo": 1}]
    answer = client.post(BATCH, **form(photo, b"GIF89a no photo", works=works, ids=["work-04-000"]))  # type: ignore[arg-type]
    by_text, good, nothing, known = answer.json()["identifications"]
    assert (by_text["read"], by_text["candidates"][0]["creator"]) == ("text", "creator 05")
    assert [each["reason"] for each in by_text["problems"]] == ["photo damaged"]
    assert (good["read"], good["problems"]) == ("photo", [])
    assert (nothing["answer"], nothing["candidates"], nothing["read"]) == (None, [], "nothing")
    assert known["id"] == "work-04-000"


def test_a_work_of_a_batch_may_have_several_photos(client: httpx.Client, folders: Folders, photo: bytes) -> None:
    other = (folders.photos / "photo-04-000.png").read_bytes()
    works = [{"photo": [0, 1]}, {"photo": [1, 0, 2]}, {"photo": [2], "title": "leather"}]
    answer = client.post(BATCH, **form(photo, other, b"GIF89a no photo", works=works, top=6))  # type: ignore[arg-type]
    both, turned, text = answer.json()["identifications"]
    alone = client.post("/v1/identify", files=[("photo", ("a", photo)), ("photo", ("b", other))], data={"top": "6"})
    by_name = [{each["creator"]: each["probability"] for each in found["candidates"]} for found in (both, turned)]
    assert by_name[0] == pytest.approx(by_name[1], abs=1e-5)
    expected = {each["creator"]: each["probability"] for each in alone.json()["candidates"]}
    assert by_name[0] == pytest.approx(expected, abs=1e-3)
    assert [len(each["problems"]) for each in (both, turned, text)] == [0, 1, 1]
    assert text["read"] == "text"


def test_a_photo_of_the_catalog_that_is_gone_is_told_without_its_path(
    serve: Callable[[Settings], httpx.Client], settings: Settings, folders: Folders, folder: Path
) -> None:
    works = tiny_catalog(folder / "photos", works=3)
    works.write(folder / "catalog")
    (folder / "photos" / "photo-01-002.png").unlink()
    client = serve(replace(settings, index=None, catalog=folder / "catalog"))
    answer = client.post(BATCH, json={"ids": ["work-01-002", "work-01-001"]})
    gone, good = answer.json()["identifications"]
    assert (gone["read"], good["read"]) == ("text", "both")
    assert gone["problems"] == [{"reason": "photo missing", "detail": ""}]
    assert str(folder) not in answer.text


@pytest.mark.parametrize(
    ("batch", "status", "detail"),
    [
        ({"works": [{"photo": 2}]}, 422, "works.0: there is no photo 2 among the 1 of the form"),
        ({"works": [{"photo": -1}]}, 422, "greater than or equal to 0"),
        ({"works": [{"photo": []}]}, 422, "at least 1 item"),
        ({"works": [{"photo": [0, 1]}]}, 422, "works.0: there is no photo 1 among the 1 of the form"),
        ({"works": [{"photo": [0] * 6}]}, 422, "works.0: got 6 photos of one work, at most 5 are read"),
        ({"works": [{"title": "x"}, {}]}, 422, "nothing to go by"),
        ({"more": 1}, 422, "Extra inputs"),
    ],
)
def test_a_form_that_is_no_batch_is_refused(
    batch: dict[str, object], status: int, detail: str, client: httpx.Client, photo: bytes
) -> None:
    answer = client.post(BATCH, **form(photo, **batch))  # type: ignore[arg-type]
    assert answer.status_code == status
    assert detail in str(problem_of(answer)["detail"])


def test_other_bodies_and_fields_are_refused(client: httpx.Client, photo: bytes) -> None:
    assert client.post(BATCH, content=b"{}", headers={"Content-Type": "text/csv"}).status_code == 415
    assert client.post(BATCH, files={"photo": ("a", photo)}).status_code == 422
    assert client.post(BATCH, data={"photos": "x"}, files={"photos": ("a", photo)}).status_code == 422
    assert client.post(BATCH, files={"batch": ("a", b"{}")}).status_code == 422
    assert client.post(BATCH, **form(*[b"x"] * 65)).status_code == 400  # type: ignore[arg-type]
    assert client.post(BATCH, content=b"{", headers={"Content-Type": "application/json"}).status_code == 422


def test_a_batch_may_have_more_bytes_than_another_request_but_no_end_of_them(
    serve: Callable[[Settings], httpx.Client], settings: Settings, photo: bytes
) -> None:
    limits = replace(settings.limits, upload_bytes=10_000, batch_bytes=30_000)
    client = serve(replace(settings, limits=limits))
    assert client.post("/v1/identify", files={"photo": ("a", photo + bytes(10_000))}).status_code == 413
    assert client.post(BATCH, **form(photo + bytes(10_000))).status_code == 200  # type: ignore[arg-type]
    assert client.post(BATCH, **form(photo, bytes(30_000))).status_code == 413  # type: ignore[arg-type]


def test_the_pixels_of_each_photo_are_limited(
    serve: Callable[[Settings], httpx.Client], settings: Settings, photo: bytes
) -> None:
    client = serve(replace(settings, limits=replace(settings.limits, photo_pixels=48 * 48 - 1)))
    (found,) = client.post(BATCH, **form(photo)).json()["identifications"]  # type: ignore[arg-type]
    assert [each["reason"] for each in found["problems"]] == ["photo too large"]


def test_four_photos_of_a_batch_count_as_one_request(
    serve: Callable[[Settings], httpx.Client], settings: Settings, photo: bytes
) -> None:
    client = serve(replace(settings, limits=Limits(requests_a_minute=8)))  # 4 at once
    asked = form(*[photo] * 9)
    assert client.post(BATCH, **asked).status_code == 200  # type: ignore[arg-type]  # 1 + 8 / 4 of the 4
    refused = client.post(BATCH, **asked)  # type: ignore[arg-type]
    assert refused.status_code == 429
    assert refused.headers["retry-after"]
