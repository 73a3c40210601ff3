"""Axes on which works of one creator are near each other and works of different creators are not.

With coordinates z, W the scatter within creators (shrunk towards a multiple of the identity) and B the scatter
between their means, the generalised eigenvectors of (B, W) turn z into axes on which the scatter within creators is 1
and the scatter between them is b_j, the largest first (linear discriminant analysis). An axis is then stretched by

    sqrt(b_j / mean b + trust)

Without `trust` only what sets the known creators apart would count (as many axes as creators less one), which says
little of a creator who was not learned from; with much of it all axes count alike, as whitening within creators
(WCCN) does. Which trust serves known and unknown creators together is chosen on creators and works held out
(`same_creator.py`). Of the stretched axes, those with most variance are kept.

Sources: A. Hatch, S. Kajarekar, A. Stolcke, Interspeech 2006 (whitening within classes); S. Ioffe, ECCV 2006 (PLDA).
"""

from dataclasses import dataclass

import numpy as np

from sakka.arrays import DoubleArray, FloatArray, IntArray

SHRUNK = 0.2
TRUSTS = (0.3, 1.0, 3.0)


@dataclass(frozen=True)
class CreatorAxes:
    """The discriminant axes of some creators.

    Attributes:
        centre: What is subtracted, shape (n_coordinates,).
        axes: Shape (n_coordinates, n_coordinates): scatter within creators is 1 along each.
        between: Scatter between creators along each axis, in descending order.
        covariance: Of all works along the axes, shape (n_coordinates, n_coordinates).
    """

    centre: DoubleArray
    axes: DoubleArray
    between: DoubleArray
    covariance: DoubleArray

    def stretched(self, trust: float, size: int) -> FloatArray:
        """The matrix from centred coordinates to style values, shape (n_coordinates, at most `size`)."""
        known = self.between[self.between > 1e-9]
        stretch = np.sqrt(self.between / known.mean() + trust) if len(known) else np.ones(len(self.between))
        covariance = self.covariance * np.outer(stretch, stretch)
        values, turn = np.linalg.eigh(covariance)
        kept = turn[:, np.argsort(-values)[:size]]
        matrix: FloatArray = (self.axes * stretch @ kept).astype(np.float32)
        return matrix


def fit_creator_axes(coordinates: FloatArray, labels: IntArray) -> CreatorAxes:
    """Find the axes.

    Args:
        coordinates: Shape (n_works, n_coordinates).
        labels: Each work's creator as a number, shape (n_works,); -1 where it is unknown. Where no creator has two
            works, the scatter of all works stands for that within creators.
    """
    table = coordinates.astype(np.float64)
    known = labels >= 0
    _, own, counts = np.unique(labels[known], return_inverse=True, return_counts=True)
    weights = (1 / np.sqrt(counts))[own] if len(counts) else np.zeros(0)
    if len(counts) < 2 or counts.max() < 2:
        centre, within, between = table.mean(axis=0), np.cov(table.T, bias=True).reshape(table.shape[1], -1), None
    else:
        centre, within, between = _scatters(table[known], own, counts, weights)
    within = (1 - SHRUNK) * within + SHRUNK * max(float(np.trace(within)) / len(within), 1e-12) * np.eye(len(within))
    values, turn = np.linalg.eigh(within)
    white = turn / np.sqrt(values)
    if between is None:
        between = np.zeros_like(within)
    strength, axes = np.linalg.eigh(white.T @ between @ white)
    order = np.argsort(-strength)
    final = white @ axes[:, order]
    projected = (table - centre) @ final
    return CreatorAxes(centre, final, np.maximum(strength[order], 0), projected.T @ projected / len(projected))


def _scatters(
    table: DoubleArray, own: IntArray, counts: IntArray, weights: DoubleArray
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """The centre, the scatter within and that between creators; a creator weighs as the root of its works."""
    means = np.zeros((len(counts), table.shape[1]))
    np.add.at(means, own, table)
    means /= counts[:, None]
    several = counts[own] > 1
    rest = (table - means[own])[several]
    # A mean of n works takes up 1 / n of the scatter around it.
    share = (weights * counts[own] / np.maximum(counts[own] - 1, 1))[several]
    within = (rest * (share / weights[several].sum())[:, None]).T @ rest
    mass = np.sqrt(counts) / np.sqrt(counts).sum()
    centre = mass @ means
    between = ((means - centre) * mass[:, None]).T @ (means - centre)
    return centre, within, between
