"""A linear softmax of very many creators: one projection of the features, and a vector a creator.

    s_c(x) = y v_c + b_c,    y = z P + o,    z as in `head.py`

The projection is learned on some of the creators and serves all of them; a vector costs the rank, not the number of
features, and the highest scores are found without computing all (`inverted_lists.py`). The log-odds of two creators
stay a sum over the features, with weights P (v_c - v_r), so explanations are as exact as those of `LinearHead`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, FloatArray, Probabilities, softmax
from sakka.models.linear_head.head import Contrast, Head
from sakka.models.linear_head.inverted_lists import SHAPES as LISTS_SHAPES
from sakka.models.linear_head.inverted_lists import InvertedLists

NAMES = ("projection", "offset", "between", "temperature", "mean", "scale")
SHAPES = {
    "candidates.projection": "features rank",
    "candidates.offset": "rank",
    "candidates.between": "rank",
    "candidates.temperature": "1",
    "candidates.mean": "features",
    "candidates.scale": "features",
    **LISTS_SHAPES,
}
"""Of the arrays of `CandidateHead.tensors`."""


@dataclass(frozen=True)
class CandidateHead(Head):
    """A fitted head of very many creators.

    Attributes:
        projection: P, shape (n_features, rank).
        offset: o, shape (rank,).
        lists: The vectors and biases of the creators, and where to look for them.
        between: The variance between creators along each coordinate, where that within them is 1, shape (rank,).
        temperature: What the closed form's scores are divided by (`creator_vectors.py`), shape (1,).
        mean: As `LinearHead` has it.
        scale: As `LinearHead` has it.
    """

    projection: FloatArray
    offset: FloatArray
    lists: InvertedLists
    between: FloatArray
    temperature: FloatArray
    mean: FloatArray | None = None
    scale: FloatArray | None = None

    @property
    def n_features(self) -> int:
        """How many features it reads."""
        return len(self.projection)

    def coordinates(self, features: Any) -> FloatArray:
        """Y above, float32, shape (n_rows, rank).

        Args:
            features: An array, or SciPy CSR, shape (n_rows, n_features).
        """
        found: FloatArray = (self.standardised(features) @ self.projection + self.offset).astype(np.float32, copy=False)
        return found

    def predict_proba(self, features: Any) -> Probabilities:
        """The probabilities of all creators, float32, shape (n_rows, n_creators): what the lists are for to avoid."""
        vectors, bias = self.lists.in_columns()
        return softmax(self.coordinates(features) @ vectors.T + bias)

    def contrast(self, creator: int, against: int) -> Contrast:
        """What each feature says for one creator against another."""
        positions = self.lists.positions[[creator, against]]
        (one, other), bias = (each[positions].astype(np.float64) for each in (self.lists.vectors, self.lists.bias))
        weights: DoubleArray = self.projection.astype(np.float64) @ (one - other)
        centre = np.zeros(len(weights)) if self.mean is None else self.mean.astype(np.float64)
        constant = float(bias[0] - bias[1] + self.offset.astype(np.float64) @ (one - other))
        return Contrast(weights if self.scale is None else weights / self.scale, centre, constant)

    def with_vectors(self, vectors: FloatArray, bias: FloatArray) -> "CandidateHead":
        """This head with more creators behind the others."""
        return replace(self, lists=self.lists.with_creators(vectors, bias))

    def without(self, label: int) -> "CandidateHead":
        """This head without one creator."""
        return replace(self, lists=self.lists.without(label))

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The head as arrays by name; `from_tensors` takes them back."""
        parts = {f"candidates.{name}": getattr(self, name) for name in NAMES}
        return {name: part for name, part in parts.items() if part is not None} | self.lists.tensors()

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[Any]]) -> "CandidateHead":
        """The head that `tensors` wrote."""
        parts = {name: tensors[f"candidates.{name}"] for name in NAMES if f"candidates.{name}" in tensors}
        return cls(**parts, lists=InvertedLists.from_tensors(tensors))


def is_candidate_head(tensors: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Whether arrays are those of such a head."""
    return "candidates.projection" in tensors
