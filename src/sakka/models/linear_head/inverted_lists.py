"""An index of creators' vectors: the columns with the highest scores of a work, without scoring all of them.

The vectors are parted into lists around centres (k-means on vectors of unit length); a work looks through the lists
whose mean vector and mean bias give the highest score, until it has scored `SCANNED` creators. With so many or fewer
creators every one is scored. What is looked through does not grow with the creators, the number of lists grows with
their root.

An own index of a hundred lines and not a library's: it is two arrays that the model's file holds beside the vectors,
mapped by all processes of a server, the same bytes for the same seed, and it scores a vector with a bias exactly.

Source: H. Jégou, M. Douze, C. Schmid, Product quantization for nearest neighbor search, PAMI 2011 (the inverted file)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray, IntArray

SCANNED = 6144  # creators that are scored of a work
LISTS_PER_ROOT = 2  # lists, times the root of the number of creators
STEPS = 6
ROWS_AT_ONCE = 8192
SHAPES = {
    "lists.vectors": "creators rank",
    "lists.bias": "creators",
    "lists.columns": "creators",
    "lists.starts": "lists+1",
    "lists.centres": "lists rank+1",
    "lists.positions": "creators",
}
"""Of the arrays of `InvertedLists.tensors`."""


@dataclass(frozen=True)
class InvertedLists:
    """Creators' vectors and biases in the order of lists.

    Attributes:
        vectors: Shape (n_creators, rank), list after list.
        bias: Shape (n_creators,), in the same order.
        columns: The creator's column at each place, shape (n_creators,).
        starts: Where each list starts, and the end of the last, shape (n_lists + 1,).
        centres: The mean vector of each list and behind it the mean bias, shape (n_lists, rank + 1).
        positions: Where each column stands, shape (n_creators,).
    """

    vectors: FloatArray
    bias: FloatArray
    columns: IntArray
    starts: IntArray
    centres: FloatArray
    positions: IntArray

    @classmethod
    def of(cls, vectors: FloatArray, bias: FloatArray, seed: int = 0) -> "InvertedLists":
        """Part creators into lists.

        Args:
            vectors: Shape (n_creators, rank).
            bias: Shape (n_creators,).
            seed: Draws the first centres.
        """
        count = len(vectors)
        n_lists = _lists_of(count)
        own = np.zeros(count, dtype=np.int64) if n_lists == 1 else _nearest_centres(vectors, n_lists, seed)
        columns = np.argsort(own, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(own, minlength=n_lists))])
        return cls.in_order(vectors[columns], bias[columns], columns, starts)

    @classmethod
    def in_order(cls, vectors: FloatArray, bias: FloatArray, columns: IntArray, starts: IntArray) -> "InvertedLists":
        """The lists of vectors that are in their order already."""
        filled = starts[:-1] < starts[1:]
        sizes = np.maximum(np.diff(starts), 1)[:, None]
        centres = np.zeros((len(filled), vectors.shape[1] + 1), dtype=np.float32)
        if filled.any():
            firsts = starts[:-1][filled]
            centres[filled, :-1] = np.add.reduceat(vectors, firsts, axis=0)
            centres[filled, -1] = np.add.reduceat(bias, firsts)
        centres /= sizes
        centres[~filled, -1] = -np.inf
        positions = np.empty(len(columns), dtype=np.int64)
        positions[columns] = np.arange(len(columns))
        return cls(vectors, bias, columns, starts, centres, positions)

    def __len__(self) -> int:
        return len(self.columns)

    def shortlist(self, queries: FloatArray, count: int) -> IntArray:
        """The columns with the highest scores of each query, in no order, shape (n_queries, count or all there are).

        Args:
            queries: Shape (n_queries, rank).
            count: How many of each.
        """
        if len(self.starts) == 2:
            return self._highest(queries @ self.vectors.T + self.bias, None, count)
        near = queries @ self.centres[:, :-1].T + self.centres[:, -1]
        order = np.argsort(-near, axis=1, kind="stable")
        sizes = np.diff(self.starts)
        before = np.cumsum(sizes[order], axis=1) - sizes[order]
        looked_at = before < SCANNED
        width = int((sizes[order] * looked_at).sum(axis=1).max(initial=0))
        scores = np.full((len(queries), width), -np.inf, dtype=np.float32)
        positions = np.zeros((len(queries), width), dtype=np.int32)
        rows, ranks = np.nonzero(looked_at)
        lists = order[rows, ranks]
        by_list = np.argsort(lists, kind="stable")
        edges = np.searchsorted(lists[by_list], np.arange(len(sizes) + 1))
        for number in np.unique(lists):
            some = by_list[edges[number] : edges[number + 1]]
            start, stop = self.starts[number], self.starts[number + 1]
            found = queries[rows[some]] @ self.vectors[start:stop].T + self.bias[start:stop]
            at = before[rows[some], ranks[some]][:, None] + np.arange(stop - start)
            scores[rows[some, None], at] = found
            positions[rows[some, None], at] = np.arange(start, stop)
        return self._highest(scores, positions, count)

    def scores(self, queries: FloatArray, columns: IntArray) -> FloatArray:
        """The exact scores of some columns of each query, shape (n_queries, n_columns).

        Args:
            queries: Shape (n_queries, rank).
            columns: Shape (n_queries, n_columns), or (n_columns,) where they are the same for all.
        """
        positions = self.positions[columns]
        if columns.ndim == 1:
            return queries @ self.vectors[positions].T + self.bias[positions]
        table = np.empty(columns.shape, dtype=np.float32)
        for row, own in enumerate(positions):
            table[row] = self.vectors[own] @ queries[row] + self.bias[own]
        return table

    def in_columns(self) -> tuple[FloatArray, FloatArray]:
        """The vectors and the biases in the order of the columns."""
        return self.vectors[self.positions], self.bias[self.positions]

    def with_creators(self, vectors: FloatArray, bias: FloatArray) -> "InvertedLists":
        """These with more creators behind the others, each in the list that is nearest to it.

        With so many that anew there would be more than twice the lists, all creators are parted anew.
        """
        if _lists_of(len(self) + len(vectors)) > 2 * (len(self.starts) - 1):
            known = self.in_columns()
            return InvertedLists.of(np.concatenate([known[0], vectors]), np.concatenate([known[1], bias]))
        near = np.argmax(_unit(vectors) @ _unit(self.centres[:, :-1]).T, axis=1)
        order = np.argsort(near, kind="stable")
        at = self.starts[near[order] + 1]
        columns = np.insert(self.columns, at, len(self) + order)
        starts = self.starts + np.concatenate([[0], np.cumsum(np.bincount(near, minlength=len(self.starts) - 1))])
        return InvertedLists.in_order(
            np.insert(self.vectors, at, vectors[order], axis=0), np.insert(self.bias, at, bias[order]), columns, starts
        )

    def without(self, column: int) -> "InvertedLists":
        """These without one creator."""
        place = int(self.positions[column])
        rest = np.delete(self.columns, place)
        starts = self.starts - (self.starts > place)
        return InvertedLists.in_order(
            np.delete(self.vectors, place, axis=0), np.delete(self.bias, place), rest - (rest > column), starts
        )

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name; `from_tensors` takes them back."""
        return {f"lists.{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[Any]]) -> "InvertedLists":
        """What `tensors` wrote.

        Raises:
            ValueError: The creators are not parted into lists.
        """
        names = ("vectors", "bias", "columns", "starts", "centres", "positions")
        found = cls(*(tensors[f"lists.{name}"] for name in names))
        in_order = np.array_equal(found.columns[found.positions], np.arange(len(found)))
        if not in_order or (np.diff(found.starts, prepend=0, append=len(found)) < 0).any() or found.starts[0]:
            raise ValueError("the arrays lists.columns, lists.positions and lists.starts part no creators into lists")
        return found

    def _highest(self, scores: FloatArray, positions: npt.NDArray[np.int32] | None, count: int) -> IntArray:
        if count < scores.shape[1]:
            chosen = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        else:
            chosen = np.tile(np.arange(scores.shape[1]), (len(scores), 1))
        return self.columns[chosen if positions is None else np.take_along_axis(positions, chosen, axis=1)]


def _lists_of(n_creators: int) -> int:
    return 1 if n_creators <= SCANNED else int(LISTS_PER_ROOT * n_creators**0.5)


def _unit(rows: FloatArray) -> FloatArray:
    unit: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def _nearest_centres(vectors: FloatArray, n_lists: int, seed: int) -> IntArray:
    """The list of each vector, shape (n_vectors,): spherical k-means; a centre without a vector stays where it was."""
    rows = _unit(vectors)
    centres = rows[np.sort(np.random.default_rng((seed, 8)).permutation(len(rows))[:n_lists])].copy()
    for _ in range(STEPS):
        own = _assigned(rows, centres)
        sums = np.zeros_like(centres)
        order = np.argsort(own, kind="stable")
        counts = np.bincount(own, minlength=n_lists)
        filled = counts > 0
        sums[filled] = np.add.reduceat(rows[order], (np.cumsum(counts) - counts)[filled], axis=0)
        centres[filled] = _unit(sums[filled])
    return _assigned(rows, centres)


def _assigned(rows: FloatArray, centres: FloatArray) -> IntArray:
    parts = [rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE)]
    return np.concatenate([np.argmax(part @ centres.T, axis=1) for part in parts])
