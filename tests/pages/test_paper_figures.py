"""The paper's figures from a plan, and what was found in photos."""

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from sakka.evaluation.plan import ModelSpec, Plan
from sakka.object_labels.detections import cache_path, to_bytes
from sakka.object_labels.table import LabelTable
from sakka.pages.language import texts_in
from sakka.pages.paper_figures import Diagram, _detected, diagrams
from sakka.paper.plan import PAPER_MODELS
from sakka.photos.store import PhotoCache, photo_sha256


def _plan(photo: str = "photo-vgg16-finetuned") -> Plan:
    papers = {modality: dict(model.settings) for modality, model in PAPER_MODELS.items()}
    photo_model = ModelSpec(photo, "photo", {**papers["photo"], "input_px": 224})
    text_model = ModelSpec("text-fasttext", "text", papers["text"])
    return Plan("0" * 64, 109_685, ("Abe",) * 944, (photo_model, text_model), {}, "random", 0, 5, preset="paper")


def _said(diagram: Diagram, language: str) -> list[str]:
    t = texts_in(language)
    lines = [(t(f"paper_step_{step.says}"), t(f"paper_detail_{step.detail}", **step.values)) for step in diagram.steps]
    return [*(f"{says}: {detail}" for says, detail in lines), t(f"paper_note_{diagram.note}", **diagram.values)]


def test_the_network_is_drawn_with_the_settings_of_the_plan() -> None:
    network = diagrams(_plan())[0]
    assert _said(network, "en") == [
        "Photo: 224 × 224 pixels, RGB",
        "VGG16: 13 convolutions",
        "Fully connected layer: 4,096 outputs",
        "Softmax: 944 creators",
        "All layers are trained, from ImageNet's weights: SGD, learning rate 0.005, momentum 0.97, batches of 256, "
        "100 epochs; the best epoch on validation works is kept.",
    ]
    assert network.arrows[0] == (180, 31, 214, 31)
    assert len(network.arrows) == 3


def test_text_model_and_fusion_are_drawn_in_japanese_too() -> None:
    _, text, fusion = diagrams(_plan())
    assert _said(text, "ja")[2:4] == ["fastText: 100次元", "ソフトマックス: 作家944人"]
    assert _said(fusion, "ja")[:2] == ["写真のモデル: テスト分割ごとに5個", "文章のモデル: テスト分割ごとに5個"]
    assert [arrow[2] for arrow in fusion.arrows] == [214, 214, 428, 428, 642]


def test_another_model_is_drawn_by_its_name() -> None:
    assert _said(diagrams(_plan("photo-lite0"))[0], "en")[:2] == ["Photo: as listed", "Model: photo-lite0"]


def test_the_surest_work_of_a_label_is_shown_with_the_boxes_that_the_cache_has(tmp_path: Path) -> None:
    vectors = np.zeros((3, 92), dtype=np.float32)
    vectors[0, 17], vectors[1, 17], vectors[2, 0] = 0.4, 0.9, 1
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        Image.new("RGB", (8, 8), (number, 7, 7)).save(path)
    boxes = np.array([[17, 0.9, 0.25, 0.5, 0.75, 1], [1, 0.15, 0, 0, 1, 1]], dtype=np.float32)
    PhotoCache(cache_path()).put([(photo_sha256(paths[1]), to_bytes(boxes))])
    works = pl.DataFrame({"id": ["a", "b", "c"], "photo": [str(path) for path in paths]})
    (found,) = _detected(works, LabelTable(("a", "b", "c"), vectors))
    assert [(label.japanese, *values[1:]) for label, *values in found.boxes] == [("猫", 25.0, 50.0, 50.0, 50.0)]
    assert found.picture.startswith("data:image/jpeg")
