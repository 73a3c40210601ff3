"""Fusion of a photo model's and a text model's probabilities (the paper's section 3.5), as pure functions.

With p the photo model's and t the text model's probabilities of a creator and w the photo's weight (0 to 1):

    arithmetic    w p + (1 - w) t                            the paper's weighted mean
    log-linear    p^w t^(1 - w) / (its sum over creators)    a weighted geometric mean

The paper writes its ratios 1:9 to 9:1 without saying on which side the photo stands; here the weight is always the
photo's. A work that has only a photo, or only a text, gets that model's prediction alone.

A `Fuser` is one way of fusing, fitted or set: a fixed ratio (`fixed_ratio.py`) or a learned one
(`learned_fusion.py`). The model that has one is `FusedModel`, in `models/fused.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from sakka.arrays import SMALLEST, TINY, IntArray, Mask, Probabilities, log_probabilities, softmax
from sakka.errors import ModelError
from sakka.models.work_reader import Reads

How = Literal["arithmetic", "log-linear"]

HOWS: tuple[How, ...] = get_args(How)
Counts = IntArray | Mask
"""How many photos works have; a mask says none or one."""

BLOCK_ROWS = 512  # at 944 creators a block stays in the processor's cache


class Fuser(ABC):
    """What makes one table of probabilities of a photo model's and a text model's.

    Attributes:
        is_learned: Whether it was fitted to works.
    """

    is_learned: ClassVar[bool]

    @abstractmethod
    def predict(
        self,
        photo: Probabilities,
        text: Probabilities,
        photos: Counts | None = None,
        has_text: Mask | None = None,
        columns: IntArray | None = None,
    ) -> Probabilities:
        """Fuse two models' probabilities of the same works, shape (n_works, n_creators), rows sum to 1.

        Args:
            photo: The photo model's, shape (n_works, n_creators).
            text: The text model's, same shape.
            photos: How many photos each work has, or whether it has one; None means all have one.
            has_text: Whether each has a text; None means all have one.
            columns: Which creators the columns of each work are, where these are some of all, shape of `photo`.
        """

    @abstractmethod
    def weights(self, given: Collection[Reads], photos: int = 1) -> dict[Reads, float]:
        """How far each of what a work has is trusted.

        Args:
            given: What the work has, the photo first.
            photos: How many photos it has.
        """

    @abstractmethod
    def shares(
        self, given: Mapping[Reads, Probabilities], creator: int, against: int, photos: int = 1
    ) -> dict[Reads, float]:
        """How many nats of the fused log-odds come of one nat of each model's own.

        Args:
            given: The models' probabilities of one work that has what they read, each of shape (n_creators,).
            creator: The column spoken for.
            against: The column compared with.
            photos: How many photos it has.
        """

    @abstractmethod
    def with_creators(self, works: IntArray) -> Self:
        """This with new creators behind the others.

        Args:
            works: How many works of each would have been fitted on, shape (n_new,).
        """

    @abstractmethod
    def without(self, label: int) -> Self:
        """This without one creator."""

    @abstractmethod
    def values(self) -> dict[str, Any]:
        """What JSON holds of it."""

    @abstractmethod
    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """What of it is arrays, by name."""

    @abstractmethod
    def in_words(self, photo: str, text: str) -> str:
        """What it does, in a few words.

        Args:
            photo: The photo model's name.
            text: The text model's name.
        """


def kept_log_odds(probabilities: Probabilities, creator: int, against: int, floor: float = SMALLEST) -> float:
    """The share of a model's log-odds that is left when probabilities below a floor count as the floor, 0 to 1.

    Args:
        probabilities: The model's, of one work, shape (n_creators,).
        creator: The column spoken for.
        against: The column compared with.
        floor: Stands for a smaller probability.
    """
    first, second = (float(probabilities[label]) for label in (creator, against))
    whole = np.log(max(first, TINY)) - np.log(max(second, TINY))
    left = np.log(max(first, floor)) - np.log(max(second, floor))
    return float(left / whole) if whole else 1.0


def arithmetic_mean(photo: Probabilities, text: Probabilities, photo_weight: float) -> Probabilities:
    """The weighted arithmetic mean of two tables of probabilities, shape (n_works, n_creators).

    >>> arithmetic_mean(np.float32([[1, 0]]), np.float32([[0, 1]]), 0.75).tolist()
    [[0.75, 0.25]]
    """
    mixed: Probabilities = np.float32(photo_weight) * photo + np.float32(1 - photo_weight) * text
    return _rows_to_one(mixed)


def log_linear(photo: Probabilities, text: Probabilities, photo_weight: float) -> Probabilities:
    """The weighted geometric mean, each row divided by its sum, shape (n_works, n_creators).

    >>> log_linear(np.float32([[0.8, 0.2]]), np.float32([[0.8, 0.2]]), 0.5).round(3).tolist()
    [[0.800000011920929, 0.20000000298023224]]
    """
    weights = np.float32(photo_weight), np.float32(1 - photo_weight)
    scores = weights[0] * log_probabilities(photo) + weights[1] * log_probabilities(text)
    return softmax(scores, out=scores)


def fuse(
    photo: Probabilities,
    text: Probabilities,
    photo_weight: float,
    how: How,
    photos: Counts | None = None,
    has_text: Mask | None = None,
) -> Probabilities:
    """Fuse two models' probabilities of the same works.

    Args:
        photo: The photo model's, shape (n_works, n_creators).
        text: The text model's, same shape.
        photo_weight: The photo's weight, 0 to 1.
        how: `arithmetic` or `log-linear`.
        photos: How many photos each work has, or whether it has one, shape (n_works,); None means all have one.
        has_text: Whether each has a text; None means all have one.

    Returns:
        float32, shape (n_works, n_creators), rows sum to 1. A work with one of the two gets that model's row as it is.

    Raises:
        ModelError: The shapes differ, the weight is outside 0 to 1, or `how` is unknown.
    """
    check_fusable(photo, text, photo_weight, how)
    mean = arithmetic_mean if how == "arithmetic" else log_linear
    photo_only, text_only = having_one(photo, photos, has_text)
    both = ~(photo_only | text_only)
    if both.all():
        return mean(photo, text, photo_weight)
    fused = np.where(text_only[:, None], text, photo)
    fused[both] = mean(photo[both], text[both], photo_weight)
    return fused


def having_one(photo: Probabilities, photos: Counts | None, has_text: Mask | None) -> tuple[Mask, Mask]:
    """Which works have only a photo, and which only a text, each of shape (n_works,)."""
    everyone = np.ones(len(photo), dtype=np.bool_)
    seen = everyone if photos is None else photos > 0
    read = everyone if has_text is None else has_text
    return seen & ~read, read & ~seen


def check_fusable(photo: Probabilities, text: Probabilities, photo_weight: float, how: str) -> None:
    """Refuse what `fuse` can't fuse.

    Raises:
        ModelError: The shapes differ, the weight is outside 0 to 1, or `how` is unknown.
    """
    if photo.shape != text.shape or photo.ndim != 2:
        raise ModelError(
            f"a photo model's probabilities of shape {photo.shape} can't be fused with a text model's of shape "
            f"{text.shape}; both must be of the same works and the same creators"
        )
    if not 0 <= photo_weight <= 1:
        raise ModelError(f"the photo's weight is {photo_weight}, expected 0 to 1")
    if how not in HOWS:
        raise ModelError(f"no way of fusing is called {how!r}; known are {', '.join(HOWS)}")


def _rows_to_one(table: Probabilities) -> Probabilities:
    normal: Probabilities = (table / table.sum(axis=1, keepdims=True)).astype(np.float32, copy=False)
    return normal
