"""Division of works into folds: nested 5 x 5, stratified by creator (the paper's section 3.3).

The works of each creator are divided 4:1 into a part to learn from and a test part, rotated, so that every work is
tested once (5 outer folds). The part to learn from is divided again 4:1 into training and validation parts, rotated
(5 inner folds). Each of the 25 pairs trains one model of a kind.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
OUTER_FOLDS = 5
INNER_FOLDS = 5
TEST = -1


@dataclass(frozen=True)
class Fold:
    """One division of a catalog's rows: no row stands in two parts.

    Attributes:
        outer: Which outer fold is the test part, from 0.
        inner: Which inner fold is the validation part, from 0.
        train: Rows to learn from, ascending.
        validation: Rows to choose weights and thresholds on, ascending.
        test: Rows to judge on, ascending.
    """

    outer: int
    inner: int
    train: IntArray
    validation: IntArray
    test: IntArray


@dataclass(frozen=True)
class Splits:
    """Every work's place in the nested folds.

    Attributes:
        kind: The way of dividing: `random`, `grouped` or `temporal`.
        seed: The seed it was drawn with.
        outer: Shape (n_works,): the outer fold that tests the work.
        inner: Shape (n_works, n_outer): the work's inner fold within each outer fold, `TEST` where it is tested.
    """

    kind: str
    seed: int
    outer: IntArray
    inner: IntArray

    def folds(self, inner_folds: int = INNER_FOLDS) -> list[Fold]:
        """Give the folds in order: for each outer fold, its first `inner_folds` inner folds."""
        return [self.fold(outer, inner) for outer in range(self.inner.shape[1]) for inner in range(inner_folds)]

    def fold(self, outer: int, inner: int) -> Fold:
        """Give the fold that tests outer fold `outer` and validates on its inner fold `inner`."""
        places = self.inner[:, outer]
        return Fold(
            outer=outer,
            inner=inner,
            train=np.flatnonzero((places != TEST) & (places != inner)),
            validation=np.flatnonzero(places == inner),
            test=np.flatnonzero(self.outer == outer),
        )
