"""Convolutions made Winograd's way, beside PyTorch's."""

import numpy as np
import pytest
import torch

from sakka.networks.onnx.runtime import make_session
from sakka.networks.onnx.winograd import write_winograd
from sakka.networks.onnx.writing import GraphWriter


@pytest.mark.parametrize("tile", [2, 3, 4])
@pytest.mark.parametrize("side", [1, 7, 10])
def test_the_products_of_tiles_add_up_to_the_convolution(tile: int, side: int) -> None:
    generator = np.random.default_rng(side)
    pixels = generator.integers(0, 256, (2, 5, side, side), dtype=np.uint8)
    kernels = generator.standard_normal((3, 5, 3, 3)).astype(np.float32)
    offsets = generator.standard_normal(3).astype(np.float32)
    writer = GraphWriter()
    maps = writer.cast(writer.input("pixels", ("n", 5, side, side)), np.float32)
    writer.output("found", write_winograd(writer, maps, kernels, offsets, side=side, tile=tile), side, side, 3)
    (found,) = make_session(writer.content({}), "", within_limits=False).run(["found"], {"pixels": pixels})
    given = [torch.from_numpy(each).double() for each in (pixels, kernels, offsets)]
    expected = torch.nn.functional.conv2d(*given, padding=1).permute(0, 2, 3, 1)
    np.testing.assert_allclose(found, expected.numpy(), atol=2e-2, rtol=1e-4)
