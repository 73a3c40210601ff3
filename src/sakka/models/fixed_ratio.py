"""Fusion by a fixed ratio of photo and text, set or chosen by the accuracy on held-out works (`fusion.py`)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from sakka.arrays import SMALLEST, IntArray, Mask, Probabilities, log_probabilities
from sakka.errors import ModelError
from sakka.models.fusion import BLOCK_ROWS, HOWS, Counts, Fuser, How, check_fusable, fuse, having_one, kept_log_odds
from sakka.models.work_reader import Reads

RATIOS: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # the photo's weight; the text's is 1 - it


@dataclass(frozen=True, order=True)
class FixedRatio(Fuser):
    """A fixed ratio of photo and text.

    Attributes:
        how: `arithmetic` or `log-linear`.
        photo_weight: The photo's weight, 0 to 1; the text's is the rest.

    With p and t the two models' probabilities of creator c and of the other one, r, the fused log-odds are

        log-linear    w log(p_c / p_r) + (1 - w) log(t_c / t_r)
        arithmetic    log of w p_c + (1 - w) t_c over the same of r    shared to first order: the photo's part of the
                      mean, the mean of both creators'
    """

    how: How
    photo_weight: float
    is_learned: ClassVar[bool] = False

    def predict(
        self,
        photo: Probabilities,
        text: Probabilities,
        photos: Counts | None = None,
        has_text: Mask | None = None,
        columns: IntArray | None = None,  # noqa: ARG002
    ) -> Probabilities:
        """Fuse by the ratio; a work with one of the two gets that model's row as it is."""
        return fuse(photo, text, self.photo_weight, self.how, photos, has_text)

    def weights(self, given: Collection[Reads], photos: int = 1) -> dict[Reads, float]:  # noqa: ARG002
        """The ratio where a work has both, else 1 for what it has; it knows no number of photos."""
        both = len(given) == 2
        return {"photo": self.photo_weight, "text": 1 - self.photo_weight} if both else dict.fromkeys(given, 1.0)

    def shares(
        self,
        given: Mapping[Reads, Probabilities],
        creator: int,
        against: int,
        photos: int = 1,  # noqa: ARG002
    ) -> dict[Reads, float]:
        """The weights, to first order where the mean is arithmetic."""
        weights = self.weights(given)
        if len(given) < 2:
            return weights
        if self.how == "log-linear":
            return {name: weight * kept_log_odds(given[name], creator, against) for name, weight in weights.items()}
        photo, text = (weights[name] * given[name][[creator, against]].astype(np.float64) for name in weights)
        share = float((photo / np.maximum(photo + text, SMALLEST)).mean())
        return {"photo": share, "text": 1 - share}

    def with_creators(self, works: IntArray) -> Self:  # noqa: ARG002
        """The same: a ratio knows no creators."""
        return self

    def without(self, label: int) -> Self:  # noqa: ARG002
        """The same: a ratio knows no creators."""
        return self

    def values(self) -> dict[str, Any]:
        """The ratio."""
        return {"how": self.how, "photo_weight": self.photo_weight}

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Nothing."""
        return {}

    def in_words(self, photo: str, text: str) -> str:
        """The ratio in words.

        >>> FixedRatio("log-linear", 0.3).in_words("A", "B")
        'A x 0.3 + B x 0.7, log-linear'
        """
        return f"{photo} x {self.photo_weight:.1f} + {text} x {1 - self.photo_weight:.1f}, {self.how}"


FIXED_RATIOS: tuple[FixedRatio, ...] = tuple(FixedRatio(how, ratio) for how in HOWS for ratio in RATIOS)


def correct_by_ratio(
    photo: Probabilities,
    text: Probabilities,
    labels: IntArray,
    photos: Counts | None = None,
    has_text: Mask | None = None,
    ratios: Sequence[FixedRatio] = FIXED_RATIOS,
) -> dict[FixedRatio, int]:
    """Count for each ratio the works whose most probable creator is their own.

    Counts of several folds may be added before `best_ratio`.

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        labels: Each work's creator as a column index, shape (n_works,).
        photos: As in `fuse`.
        has_text: As in `fuse`.
        ratios: The ratios to try.
    """
    for ratio in ratios:
        check_fusable(photo, text, ratio.photo_weight, ratio.how)
    masks = having_one(photo, photos, has_text)
    counts = dict.fromkeys(ratios, 0)
    for start in range(0, len(photo), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        block = _BlockScores(photo[rows], text[rows], masks[0][rows], masks[1][rows])
        for ratio in ratios:
            counts[ratio] += int((block.named(ratio) == labels[rows]).sum())
    return counts


def best_ratio(counts: Mapping[FixedRatio, int]) -> FixedRatio:
    """The ratio with the highest count; among equals the one nearest to equal weights, log-linear first.

    >>> best_ratio({FixedRatio("arithmetic", weight): correct for weight, correct in ((0.2, 5), (0.4, 5), (0.5, 4))})
    FixedRatio(how='arithmetic', photo_weight=0.4)
    """
    if not counts:
        raise ModelError("there is no ratio to choose from; give the counts of at least one")
    return min(
        counts,
        key=lambda ratio: (-counts[ratio], round(abs(ratio.photo_weight - 0.5), 6), ratio.how != "log-linear"),
    )


def choose_weight(
    photo: Probabilities,
    text: Probabilities,
    labels: IntArray,
    photos: Counts | None = None,
    has_text: Mask | None = None,
    ratios: Sequence[FixedRatio] = FIXED_RATIOS,
) -> FixedRatio:
    """Choose how to fuse by the accuracy on validation predictions; arguments as in `correct_by_ratio`."""
    return best_ratio(correct_by_ratio(photo, text, labels, photos, has_text, ratios))


class _BlockScores:
    """Some works' scores under every ratio; the logarithms are taken once."""

    def __init__(self, photo: Probabilities, text: Probabilities, photo_only: Mask, text_only: Mask) -> None:
        self.tables = {"arithmetic": (photo, text), "log-linear": (log_probabilities(photo), log_probabilities(text))}
        self.alone = np.where(photo_only, photo.argmax(axis=1), text.argmax(axis=1))
        self.is_alone = photo_only | text_only

    def named(self, ratio: FixedRatio) -> IntArray:
        """The column of each work's most probable creator."""
        photo, text = self.tables[ratio.how]
        scores = np.float32(ratio.photo_weight) * photo + np.float32(1 - ratio.photo_weight) * text
        named: IntArray = np.where(self.is_alone, self.alone, scores.argmax(axis=1))
        return named
