from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError, PhotoError
from sakka.explain import Explanation, explain
from sakka.models.base import CreatorModel
from sakka.models.dummy import DummyModel
from sakka.models.fixed_ratio import FixedRatio
from sakka.models.fused import FusedModel
from sakka.models.learned_fusion import VIEWS, LearnedFusion, View, Weights
from sakka.models.photo.linear import EfficientNetLinear, PhotoLinear
from sakka.models.text.linear import LinearText

pytestmark = pytest.mark.usefixtures("few_steps")


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=4, works=8, without_photo=1, without_text=1)


def fused(works: Catalog, **settings: Any) -> FusedModel:
    return FusedModel(photo_settings={"dtype": "float32"}, **settings).fit(works)


@pytest.fixture(scope="module")
def model(works: Catalog) -> FusedModel:
    """A fused model with a learned fusion, whose weights are set: works as easy as these need none."""
    fitted = fused(works)
    bias = np.array([0.3, -0.2, 0.1, 0.0])
    weights = {"both": [1.2, 0.7], "photo": [0.9], "text": [1.1]}
    views: dict[View, Weights] = {view: Weights(np.array(weights[view]), bias, np.zeros(2)) for view in VIEWS}
    fitted.fuser_ = LearnedFusion("log-linear", views)
    return fitted


def of_row(model: CreatorModel, works: Catalog, row: int, **asked: str) -> Explanation:
    return explain(model, next(iter(works.take([row]))), photo_root=works.photo_root, **asked)


BOTH, TEXT_ONLY, PHOTO_ONLY = 13, 1, 29


@pytest.mark.parametrize("row", [BOTH, TEXT_ONLY, PHOTO_ONLY])
@pytest.mark.parametrize("settings", [{}, {"how": "log-linear", "photo_weight": 0.3}])
def test_photo_text_and_the_creators_terms_make_up_the_log_odds(
    works: Catalog, model: FusedModel, row: int, settings: dict[str, Any]
) -> None:
    fitted = fused(works, **settings) if settings else model
    found = of_row(fitted, works, row)
    answers = fitted.predict_proba(works.take([row]))[0]
    order = np.argsort(-answers)
    assert (found.creator, found.against) == tuple(fitted.creators_[place] for place in order[:2])
    assert found.probability == pytest.approx(answers.max())
    assert found.photo_share + found.text_share + found.rest == pytest.approx(found.log_odds)
    assert (found.regions is None) == (row == TEXT_ONLY)
    assert (found.words == ()) == (row == PHOTO_ONLY)
    constant = constant_terms(fitted, works.take([row]), int(order[0]), int(order[1]))
    assert found.rest == pytest.approx(constant, abs=0.02)


def constant_terms(model: FusedModel, work: Catalog, creator: int, against: int) -> float:
    """What the constant terms of the two heads and of the fusion say, by the models' own weights."""
    photo, text = model.photo_model_, model.text_model_
    assert isinstance(photo, PhotoLinear)
    assert isinstance(text, LinearText)
    assert photo.head_ is not None
    assert text.head_ is not None
    heads = {
        "photo": float(photo.head_.bias[creator] - photo.head_.bias[against]),
        "text": float(text.head_.bias[creator] - text.head_.bias[against]),
    }
    able = [name for name, has in (("photo", work.has_photo[0]), ("text", work.has_text[0])) if has]
    if isinstance(model.fuser_, FixedRatio):
        weight = {"photo": model.fuser_.photo_weight, "text": 1 - model.fuser_.photo_weight}
        return sum((weight[name] if len(able) == 2 else 1.0) * heads[name] for name in able)
    assert isinstance(model.fuser_, LearnedFusion)
    view = model.fuser_.views["both" if len(able) == 2 else able[0]]  # type: ignore[index]
    terms = sum(weight * heads[name] for weight, name in zip(view.features, able, strict=True))
    return float(terms + view.bias[creator] - view.bias[against])


def test_the_regions_and_words_add_up_to_the_photos_and_the_texts_share(works: Catalog, model: FusedModel) -> None:
    found = of_row(model, works, BOTH)
    assert found.regions is not None
    assert found.regions.dtype == np.float32
    assert found.regions.sum() == pytest.approx(found.photo_share, rel=1e-4)
    assert sum(word.share for word in found.words) == pytest.approx(found.text_share)
    assert found.exact_words
    assert found.exact_regions


def test_an_arithmetic_mixture_is_explained_to_first_order(works: Catalog) -> None:
    found = of_row(fused(works, how="arithmetic", photo_weight=0.5), works, BOTH)
    assert found.photo_share + found.text_share + found.rest == pytest.approx(found.log_odds)
    assert found.photo_share > 0
    assert found.text_share > 0


def test_the_other_way_round_every_share_changes_its_sign(works: Catalog, model: FusedModel) -> None:
    there = of_row(model, works, BOTH, creator="creator 01", against="creator 03")
    back = of_row(model, works, BOTH, creator="creator 03", against="creator 01")
    assert there.log_odds == pytest.approx(-back.log_odds)
    assert there.photo_share == pytest.approx(-back.photo_share)
    assert [word.share for word in there.words] == pytest.approx([-word.share for word in back.words])
    assert there.strongest_words(2) == [
        (text, pytest.approx(-share)) for text, share in back.strongest_words(2, speaking_for=False)
    ]


