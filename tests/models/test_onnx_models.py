from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog
from tests.networks.onnx.test_onnx_text import write_text_network
from tests.networks.onnx.tiny_onnx import photo_description, photos_network, write_network

from sakka.errors import ModelError
from sakka.models.folder import load_model, save_model
from sakka.models.registry import make_model

pytestmark = pytest.mark.usefixtures("few_steps")


def test_a_model_on_networks_of_ones_own_is_fitted_saved_and_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "other").mkdir()
    one, other = write_network(folder), write_network(folder / "other", described=photo_description(mean=[0, 0, 0]))
    works = tiny_catalog(folder / "photos", creators=3)
    model = make_model(f"photo-onnx:{one}+onnx:{other}").fit(works)
    assert len(model.head_.weights) == 2 * 8
    assert (model.predict_proba(works).argmax(axis=1) == works.creator_indices(model.creators_)).mean() > 0.9
    save_model(model, folder / "model")
    assert np.array_equal(load_model(folder / "model").predict_proba(works), model.predict_proba(works))
    monkeypatch.setattr("tests.networks.onnx.tiny_onnx.WEIGHTS", np.ones((4, 3, 2, 2), dtype=np.float32))
    write_network(folder, photos_network())
    with pytest.raises(
        ModelError, match=r"the encoder onnx:.* has SHA-256 .*, and the model was fitted on .*; put that"
    ):
        load_model(folder / "model")


def test_a_text_model_on_a_network_of_ones_own_is_fitted_saved_and_loaded(folder: Path) -> None:
    works = tiny_catalog(folder / "photos", creators=3, size_px=8)
    model = make_model(f"text-onnx:{write_text_network(folder)}").fit(works)
    save_model(model, folder / "model")
    assert np.array_equal(load_model(folder / "model").predict_proba(works), model.predict_proba(works))
