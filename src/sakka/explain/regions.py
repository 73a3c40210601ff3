"""What each position of a photo said for one creator against another, exact where the photo model's head is linear.

The head reads statistics of a frozen network's maps, so the log of the ratio of two creators' probabilities is

    log(p_c / p_r) = (b_c - b_r) + sum over statistics f of (x_f - m_f) v_f,     v_f = (W_fc - W_fr) / s_f

(m_f and s_f from `models/linear_head/head.py`), and each statistic is a sum over the n positions i of a stage's map z:

    mean of channel k              1/n sum_i z_ik
    deviation of channel k         1/n sum_i d_ik^2 / std_k                        d_ik = z_ik - mean of k
    signed root of covariance jk   1/n sum_i d_ij d_ik / root(|a_jk|)              a_jk = 1/n sum_i d_ij d_ik

Each position gets its own term of each sum; m_f, what the statistic is in the works fitted on, is taken off all
positions alike. A stage's shares add up to the stage's part of the log-odds, and so do the stages' maps once they are
spread over one grid: a fine position's share is added to the cell that it lies in, a coarse one's is spread by a tent
over the cells around it, each in parts that add up to one.

What is exact is the sum. A position of a late stage sees far around itself, so a share says where in the map a term
arose, not that no other pixel took part. `python -m studies deletion_curves` says how far the map can be trusted.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from sakka.arrays import DoubleArray, IntArray, Pixels
from sakka.models.feature_model import PhotoFeatureModel
from sakka.models.linear_head.head import Contrast
from sakka.networks.backbones import LAST
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.features import held_maps, squashed
from sakka.photos.held import HeldPhoto

Map = npt.NDArray[np.float64]

GRID = 56  # cells a side: the positions of the finest stage that the default network is read at


@dataclass(frozen=True)
class StageWeights:
    """What one stage's statistics count for one creator against another.

    Attributes:
        means: A weight a channel, shape (channels,).
        deviations: The same for the standard deviations.
        covariances: Upper triangle, row by row, shape (channels (channels + 1) / 2,); empty where none are read.
        usual: The sum of all weights times what the statistics are in the works fitted on.
    """

    means: DoubleArray
    deviations: DoubleArray
    covariances: DoubleArray
    usual: float


def region_shares(model: PhotoFeatureModel, photo: Pixels | HeldPhoto, creator: int, against: int) -> tuple[Map, float]:
    """The share of each position of a photo, and what is left of the log-odds without them.

    Args:
        model: A fitted model with a head; see `has_maps`.
        photo: The photo, or its pixels, shape (height, width, 3).
        creator: A column of the model's probabilities.
        against: The column of the creator that it is compared with.

    Returns:
        The shares in nats, shape (`GRID`, `GRID`), over the squashed photo; and the difference of the heads' biases.
    """
    assert model.head_ is not None
    contrast = model.head_.contrast(creator, against)
    total, start = np.zeros((GRID, GRID)), 0
    for reading in model.readings():
        own = contrast.of_columns(slice(start, start + len(reading.columns)))
        start += len(reading.columns)
        assert isinstance(reading.encoder, PhotoExtractor)
        maps = _maps(photo, reading.encoder)
        for stage, weights in stage_weights(own, reading.encoder, reading.columns).items():
            total += on_grid(position_shares(maps[stage][0].float().numpy().astype(np.float64), weights))
    return total, contrast.bias


def has_maps(model: PhotoFeatureModel) -> bool:
    """Whether all that the head reads are statistics of maps, so that its regions are exact."""
    return model.head_ is not None and all(isinstance(each.encoder, PhotoExtractor) for each in model.readings())


def _maps(photo: Pixels | HeldPhoto, extractor: PhotoExtractor) -> dict[str, torch.Tensor]:
    if isinstance(photo, HeldPhoto):
        return held_maps(photo, extractor)
    return extractor.maps(squashed(Image.fromarray(photo), extractor.input_px)[None])


def stage_weights(contrast: Contrast, extractor: PhotoExtractor, columns: IntArray) -> dict[str, StageWeights]:
    """What the statistics of each stage that the head reads count, by stage."""
    weights, usual = np.zeros(extractor.size), np.zeros(extractor.size)
    weights[columns] = contrast.weights
    usual[columns] = contrast.weights * contrast.centre
    found = {}
    for stage, own in extractor.columns.items():
        channels = extractor.backbone.stages[stage]
        moments = weights[own]
        means, deviations = moments[:channels], np.zeros(channels) if stage == LAST else moments[channels:]
        roots = extractor.covariance_columns.get(stage, slice(0, 0))
        taken = float(usual[own].sum() + usual[roots].sum())
        if moments.any() or weights[roots].any():
            found[stage] = StageWeights(means, deviations, weights[roots], taken)
    return found


def position_shares(maps: Map, weights: StageWeights) -> Map:
    """The share of each position of one stage's map, shape (h, w).

    Args:
        maps: Shape (channels, h, w).
        weights: What the stage's statistics count.
    """
    channels, height, width = maps.shape
    values = maps.reshape(channels, -1).T  # (n, channels)
    off = values - values.mean(axis=0)
    std = np.sqrt((off**2).mean(axis=0))
    shares = values @ weights.means + off**2 @ (weights.deviations * _inverse(std)) - weights.usual
    if len(weights.covariances):
        rows, columns = np.triu_indices(channels)
        products = (off.T @ off / len(off))[rows, columns]
        form = np.zeros((channels, channels))
        form[rows, columns] = weights.covariances * _inverse(np.sqrt(np.abs(products)))
        shares += ((off @ form) * off).sum(axis=1)
    mapped: Map = (shares / len(values)).reshape(height, width)
    return mapped


def on_grid(shares: Map, cells: int = GRID) -> Map:
    """Spread a map of shares over a grid of `cells` x `cells`; their sum stays the same.

    >>> on_grid(np.array([[8.0]]), 2).tolist()
    [[2.0, 2.0], [2.0, 2.0]]
    """
    spread: Map = spreading(shares.shape[0], cells) @ shares @ spreading(shares.shape[1], cells).T
    return spread


def spreading(positions: int, cells: int) -> Map:
    """The parts in which each of `positions` in a row goes to each of `cells`, shape (cells, positions).

    >>> spreading(4, 2).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]
    """
    if positions >= cells:  # by how much of each position lies in each cell
        edges = np.arange(cells + 1) * positions / cells
        starts = np.maximum(np.arange(positions)[None], edges[:-1, None])
        stops = np.minimum(np.arange(positions)[None] + 1, edges[1:, None])
        lying: Map = np.maximum(0.0, stops - starts)
        return lying
    middles = (np.arange(cells) + 0.5) * positions / cells - 0.5  # of the cells, in positions
    parts = np.maximum(0.0, 1 - np.abs(middles[:, None] - np.arange(positions)[None]))
    spread: Map = parts / parts.sum(axis=0)
    return spread


def _inverse(values: DoubleArray) -> DoubleArray:
    """1 / value, and 0 for a value of 0: a statistic that is 0 has no shares."""
    inverse: DoubleArray = np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
    return inverse
