"""What a model answered, kept small: for each work the creator named, two probabilities and a rank.

A run's probabilities don't fit in memory (22,000 works x 944 creators x 75 files at the paper's scale), and no table
needs them all. Each file is read once and reduced to sixteen bytes a work; everything after is done on these.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray, IntArray, Probabilities

NOT_TESTED = -1
BLOCK_ROWS = 512  # at 944 creators a block stays in the processor's cache


@dataclass(frozen=True)
class Answers:
    """One model's, or one mixture's, answers for the works of a run; arrays of shape (n_works,).

    Attributes:
        named: The column of the most probable creator; `NOT_TESTED` where no fold tests the work.
        probability: The probability of the creator named.
        probability_of_right: The probability of the work's own creator.
        rank: How many creators stand before the work's own, 0 where the answer is right.
    """

    named: npt.NDArray[np.int32]
    probability: FloatArray
    probability_of_right: FloatArray
    rank: npt.NDArray[np.int32]

    @classmethod
    def empty(cls, n_works: int) -> "Answers":
        """Answers for `n_works` works, none of them tested yet."""
        return cls(
            named=np.full(n_works, NOT_TESTED, dtype=np.int32),
            probability=np.zeros(n_works, dtype=np.float32),
            probability_of_right=np.zeros(n_works, dtype=np.float32),
            rank=np.zeros(n_works, dtype=np.int32),
        )

    def put(self, rows: IntArray, probabilities: Probabilities, labels: IntArray) -> None:
        """Reduce the probabilities of some works and keep them.

        Args:
            rows: The works' rows, shape (n,).
            probabilities: Shape (n, n_creators).
            labels: The works' own creators as columns, shape (n,).
        """
        for start in range(0, len(rows), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            self._put_block(rows[block], probabilities[block], labels[block])

    def _put_block(self, rows: IntArray, probabilities: Probabilities, labels: IntArray) -> None:
        works = np.arange(len(rows))
        named = probabilities.argmax(axis=1)
        of_right = probabilities[works, labels]
        self.named[rows] = named
        self.probability[rows] = probabilities[works, named]
        self.probability_of_right[rows] = of_right
        self.rank[rows] = ranks(probabilities, labels)


def ranks(probabilities: Probabilities, labels: IntArray) -> IntArray:
    """Count the creators that stand before each work's own, shape (n,); among equals the lower column is before.

    >>> ranks(np.float32([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]), np.array([2, 1])).tolist()
    [1, 1]
    """
    of_right = probabilities[np.arange(len(labels)), labels][:, None]
    equal_before = (probabilities == of_right) & (np.arange(probabilities.shape[1]) < labels[:, None])
    before: IntArray = ((probabilities > of_right) | equal_before).sum(axis=1)
    return before
