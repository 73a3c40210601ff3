"""Which of two photos came first: cues, verdicts, and that exchanging the photos exchanges the verdict."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from sakka.copies.direction.cues import CUES, file_cues
from sakka.copies.direction.manner import manner_cues
from sakka.copies.direction.photo_file import PhotoFile, photo_file
from sakka.copies.direction.registration import frameless, register
from sakka.copies.direction.verdict import ALL_CUES, MODEL_FILE, DirectionModel, direction_model, verdict

EVEN_HANDED = DirectionModel(dict.fromkeys(ALL_CUES, 1.0), 0.3, 9.0, 10, 1, 0.1)


def picture(seed: int = 3, size_px: int = 208) -> Image.Image:
    generator = np.random.default_rng(seed)
    coarse = Image.fromarray(generator.integers(0, 256, (9, 9, 3), dtype=np.uint8)).resize((size_px, size_px))
    fine = generator.normal(0, 9, (size_px, size_px, 3))
    return Image.fromarray((np.asarray(coarse) + fine).clip(4, 251).astype(np.uint8))


def saved(image: Image.Image, quality: int = 92) -> PhotoFile:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return photo_file(buffer.getvalue())


def stuck(image: Image.Image) -> Image.Image:
    changed = image.copy()
    ImageDraw.Draw(changed).ellipse((120, 130, 170, 180), fill="white")
    return changed


ORIGINAL = saved(picture())
COPIES = {
    "cut": ("beyond", saved(ORIGINAL.image.crop((13, 20, 190, 201)))),
    "framed": ("frame", saved(ImageOps.expand(ORIGINAL.image, 14, "white"))),
    "smaller": ("scale", saved(ORIGINAL.image.resize((120, 124), Image.Resampling.LANCZOS))),
    "compressed": ("coarse", saved(saved(ORIGINAL.image, 20).image)),
    "grey": ("grey", saved(ImageOps.grayscale(ORIGINAL.image).convert("RGB"))),
    "brightened": ("clipped", saved(ImageEnhance.Brightness(ORIGINAL.image).enhance(1.5))),
    "with a sticker": ("marks", saved(stuck(ORIGINAL.image))),
    "cut by a block and a half": ("lattice", saved(saved(picture(), 60).image.crop((12, 12, 200, 200)), 96)),
}


@pytest.mark.parametrize("change", COPIES)
def test_a_copy_is_known_by_what_was_done_to_it(change: str) -> None:
    cue, copy = COPIES[change]
    original = saved(picture(), 60) if cue == "lattice" else ORIGINAL
    found = file_cues(original, copy)
    assert found is not None
    assert found.values[cue] > 0.2
    assert verdict(found, {}, model=EVEN_HANDED).came_first == 0


@pytest.mark.parametrize("change", COPIES)
def test_exchanging_the_photos_exchanges_the_verdict(change: str) -> None:
    _, copy = COPIES[change]
    one, other = file_cues(ORIGINAL, copy), file_cues(copy, ORIGINAL)
    assert one is not None
    assert other is not None
    assert [one.values[name] for name in CUES] == [-other.values[name] for name in CUES]
    verdicts = [verdict(each, {}, model=EVEN_HANDED) for each in (one, other)]
    assert verdicts[0].log_odds == -verdicts[1].log_odds
    assert {each.came_first for each in verdicts} in ({0, 1}, {None})
    assert verdicts[0].reason == verdicts[1].reason


def test_a_photo_without_the_traces_that_it_would_have_was_not_made_from_the_other() -> None:
    original = saved(picture().filter(ImageFilter.GaussianBlur(1)), 97)
    found = file_cues(original, saved(original.image.crop((5, 3, 208, 200)), 50))
    assert found is not None
    assert found.values["missing"] > 1


def test_a_little_grain_does_not_make_a_copy_look_finer_than_its_original() -> None:
    noise = np.random.default_rng(1).normal(0, 5, (208, 208, 1))
    grainy = Image.fromarray((np.asarray(ORIGINAL.image) + noise).clip(0, 255).astype(np.uint8))
    softer = ORIGINAL.image.filter(ImageFilter.GaussianBlur(1.5))
    found, of_softer = (file_cues(ORIGINAL, saved(copy)) for copy in (grainy, softer))
    assert found is not None
    assert of_softer is not None
    assert found.values["fine"] == 0
    assert of_softer.values["fine"] > 1


def test_a_mirrored_copy_is_laid_on_its_original_to_the_pixel() -> None:
    laid = register(ORIGINAL.image, ImageOps.mirror(ORIGINAL.image.crop((10, 0, 208, 200))))
    assert laid is not None
    assert laid.mirrored
    assert laid.first == (10.0, 0.0, 208.0, 200.0)
    assert laid.second == (0.0, 0.0, 198.0, 200.0)


def test_a_frame_is_taken_off_and_an_even_backdrop_is_none() -> None:
    assert frameless(ImageOps.expand(picture(), 14, "black")) == (14.0, 14.0, 222.0, 222.0)
    grey = np.full((200, 200), 240.0)
    rows, columns = np.mgrid[:200, :200]
    grey -= 150 * np.exp(-((rows - 100) ** 2 + (columns - 100) ** 2) / 2000)  # something round on an even ground
    assert frameless(Image.fromarray(grey.astype(np.uint8)).convert("RGB")) == (0.0, 0.0, 200.0, 200.0)


def test_two_cuts_of_a_third_photo_name_neither() -> None:
    cuts = [saved(picture().crop(box)) for box in ((0, 0, 201, 201), (7, 7, 208, 208))]
    found = file_cues(*cuts)
    assert found is not None
    assert found.both_beyond
    decided = verdict(found, {"manner": 3.0}, model=EVEN_HANDED)
    assert (decided.came_first, decided.reason, decided.error_rate) == (None, "third", None)


def test_one_file_and_two_pictures_name_neither() -> None:
    assert file_cues(ORIGINAL, ORIGINAL) is None
    assert verdict(None, {"manner": 3.0}, one_file=True, model=EVEN_HANDED).reason == "one file"
    assert verdict(file_cues(ORIGINAL, saved(picture(8))), {}, model=EVEN_HANDED).reason == "apart"


def test_cues_that_contradict_each_other_or_are_weak_name_neither() -> None:
    found = file_cues(ORIGINAL, COPIES["framed"][1])
    strict = DirectionModel(dict.fromkeys(ALL_CUES, 1.0), 0.3, 0.0, 10, 1, 0.1)
    deaf = DirectionModel(dict.fromkeys(ALL_CUES, 0.0), 0.3, 9.0, 10, 1, 0.1)
    assert found is not None
    found.values.update(frame=3.0, beyond=-2.0)
    assert verdict(found, {}, model=strict).reason == "contradict"
    assert verdict(found, {}, model=deaf).reason == "weak"


def test_a_photo_is_in_the_manner_of_the_works_that_it_is_near_to() -> None:
    generator = np.random.default_rng(0)
    axes = np.eye(2, 40, dtype=np.float32) * 8
    mine, others = (axis + generator.normal(0, 1, (9, 40)).astype(np.float32) for axis in axes)
    photos = axes[0] + generator.normal(0, 1, (2, 40)).astype(np.float32)
    cues = manner_cues(photos, mine, others)
    assert cues["manner"] > 1
    alike = generator.normal(0, 1, (18, 40)).astype(np.float32)
    assert abs(manner_cues(photos, *np.split(alike, 2))["manner"]) < 0.5
    assert manner_cues(photos, others, mine) == pytest.approx({name: -value for name, value in cues.items()}, abs=1e-4)
    assert set(manner_cues(photos, mine[:3], others).values()) == {0.0}


def test_the_learned_weights_are_readable_and_none_speaks_against_what_its_cue_says() -> None:
    model = direction_model()
    assert set(model.weights) == set(ALL_CUES)
    assert min(model.weights.values()) >= 0
    assert 0 < model.wrong / model.given < model.error_rate < 0.5
    assert json.loads(MODEL_FILE.read_text())["command"].startswith("python -m studies copy_direction")
