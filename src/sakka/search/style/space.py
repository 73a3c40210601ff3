"""The style space: photos to unit vectors that are near each other where one creator made both works.

A photo's vector (`networks/encoders.py`) goes to coordinates (`photos.py`), these to values by the axes of creators
(`models/creator_axes.py`), and the values to unit length; the similarity of two works is the product of their vectors.
Its meaning as a probability comes from `same_creator.py`. Trust and calibration are learned on creators held out: the
creators are split into three parts, and each part is evaluated by axes learned from the others, beside held-out works
of these others. A space learns from at most `MOST_WORKS` works, one of each group of near-identical ones.

    SPACE/space.json            settings and what the vectors depend on
    SPACE/space.safetensors     arrays
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from sakka.arrays import DoubleArray, FloatArray, IntArray, Mask
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.errors import ModelFolderError
from sakka.files import canonical_json, writing_whole
from sakka.models.creator_axes import TRUSTS, CreatorAxes, fit_creator_axes
from sakka.networks.encoders import PhotoEncoder, number_format, photo_encoders
from sakka.networks.features import cache_features
from sakka.search.style.photos import PhotoAxes, batches_of_every_photo, batches_of_statistics, fit_axes
from sakka.search.style.same_creator import (
    SameCreatorCalibration,
    average_precisions,
    fit_calibration,
    pairs_of,
    prior_of,
)

SPACE_VERSION = 2
COORDINATES = 512
SIZE = 256
MOST_WORKS = 20_000
MOST_HELD_OUT = 1200
PARTS = 3  # of creators, to choose trust and fit the calibration on
HOLD_OUT = 5  # one work in so many of a known creator is held out too
SPACE_FILE, TENSORS_FILE = "space.json", "space.safetensors"


@dataclass(frozen=True)
class StyleSpace:
    """A fitted style space.

    Attributes:
        encoder: The name of the encoder, or the sum of encoders, that photos are seen through.
        dtype: The number format of built-in networks; None where there is none.
        photo_axes: Statistics to coordinates.
        matrix: Centred coordinates to values, shape (n_coordinates, n_values).
        centre: What is subtracted from the coordinates, shape (n_coordinates,).
        calibration: What a similarity says.
        learned: What it was learned from: `works`, `creators`, `trust`.
    """

    encoder: str
    dtype: str | None
    photo_axes: PhotoAxes
    matrix: FloatArray
    centre: FloatArray
    calibration: SameCreatorCalibration
    learned: dict[str, float]

    @classmethod
    def fit(
        cls,
        works: Catalog,
        *,
        groups: IntArray | None = None,
        encoder: str = "lite0",
        dtype: str | None = None,
        size: int = SIZE,
        seed: int = 0,
    ) -> "StyleSpace":
        """Learn a space from the featured photos of works.

        Args:
            works: The works; those without a photo count for nothing, those without a creator help to find the axes.
            groups: Each work's group of near-identical works, shape (n_works,); None: no two are near-identical.
            encoder: The encoder's name, or a sum of names.
            dtype: The number format of built-in networks; None: the faster one on this machine.
            size: The most values that a vector has.
            seed: Draws which works are learned from and held out.

        Raises:
            ModelError: The encoder is not known.
            PhotoError: A photo can't be read.
        """
        dtype = dtype or number_format(photo_encoders(encoder))
        encoders = photo_encoders(encoder, dtype)  # all in the format that the space is read in later
        groups = np.arange(len(works)) if groups is None else groups
        rows = _learned_from(works, groups, seed)
        widths = [width for each in encoders for width in each.widths]
        if len(rows) < 2:
            return _empty(encoder, dtype, sum(widths), size)
        some = works.take(rows)
        statistics = np.zeros((len(rows), sum(widths)), dtype=np.result_type(*(each.number for each in encoders)))
        for own, table, _ in batches_of_statistics(some, encoders):
            statistics[own] = table
        axes = fit_axes(statistics, widths, COORDINATES, seed)
        coordinates = axes.coordinates(statistics)
        del statistics
        labels = some.creator_indices()
        trust, calibration = _trust_and_calibration(
            coordinates, labels, groups[rows], size, prior_of(works.creator_indices()), seed
        )
        creator_axes = fit_creator_axes(coordinates, labels)
        learned = {"works": len(rows), "creators": len(np.unique(labels[labels >= 0])), "trust": trust}
        matrix, centre = creator_axes.stretched(trust, size), creator_axes.centre.astype(np.float32)
        return cls(encoder, dtype, axes, matrix, centre, calibration, learned)

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return int(self.matrix.shape[1])

    @cached_property
    def encoders(self) -> tuple[PhotoEncoder, ...]:
        """What reads photos."""
        return photo_encoders(self.encoder, self.dtype)

    def fill_cache(self, works: Catalog) -> None:
        """Compute the vectors of the works' photos that the cache lacks."""
        for encoder in self.encoders:
            cache_features(works, encoder)

    def coordinates(self, works: Catalog) -> Iterator[tuple[IntArray, FloatArray, Mask]]:
        """The works' photo coordinates in batches: the rows, the coordinates, whether each work has a photo.

        Raises:
            PhotoError: A photo can't be read.
        """
        for rows, statistics, seen in batches_of_statistics(works, self.encoders):
            yield rows, self.photo_axes.coordinates(statistics), seen

    def photo_coordinates(self, works: Catalog) -> Iterator[tuple[IntArray, FloatArray, IntArray]]:
        """The coordinates of all photos in batches: the works' rows, the coordinates, which of them each photo is of.

        Raises:
            PhotoError: A photo can't be read.
        """
        for rows, statistics, works_of in batches_of_every_photo(works, self.encoders):
            yield rows, self.photo_axes.coordinates(statistics), works_of

    def style(self, coordinates: FloatArray) -> FloatArray:
        """Turn photo coordinates into style embeddings of unit length, shape (n_works, size)."""
        return unit_rows((coordinates - self.centre) @ self.matrix)

    def vectors(self, works: Catalog) -> FloatArray:
        """The works' style embeddings, unit length, shape (n_works, size); zeros where a work has no photo.

        Raises:
            PhotoError: A photo can't be read.
        """
        vectors = np.zeros((len(works), self.size), dtype=np.float32)
        for rows, coordinates, seen in self.coordinates(works):
            vectors[rows[seen]] = self.style(coordinates[seen])
        return vectors

    def same_creator(self, similarities: npt.ArrayLike, prior: float | None = None) -> DoubleArray:
        """The probability that one creator made both works, for each similarity of their vectors.

        Args:
            similarities: Products of unit vectors, -1 to 1.
            prior: The chance before the two are looked at; None: that of two works drawn from the catalog learned from.
        """
        return self.calibration.probability(similarities, prior)

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name."""
        return {
            **self.photo_axes.tensors(),
            "matrix": self.matrix,
            "centre": self.centre,
            "evidence.similarity": self.calibration.similarity,
            "evidence.log_ratio": self.calibration.log_ratio,
        }

    def values(self) -> dict[str, Any]:
        """The settings as JSON."""
        return {
            "version": SPACE_VERSION,
            "encoder": self.encoder,
            "dtype": self.dtype,
            "photos": [each.key for each in self.encoders],
            "prior": self.calibration.prior,
            "learned": self.learned,
        }

    @classmethod
    def from_parts(cls, values: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> "StyleSpace":
        """The space that `values` and `tensors` describe.

        Raises:
            ModelFolderError: It is of another version, or its photos were seen through other weights.
        """
        if values.get("version") != SPACE_VERSION:
            raise ModelFolderError(
                f"a style space of version {values.get('version')}, expected {SPACE_VERSION}; build it again"
            )
        calibration = SameCreatorCalibration(
            tensors["evidence.similarity"], tensors["evidence.log_ratio"], float(values["prior"])
        )
        axes = PhotoAxes.from_tensors(tensors)
        parts = (axes, tensors["matrix"], tensors["centre"], calibration, values["learned"])
        space = cls(values["encoder"], values["dtype"], *parts)
        found = [each.key for each in space.encoders]
        if found != values["photos"]:
            raise ModelFolderError(
                f"the style space was learned on photos seen as {' + '.join(values['photos'])}, here they are seen as "
                f"{' + '.join(found)}; build it again"
            )
        return space

    def save(self, folder: Path | str) -> None:
        """Write the space as a folder; `space.json`, which names the arrays' SHA-256, comes last."""
        content = save_tensors({name: np.ascontiguousarray(array) for name, array in self.tensors().items()})
        digest = hashlib.sha256(content).hexdigest()
        with writing_whole(Path(folder) / TENSORS_FILE) as part:
            part.write_bytes(content)
        with writing_whole(Path(folder) / SPACE_FILE) as part:
            part.write_text(canonical_json({**self.values(), "sha256": digest}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path | str) -> "StyleSpace":
        """Read a space that `save` wrote; nothing in it is run.

        Raises:
            ModelFolderError: It is no style space, is damaged or was changed.
        """
        folder = Path(folder)
        try:
            values = json.loads((folder / SPACE_FILE).read_text(encoding="utf-8"))
            content = (folder / TENSORS_FILE).read_bytes()
            if hashlib.sha256(content).hexdigest() != values["sha256"]:
                raise ValueError(f"the sha256 of {TENSORS_FILE} is not the one in {SPACE_FILE}")
            return cls.from_parts(values, load_tensors(content))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, SafetensorError) as error:
            raise ModelFolderError(f"{folder} can't be read as a style space ({error}); save it again") from error


