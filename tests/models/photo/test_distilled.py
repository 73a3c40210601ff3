import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.models.base import shares_of_creators
from sakka.models.photo.distilled import EfficientNetDistilled, text_targets
from sakka.models.photo.linear import EfficientNetLinear

SMALL = {"dtype": "float32", "stages": ["block2"], "out_of_fold": True}


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=4, works=12, without_photo=1)


def with_texts(works: Catalog, text: str) -> Catalog:
    changed = [Work(**{**vars(work), "title": text, "description": ""}) for work in works]
    return Catalog.from_works(changed, photo_root=works.photo_root)


def test_a_prediction_reads_the_photo_alone(works: Catalog) -> None:
    fitted = EfficientNetDistilled(**SMALL).fit(works)
    assert fitted.predict_proba(with_texts(works, "別の題")).tobytes() == fitted.predict_proba(works).tobytes()
    blind = works.take(np.flatnonzero(~works.has_photo))
    shares = shares_of_creators(works.creator_indices(), 4)
    assert (fitted.predict_proba(blind) == shares).all()


def test_without_texts_it_is_the_photo_model(works: Catalog) -> None:
    silent = with_texts(works, "")
    plain = EfficientNetLinear(**SMALL).fit(silent).predict_proba(silent)
    distilled = EfficientNetDistilled(**SMALL).fit(silent)
    assert distilled.predict_proba(silent).tobytes() == plain.tobytes()


def test_the_targets_are_those_of_text_models_not_fitted_on_the_work(works: Catalog) -> None:
    labels, part = works.creator_indices(), np.arange(len(works)) % 5
    targets = text_targets(works, labels, part, 4)
    assert (targets.argmax(axis=1) == labels).mean() > 0.9
    np.testing.assert_allclose(targets.mean(axis=1), 0, atol=1e-5)
    turned = text_targets(works, 3 - labels, part, 4)
    np.testing.assert_allclose(turned, targets[:, ::-1], atol=0.1)
