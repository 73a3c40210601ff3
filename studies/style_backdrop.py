"""Works found by style because they lie on the same backdrop, and what removing backdrops from the style space does.

    python -m studies style_backdrop MARKET_CATALOG [--splits 2]

A catalog that `sakka catalog build market` made, so that each photo's backdrop (texture and tint) is known. Works that
were not learned from ask among themselves, as `studies.style_search` splits them. “Equal backdrop”: the share of the
first ten hits with the query's backdrop, near-identical works left out; “by others”: the same among hits by other
creators. Average precision and recall at 10 of works by the query's creator, means over the parts of all splits.

“Removed”: a ridge regression of the photos' coordinates on the mean and standard deviation of their border's L*, a* and
b*, both less their creator's mean; the six directions that it finds are taken from all coordinates before the axes of
creators are learned. “From all works”: the same without subtracting creators' means. All learn with trust 1.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from sakka.arrays import DoubleArray, FloatArray, IntArray
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.market.folder import read_settings
from sakka.market.photo import photo_truth
from sakka.models.creator_axes import fit_creator_axes
from sakka.networks.encoders import number_format, photo_encoders
from sakka.photos.cielab import to_lab
from sakka.photos.decode import read_photo
from sakka.search.style.photos import batches_of_statistics, fit_axes
from sakka.search.style.same_creator import average_precisions
from sakka.search.style.space import COORDINATES, SIZE, unit_rows
from studies.figures import Figure
from studies.style_search import parts

FIRST = 10
BORDER_PX, SIDE_PX = 5, 64
RIDGE = 0.01
REMOVED = ("nothing", "removed", "removed, from all works")


def border_colours(works: Catalog) -> DoubleArray:
    """The mean and standard deviation of each photo's border in CIELAB, standardised over works, shape (n_works, 6)."""
    border = np.ones((SIDE_PX, SIDE_PX), dtype=np.bool_)
    border[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX] = False
    rows = []
    for path in works.photo_paths:
        assert path is not None
        small = np.asarray(read_photo(path, at_least_px=128).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
        lab = to_lab(small[border])
        rows.append(np.concatenate([lab.mean(axis=0), lab.std(axis=0)]))
    table = np.stack(rows)
    standard: DoubleArray = (table - table.mean(axis=0)) / table.std(axis=0)
    return standard


def directions_removed(coordinates: DoubleArray, border: DoubleArray, labels: IntArray | None) -> DoubleArray:
    """The projection that takes away what a border's colours bring, shape (n_coordinates, n_coordinates).

    Args:
        coordinates: Shape (n_works, n_coordinates).
        border: As `border_colours` has it.
        labels: Each work's creator; None: means are those of all works.
    """
    own = np.zeros(len(coordinates), dtype=np.int64) if labels is None else labels
    coordinates, border = _less_means(coordinates, own), _less_means(border, own)
    scatter = border.T @ border + RIDGE * len(border) * np.eye(border.shape[1])
    directions, _ = np.linalg.qr(np.linalg.solve(scatter, border.T @ coordinates).T)
    projection: DoubleArray = np.eye(coordinates.shape[1]) - directions @ directions.T
    return projection


def _less_means(table: DoubleArray, labels: IntArray) -> DoubleArray:
    _, rows, counts = np.unique(labels, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), table.shape[1]))
    np.add.at(means, rows, table)
    less: DoubleArray = table - (means / counts[:, None])[rows]
    return less


def equal_backdrops(
    vectors: FloatArray, labels: IntArray, groups: IntArray, backdrops: IntArray
) -> tuple[float, float]:
    """The share of the first hits with the query's backdrop: of all, and of those by other creators."""
    similarities = np.where(groups[:, None] == groups, -np.inf, vectors @ vectors.T)
    hits = np.argsort(-similarities, axis=1)[:, :FIRST]
    equal = backdrops[hits] == backdrops[:, None]
    others = labels[hits] != labels[:, None]
    return float(equal.mean()), float(equal[others].mean())


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Learn on each part of each split, as it is and with backdrops removed."""
    works = Catalog.read(asked.catalog)
    rows = np.flatnonzero(works.has_photo)
    groups = near_identical(works).groups[rows]
    works = works.take(rows)
    labels, border = works.creator_indices(), border_colours(works)
    settings = read_settings(asked.catalog / "market")
    truths = [photo_truth(settings, name) for name in works.ids]
    kinds = [f"{truth.backdrop} {truth.tint}" for truth in truths]
    backdrops = np.unique(kinds, return_inverse=True)[1]
    encoders = photo_encoders("lite0", number_format(photo_encoders("lite0")))
    statistics = np.concatenate([table for _, table, _ in batches_of_statistics(works, encoders)])
    widths = [width for each in encoders for width in each.widths]
    found: dict[str, list[tuple[float, ...]]] = {}
    for part in (part for seed in range(asked.splits) for part in parts(labels, groups, seed)):
        learned, held = part.fitted, part.evaluated
        axes = fit_axes(statistics[learned], widths, COORDINATES, 0)
        own, other = (axes.coordinates(statistics[each]).astype(np.float64) for each in (learned, held))
        for removed in REMOVED:
            projection = np.eye(own.shape[1])
            if removed != "nothing":
                creators = labels[learned] if removed == "removed" else None
                projection = directions_removed(own, border[learned], creators)
            creator_axes = fit_creator_axes((own @ projection).astype(np.float32), labels[learned])
            vectors = unit_rows((other @ projection - creator_axes.centre) @ creator_axes.stretched(1.0, SIZE))
            precision, recall = average_precisions(vectors, labels[held], groups[held])
            values = (
                *equal_backdrops(vectors, labels[held], groups[held], backdrops[held]),
                float(np.nanmean(precision)),
                float(np.nanmean(recall)),
                len(held),
            )
            found.setdefault(f"creators {part.kind}, {removed}", []).append(values)
    measures = ("equal backdrop", "equal backdrop, by others", "average precision", "recall at 10")
    for row, outcomes in sorted(found.items()):
        *columns, asking = zip(*outcomes, strict=True)
        for measured, over_parts in zip(measures, columns, strict=True):
            yield Figure.over(row, measured, over_parts, int(sum(asking)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--splits", type=int, default=2)
