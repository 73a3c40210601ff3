from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sakka.errors import ModelError
from sakka.networks.backbones import BACKBONES, backbone, fold_norms, inference_network, pretrained_network
from sakka.networks.efficientnet_lite import LITE0, LITE2, EfficientNetLite, LiteVariant, SameConv2d
from sakka.networks.extractor import DTYPES, PhotoExtractor, channel_statistics, measured_dtype
from sakka.networks.vgg16 import VGG16


def smooth_photos(n: int, side_px: int = 64, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    return coarse.repeat(side_px // 8, axis=1).repeat(side_px // 8, axis=2)


def random_norms(network: nn.Module) -> None:
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


@pytest.mark.parametrize(
    ("name", "millions"), [("efficientnet_lite0", 3.371), ("efficientnet_lite2", 4.811), ("vgg16", 14.715)]
)
def test_a_network_has_the_published_number_of_parameters(name: str, millions: float) -> None:
    # With a classifier of 1280 x 1000 + 1000 the EfficientNets have 4.652 and 6.092 million; VGG16 has 14,714,688.
    count = sum(parameter.numel() for parameter in backbone(name).make().parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.0006)


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_a_network_gives_the_stages_that_its_description_promises(name: str) -> None:
    with torch.inference_mode():
        maps = backbone(name).make()(torch.zeros(1, 3, 64, 64))
    assert {stage: values.shape[1] for stage, values in maps.items()} == dict(backbone(name).stages)


@pytest.mark.parametrize("variant", [LITE0, LITE2])
def test_the_maps_of_efficientnet_halve_five_times(variant: LiteVariant) -> None:
    with torch.inference_mode():
        maps = EfficientNetLite(variant)(torch.zeros(1, 3, 96, 64))
    assert [tuple(values.shape[2:]) for values in maps.values()] == [
        (24, 16), (12, 8), (6, 4), (6, 4), (3, 2), (3, 2), (3, 2),
    ]  # fmt: skip
    assert [plan.stride for plan in variant.block_plans()].count(2) == 4


def test_lite2_has_the_published_blocks() -> None:
    groups = [(plan.outputs, plan.kernel, plan.expansion) for plan in LITE2.block_plans()]
    # Read off the shapes of the published weights: 1.1 times the channels to multiples of 8, 1.2 times the blocks.
    assert groups == [
        (16, 3, 1), *[(24, 3, 6)] * 3, *[(48, 5, 6)] * 3, *[(88, 3, 6)] * 4, *[(120, 5, 6)] * 4, *[(208, 5, 6)] * 5,
        (352, 3, 6),
    ]  # fmt: skip
    assert [number for number, plan in enumerate(LITE2.block_plans()) if plan.stride == 2] == [1, 4, 7, 15]


def test_uneven_padding_goes_to_the_right_and_below() -> None:
    convolution = SameConv2d(1, 1, 3, stride=2)
    nn.init.ones_(convolution.weight)
    image = torch.arange(16.0).view(1, 1, 4, 4)
    # Windows start at 0 and 2; the second one reaches one place past the edge.
    assert convolution(image)[0, 0].tolist() == [[45.0, 39.0], [66.0, 50.0]]
    assert SameConv2d(1, 1, 5, stride=2)._padding(8) == (1, 2)
    assert SameConv2d(1, 1, 3, stride=2)._padding(7) == (1, 1)


def test_folded_norms_change_nothing_but_rounding() -> None:
    network = EfficientNetLite().eval()
    random_norms(network)
    photos = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        before = network(photos)
        fold_norms(network)
        after = network(photos)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    for stage, values in before.items():
        torch.testing.assert_close(after[stage], values, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite2"])
def test_the_pretrained_weights_fit_and_see_something(name: str) -> None:
    network = pretrained_network(name).eval()
    assert all(parameter.requires_grad for parameter in network.parameters())
    photos = torch.from_numpy(smooth_photos(2, 224)).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        last = network(backbone(name).normalise(photos))["last"].mean(dim=(2, 3))
    # With wrong padding, norms or input the activations die out or saturate at 6.
    assert 0.01 < last.mean() < 1.0
    assert (last[0] - last[1]).abs().max() > 0.1


@pytest.mark.parametrize("make", [EfficientNetLite, VGG16])
def test_a_network_can_be_trained(make: type[nn.Module]) -> None:
    network = make().train()
    maps = network(torch.randn(2, 3, 32, 32))
    maps["last"].mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_vgg16_normalises_as_imagenet_does() -> None:
    grey = torch.full((1, 3, 1, 1), 255.0)
    expected = [(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]
    assert backbone("vgg16").normalise(grey).flatten().tolist() == pytest.approx(expected, rel=1e-5)
    assert backbone("efficientnet_lite0").normalise(grey).flatten().tolist() == [1.0, 1.0, 1.0]


def test_normalising_works_on_each_colour_of_each_pixel_by_itself() -> None:
    photos = torch.rand(2, 3, 5, 4) * 255
    described = backbone("vgg16")
    mean, scale = (torch.tensor(values).view(1, 3, 1, 1) for values in (described.mean, described.scale))
    for given in (photos, photos.contiguous(memory_format=torch.channels_last)):
        normal = described.normalise(given)
        assert torch.equal(normal, (photos - mean) / scale)
        assert normal.is_contiguous(memory_format=torch.channels_last)


def test_channel_statistics_are_numpys_mean_and_std() -> None:
    maps = torch.randn(3, 5, 7, 4) * 3 + 10
    mean, std, roots = channel_statistics(maps.contiguous(memory_format=torch.channels_last))
    assert roots is None
    np.testing.assert_allclose(mean, maps.numpy().mean(axis=(2, 3)), rtol=1e-5)
    np.testing.assert_allclose(std, maps.numpy().std(axis=(2, 3)), rtol=1e-4)


def test_channel_covariances_are_the_signed_roots_of_numpys() -> None:
    maps = torch.randn(3, 4, 7, 5) * 3 + 10
    *_, roots = channel_statistics(maps.contiguous(memory_format=torch.channels_last), covariances=True)
    roots = roots.numpy()
    assert roots.shape == (3, 4 * 5 // 2)
    for photo, own in zip(maps.numpy(), roots, strict=True):
        matrix = np.cov(photo.reshape(4, -1), bias=True)
        expected = matrix[np.triu_indices(4)]
        np.testing.assert_allclose(np.sign(own) * own**2, expected, rtol=1e-3, atol=1e-3)
    assert (roots < 0).any()


def test_a_covariance_of_a_channel_with_itself_is_its_squared_deviation() -> None:
    vectors = PhotoExtractor("efficientnet_lite0", "float32").vectors(smooth_photos(2))
    extractor = PhotoExtractor("efficientnet_lite0", "float32")
    rows, columns = np.triu_indices(40)
    own = vectors[:, extractor.covariance_columns["block4"]][:, rows == columns]
    std = vectors[:, extractor.columns["block4"]][:, 40:]
    np.testing.assert_allclose(own, std, rtol=2e-3)


def test_covariances_are_blocks_of_their_own() -> None:
    extractor = PhotoExtractor("efficientnet_lite0", "float32")
    widths = [len(block) for block in extractor.blocks(None, None)]
    assert widths == [1536, 24 * 25 // 2, 40 * 41 // 2, 80 * 81 // 2, 112 * 113 // 2]
    assert extractor.size == 2816 + sum(widths[1:])
    assert [len(block) for block in extractor.blocks(["last"], None)] == [1280]
    assert [len(block) for block in extractor.blocks(["last"], ["block4"])] == [1280, 820]
    assert [len(block) for block in PhotoExtractor("vgg16", "float32").blocks(None, None)] == [2944]
    with pytest.raises(ModelError, match="those of block2, block4, block7, block10"):
        extractor.blocks(None, ["block13"])


def test_vectors_hold_mean_and_std_of_each_stage_in_order() -> None:
    extractor = PhotoExtractor("vgg16", "float32", VGG16())
    vectors = extractor.vectors(smooth_photos(2))
    assert vectors.shape == (2, extractor.size) == (2, 2944 + 512)
    assert extractor.columns["block2"] == slice(128, 384)
    last_mean = vectors[:, extractor.column_indices(["last"])]
    np.testing.assert_array_equal(last_mean, vectors[:, 2944 - 1024 : 2944 - 512])
    assert len(extractor.column_indices(None)) == 2944
    assert len(PhotoExtractor("efficientnet_lite0", "float32").column_indices(None)) == 1536


@pytest.mark.parametrize("stages", [["block9"], []])
def test_stages_that_are_not_there_are_refused(stages: list[str]) -> None:
    with pytest.raises(ModelError, match="it has the stages block1"):
        PhotoExtractor("vgg16", "float32").column_indices(stages)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ModelError, match="known are efficientnet_lite0, efficientnet_lite2, vgg16"):
        PhotoExtractor("resnet")
    with pytest.raises(ModelError, match="known are float32, bfloat16"):
        _ = PhotoExtractor("vgg16", "float16").dtype


def test_bfloat16_sees_nearly_what_float32_sees() -> None:
    photos = smooth_photos(6, 96)
    exact, rough = (PhotoExtractor("efficientnet_lite0", dtype).vectors(photos) for dtype in DTYPES)
    columns = PhotoExtractor("efficientnet_lite0", "float32").column_indices(None)
    assert np.corrcoef(exact[:, columns].ravel(), rough[:, columns].ravel())[0, 1] > 0.999
    spread = exact[:, columns].std(axis=0)
    assert (
        np.median(np.abs(exact - rough)[:, columns].mean(axis=0) / spread) < 0.2
    )  # random blocks; 0.05 on real photos


def test_other_weights_or_another_number_format_have_another_key() -> None:
    torch.manual_seed(0)
    keys = {PhotoExtractor("vgg16", dtype, VGG16()).key for dtype in ("float32", "bfloat16") for _ in range(2)}
    keys |= {PhotoExtractor("efficientnet_lite0", "float32").key}
    assert len(keys) == 5


def test_the_number_format_is_measured_once(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path))
    seconds = {torch.float32: 2.0, torch.bfloat16: 1.0}
    monkeypatch.setattr("sakka.networks.extractor._seconds_a_batch", lambda _, dtype: seconds[dtype])
    assert measured_dtype(backbone("vgg16")) == "bfloat16"
    seconds[torch.bfloat16] = 9.0
    assert measured_dtype(backbone("vgg16")) == "bfloat16"
    assert measured_dtype(backbone("efficientnet_lite0")) == "float32"
    able = {"avx512_f": True, "avx512_bf16": not torch.cpu.get_capabilities().get("avx512_bf16", False)}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)  # the cache on another machine
    assert measured_dtype(backbone("vgg16")) == "float32"


def test_a_machine_that_is_busy_for_a_while_does_not_change_the_number_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path))
    taken = iter([2.0, 9.0, 2.0, 9.0, 9.0, 9.0, 2.0, 1.0])  # float32 and bfloat16 in turn
    monkeypatch.setattr("sakka.networks.extractor._seconds_a_batch", lambda _, dtype: next(taken))
    assert measured_dtype(backbone("vgg16")) == "bfloat16"


def test_an_inference_network_has_no_gradients_and_the_number_format_asked_for() -> None:
    network = inference_network(VGG16(), torch.bfloat16)
    assert {parameter.dtype for parameter in network.parameters()} == {torch.bfloat16}
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not network.training
