"""Weights that the processes of a server share: mapped from a file of the cache, not copied into each.

    cache_folder()/networks/NAME-WEIGHTS-FORMAT.safetensors

The file holds a network as `inference_network` makes it: norms folded, in the number format that is computed in,
convolutions channels last. The pages of a mapped file are in memory once, however many processes read them.
"""

from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file

from sakka.cache import cache_folder
from sakka.files import writing_whole
from sakka.networks.backbones import inference_network
from sakka.networks.extractor import DTYPES, PhotoExtractor

LAST_TO_FIRST, FIRST_TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def mapped_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a safetensors file, mapped; one that is written to becomes the process's own copy, page by page."""
    return {name: tensor.numpy() for name, tensor in load_file(path).items()}


def use_mapped_weights(extractor: PhotoExtractor) -> None:
    """Let an extractor read its network's weights where all processes do; the first to come writes the file."""
    name = f"{extractor.backbone.name}-{extractor.sha256[:16]}-{extractor.dtype}.safetensors"
    path = cache_folder() / "networks" / name
    if not path.is_file():
        state = {key: _channels_last(tensor) for key, tensor in extractor.network.state_dict().items()}
        with writing_whole(path) as part:
            save_file(state, part)
    with torch.device("meta"):
        network = inference_network(extractor.backbone.make(), DTYPES[extractor.dtype])
    network.load_state_dict({key: _channels_first(tensor) for key, tensor in load_file(path).items()}, assign=True)
    extractor.network = network.requires_grad_(False)


def _channels_last(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.permute(FIRST_TO_LAST).contiguous() if tensor.dim() == 4 else tensor.contiguous()


def _channels_first(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.permute(LAST_TO_FIRST) if tensor.dim() == 4 else tensor
