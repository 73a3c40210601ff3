"""A linear softmax on features, however it was fitted.

    p(c | x) = softmax(z W + b)_c,    z = (x - mean) / scale, or x itself where the features are sparse

The log-odds of two creators are a sum over features, which is what makes them explainable to the last nat:

    log(p_c / p_r) = (b_c - b_r) + sum over f of (x_f - mean_f) (W_fc - W_fr) / scale_f
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, FloatArray, Probabilities, softmax

ROWS_IN_CACHE = 256
NAMES = ("weights", "bias", "mean", "scale")
SHAPES = {
    "head.weights": "features creators",
    "head.bias": "creators",
    "head.mean": "features",
    "head.scale": "features",
    "head.penalty": "1",
}
"""Of the arrays of `LinearHead.tensors`."""


@dataclass(frozen=True)
class Contrast:
    """The log-odds of two creators as a sum over features: bias + sum of (x - centre) weights.

    Attributes:
        weights: Nats a unit of each feature as it is stored, shape (n_features,).
        centre: What each feature is compared with, shape (n_features,).
        bias: The difference of the two creators' constant terms.
    """

    weights: DoubleArray
    centre: DoubleArray
    bias: float

    def of_columns(self, columns: slice) -> "Contrast":
        """What some features say, without the constant terms."""
        return Contrast(self.weights[columns], self.centre[columns], 0.0)


class Head(ABC):
    """A fitted linear softmax, in whatever form its weights are kept.

    Attributes:
        mean: What is subtracted from each feature, shape (n_features,); None for sparse features.
        scale: What each is divided by then, same shape; None for sparse features.
    """

    mean: FloatArray | None
    scale: FloatArray | None

    @property
    @abstractmethod
    def n_features(self) -> int:
        """How many features it reads."""

    @abstractmethod
    def predict_proba(self, features: Any) -> Probabilities:
        """The creators' probabilities, float32, shape (n_rows, n_creators), rows sum to 1.

        Args:
            features: An array, or SciPy CSR, shape (n_rows, n_features).
        """

    @abstractmethod
    def contrast(self, creator: int, against: int) -> Contrast:
        """What each feature says for one creator against another.

        Args:
            creator: The column spoken for.
            against: The column compared with.
        """

    @abstractmethod
    def without(self, label: int) -> Self:
        """This head without one creator."""

    @abstractmethod
    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The head as arrays by name."""

    def standardised(self, features: Any) -> Any:
        """The features as the weights read them: z above.

        Args:
            features: An array, or SciPy CSR, shape (n_rows, n_features).
        """
        return features if self.mean is None or self.scale is None else (features - self.mean) / self.scale


@dataclass(frozen=True)
class LinearHead(Head):
    """A fitted linear softmax.

    Attributes:
        weights: Shape (n_features, n_creators).
        bias: Shape (n_creators,).
        penalty: What half the squared weights were multiplied by, beside the mean loss of a work.
        mean: What is subtracted from each feature, shape (n_features,); None for sparse features.
        scale: What each is divided by then, same shape; None for sparse features.
    """

    weights: FloatArray
    bias: FloatArray
    penalty: float
    mean: FloatArray | None = None
    scale: FloatArray | None = None

    @property
    def n_features(self) -> int:
        """How many features it reads."""
        return len(self.weights)

    def predict_proba(self, features: Any) -> Probabilities:
        """The creators' probabilities, float32, shape (n_rows, n_creators), rows sum to 1."""
        if self.mean is None or self.scale is None:
            return softmax(features @ self.weights + self.bias)
        import torch

        from sakka.engines.threads import work_off

        mean, scale, weights, bias = map(torch.from_numpy, (self.mean, self.scale, self.weights, self.bias))

        def probabilities(rows: torch.Tensor) -> torch.Tensor:
            return torch.softmax(torch.addmm(bias, (rows - mean).div_(scale), weights), dim=1)

        parts = torch.split(torch.from_numpy(features), ROWS_IN_CACHE)
        if torch.get_num_threads() == 1:
            return torch.cat([probabilities(rows) for rows in parts]).numpy()
        with closing(work_off(parts, probabilities, "sakka-heads")) as found:  # one thread each: the same bytes
            return torch.cat(list(found)).numpy()

    def contrast(self, creator: int, against: int) -> Contrast:
        """What each feature says for one creator against another."""
        weights = self.weights[:, creator].astype(np.float64) - self.weights[:, against]
        centre = np.zeros(len(weights)) if self.mean is None else self.mean.astype(np.float64)
        bias = float(self.bias[creator]) - float(self.bias[against])
        return Contrast(weights if self.scale is None else weights / self.scale, centre, bias)

    def with_columns(self, weights: FloatArray, bias: FloatArray) -> "LinearHead":
        """This head with more creators behind the others.

        Args:
            weights: Theirs, shape (n_features, n_new).
            bias: Theirs, shape (n_new,).
        """
        return replace(self, weights=np.hstack([self.weights, weights]), bias=np.append(self.bias, bias))

    def without(self, label: int) -> "LinearHead":
        """This head without one creator."""
        return replace(self, weights=np.delete(self.weights, label, axis=1), bias=np.delete(self.bias, label))

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The head as arrays by name; `from_tensors` takes them back."""
        parts = {f"head.{name}": getattr(self, name) for name in NAMES}
        penalty = np.array([self.penalty], dtype=np.float64)
        return {name: part for name, part in parts.items() if part is not None} | {"head.penalty": penalty}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[Any]]) -> "LinearHead | None":
        """The head that `tensors` wrote; None where there is none."""
        if "head.penalty" not in tensors:
            return None
        parts = {name: tensors[f"head.{name}"] for name in NAMES if f"head.{name}" in tensors}
        return cls(**parts, penalty=float(tensors["head.penalty"][0]))
