"""A photo that is asked about is decoded once a scale and passes the network once, whatever is said of it."""

import io
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from PIL import Image
from tests.command import run
from tests.web.servers import Folders

from sakka.arrays import Pixels
from sakka.catalog.works import Catalog
from sakka.describe.work import describe_work
from sakka.explain.evidence import nearest_in_index
from sakka.models.folder import load_model
from sakka.models.question import Question
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import photo_pixels
from sakka.photos import decode
from sakka.photos.held import HeldPhoto
from sakka.search.index import Index
from sakka.web.engine import Engine
from sakka.web.metrics import Metrics
from sakka.web.settings import Settings


@dataclass
class Counts:
    """How often photos were decoded, and how many passed each network."""

    decoded: int = 0
    passed: Counter[str] = field(default_factory=Counter)

    def are(self, photos: int, scales: int = 1) -> bool:
        """Whether so many photos were decoded once at so many scales and passed every network once."""
        return self.decoded == scales * photos and set(self.passed.values()) == {photos}


@pytest.fixture
def large(photo: bytes) -> bytes:
    """A JPEG that no cache knows, of a size that a JPEG's decoder would reduce for the network."""
    image = Image.open(io.BytesIO(photo)).convert("RGB").resize((1100, 1000))
    pixels = np.asarray(image).astype(np.int16) + np.random.default_rng(5).integers(-9, 9, (1000, 1100, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def mirrored(large: bytes) -> bytes:
    """Another one."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(large)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def counts(large: bytes, mirrored: bytes, monkeypatch: pytest.MonkeyPatch) -> Counts:
    """Counts what is done with the photos `large` and `mirrored`, and photos that pass a network."""
    found = Counts()
    decoded, maps = decode._decoded, PhotoExtractor.maps

    def counted(name: str, content: bytes, at_least_px: int | None, how: decode.Decode) -> Image.Image:
        found.decoded += content in (large, mirrored)
        return decoded(name, content, at_least_px, how)

    def passed(extractor: PhotoExtractor, pixels: Pixels) -> dict[str, torch.Tensor]:
        found.passed[extractor.key] += len(pixels)
        return maps(extractor, pixels)

    monkeypatch.setattr(decode, "_decoded", counted)
    monkeypatch.setattr(PhotoExtractor, "maps", passed)
    return found


@pytest.mark.parametrize("texts", [{}, {"title": "linen button", "description": "vintage"}])
def test_a_page_with_evidence_and_similar_works(
    client: httpx.Client, large: bytes, counts: Counts, texts: dict[str, str]
) -> None:
    answer = client.post("/", files={"photo": ("x", large)}, data=texts, follow_redirects=True)
    for part in ('id="evidence"', 'id="same"', 'id="kindred"', "/map"):
        assert part in answer.text
    assert counts.are(1, scales=2), counts  # the networks' and the one that is shown


@pytest.mark.parametrize("address", ["/v1/identify", "/v1/explain", "/v1/similar/upload"])
def test_an_answer_of_the_api(client: httpx.Client, large: bytes, counts: Counts, address: str) -> None:
    assert client.post(address, files={"photo": ("x", large)}).is_success
    assert counts.are(1), counts


@pytest.mark.parametrize(("address", "scales"), [("/", 2), ("/v1/identify", 1), ("/v1/explain", 1)])
def test_each_photo_of_a_work_by_itself(
    client: httpx.Client, large: bytes, mirrored: bytes, counts: Counts, address: str, scales: int
) -> None:
    photos = [("photo", ("x", large)), ("photo", ("y", mirrored))]
    assert client.post(address, files=photos, follow_redirects=True).is_success
    assert counts.are(2, scales), counts


def test_a_photo_in_memory_has_the_pixels_that_a_catalog_reads(large: bytes, tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(large)
    held, other = HeldPhoto(large), HeldPhoto(large)
    held.at_least(960)
    for photo in (held, other):
        assert np.array_equal(photo_pixels(photo, 224), photo_pixels(tmp_path / "large.jpg", 224))


def test_an_answer_with_everything_that_can_be_said(folders: Folders, large: bytes, counts: Counts) -> None:
    model, works, index = load_model(folders.model), Catalog.read(folders.catalog), Index.open(folders.index)
    question = Question.of_parts(HeldPhoto(large), "linen button")
    shown: Callable[[], Image.Image] = lambda: question.works.held["work"][0].at_least(960)  # noqa: E731
    first = model.identify_one(question.works).candidates[0].creator
    assert min(shown().size) == 1000
    assert nearest_in_index(question.works, index, first)
    for told in (describe_work(model, question, index=index), describe_work(model, question, works)):
        assert told.identification.candidates[0].creator == first
        assert told.explanation is not None
        assert told.palette
        assert told.similar_works
    assert counts.are(1, scales=3), counts  # the networks', the palette's and the one that is shown


def test_the_command_line_and_the_api_say_the_same_of_large_photos(
    client: httpx.Client,
    folders: Folders,
    large: bytes,
    mirrored: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    photos = {"large.jpg": large, "mirrored.jpg": mirrored}
    for name, content in photos.items():
        (tmp_path / name).write_bytes(content)
    asked = ["identify", folders.model, *(part for name in photos for part in ("--photo", tmp_path / name)), "--json"]
    _, printed, _ = run(asked, monkeypatch, capsys)
    sent = [("photo", ("x", content)) for content in photos.values()]
    assert json.loads(printed) == client.post("/v1/identify", files=sent).json()


def test_a_work_from_outside_is_not_taken_for_the_catalogs_work_of_its_id(folders: Folders) -> None:
    engine = Engine(Settings(model=folders.model, index=folders.index, catalog=folders.catalog), Metrics())
    try:
        works = engine.collection.catalog_of([next(iter(Catalog.read(folders.catalog))).id])
        stored = engine.around(Question.of_works(works), 3)
        asked = Question.of_parts(title="linen button")
        named = replace(asked, work=replace(asked.work, id=works.ids[0]))
        found = [engine.around(each, 3, creator=works.creators[0]) for each in (asked, named)]
    finally:
        engine.close()
    assert found[0] == found[1] != stored
