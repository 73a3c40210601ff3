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
from sakka.models.text.ngrams import (
    FeatureCounts,
    Hashes,
    KnownFeatures,
    character_hashes,
    count_halves,
    read_halves,
    word_hashes,
)
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

    def weigh(self, found: KnownFeatures) -> FloatArray:
        """What the features of texts are as the model reads them, in their order, shape (n_found,)."""
        texts = np.repeat(np.arange(len(found.starts) - 1), np.diff(found.starts))
        weighed: FloatArray = np.sqrt(found.times) * self.idf[found.columns]
        squares = np.zeros(len(found.starts) - 1, dtype=np.float32)
        np.add.at(squares, texts, np.square(weighed))
        weighed *= self.stretch[0] / np.sqrt(squares)[texts]
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


def side_by_side(blocks: Sequence[Block], found: Sequence[KnownFeatures]) -> Any:
    """Weigh the features of each block and join those of the same texts: CSR float32, shape (n_texts, all features)."""
    from scipy.sparse import csr_matrix, hstack

    weighed = [block.weigh(own) for block, own in zip(blocks, found, strict=True)]
    widths = [len(block.vocabulary) for block in blocks]
    n_texts = len(found[0].starts) - 1
    if n_texts == 1:  # what joins tables takes longer than all else
        before = np.cumsum([0, *widths[:-1]], dtype=np.int32)
        columns = np.concatenate([own.columns + start for own, start in zip(found, before, strict=True)])
        return csr_matrix((np.concatenate(weighed), columns, [0, len(columns)]), shape=(1, sum(widths)))
    each = zip(weighed, found, widths, strict=True)
    tables = [csr_matrix((values, own.columns, own.starts), shape=(n_texts, width)) for values, own, width in each]
    return hstack(tables, format="csr", dtype=np.float32)
