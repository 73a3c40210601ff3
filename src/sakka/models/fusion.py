"""Fusion of a photo model's and a text model's probabilities (the paper's section 3.5), as pure functions.

With p the photo model's and t the text model's probabilities of a creator and w the photo's weight (0 to 1):

    arithmetic    w p + (1 - w) t                            the paper's weighted mean
    log-linear    p^w t^(1 - w) / (its sum over creators)    a weighted geometric mean

The paper writes its ratios 1:9 to 9:1 without saying on which side the photo stands; here the weight is always the
photo's. A work that has only a photo, or only a text, gets that model's answer alone. The model that uses these
functions is `FusedModel`, in `models/fused.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from sakka.arrays import IntArray, Mask, Probabilities, log_probabilities, softmax
from sakka.errors import ModelError

How = Literal["arithmetic", "log-linear"]

HOWS: tuple[How, ...] = get_args(How)
RATIOS: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # the photo's weight; the text's is 1 - it
BLOCK_ROWS = 512  # at 944 creators a block stays in the processor's cache


@dataclass(frozen=True, order=True)
class Mixture:
    """One way of fusing.

    Attributes:
        how: `arithmetic` or `log-linear`.
        photo_weight: The photo's weight, 0 to 1; the text's is the rest.
    """

    how: How
    photo_weight: float


MIXTURES: tuple[Mixture, ...] = tuple(Mixture(how, ratio) for how in HOWS for ratio in RATIOS)


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
    has_photo: Mask | None = None,
    has_text: Mask | None = None,
) -> Probabilities:
    """Fuse two models' probabilities of the same works.

    Args:
        photo: The photo model's, shape (n_works, n_creators).
        text: The text model's, same shape.
        photo_weight: The photo's weight, 0 to 1.
        how: `arithmetic` or `log-linear`.
        has_photo: Whether each work has a photo, shape (n_works,); None means all have one.
        has_text: The same for the text.

    Returns:
        float32, shape (n_works, n_creators), rows sum to 1. A work with one of the two gets that model's row as it is.

    Raises:
        ModelError: The shapes differ, the weight is outside 0 to 1, or `how` is unknown.
    """
    _check(photo, text, photo_weight, how)
    mean = arithmetic_mean if how == "arithmetic" else log_linear
    fused = mean(photo, text, photo_weight)
    photo_only, text_only = _only(photo, has_photo, has_text)
    fused[photo_only] = photo[photo_only]
    fused[text_only] = text[text_only]
    return fused


def right_by_mixture(
    photo: Probabilities,
    text: Probabilities,
    labels: IntArray,
    has_photo: Mask | None = None,
    has_text: Mask | None = None,
    mixtures: Sequence[Mixture] = MIXTURES,
) -> dict[Mixture, int]:
    """Count for each mixture the works whose most probable creator is the right one.

    Counts of several folds may be added before `best_mixture`.

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        labels: Each work's creator as a column index, shape (n_works,).
        has_photo: As in `fuse`.
        has_text: As in `fuse`.
        mixtures: The mixtures to try.
    """
    for mixture in mixtures:
        _check(photo, text, mixture.photo_weight, mixture.how)
    masks = _only(photo, has_photo, has_text)
    counts = dict.fromkeys(mixtures, 0)
    for start in range(0, len(photo), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        block = _BlockScores(photo[rows], text[rows], masks[0][rows], masks[1][rows])
        for mixture in mixtures:
            counts[mixture] += int((block.answers(mixture) == labels[rows]).sum())
    return counts


def best_mixture(counts: Mapping[Mixture, int]) -> Mixture:
    """The mixture with the highest count; among equals the one nearest to equal weights, log-linear first.

    >>> best_mixture({Mixture("arithmetic", 0.2): 5, Mixture("arithmetic", 0.4): 5, Mixture("log-linear", 0.5): 4})
    Mixture(how='arithmetic', photo_weight=0.4)
    """
    if not counts:
        raise ModelError("there is no mixture to choose from; give the counts of at least one")
    return min(
        counts,
        key=lambda mixture: (-counts[mixture], round(abs(mixture.photo_weight - 0.5), 6), mixture.how != "log-linear"),
    )


def choose_weight(
    photo: Probabilities,
    text: Probabilities,
    labels: IntArray,
    has_photo: Mask | None = None,
    has_text: Mask | None = None,
    mixtures: Sequence[Mixture] = MIXTURES,
) -> Mixture:
    """Choose how to fuse by the accuracy on validation predictions; arguments as in `right_by_mixture`."""
    return best_mixture(right_by_mixture(photo, text, labels, has_photo, has_text, mixtures))


class _BlockScores:
    """Some works' scores under every mixture; the logarithms are taken once."""

    def __init__(self, photo: Probabilities, text: Probabilities, photo_only: Mask, text_only: Mask) -> None:
        self.tables = {"arithmetic": (photo, text), "log-linear": (log_probabilities(photo), log_probabilities(text))}
        self.alone = np.where(photo_only, photo.argmax(axis=1), text.argmax(axis=1))
        self.is_alone = photo_only | text_only

    def answers(self, mixture: Mixture) -> IntArray:
        """The column of each work's most probable creator."""
        photo, text = self.tables[mixture.how]
        scores = np.float32(mixture.photo_weight) * photo + np.float32(1 - mixture.photo_weight) * text
        answers: IntArray = np.where(self.is_alone, self.alone, scores.argmax(axis=1))
        return answers


def _rows_to_one(table: Probabilities) -> Probabilities:
    normal: Probabilities = (table / table.sum(axis=1, keepdims=True)).astype(np.float32, copy=False)
    return normal


def _only(photo: Probabilities, has_photo: Mask | None, has_text: Mask | None) -> tuple[Mask, Mask]:
    everyone = np.ones(len(photo), dtype=np.bool_)
    seen = everyone if has_photo is None else has_photo
    read = everyone if has_text is None else has_text
    return seen & ~read, read & ~seen


def _check(photo: Probabilities, text: Probabilities, photo_weight: float, how: str) -> None:
    if photo.shape != text.shape or photo.ndim != 2:
        raise ModelError(
            f"a photo model's answers of shape {photo.shape} can't be fused with a text model's of shape {text.shape}; "
            "both must judge the same works and the same creators"
        )
    if not 0 <= photo_weight <= 1:
        raise ModelError(f"the photo's weight is {photo_weight}, expected 0 to 1")
    if how not in HOWS:
        raise ModelError(f"no way of fusing is called {how!r}; known are {', '.join(HOWS)}")
