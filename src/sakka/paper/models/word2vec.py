"""The mean of the words' Word2Vec vectors with LightGBM: the first candidate of the paper's section 3.4.

Word2Vec (Mikolov et al. 2013, https://arxiv.org/abs/1301.3781) as gensim has it, 100-d, trained on the texts to learn
from. The paper names no other setting, so the rest is gensim's default: CBOW, window 5, min_count 5, 5 epochs,
learning rate 0.025. The vector of a text is the mean of its known words' vectors, zeros where it has none.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from sakka.arrays import FloatArray, IntArray, Probabilities
from sakka.errors import MissingPartError
from sakka.models.base import ModelParts
from sakka.paper.models.lightgbm_table import (
    LEAF_PENALTY,
    export_lightgbm,
    fit_lightgbm,
    import_lightgbm,
    predict_lightgbm,
)
from sakka.paper.models.segmented import SegmentedText, Words, count_words


class Word2VecLightGBM(SegmentedText):
    """LightGBM on the mean Word2Vec vector of a text."""

    name: ClassVar[str] = "text-word2vec"

    def __init__(
        self,
        *,
        dim: int = 100,
        epochs: int = 5,
        min_count: int = 5,
        skip_gram: bool = False,
        pooling: str = "mean",
        iterations: int = 100,
        l2: float = LEAF_PENALTY,
        seed: int = 0,
    ) -> None:
        """Store the settings.

        Args:
            dim: Length of a word's vector.
            epochs: Passes over the texts; 0 leaves the vectors as they were drawn.
            min_count: A word is known when it stands so often in the texts to learn from.
            skip_gram: Predict the context from the word, not the word from its context (CBOW).
            pooling: How words become a text: `mean`, `sum`, or `first` (the first known word alone).
            iterations: Trees a creator.
            l2: The penalty on leaves; 0 as in the paper.
            seed: Where the vectors and LightGBM's own draws start.
        """
        self.dim = dim
        self.epochs = epochs
        self.min_count = min_count
        self.skip_gram = skip_gram
        self.pooling = pooling
        self.iterations = iterations
        self.l2 = l2
        self.seed = seed

    def _fit_words(self, texts: Sequence[Words], labels: IntArray) -> None:
        self.vocabulary_, self.vectors_ = self._train(texts)
        self.booster_ = fit_lightgbm(
            self._vectors_of(texts),
            labels,
            len(self.creators_),
            iterations=self.iterations,
            l2=self.l2,
            seed=self.seed,
        )

    def _train(self, texts: Sequence[Words]) -> tuple[dict[str, int], FloatArray]:
        """The known words' places and their vectors, shape (n_words, dim)."""
        models = gensim_models()
        trained = models.Word2Vec(
            vector_size=self.dim, min_count=self.min_count, sg=int(self.skip_gram), seed=self.seed, workers=1
        )
        trained.build_vocab(texts)
        if len(trained.wv) == 0:
            return {}, np.zeros((0, self.dim), dtype=np.float32)
        if self.epochs > 0:
            trained.train(texts, total_examples=trained.corpus_count, epochs=self.epochs)
        return dict(trained.wv.key_to_index), np.array(trained.wv.vectors, dtype=np.float32)

    def _vectors_of(self, texts: Sequence[Words]) -> FloatArray:
        """The vector of each text, shape (n_texts, dim)."""
        if self.pooling == "first":
            known = [[word for word in words if word in self.vocabulary_][:1] for words in texts]
            return np.asarray(count_words(known, self.vocabulary_) @ self.vectors_)
        counts = count_words(texts, self.vocabulary_)
        sums: FloatArray = np.asarray(counts @ self.vectors_)
        if self.pooling == "sum":
            return sums
        lengths = np.maximum(counts @ np.ones(len(self.vocabulary_), dtype=np.float32), 1)
        means: FloatArray = sums / lengths[:, None]
        return means

    def _predict_words(self, texts: Sequence[Words]) -> Probabilities:
        return predict_lightgbm(self.booster_, self._vectors_of(texts))

    def _export_learned(self) -> ModelParts:
        values, text = export_lightgbm(self.booster_)
        return ModelParts({"vectors": self.vectors_}, values, {"words": "\n".join(self.vocabulary_), "lightgbm": text})

    def _restore_learned(self, parts: ModelParts) -> None:
        words = parts.texts["words"].split("\n") if len(parts.tensors["vectors"]) else []
        self.vocabulary_ = {word: column for column, word in enumerate(words)}
        parts.check_shapes({"vectors": "words dim"}, words=len(self.vocabulary_), dim=self.dim)
        self.vectors_ = parts.tensors["vectors"]
        self.booster_ = import_lightgbm(parts.values, parts.texts["lightgbm"], self.dim, len(self.creators_))


def gensim_models() -> Any:
    """Gensim's `models` package.

    Raises:
        MissingPartError: gensim is not installed.
    """
    try:
        import gensim.models
    except ImportError as error:
        raise MissingPartError("gensim", "paper", error) from error
    return gensim.models
