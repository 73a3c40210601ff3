"""Photos to a few hundred coordinates: the network's statistics, standardised by block, on their principal axes.

    z = ((x - m) / s * w) B

m and s are a column's mean and standard deviation over the works that are learned from, w makes each block of columns
count alike (`linear_head/dense.block_weights`), and B, shape (n_columns, n_axes), are the principal axes. They are
found by randomised subspace iteration, which passes over the works a few times in batches and never forms the
covariance.

Source: N. Halko, P.-G. Martinsson, J. Tropp, SIAM Review 2011, https://arxiv.org/abs/0909.4061
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import Features, FloatArray, IntArray, Mask
from sakka.catalog.works import Catalog
from sakka.models.linear_head.dense import block_weights
from sakka.networks.encoders import PhotoEncoder
from sakka.networks.features import every_photo_features, photo_features

WORKS_AT_ONCE = 1024  # of 12,224 values: 50 MB as float32
SPARE_AXES = 32
PASSES = 2


@dataclass(frozen=True)
class PhotoAxes:
    """What turns a photo's statistics into coordinates.

    Attributes:
        mean: Shape (n_columns,).
        scale: Shape (n_columns,); a column is divided by it.
        axes: Shape (n_columns, n_axes), orthonormal columns, the most varied first.
    """

    mean: FloatArray
    scale: FloatArray
    axes: FloatArray

    def coordinates(self, features: Features) -> FloatArray:
        """The coordinates of raw statistics, shape (n_works, n_axes)."""
        parts = [self._standard(rows) @ self.axes for rows in _parts(features)]
        return np.concatenate(parts) if parts else np.zeros((0, self.axes.shape[1]), dtype=np.float32)

    def _standard(self, rows: Features) -> FloatArray:
        standard: FloatArray = (rows.astype(np.float32) - self.mean) / self.scale
        return standard

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name."""
        return {"photo.mean": self.mean, "photo.scale": self.scale, "photo.axes": self.axes}

    @classmethod
    def from_tensors(cls, tensors: dict[str, npt.NDArray[Any]]) -> "PhotoAxes":
        """The axes that `tensors` holds."""
        return cls(tensors["photo.mean"], tensors["photo.scale"], tensors["photo.axes"])


def fit_axes(features: Features, widths: list[int], n_axes: int, seed: int) -> PhotoAxes:
    """Find the principal axes.

    Args:
        features: Raw statistics, shape (n_works, n_columns), at least two rows.
        widths: How many columns each block has, in order.
        n_axes: How many axes are wanted; fewer come where there are few works.
        seed: Draws the subspace to start from.
    """
    mean, standard_deviation = _moments(features)
    standardised = PhotoAxes(
        mean, standard_deviation / block_weights(widths), np.zeros((features.shape[1], 0), dtype=np.float32)
    )
    kept = max(1, min(n_axes, len(features) - 1, features.shape[1]))
    wide = min(kept + SPARE_AXES, len(features), features.shape[1])
    basis = np.random.default_rng(seed).standard_normal((features.shape[1], wide)).astype(np.float32)
    for _ in range(PASSES):
        basis, _ = np.linalg.qr(_scattered(standardised, features, basis))
    small = basis.T @ _scattered(standardised, features, basis)
    values, turn = np.linalg.eigh((small + small.T).astype(np.float64))
    axes = basis @ turn[:, np.argsort(-values)[:kept]].astype(np.float32)
    return PhotoAxes(standardised.mean, standardised.scale, _signed(axes))


def batches_of_statistics(
    works: Catalog, encoders: Sequence[PhotoEncoder]
) -> Iterator[tuple[IntArray, Features, Mask]]:
    """The works' vectors in batches: the rows, the encoders' vectors side by side, whether each has a photo.

    Raises:
        PhotoError: A photo can't be read.
    """
    columns = [np.concatenate(encoder.blocks(None, None)) for encoder in encoders]
    pairs = list(zip(encoders, columns, strict=True))
    for start in range(0, len(works), WORKS_AT_ONCE):
        rows = np.arange(start, min(start + WORKS_AT_ONCE, len(works)))
        some = works.take(rows)
        if some.has_photo.any():
            tables = [photo_features(some, encoder, own)[0] for encoder, own in pairs]
        else:
            tables = [np.zeros((len(rows), len(own)), dtype=encoder.number) for encoder, own in pairs]
        yield rows, np.concatenate(tables, axis=1), some.has_photo


def batches_of_every_photo(
    works: Catalog, encoders: Sequence[PhotoEncoder]
) -> Iterator[tuple[IntArray, Features, IntArray]]:
    """The vectors of all photos in batches: the works' rows, the vectors, which of these works each photo is of.

    A batch has about `WORKS_AT_ONCE` photos.

    Raises:
        PhotoError: A photo can't be read.
    """
    columns = [np.concatenate(encoder.blocks(None, None)) for encoder in encoders]
    pairs = list(zip(encoders, columns, strict=True))
    batch_of = (np.cumsum(np.maximum(works.photo_counts, 1)) - 1) // WORKS_AT_ONCE
    for number in np.unique(batch_of):
        rows = np.flatnonzero(batch_of == number)
        some = works.take(rows)
        if some.has_photo.any():
            tables = [every_photo_features(some, encoder, own) for encoder, own in pairs]
        else:
            tables = [np.zeros((0, len(own)), dtype=encoder.number) for encoder, own in pairs]
        yield rows, np.concatenate(tables, axis=1), np.repeat(np.arange(len(rows)), some.photo_counts)


def _parts(features: Features) -> Iterator[Features]:
    for start in range(0, len(features), WORKS_AT_ONCE):
        yield features[start : start + WORKS_AT_ONCE]


def _moments(features: Features) -> tuple[FloatArray, FloatArray]:
    """The columns' means and standard deviations; a column that does not vary gets 1."""
    n_works = len(features)
    mean = np.sum([part.sum(axis=0, dtype=np.float64) for part in _parts(features)], axis=0) / n_works
    squares = np.sum([((part - mean) ** 2).sum(axis=0) for part in _parts(features)], axis=0)
    standard_deviation = np.sqrt(squares / n_works)
    varies = standard_deviation > 1e-6 * np.maximum(np.abs(mean), 1e-6)
    return mean.astype(np.float32), np.where(varies, standard_deviation, 1.0).astype(np.float32)


def _scattered(standardised: PhotoAxes, features: Features, basis: FloatArray) -> FloatArray:
    """The standardised statistics' scatter times a basis: X' (X basis), batch by batch."""
    total = np.zeros_like(basis)
    for part in _parts(features):
        standard = standardised._standard(part)
        total += standard.T @ (standard @ basis)
    return total / np.float32(len(features))


def _signed(axes: FloatArray) -> FloatArray:
    """Turn each axis so that its largest value is positive: a sign must not depend on the linear algebra library."""
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    turned: FloatArray = axes * np.where(largest < 0, np.float32(-1), np.float32(1))
    return turned
