"""The Doc2Vec vector of a text with LightGBM: the second candidate of the paper's section 3.4.

Doc2Vec (Le and Mikolov 2014, https://arxiv.org/abs/1405.4053) as gensim has it, 300-d, trained on the texts to learn
from. The paper names no other setting, so the rest is gensim's default: distributed memory, window 5, min_count 5, 10
epochs, learning rate 0.025. Every text, learned from or not, gets its vector by inference, so that LightGBM learns
from vectors of the kind that it will be asked about.

gensim seeds an inference with Python's `hash` of the words, which differs from process to process; here it is seeded
with their SHA-256, so that one text always gets one vector.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np

from sakka.arrays import FloatArray, IntArray, Probabilities
from sakka.models.base import ModelParts
from sakka.paper.models.lightgbm_table import (
    LEAF_PENALTY,
    export_lightgbm,
    fit_lightgbm,
    import_lightgbm,
    predict_lightgbm,
)
from sakka.paper.models.segmented import SegmentedText, Words
from sakka.paper.models.word2vec import gensim_models


class Doc2VecLightGBM(SegmentedText):
    """LightGBM on the inferred Doc2Vec vector of a text."""

    name: ClassVar[str] = "text-doc2vec"

    def __init__(
        self,
        *,
        dim: int = 300,
        epochs: int = 10,
        min_count: int = 5,
        iterations: int = 100,
        l2: float = LEAF_PENALTY,
        seed: int = 0,
    ) -> None:
        """Store the settings.

        Args:
            dim: Length of a text's vector.
            epochs: Passes over the texts, and over one text when its vector is inferred.
            min_count: A word is known when it stands so often in the texts to learn from.
            iterations: Trees a creator.
            l2: The penalty on leaves; 0 as in the paper.
            seed: Where the vectors and LightGBM's own draws start.
        """
        self.dim = dim
        self.epochs = epochs
        self.min_count = min_count
        self.iterations = iterations
        self.l2 = l2
        self.seed = seed

    def _fit_words(self, texts: Sequence[Words], labels: IntArray) -> None:
        tagged = [gensim_models().doc2vec.TaggedDocument(words, [row]) for row, words in enumerate(texts)]
        self.network_ = self._network()
        self.network_.build_vocab(tagged)
        if len(self.network_.wv) > 0:
            self.network_.train(tagged, total_examples=self.network_.corpus_count, epochs=self.epochs)
        self.booster_ = fit_lightgbm(
            self._infer(texts), labels, len(self.creators_), iterations=self.iterations, l2=self.l2, seed=self.seed
        )

    def _network(self) -> Any:
        return gensim_models().Doc2Vec(
            vector_size=self.dim, min_count=self.min_count, epochs=self.epochs, seed=self.seed, workers=1
        )

    def _infer(self, texts: Sequence[Words]) -> FloatArray:
        """The vector of each text, shape (n_texts, dim); zeros where it has no known word."""
        return np.stack([self._infer_one(words) for words in texts])

    def _infer_one(self, words: Words) -> FloatArray:
        from gensim.models.doc2vec import train_document_dm

        network = self.network_
        known = [word for word in words if word in network.wv.key_to_index]
        if not known:
            return np.zeros(self.dim, dtype=np.float32)
        digest = sha256(" ".join(known).encode()).digest()
        generator = np.random.default_rng((self.seed, int.from_bytes(digest[:8], "little")))
        network.random.seed(int(generator.integers(2**32)))  # gensim draws windows and noise words from it
        vector: FloatArray = ((generator.random((1, self.dim)) - 0.5) / self.dim).astype(np.float32)
        work, mean = np.zeros(self.dim, np.float32), np.zeros(self.dim, np.float32)
        only = {"learn_words": False, "learn_hidden": False, "doctags_lockf": np.ones(1, np.float32)}
        for rate in np.linspace(network.alpha, network.min_alpha, self.epochs):
            train_document_dm(network, known, [0], float(rate), work, mean, doctag_vectors=vector, **only)
        inferred: FloatArray = vector[0]
        return inferred

    def _predict_words(self, texts: Sequence[Words]) -> Probabilities:
        return predict_lightgbm(self.booster_, self._infer(texts))

    def _export_learned(self) -> ModelParts:
        words = self.network_.wv.index_to_key
        values, text = export_lightgbm(self.booster_)
        counts = [int(self.network_.wv.get_vecattr(word, "count")) for word in words]
        tensors = {"words": self.network_.wv.vectors, "hidden": self.network_.syn1neg} if words else {}
        return ModelParts(tensors, {**values, "counts": counts}, {"words": "\n".join(words), "lightgbm": text})

    def _restore_learned(self, parts: ModelParts) -> None:
        self.network_ = self._network()
        counts = parts.values["counts"]
        if counts:
            words = parts.texts["words"].split("\n")
            parts.check_shapes({"words": "words dim", "hidden": "words dim"}, words=len(words), dim=self.dim)
            self.network_.build_vocab_from_freq(dict(zip(words, counts, strict=True)), corpus_count=1)
            known = self.network_.wv  # gensim orders words of equal frequency anew, so the order is put back
            known.index_to_key, known.key_to_index = words, {word: index for index, word in enumerate(words)}
            known.expandos["count"] = np.array(counts)
            known.vectors, self.network_.syn1neg = parts.tensors["words"], parts.tensors["hidden"]
        self.booster_ = import_lightgbm(parts.values, parts.texts["lightgbm"], self.dim, len(self.creators_))
