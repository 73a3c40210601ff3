"""TF-IDF of the 5,000 most frequent words with LightGBM: the third candidate of the paper's section 3.4.

    x_f = count_f * idf_f / ||.||,     idf_f = 1 + log((1 + n) / (1 + texts with f))

the definition of scikit-learn's `TfidfVectorizer`, over the words that stand most often in the texts to learn from.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.models.base import ModelParts
from sakka.paper.models.lightgbm_table import (
    LEAF_PENALTY,
    export_lightgbm,
    fit_lightgbm,
    import_lightgbm,
    predict_lightgbm,
)
from sakka.paper.models.segmented import SegmentedText, Words, count_words


class TfidfLightGBM(SegmentedText):
    """LightGBM on the TF-IDF values of the most frequent words."""

    name: ClassVar[str] = "text-tfidf_lightgbm"

    def __init__(
        self, *, max_words: int = 5000, iterations: int = 100, l2: float = LEAF_PENALTY, seed: int = 0
    ) -> None:
        """Store the settings.

        Args:
            max_words: How many words are known.
            iterations: Trees a creator.
            l2: The penalty on leaves; 0 as in the paper.
            seed: Where LightGBM's own draws start.
        """
        self.max_words = max_words
        self.iterations = iterations
        self.l2 = l2
        self.seed = seed

    def _fit_words(self, texts: Sequence[Words], labels: IntArray) -> None:
        frequency = Counter(word for words in texts for word in words)
        ranked = sorted(frequency, key=lambda word: (-frequency[word], word))[: self.max_words]
        self.vocabulary_ = {word: column for column, word in enumerate(ranked)}
        counts = count_words(texts, self.vocabulary_)
        texts_with = np.bincount(counts.indices, minlength=len(ranked))
        self.idf_ = (1 + np.log((1 + len(texts)) / (1 + texts_with))).astype(np.float32)
        self.booster_ = fit_lightgbm(
            self._weigh(counts), labels, len(self.creators_), iterations=self.iterations, l2=self.l2, seed=self.seed
        )

    def _predict_words(self, texts: Sequence[Words]) -> Probabilities:
        return predict_lightgbm(self.booster_, self._weigh(count_words(texts, self.vocabulary_)))

    def _weigh(self, counts: Any) -> Any:
        counts.data *= self.idf_[counts.indices]
        lengths = np.sqrt(counts.power(2) @ np.ones(counts.shape[1], dtype=np.float32))
        counts.data /= np.repeat(lengths, np.diff(counts.indptr))
        return counts

    def _export_learned(self) -> ModelParts:
        values, text = export_lightgbm(self.booster_)
        return ModelParts({"idf": self.idf_}, values, {"words": "\n".join(self.vocabulary_), "lightgbm": text})

    def _restore_learned(self, parts: ModelParts) -> None:
        self.vocabulary_ = {word: column for column, word in enumerate(parts.texts["words"].split("\n"))}
        parts.check_shapes({"idf": "words"}, words=len(self.vocabulary_))
        self.idf_ = parts.tensors["idf"]
        shape = len(self.vocabulary_), len(self.creators_)
        self.booster_ = import_lightgbm(parts.values, parts.texts["lightgbm"], *shape)
