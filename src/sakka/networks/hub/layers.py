"""A photo's vector out of a network's layers: how the values at its positions are distributed.

    v = [mean_l, std_l for four layers l, and the class token of the last]

The layers stand at a quarter, a half, three quarters and the end of the network: who made a work shows in texture and
colour, of which the last layer of a network that was trained to name things keeps least. Means and standard deviations
are over the positions of a map, or over the tokens of the photo's patches; what stands before these (a class token,
registers) is not among them. Each layer is a block; blocks count alike in a linear head.

Source: X. Huang, S. Belongie, ICCV 2017, https://arxiv.org/abs/1703.06868 (style is in means and standard deviations).
"""

from typing import Any

import torch

LAYERS = 4
VERSION = "layers1"  # changes when the vector of the same photo does


def layer_blocks(outputs: Any, n_patches: int | None) -> list[torch.Tensor]:
    """The blocks of one photo's vector, each of shape (n_values,).

    Args:
        outputs: What the network gave for one photo, the output of every layer among it.
        n_patches: How many patches it cuts the photo into, where that is known.

    Raises:
        ValueError: A layer has a shape that is not read, or there is none.
    """
    layers = _chosen(outputs)
    if not layers:
        raise ValueError("it gives no layers")
    split = [_split(layer, n_patches) for layer in layers]
    blocks = [torch.cat(torch.std_mean(positions, dim=0, correction=0)[::-1]) for _, positions in split]
    before, _ = split[-1]
    return [*blocks[:-1], torch.cat([*before[:1], blocks[-1]])]


def _chosen(outputs: Any) -> list[torch.Tensor]:
    """Four layers, or fewer of a shallow network; the last one as the network gives it, after its normalisation."""
    every = getattr(outputs, "reshaped_hidden_states", None) or getattr(outputs, "hidden_states", None) or ()
    last = len(every) - 1  # the first is what goes into the first layer
    chosen = [every[index] for index in sorted({round(last * part / LAYERS) for part in range(1, LAYERS + 1)} - {0})]
    final = getattr(outputs, "last_hidden_state", None)
    return chosen if final is None else [*chosen[:-1], final]


def _split(layer: torch.Tensor, n_patches: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """The tokens that stand before the patches, and the positions, each of shape (n, n_values)."""
    if layer.ndim == 4 and layer.shape[0] == 1:
        _, first, second, third = layer.shape
        channels_last = first == second != third  # photos are square, and so are their maps
        return layer.new_empty((0, third)), layer[0].flatten(0, 1) if channels_last else layer[0].flatten(1).T
    if layer.ndim == 3 and layer.shape[0] == 1:
        n_before = 0 if n_patches is None else max(0, layer.shape[1] - n_patches)
        return layer[0, :n_before], layer[0, n_before:]
    raise ValueError(f"a layer has the shape {tuple(layer.shape)}, expected tokens (1, n, values) or a map")
