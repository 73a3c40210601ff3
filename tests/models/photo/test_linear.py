import numpy as np
import pytest
from tests.catalogs import tiny_catalog
from tests.networks.mean_colour import MeanColour, offer_encoder

from sakka.catalog.splits import nested_splits
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import shares_of_creators
from sakka.models.folder import load_model, save_model
from sakka.models.photo.linear import EfficientNetLinear, VGG16Linear
from sakka.models.photo.pooling import PhotoTable
from sakka.models.registry import make_model
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import photo_features

pytestmark = pytest.mark.usefixtures("few_steps")


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=4, works=12, without_photo=2)


ONE_STAGE = {"stages": ["block2"], "covariances": ["block2"]}


def model(**settings: object) -> EfficientNetLinear:
    return EfficientNetLinear(**{"dtype": "float32", **settings})


def test_creators_are_told_apart_by_their_photos(works: Catalog) -> None:
    fitted = model().fit(works.take(np.arange(8, 40)))
    assert fitted.predict(works.take(np.arange(40, 48))) == [work.creator for work in works.take(np.arange(40, 48))]


def test_a_work_without_a_photo_gets_the_shares_in_every_fold(works: Catalog) -> None:
    folds = nested_splits(works, seed=0).folds()[:2]
    for answers in model().predict_folds(works, folds, works.creators):
        shares = shares_of_creators(works.creator_indices()[answers.fold.train], 4)
        blind = ~works.has_photo[answers.fold.test]
        assert blind.any()
        assert (answers.test[blind] == shares).all()
        assert not (answers.test[~blind] == shares).all(axis=1).any()


def test_stages_choose_the_columns_and_are_kept_when_saved(works: Catalog, tmp_path) -> None:
    fitted = model(stages=("block2", "last")).fit(works)
    assert fitted.head_ is not None
    assert fitted.head_.weights.shape == (2 * 24 + 1280, 4)
    save_model(fitted, tmp_path / "model")
    again = load_model(tmp_path / "model", EfficientNetLinear)
    assert again.stages == ["block2", "last"]
    assert again.predict_proba(works).tobytes() == fitted.predict_proba(works).tobytes()


def test_works_without_any_photo_are_learned_as_shares(works: Catalog, tmp_path) -> None:
    blind = works.take(np.flatnonzero(~works.has_photo))
    fitted = VGG16Linear(dtype="float32").fit(blind)  # its weights are not needed
    assert fitted.predict_proba(blind).tolist() == [[0.25] * 4] * 8
    save_model(fitted, tmp_path / "model")
    assert load_model(tmp_path / "model", VGG16Linear).predict_proba(blind).tolist() == [[0.25] * 4] * 8


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"stages": ["block1"]}, "it has the stages"), ({"penalty": 0}, "above 0"), ({"penalty": "much"}, "above 0")],
)
def test_a_setting_that_can_not_be_used_is_one_clear_line(
    works: Catalog, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        model(**settings).fit(works)


def test_a_head_learns_from_the_means_with_the_mirror_images_and_reads_the_photo_as_it_is(works: Catalog) -> None:
    extractor = PhotoExtractor("efficientnet_lite0", "float32")
    straight, has_photo = photo_features(works, extractor)
    turned, _ = photo_features(works, extractor.of_mirror_images())
    fitted = model(**ONE_STAGE, mirrored=True).fit(works)
    head = fitted.head_
    columns = extractor.column_indices(["block2"])
    mean = (straight[has_photo][:, columns].astype(np.float64) + turned[has_photo][:, columns]).mean(axis=0) / 2
    assert head is not None
    np.testing.assert_allclose(head.mean[: len(columns)], mean, atol=1e-3, rtol=1e-3)
    answers = fitted.predict_proba(works)
    read = straight[has_photo][:, np.concatenate(extractor.blocks(**ONE_STAGE))]
    np.testing.assert_allclose(answers[has_photo], head.predict_proba(read), atol=1e-5)


def test_mirror_images_are_learned_from_only_where_that_is_asked(works: Catalog) -> None:
    ways: list[dict[str, bool]] = [{}, {"mirrored": False}, {"mirrored": True}]
    one, other, turned = (model(**ONE_STAGE, **way).fit(works).predict_proba(works).tobytes() for way in ways)
    assert one == other != turned


def test_a_sum_reads_its_encoders_side_by_side_and_is_saved_with_their_weights(
    works: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    offer_encoder(monkeypatch)
    fitted = make_model("photo-mean-colour+lite0", dtype="float32").fit(works.take(np.arange(8, 48)))
    features, _ = fitted.features(works)
    lite0 = PhotoExtractor("efficientnet_lite0", "float32")
    by_stage, _ = photo_features(works, lite0, np.concatenate(lite0.blocks(None, None)))
    np.testing.assert_array_equal(features, np.hstack([photo_features(works, MeanColour())[0], by_stage]))
    save_model(fitted, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.name == "photo-mean-colour+lite0"
    assert again.predict_proba(works).tobytes() == fitted.predict_proba(works).tobytes()
    monkeypatch.setattr(MeanColour, "sha256", "1" * 64)
    with pytest.raises(ModelError, match=r"mean-colour has SHA-256 1{16}\.\.\., and the model was fitted on 0{16}"):
        load_model(tmp_path / "model")


def test_the_table_of_works_with_one_photo_each_is_never_copied(
    works: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied(*_arguments: object) -> None:
        pytest.fail("at a marketplace's size the table hardly fits into memory once")

    folds = nested_splits(works, seed=0).folds()[:2]
    before = [each.test.tobytes() for each in model(pooling="featured").predict_folds(works, folds, works.creators)]
    monkeypatch.setattr(PhotoTable, "take", copied)
    monkeypatch.setattr(PhotoTable, "pooled", copied)
    after = [each.test.tobytes() for each in model(pooling="featured").predict_folds(works, folds, works.creators)]
    assert after == before
    assert model().fit(works).kept_ is not None
