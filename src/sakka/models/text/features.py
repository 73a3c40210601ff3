"""The tables that the linear text model learns from: blocks of counts, and their weights.

A block is one kind of feature: words, or character n-grams. Its counts hold each text three times: whole, the first
half of its features and the second half, in this order, so that a model may learn from halves without counting again.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from sakka.arrays import FloatArray, IntArray
from sakka.models.text.ngrams import FeatureCounts, Hashes, character_hashes, count_halves, read_halves, word_hashes
from sakka.words import normalise

BLOCKS = {"words": word_hashes, "ngrams": character_hashes}
PARTS = 3  # rows of counts a text: the whole, its first half, its second half


@dataclass(frozen=True)
class Block:
    """One kind of feature as a fitted model has it.

    Attributes:
        vocabulary: Hashes, ascending, shape (n_features,).
        idf: To the power that the settings name, shape (n_features,).
        stretch: The length of every row, shape (1,).
    """

    vocabulary: Hashes
    idf: FloatArray
    stretch: FloatArray

    def weigh(self, counts: Any) -> Any:
        """Turn counts of the vocabulary (CSR) into features (CSR float32 of the same shape)."""
        weighed = counts.copy()
        weighed.data = np.sqrt(weighed.data) * self.idf[weighed.indices]
        lengths = np.sqrt(weighed.power(2) @ np.ones(weighed.shape[1], dtype=np.float32))
        weighed.data *= self.stretch[0] / np.repeat(lengths, np.diff(weighed.indptr))
        return weighed

    def columns_of(self, hashes: Hashes, before: int = 0) -> IntArray:
        """The columns of features by their hashes; -1 where one is not known.

        Args:
            hashes: Shape (n,).
            before: How many columns stand before this block's.
        """
        if len(self.vocabulary) == 0:
            return np.full(len(hashes), -1, dtype=np.int64)
        columns = np.minimum(np.searchsorted(self.vocabulary, hashes), len(self.vocabulary) - 1)
        return np.where(self.vocabulary[columns] == hashes, columns + before, -1)


def count_blocks(texts: Sequence[str], min_texts: int) -> list[FeatureCounts]:
    """Count each block in the texts, and in the first and the second half of each."""
    normal = [normalise(text) for text in texts]
    with ThreadPoolExecutor(1, thread_name_prefix="sakka-counts") as pool:
        ngrams = pool.submit(count_halves, read_halves(normal, character_hashes), min_texts)
        words = count_halves(read_halves(normal, word_hashes), min_texts)  # MeCab cuts them while n-grams are sorted
        return [words, ngrams.result()]


def rows_of(counts: FeatureCounts, rows: IntArray) -> FeatureCounts:
    """The counts of some texts and of their halves, laid out as `count_blocks` does."""
    n_texts = counts.matrix.shape[0] // PARTS
    return FeatureCounts(
        counts.vocabulary, counts.matrix[np.concatenate([rows + part * n_texts for part in range(PARTS)])]
    )


def side_by_side(blocks: Sequence[Any]) -> Any:
    """Join blocks of features of the same texts: CSR float32, shape (n_texts, all features)."""
    from scipy.sparse import hstack

    return hstack(blocks, format="csr", dtype=np.float32)
