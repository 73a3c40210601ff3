"""Photos of several questions pass a network together, each with the bytes that it gives alone."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from sakka.networks.batches import hold_vectors, same_byte_sizes
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import held_maps, held_vector
from sakka.photos.held import HeldPhoto

CHANNELS = {"block1": 64, "block2": 128, "block3": 256, "block4": 512, "block5": 512, "last": 512}


class Pooled(nn.Module):
    """A network in place of VGG16 that counts its batches; a photo's maps shift with how many are with it, or not."""

    def __init__(self, shift: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([shift]))
        self.shift, self.batches = shift, []

    def forward(self, photos: torch.Tensor) -> dict[str, torch.Tensor]:
        self.batches.append(len(photos))
        small = nn.functional.avg_pool2d(photos, 16) + self.shift * (len(photos) > 2)
        return {stage: small.repeat(1, -(-size // 3), 1, 1)[:, :size] for stage, size in CHANNELS.items()}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path / "cache"))


def photos(count: int) -> list[HeldPhoto]:
    found = []
    for shade in range(count):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), (shade, 2 * shade, 90)).save(buffer, "PNG")
        found.append(HeldPhoto(buffer.getvalue()))
    return found


@pytest.mark.parametrize(("shift", "sizes", "batches"), [(0.0, (8, 4, 2), [8, 2]), (0.001, (2,), [2] * 5)])
def test_a_batch_size_is_used_only_where_it_gives_a_photo_the_bytes_it_has_alone(
    shift: float, sizes: tuple[int, ...], batches: list[int]
) -> None:
    extractor = PhotoExtractor("vgg16", "float32", Pooled(shift))
    alone = [held_vector(photo, extractor) for photo in photos(10)]
    assert same_byte_sizes(extractor) == sizes
    extractor.network.batches.clear()
    together = photos(10)
    hold_vectors(together, [extractor])
    assert extractor.network.batches == batches
    for photo, expected in zip(together, alone, strict=True):
        assert np.array_equal(held_vector(photo, extractor), expected)
        assert held_maps(photo, extractor)["last"].shape == (1, 512, 14, 14)
    assert extractor.network.batches == batches


def test_the_network_in_the_box_gives_the_same_bytes_together_and_alone() -> None:
    extractor = PhotoExtractor("efficientnet_lite0", "float32")
    together = photos(3)
    hold_vectors(together, [extractor])
    for photo, other in zip(together, photos(3), strict=True):
        assert np.array_equal(held_vector(photo, extractor), held_vector(other, extractor))
