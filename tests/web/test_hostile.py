"""A short run of `python -m studies hostile`, and what hides in files that can be read all the same."""

import io
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from PIL import Image
from studies.hostile import generated_requests, not_refused, send
from studies.inputs.crafted_photos import jpeg
from studies.inputs.hostile_files import SCRIPT, valid_photo
from studies.inputs.hostile_requests import hostile_requests

from sakka.photos import decode
from sakka.web.settings import Settings

SEED = 7


def test_requests_made_from_the_schema_get_no_server_error(client: httpx.Client) -> None:
    statuses, failures = generated_requests(str(client.base_url).rstrip("/"), 100, SEED)
    assert failures == []
    assert sum(statuses.values()) >= 100
    assert {200, 404, 422} <= set(statuses)


# Starlette leaves the file of a part without an end to the garbage collector, which closes it with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_hostile_uploads_are_each_refused_with_a_reason(client: httpx.Client) -> None:
    failures = [not_refused(request, send(client, request)) for request in hostile_requests(60, SEED)]
    assert [failure for failure in failures if failure] == []


def test_a_refusal_without_a_reason_would_be_seen(client: httpx.Client) -> None:
    request = next(hostile_requests(1, SEED))
    assert not_refused(request, httpx.Response(500, text="oh")) is not None
    assert not_refused(request, httpx.Response(422, text="no")) is not None
    assert not_refused(request, httpx.Response(200, json={})) is not None


def test_the_same_seed_gives_the_same_uploads() -> None:
    assert list(hostile_requests(24, 3)) == list(hostile_requests(24, 3)) != list(hostile_requests(24, 4))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_what_hides_behind_a_readable_photo_does_not_come_out_again(client: httpx.Client, kind: str) -> None:
    import random

    hidden = valid_photo(random.Random(SEED), kind) + b"PK\3\4" + SCRIPT
    sent = client.post("/", files={"photo": ("a.html", hidden, "text/html")}, headers={"Accept": "text/html"})
    answer = client.get(sent.headers["location"], headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert SCRIPT.decode() not in answer.text
    shown = client.get(sent.headers["location"] + "/photo-1")
    assert shown.headers["content-type"] == "image/jpeg"
    assert SCRIPT not in shown.content
    assert Image.open(io.BytesIO(shown.content)).size == (120, 120)


def test_a_photo_that_is_sent_is_decoded_by_another_process(
    client: httpx.Client, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.post("/v1/identify", files={"photo": ("a", photo)}).json()
    monkeypatch.setattr(decode, "pixels_of", None)  # the server's own can decode nothing
    assert client.post("/v1/identify", files={"photo": ("a", photo)}).json() == before
    sent = client.post("/", files={"photo": ("a", photo)}, headers={"Accept": "text/html"})
    assert client.get(sent.headers["location"], headers={"Accept": "text/html"}).status_code == 200


def test_a_photo_that_hangs_its_decoder_is_refused_and_others_are_answered(
    serve: Callable[[Settings], httpx.Client], settings: Settings, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "MOST_JPEG_SCANS", 1 << 40)  # it gets past the limits
    monkeypatch.setattr(decode, "MOST_SCANNED_PIXELS", 1 << 60)
    long = jpeg(1_000, 1_000, 1, progressive=7_000)
    client = serve(replace(settings, limits=replace(settings.limits, decoding_seconds=0.05)))
    refused = client.post("/v1/identify", files={"photo": ("a", long)})
    assert (refused.status_code, refused.json()["detail"]) == (
        413, "the photo takes more than 0.6 s to decode; save it anew"
    )  # fmt: skip
    assert client.post("/v1/identify", files={"photo": ("a", photo)}).status_code == 200


def test_where_a_photo_was_taken_does_not_come_out_again(client: httpx.Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    buffer = io.BytesIO()
    Image.new("RGB", (90, 60), "teal").save(buffer, "JPEG", exif=exif)
    assert b"taken at home" in buffer.getvalue()
    sent = client.post("/", files={"photo": ("a.jpg", buffer.getvalue())})
    shown = client.get(sent.headers["location"] + "/photo-1").content
    assert b"taken at home" not in shown
    assert not Image.open(io.BytesIO(shown)).getexif()
