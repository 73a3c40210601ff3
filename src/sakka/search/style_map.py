"""A map of an index: every work that has a style gets a position in the plane, works of near styles side by side.

t-SNE lays the style embeddings out, started from their first two principal components. Of more than `MOST_LAID_OUT`
works a sample is laid out, and each of the others comes to the mean position of the sampled works nearest to it in
style, weighed by how near they are. Each coordinate of the layout becomes its rank, from 0 to 1, which gives dense
parts room.

The map is kept in the index's folder as `map.json`, written whole, then renamed; it names the version of the table
that it was made of, and is made anew for another.

Source: L. van der Maaten, G. Hinton, Visualizing data using t-SNE, JMLR 2008.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sakka.arrays import FloatArray, IntArray
from sakka.files import write_json
from sakka.search.database import speaking_plainly
from sakka.search.index import Index
from sakka.search.records import OF_WORKS, STYLE

MAP_FILE = "map.json"
MOST_LAID_OUT = 4000
PERPLEXITY = 30.0
NEAREST = 3
AT_ONCE = 4096  # works whose similarities to the sample are in memory at a time
SHARPNESS = 20.0  # of the weights of the nearest works: the exponent's factor of a similarity


@dataclass(frozen=True)
class StyleMap:
    """Works in the plane.

    Attributes:
        ids: The works' ids, sorted.
        positions: Where each is, both coordinates from 0 to 1, shape (n_works, 2).
    """

    ids: tuple[str, ...]
    positions: FloatArray


def style_map(index: Index, folder: Path | None = None, seed: int = 0) -> StyleMap:
    """The map of an index: the one that is kept where there is one of this version, else a new one.

    Args:
        index: The index.
        folder: Where the map is kept; None, or a folder that can't be written to: it is not.
        seed: Draws the sample, and goes into t-SNE.
    """
    key = {"build": str(index.info["build"]), "version": int(index.table.version), "seed": seed}
    if folder is not None and (kept := _read(folder, key)) is not None:
        return kept
    ids, vectors = _styles(index)
    made = StyleMap(ids, laid_out(vectors, seed))
    if folder is not None and os.access(folder, os.W_OK):
        with suppress(OSError):  # a full disk: the map is made again next time
            write_json(folder / MAP_FILE, {**key, "ids": made.ids, "positions": made.positions.round(5).tolist()})
    return made


def laid_out(vectors: FloatArray, seed: int = 0) -> FloatArray:
    """Positions of unit vectors in the unit square, near vectors side by side, shape (n_vectors, 2).

    Args:
        vectors: Unit rows, shape (n_vectors, n_values).
        seed: Draws the sample, and goes into t-SNE.
    """
    if len(vectors) < 3:
        return np.full((len(vectors), 2), 0.5, dtype=np.float32)
    rows = np.sort(np.random.default_rng((seed, 6)).permutation(len(vectors))[:MOST_LAID_OUT])
    sampled = _embedded(vectors[rows], seed)
    if len(rows) == len(vectors):
        return sampled
    positions = np.zeros((len(vectors), 2), dtype=np.float32)
    for start in range(0, len(vectors), AT_ONCE):
        similarities = vectors[start : start + AT_ONCE] @ vectors[rows].T
        nearest = np.argpartition(-similarities, NEAREST - 1, axis=1)[:, :NEAREST]
        best = np.take_along_axis(similarities, nearest, axis=1)
        weights = np.exp(SHARPNESS * (best - best.max(axis=1, keepdims=True)))
        positions[start : start + AT_ONCE] = (sampled[nearest] * weights[..., None]).sum(axis=1) / weights.sum(
            axis=1, keepdims=True
        )
    positions[rows] = sampled
    return positions


def _embedded(vectors: FloatArray, seed: int) -> FloatArray:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    found = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(vectors)
    positions: FloatArray = (found.argsort(axis=0).argsort(axis=0) / (len(found) - 1)).astype(np.float32)
    return positions


def _styles(index: Index) -> tuple[tuple[str, ...], FloatArray]:
    """The ids and style embeddings of the works that have one, sorted by id."""
    with speaking_plainly(index.address, "read"):
        query = index.table.search().where(f"{OF_WORKS} AND {STYLE} IS NOT NULL").select(["id", STYLE])
        table = query.to_arrow().sort_by("id")
    values = table[STYLE].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return tuple(table["id"].to_pylist()), values.reshape(table.num_rows, -1)


def _read(folder: Path, key: dict[str, object]) -> StyleMap | None:
    """The map that a folder keeps; None where there is none, of another version, or damaged."""
    try:
        kept = json.loads((folder / MAP_FILE).read_bytes())
        positions = np.array(kept["positions"], dtype=np.float32).reshape(len(kept["ids"]), 2)
        is_same = all(kept[name] == value for name, value in key.items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return StyleMap(tuple(kept["ids"]), positions) if is_same else None


def nearest_of_cells(positions: FloatArray, cells: IntArray, centres: FloatArray) -> dict[int, int]:
    """The row of the position that is nearest to the centre of each cell that has any.

    Args:
        positions: Shape (n, 2).
        cells: The number of each position's cell, shape (n,).
        centres: The centre of each cell, shape (n_cells, 2).

    >>> positions = np.float32([[0.1, 0], [0.4, 0], [0.9, 0]])
    >>> nearest_of_cells(positions, np.array([0, 0, 1]), np.float32([[0.5, 0], [1, 0]]))
    {0: 1, 1: 2}
    """
    distances = ((positions - centres[cells]) ** 2).sum(axis=1)
    order = np.lexsort((distances, cells))
    different, first = np.unique(cells[order], return_index=True)
    return dict(zip(different.tolist(), order[first].tolist(), strict=True))
