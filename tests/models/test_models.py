from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.catalogs import tiny_catalog
from tests.model_folders import check_other_shapes_are_refused
from tests.networks.tiny_networks import put_tiny_networks

from sakka.catalog.works import Catalog
from sakka.models.registry import MODELS
from sakka.networks.encoders import PhotoEncoder
from sakka.networks.features import every_photo_features
from sakka.object_labels.table import LabelTable
from sakka.testing.model_checks import MODEL_CHECKS, Subject

TUNED: dict[str, object] = {
    "learning_rate": 0.05, "momentum": 0.9, "batch": 8, "epochs": 8, "hidden": 16, "input_px": 32, "dtype": "float32",
}  # fmt: skip
ONE_STAGE: dict[str, object] = {"stages": ["block2"], "covariances": ["block2"], "dtype": "float32"}
# Settings that make a model small, and how far answers of folds fitted together may be from those fitted alone.
SMALL: dict[str, tuple[dict[str, object], float]] = {
    "fused": ({"photo": "labels-lightgbm", "photo_settings": {"iterations": 5}}, 1e-4),
    "labels-lightgbm": ({"iterations": 5}, 1e-6),
    "photo-lite0-finetuned": (TUNED, 1e-6),
    "photo-lite0": (ONE_STAGE, 1e-6),
    "photo-lite0-distilled": (ONE_STAGE, 1e-6),
    "photo-vgg16-finetuned": (TUNED, 1e-6),
    "text-fasttext": ({"epoch": 100, "dim": 10}, 1e-6),
    "text-word2vec": ({"dim": 20, "epochs": 300, "min_count": 1, "skip_gram": True, "iterations": 10}, 1e-6),
    "text-doc2vec": ({"dim": 20, "epochs": 150, "min_count": 1, "iterations": 10}, 1e-6),
    "text-tfidf_lightgbm": ({"iterations": 5}, 1e-6),
}

# Fine-tuning chooses its epoch on a fold's validation part, which `fit` alone is not given; see photo/test_finetune.py.
KEPT_OTHERWISE = {
    (name, "check_folds_get_the_predictions_of_models_fitted_alone") for name in MODELS if name.endswith("-finetuned")
}


def labels_of_colours(works: Catalog, threshold: float = 0.2) -> LabelTable:
    """Stand in for the detector, whose weights tests must not need: the mean colour as three confidences."""
    vectors = np.zeros((len(works), 92), dtype=np.float32)
    for row, path in enumerate(works.photo_paths):
        if path is not None:
            with Image.open(path) as photo:
                vectors[row, 1:4] = np.asarray(photo.convert("RGB")).mean(axis=(0, 1)) / 255
    return LabelTable(tuple(works.ids), vectors)


def features_of_colours(
    works: Catalog, encoder: PhotoEncoder, columns: np.ndarray, most: int, into: np.ndarray
) -> np.ndarray:
    """Stand in for VGG16, whose weights tests must not need; the network of the installed package is the real one."""
    if encoder.name != "vgg16":
        return every_photo_features(works, encoder, columns, most, into)
    colours = labels_of_colours(works).vectors[works.has_photo, 1:4]
    into[:] = np.resize(colours.T, (encoder.size, len(colours))).T[:, columns]
    return into


@pytest.fixture(autouse=True)
def _without_weights_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sakka.paper.models.labels_lightgbm.find_labels", labels_of_colours)
    monkeypatch.setattr("sakka.models.photo.linear.every_photo_features", features_of_colours)
    put_tiny_networks(monkeypatch)


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"))


@pytest.fixture(scope="module", params=MODELS)
def subject(request: pytest.FixtureRequest, works: Catalog) -> Subject:
    """A model's subject, which all its tests share."""
    settings, tolerance = SMALL.get(request.param, ({}, 1e-6))
    return Subject(request.param, settings, works, tolerance)


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_every_model_keeps_the_contract(subject: Subject, check: Callable[[Subject], None]) -> None:
    if (subject.name, check.__name__) not in KEPT_OTHERWISE:
        check(subject)


def test_a_saved_model_with_an_array_of_another_shape_is_refused(subject: Subject, folder: Path) -> None:
    check_other_shapes_are_refused(subject.fitted, folder / "model")


@pytest.mark.parametrize("subject", [name for name in MODELS if name != "dummy"], indirect=True)
def test_a_model_learns_more_than_the_shares(subject: Subject) -> None:
    answers = subject.fitted.predict(subject.test)
    right = np.mean([answer == work.creator for answer, work in zip(answers, subject.test, strict=True)])
    assert right > 3 / len(subject.works.creators)
