"""The API as a program uses it."""

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image
from tests.web.servers import Folders, problem_of

from sakka.catalog.works import Catalog, Work
from sakka.models.folder import load_model
from sakka.web.settings import Settings


def test_a_photo_and_a_title_are_answered_as_the_model_answers_them(
    client: httpx.Client, folders: Folders, photo: bytes
) -> None:
    answer = client.post("/v1/identify", files={"photo": ("a.png", photo)}, data={"title": "刺繍 brooch", "top": "6"})
    path = folders.photos / "photo-01-003.png"
    work = next(each for each in Catalog.read(folders.catalog) if each.photos == (path.name,))
    asked = Work("x", title="刺繍 brooch", photos=(str(path),), photos_sha256=work.photos_sha256)
    expected = load_model(folders.model).identify_one(Catalog.from_works([asked]), 6)
    assert [(each["creator"], each["probability"]) for each in answer.json()["candidates"]] == [
        (each.creator, pytest.approx(each.probability, abs=1e-6)) for each in expected.candidates
    ]
    assert answer.json()["candidates"][0]["creator"] == "creator 01"


@pytest.mark.parametrize("fields", [{"title": "leather saddle stitch brown"}, {"description": "leather, classic"}])
def test_a_text_alone_is_enough(client: httpx.Client, fields: dict[str, str]) -> None:
    answer = client.post("/v1/identify", data=fields)
    assert answer.json()["candidates"][0]["creator"] == "creator 05"


def test_the_name_of_the_file_makes_no_difference(client: httpx.Client, photo: bytes) -> None:
    answers = [
        client.post("/v1/identify", files={"photo": (name, photo, kind)}).json()
        for name, kind in (("a.png", "image/png"), ("../../etc/passwd", "text/html"), ("creator 05.exe", "x/y"))
    ]
    assert answers[0] == answers[1] == answers[2]


def test_of_a_form_with_a_wrong_field_no_photo_is_read(client: httpx.Client) -> None:
    refused = client.post("/v1/identify", files={"photo": b"no photo"}, data={"top": "0"})
    assert (refused.status_code, "top" in problem_of(refused)["detail"]) == (422, True)


def test_many_callers_at_one_time_get_the_answers_of_one(client: httpx.Client, folders: Folders) -> None:
    photos = [(folders.photos / f"photo-{creator:02}-004.png").read_bytes() for creator in range(6)]

    def ask(number: int) -> object:
        title = {"title": f"刺繍 leather {number % 3}"}
        return client.post("/v1/identify", files={"photo": ("x", photos[number % 6])}, data=title).json()

    alone = [ask(number) for number in range(6)]
    with ThreadPoolExecutor(8) as callers:
        together = list(callers.map(ask, range(24)))
    assert together == alone * 4


@pytest.mark.parametrize(
    ("path", "photos", "status", "detail"),
    [
        ("/v1/identify", [b"", b"BM", b""], 422, "photo 1: the photo is empty"),
        ("/v1/explain", [None, b"GIF89a no photo"], 422, "photo 2: the photo is damaged"),
        ("/v1/similar/upload", [None] * 6, 422, "got 6 photos of one work, and the model reads 5 at most"),
        ("/v1/identify", [None] * 65, 400, "Too many files"),
    ],
)
def test_of_several_photos_the_bad_one_is_named_and_too_many_are_refused(
    client: httpx.Client, photo: bytes, path: str, photos: list[bytes | None], status: int, detail: str
) -> None:
    files = [("photo", ("a", photo if each is None else each)) for each in photos]
    answer = client.post(path, files=files)
    assert answer.status_code == status
    assert detail in str(problem_of(answer)["detail"])


