import json
from pathlib import Path
from types import MappingProxyType

import numpy as np
import onnx
import pytest
import torch
from tests.command import run
from tests.networks.tiny_networks import TinyNetwork, tiny_backbone
from torch import nn
from torch.nn import functional as F

from sakka.errors import ModelError
from sakka.models.folder import save_model
from sakka.models.linear_head.head import LinearHead
from sakka.models.onnx_export import export_photo_side
from sakka.models.photo.finetune import EfficientNetFineTuned
from sakka.models.photo.finetuned_network import FineTunedNetwork
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.photo.pooling import Pooling
from sakka.models.registry import make_model
from sakka.networks.backbones import Backbone
from sakka.networks.efficientnet_lite import SameConv2d
from sakka.networks.encoders import PhotoEncoder, photo_encoders
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.onnx.photo import OnnxEncoder

SIDE_PX = 15
CREATORS = ("Mori", "佐藤", "Abe")


class TwoStages(nn.Module):
    """Two convolutions, an odd side between them, and whatever else the built-in networks are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.first = SameConv2d(3, 4, 3, stride=2)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.smaller = nn.Sequential(nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Identity())

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        early = F.relu6(self.norm(self.first(photos)), inplace=True)
        return {"early": early, "last": self.smaller(torch.add(self.second(early), early))}


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch) -> PhotoExtractor:
    described = Backbone(
        name="two",
        network=TwoStages,
        stages=MappingProxyType({"early": 4, "last": 4}),
        mean=(127.0, 120.0, 110.0),
        scale=(64.0, 60.0, 50.0),
        covariances=("early",),
        input_px=SIDE_PX,
    )
    monkeypatch.setattr("sakka.networks.extractor.backbone", lambda name: described)
    torch.manual_seed(3)
    return PhotoExtractor("two", "float32", TwoStages())


def linear_model(*encoders: PhotoEncoder, **settings: object) -> EfficientNetLinear:
    """A photo model with a random head on encoders."""
    model = EfficientNetLinear(**settings)
    model._encoders = encoders
    random = np.random.default_rng(1)
    size = sum(len(reading.columns) for reading in model.readings())
    model.creators_, model.pooling_ = CREATORS, Pooling("mean")
    model._set_works(np.array([4, 4, 4]))
    draw = lambda *shape: random.normal(size=shape).astype(np.float32)  # noqa: E731
    model.head_ = LinearHead(draw(size, 3), draw(3), 0.01, draw(size), np.abs(draw(size)) + 1)
    return model


def random_photos(count: int, side_px: int = SIDE_PX) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side_px, side_px, 3), dtype=np.uint8)


def outputs(file: Path, photos: np.ndarray, *inputs: str) -> dict[str, np.ndarray]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    colours_first = np.ascontiguousarray(photos.transpose(0, 3, 1, 2))
    given = session.run(["probabilities", "vector"], dict.fromkeys(inputs or ("pixels",), colours_first))
    return dict(zip(("probabilities", "vector"), given, strict=True))


@pytest.mark.parametrize("settings", [{}, {"stages": ["last"]}])
def test_an_exported_model_gives_the_same_answers(
    settings: dict[str, object], extractor: PhotoExtractor, tmp_path: Path
) -> None:
    model, photos = linear_model(extractor, **settings), random_photos(5)
    written = export_photo_side(model, tmp_path / "model.onnx")
    given = outputs(written.file, photos)
    np.testing.assert_allclose(given["probabilities"], model.predict_pixels(photos), rtol=2e-3, atol=1e-5)
    own = extractor.vectors(photos)[:, model.readings()[0].columns]
    np.testing.assert_allclose(given["vector"], own, rtol=2e-3, atol=1e-3)
    assert (written.inputs, written.size) == ({"pixels": SIDE_PX}, own.shape[1])


def test_an_exported_model_is_read_back_as_an_encoder(extractor: PhotoExtractor, tmp_path: Path) -> None:
    written = export_photo_side(linear_model(extractor), tmp_path / "model.onnx")
    encoder, photos = OnnxEncoder(written.file), random_photos(3)
    columns = linear_model(extractor).readings()[0].columns
    assert written.description == tmp_path / "model.onnx.json"
    assert (encoder.widths, encoder.number, encoder.input_px) == ((8, 10), np.float16, SIDE_PX)
    own, read = extractor.vectors(photos)[:, columns].astype(np.float32), encoder.vectors(photos).astype(np.float32)
    assert (np.linalg.norm(own - read, axis=1) < 1e-3 * np.linalg.norm(own, axis=1)).all()


def test_an_exported_file_is_sound_and_says_whose_probabilities_it_gives(
    extractor: PhotoExtractor, tmp_path: Path
) -> None:
    export_photo_side(linear_model(extractor, stages=["last"]), tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    said = {each.key: each.value for each in model.metadata_props}
    assert json.loads(said["creators"]) == list(CREATORS)
    assert json.loads(said["input_px"]) == {"pixels": SIDE_PX}
    assert "MatMul" in {node.op_type for node in model.graph.node}
    assert "Gather" not in {node.op_type for node in model.graph.node}  # covariances that nothing reads are left out


def test_the_same_model_gives_the_same_bytes(extractor: PhotoExtractor, tmp_path: Path) -> None:
    for name in ("one", "other"):
        export_photo_side(linear_model(extractor), tmp_path / f"{name}.onnx")
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "other.onnx").read_bytes()


def test_a_model_on_two_networks_has_an_input_for_each(extractor: PhotoExtractor, tmp_path: Path) -> None:
    other = PhotoExtractor("two", "float32", TwoStages())
    extractor.name, other.name = "lite0", "lite2"
    model, photos = linear_model(extractor, other), random_photos(2)
    written = export_photo_side(model, tmp_path / "model.onnx")
    assert (written.inputs, written.description) == ({"pixels_lite0": SIDE_PX, "pixels_lite2": SIDE_PX}, None)
    given = outputs(written.file, photos, *written.inputs)
    np.testing.assert_allclose(given["probabilities"], model.predict_pixels(photos), rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize(("hidden", "pools"), [(6, False), (0, True)])
def test_a_fine_tuned_network_gives_the_same_answers(hidden: int, pools: bool, tmp_path: Path) -> None:
    torch.manual_seed(2)
    network = FineTunedNetwork(
        tiny_backbone("tiny"), TinyNetwork(), n_creators=3, hidden=hidden, side_px=32, pools=pools
    )
    network.draw(0, CREATORS)
    model = EfficientNetFineTuned(input_px=32)
    model.creators_, model.network_, photos = CREATORS, network.eval(), random_photos(3, 32)
    written = export_photo_side(model, tmp_path / "model.onnx")
    given = outputs(written.file, photos)
    with torch.inference_mode():
        scores = network(torch.from_numpy(photos).permute(0, 3, 1, 2))
    np.testing.assert_allclose(given["probabilities"], torch.softmax(scores, dim=1), rtol=1e-3)
    assert written.size == given["vector"].shape[1] == (6 if hidden else 8)


def test_a_saved_model_is_exported_on_the_command_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = linear_model(*photo_encoders("lite0", "float32"), stages=["block2"], dtype="float32")
    model.kept_ = None
    save_model(model, folder / "model")
    code, output, _ = run(["export", folder / "model", "-o", folder / "model.onnx"], monkeypatch, capsys)
    assert code == 0
    assert "reads pixels (n, 3, 224, 224): bytes, RGB, squashed to that size" in output
    assert "gives probabilities (n, 3), vector (n, 48)" in output
    assert f"photo-onnx:{folder / 'model.onnx'} reads the vectors back" in output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text-linear", "the model text-linear reads no photos, so there is nothing to export"),
        ("photo-lite0", "the model photo-lite0 has learned from no photo; fit it on works with photos"),
        ("labels-lightgbm", "the model labels-lightgbm can't be written as ONNX; fit a photo model on lite0"),
    ],
)
def test_what_can_not_be_exported_is_refused(name: str, said: str, tmp_path: Path) -> None:
    model = make_model(name)
    model.creators_ = CREATORS
    if name == "photo-lite0":
        model.head_ = None
    with pytest.raises(ModelError, match=said):
        export_photo_side(model, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_an_encoder_from_elsewhere_is_refused(extractor: PhotoExtractor, tmp_path: Path) -> None:
    written = export_photo_side(linear_model(extractor), tmp_path / "model.onnx")
    model = linear_model(*photo_encoders(f"onnx:{written.file}"))
    with pytest.raises(ModelError, match=r"the encoder onnx:.*model.onnx can't be written as ONNX"):
        export_photo_side(model, tmp_path / "again.onnx")