def unit_rows(table: npt.NDArray[Any]) -> FloatArray:
    """Stretch rows to unit length; a row of zeros stays.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    rows: FloatArray = (table / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return rows


def _learned_from(works: Catalog, groups: IntArray, seed: int) -> IntArray:
    """Choose the works to learn from: with a photo, the first of each group, at most `MOST_WORKS`, ascending."""
    rows = np.flatnonzero(works.has_photo)
    _, firsts = np.unique(groups[rows], return_index=True)
    rows = rows[np.sort(firsts)]
    if len(rows) > MOST_WORKS:
        rows = np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_WORKS])
    return rows


def _empty(encoder: str, dtype: str | None, columns: int, size: int) -> StyleSpace:
    """The space of a catalog with fewer than two photos: every vector is zeros but for the photo itself."""
    axes = PhotoAxes(
        np.zeros(columns, np.float32), np.ones(columns, np.float32), np.eye(columns, size, dtype=np.float32)
    )
    calibration = fit_calibration(np.zeros(0), np.zeros(0), 0.5)
    matrix, centre = np.eye(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    learned = {"works": 0, "creators": 0, "trust": TRUSTS[-1]}
    return StyleSpace(encoder, dtype, axes, matrix, centre, calibration, learned)


def _trust_and_calibration(
    coordinates: FloatArray, labels: IntArray, groups: IntArray, size: int, prior: float, seed: int
) -> tuple[float, SameCreatorCalibration]:
    """Choose the trust and fit the calibration on creators and works that the axes were not learned from."""
    several = np.flatnonzero(np.bincount(labels[labels >= 0]) > 1) if (labels >= 0).any() else np.zeros(0, np.int64)
    generator = np.random.default_rng((seed, 1))
    if len(several) < 2 * PARTS:
        return TRUSTS[-1], fit_calibration(*_own_pairs(coordinates, labels, groups, size), prior)
    part_of = np.full(int(labels.max()) + 1, -1)
    part_of[several] = generator.permutation(np.arange(len(several)) % PARTS)
    works_of = np.where(labels >= 0, part_of[labels], -1)
    held = deal(np.maximum(labels, 0), generator, HOLD_OUT) == 0
    scores = dict.fromkeys(TRUSTS, 0.0)
    pairs: dict[float, list[tuple[DoubleArray, DoubleArray]]] = {trust: [] for trust in TRUSTS}
    for part in range(PARTS):
        learned = (works_of != part) & ~held
        creator_axes = fit_creator_axes(coordinates[learned], labels[learned])
        unknown = _some(works_of == part, generator)
        known = _some((works_of != part) & (labels >= 0) & held, generator)
        for trust in TRUSTS:
            view = _Projection(creator_axes, trust, size)
            for held_out in (unknown, known):
                scores[trust] += _quality(view.vectors(coordinates[held_out]), labels[held_out], groups[held_out])
            pairs[trust].append(pairs_of(view.vectors(coordinates[unknown]), labels[unknown], groups[unknown]))
    trust = max(TRUSTS, key=lambda each: scores[each])
    same, different = (np.concatenate(each) for each in zip(*pairs[trust], strict=True))
    return trust, fit_calibration(same, different, prior)


def _own_pairs(
    coordinates: FloatArray, labels: IntArray, groups: IntArray, size: int
) -> tuple[DoubleArray, DoubleArray]:
    """The pairs of works by very few creators, under axes learned from all of them."""
    known = np.flatnonzero(labels >= 0)[:MOST_HELD_OUT]
    vectors = _Projection(fit_creator_axes(coordinates, labels), TRUSTS[-1], size).vectors(coordinates[known])
    return pairs_of(vectors, labels[known], groups[known])


class _Projection:
    """Coordinates projected to unit vectors under one trust."""

    def __init__(self, creator_axes: CreatorAxes, trust: float, size: int) -> None:
        self.centre, self.matrix = creator_axes.centre.astype(np.float32), creator_axes.stretched(trust, size)

    def vectors(self, coordinates: FloatArray) -> FloatArray:
        return unit_rows((coordinates - self.centre) @ self.matrix)


def _quality(vectors: FloatArray, labels: IntArray, groups: IntArray) -> float:
    """The sum of the logarithms of mean average precision and recall at 10; 0 where nothing can be evaluated."""
    measures = average_precisions(vectors, labels, groups)
    if not np.isfinite(measures[0]).any():
        return 0.0
    return float(sum(np.log(max(float(np.nanmean(each)), 1e-6)) for each in measures))


def _some(chosen: Mask, generator: np.random.Generator) -> IntArray:
    rows: IntArray = np.sort(generator.permutation(np.flatnonzero(chosen))[:MOST_HELD_OUT])
    return rows