def test_the_bytes_of_each_photo_and_of_all_are_limited(
    serve: Callable[[Settings], httpx.Client], settings: Settings, photo: bytes
) -> None:
    limits = replace(settings.limits, photo_bytes=20_000, upload_bytes=50_000)
    client = serve(replace(settings, limits=limits))
    good, large = ("photo", ("a", photo + bytes(10_000))), ("photo", ("b", photo + bytes(20_000)))
    assert client.post("/v1/identify", files=[good, good]).status_code == 200
    refused = client.post("/v1/identify", files=[good, large])
    assert refused.status_code == 413
    assert "photo 2: the photo has more than the 20,000 bytes" in str(problem_of(refused)["detail"])
    assert "the request has more than the 50,000" in client.post("/v1/identify", files=[good] * 4).json()["detail"]
    assert client.post("/v1/search", content=bytes(65_537)).status_code == 413  # a body without a photo


def test_a_work_without_anything_is_refused_in_words(client: httpx.Client) -> None:
    for data in ({}, {"title": "  "}):
        answer = client.post("/v1/identify", data=data)
        assert answer.status_code == 422
        assert "send a photo, a title, a description" in str(problem_of(answer)["detail"])


def test_an_upload_is_not_kept(
    client: httpx.Client, photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert client.post("/v1/identify", files={"photo": ("a", photo)}).status_code == 200
    assert list(tmp_path.iterdir()) == []


def test_a_work_is_given_with_the_addresses_of_its_photos(client: httpx.Client) -> None:
    work = client.get("/v1/works/work-01-003").json()
    assert (work["creator"], work["created_at"]) == ("creator 01", "2015-01-23T00:00:00")
    photo = client.get(work["photos"][0], params={"size": "small"})
    assert photo.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(photo.content)).size == (48, 48)


@pytest.mark.parametrize(
    "path",
    [
        "/photos/0/..%2Fcatalog%2Fcatalog.json", "/photos/0/photo-01-003.png", "/photos/0/%2Fetc%2Fpasswd",
        "/photos/1/work-01-003", "/photos/0/work-01-003%00", "/photos/-1/work-01-003", "/photos/x/work-01-003",
        "/photos/0//work-01-003", "/static/..%2Fapp.py", "/static/%2e%2e/app.py", "/static/../app.py",
        "/static/..%5capp.py", "/v1/works/..%2F..%2Fcatalog", "/works/..%2F..%2Fetc%2Fpasswd",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file_that_is_not_a_photo_of_a_work(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 422)
    assert problem_of(answer)["detail"]


def test_the_schema_describes_every_operation_and_its_problems(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    assert {"/v1/identify", "/v1/identify/batch", "/v1/works/{work_id}", "/health", "/metrics"} <= set(schema["paths"])
    for path in schema["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["422"]["content"]
            assert operation["summary"]


def test_the_schemas_examples_of_a_batch_are_answered(client: httpx.Client, photo: bytes) -> None:
    schema = client.get("/openapi.json").json()
    bodies = schema["paths"]["/v1/identify/batch"]["post"]["requestBody"]["content"]
    texts, form = (bodies[kind]["examples"]["example"]["value"] for kind in ("application/json", "multipart/form-data"))
    assert len(client.post("/v1/identify/batch", json=texts).json()["identifications"]) == 2
    sent = {"batch": (None, json.dumps(form["batch"]))}
    answer = client.post("/v1/identify/batch", files=[*sent.items(), *[("photos", ("a", photo))] * 3])
    assert [each["read"] for each in answer.json()["identifications"]] == ["photo", "both"]
    fields = schema["components"]["schemas"]["Body_identify_v1_identify_post"]["properties"]
    assert (fields["photo"]["type"], fields["photo"]["maxItems"]) == ("array", 5)


def test_health_and_metrics_say_what_the_server_does(client: httpx.Client) -> None:
    health = client.get("/health").json()
    assert (health["status"], health["creators"], health["works"]) == ("ok", 6, 72)
    lines = client.get("/metrics").text.splitlines()
    assert 'sakka_requests_total{method="GET",route="/health",status="200"} ' in "\n".join(lines)
    assert "sakka_works 72.0" in lines
    assert all(line.startswith("#") or len(line.rsplit(" ", 1)) == 2 for line in lines)