def test_a_model_alone_is_explained_by_itself(works: Catalog) -> None:
    text = of_row(LinearText().fit(works), works, BOTH)
    assert text.regions is None
    assert text.text_share + text.rest == pytest.approx(text.log_odds)
    model = EfficientNetLinear(dtype="float32").fit(works)
    photo = of_row(model, works, BOTH)
    assert model.head_ is not None
    bias = {creator: float(bias) for creator, bias in zip(model.creators_, model.head_.bias, strict=True)}
    assert photo.words == ()
    assert photo.regions is not None
    assert photo.rest == pytest.approx(bias[photo.creator] - bias[photo.against], abs=0.02)


class Bright(DummyModel):
    """Says the first creator in so far as the left half of the photo is bright, and the text holds the word moon."""

    name = "dummy"
    modality = "both"

    def predict_proba(self, works: Catalog) -> np.ndarray:
        from sakka.photos.decode import read_photo

        rows = []
        for text, photo in zip(works.texts, works.photos, strict=True):
            bright = 0.0 if photo is None else np.asarray(read_photo(photo))[:, :112].mean() / 255
            rows.append(0.1 + 0.4 * bright + 0.4 * ("moon" in text))
        return np.array([[first, 1 - first] for first in rows], dtype=np.float32)


def test_any_other_model_is_asked_again_without_each_word_and_each_region(folder: Path) -> None:
    from PIL import Image

    pixels = np.zeros((48, 48, 3), dtype=np.uint8)
    pixels[16:32, 4:14] = 255
    Image.fromarray(pixels).save(folder / "photo.png")
    model = Bright()
    model.creators_ = ("Mori", "Sato")
    found = explain(model, Work("1", title="the moon", description="a brooch", photos=(str(folder / "photo.png"),)))
    assert not found.exact_words
    assert not found.exact_regions
    shares = {word.text: word.share for word in found.words}
    assert shares.pop("moon") > 1
    assert set(shares.values()) == {0.0}
    assert found.regions is not None
    assert found.regions.shape == (7, 7)
    row, column = np.unravel_index(np.abs(found.regions).argmax(), (7, 7))
    assert (row, column) == (3, 1)
    assert np.abs(found.regions[:, 4:]).max() < 1e-6


@pytest.mark.parametrize(
    ("work", "asked", "message"),
    [
        (Work("1"), {}, "give it a photo, a title or a description"),
        (
            Work("1", title="moon"),
            {"creator": "creator 1"},
            r"no creator is called 'creator 1'; did you mean creator 0",
        ),
        (Work("1", title="moon"), {"against": "Zzyzx"}, "expected one of the 4 creators"),
        (Work("1", title="moon"), {"creator": "creator 02", "against": "Creator 02"}, "can't be compared with itself"),
    ],
)
def test_what_can_not_be_explained_is_one_line(
    model: FusedModel, work: Work, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        explain(model, work, **asked)


def test_a_photo_that_is_missing_is_named(model: FusedModel, folder: Path) -> None:
    with pytest.raises(PhotoError, match=r"nowhere\.jpg"):
        explain(model, Work("1", photos=(str(folder / "nowhere.jpg"),)))


@pytest.mark.parametrize(
    ("lacking", "row", "reason"),
    [
        ("text", TEXT_ONLY, "reads only photos, and the work has only a text; give it a photo"),
        ("photo", PHOTO_ONLY, "reads only texts, and the work has only a photo; give it a title or a description"),
    ],
)
def test_what_a_model_that_was_fitted_without_the_other_half_can_not_read_is_said(
    works: Catalog, lacking: str, row: int, reason: str
) -> None:
    blank = {"text": {"title": "", "description": ""}, "photo": {"photos": (), "photos_sha256": ()}}[lacking]
    halved = Catalog.from_works((Work(**{**vars(work), **blank}) for work in works), works.photo_root)
    with pytest.raises(ModelError, match=reason):
        of_row(fused(halved), works, row)


def test_a_model_that_reads_nothing_has_nothing_to_explain(works: Catalog) -> None:
    for model in (DummyModel().fit(works), FusedModel("dummy", "dummy").fit(works)):
        with pytest.raises(ModelError, match="reads nothing of a work"):
            of_row(model, works, BOTH)


def test_each_photo_has_its_share_and_the_regions_are_those_of_the_one_that_spoke_most(works: Catalog) -> None:
    photos = [work.photos[0] for work in works if work.photos]
    several = [
        replace(work, photos=(*work.photos, photos[row % 3]), photos_sha256=()) for row, work in enumerate(works)
    ]
    catalog = Catalog.from_works((work for work in several if len(work.photos) > 1), works.photo_root)
    model = EfficientNetLinear(dtype="float32", pooling="mean").fit(catalog)
    found = explain(model, next(iter(catalog)), photo_root=works.photo_root)
    assert len(found.photo_shares) == 2
    assert found.photo == int(np.argmax(np.abs(found.photo_shares)))
    assert found.regions is not None
    assert found.regions.sum() == pytest.approx(found.photo_shares[found.photo], rel=1e-3)
    assert sum(found.photo_shares) == pytest.approx(found.photo_share)
    biases = model.head_.bias  # type: ignore[union-attr]
    creator, against = (model.creators_.index(name) for name in (found.creator, found.against))
    assert found.rest == pytest.approx(float(biases[creator] - biases[against]), abs=0.02)
