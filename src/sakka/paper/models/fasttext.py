"""fastText on the words of the text, with the settings of the paper's section 3.4: dim 100, epoch 1000, rest default.

fastText (Joulin et al. 2016, https://arxiv.org/abs/1607.01759) is a linear softmax over the mean of the words'
vectors; the end of the text counts as one word more:

    p(. | w_1 ... w_n) = softmax(B (v_1 + ... + v_n + v_end) / (n + 1))

The library trains it; the probabilities are computed here from its two matrices, so that a saved model holds arrays and
words only. Trained with one thread, since with more the library's result changes from run to run.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sakka.arrays import IntArray, Probabilities, softmax
from sakka.errors import MissingPartError, ModelError
from sakka.models.base import ModelParts
from sakka.paper.models.segmented import SegmentedText, Words, count_words

LABEL = "\x01"  # opens a label in the training file; no normalised word holds it
END = "</s>"


class FastText(SegmentedText):
    """fastText's supervised model."""

    name: ClassVar[str] = "text-fasttext"
    folds_in_threads: ClassVar[bool] = True  # training lets go of Python's lock

    def __init__(
        self,
        *,
        dim: int = 100,
        epoch: int = 1000,
        lr: float = 0.1,
        min_count: int = 1,
        seed: int = 0,
    ) -> None:
        """Store the settings, named as in fastText.

        Args:
            dim: Length of a word's vector.
            epoch: Passes over the texts.
            lr: Learning rate at the start; it falls to 0.
            min_count: A word is known when it stands so often in the texts to learn from.
            seed: Where the word vectors start.
        """
        self.dim = dim
        self.epoch = epoch
        self.lr = lr
        self.min_count = min_count
        self.seed = seed

    def _fit_words(self, texts: Sequence[Words], labels: IntArray) -> None:
        with tempfile.TemporaryDirectory(prefix="sakka-fasttext-") as folder:
            path = Path(folder) / "texts.txt"
            write_training_file(path, texts, labels)
            trained = self._train(path)
        if not trained.get_words():
            raise ModelError(f"no word stands {self.min_count} times in the {len(texts)} texts; lower min_count")
        self.vocabulary_ = {word: column for column, word in enumerate(trained.get_words())}
        self.columns_ = np.array([int(label[len(LABEL) :]) for label in trained.get_labels()], dtype=np.int64)
        self.inputs_ = trained.get_input_matrix().astype(np.float32)
        self.outputs_ = trained.get_output_matrix().astype(np.float32)

    def _train(self, path: Path) -> Any:
        try:
            return library().train_supervised(
                str(path),
                dim=self.dim,
                epoch=self.epoch,
                lr=self.lr,
                minCount=self.min_count,
                seed=self.seed,
                label=LABEL,
                thread=1,
                verbose=0,
            )
        except (RuntimeError, ValueError) as error:  # "Encountered NaN."
            raise ModelError(f"fastText stopped with {str(error).strip()!r} at lr={self.lr}; try another lr") from error

    def _predict_words(self, texts: Sequence[Words]) -> Probabilities:
        counts = count_words([[*words, END] for words in texts], self.vocabulary_)
        lengths = np.maximum(counts @ np.ones(len(self.vocabulary_), dtype=np.float32), 1)
        means = (counts @ self.inputs_) / lengths[:, None]
        probabilities = np.zeros((len(texts), len(self.creators_)), dtype=np.float32)
        probabilities[:, self.columns_] = softmax(means @ self.outputs_.T)
        return probabilities

    def _export_learned(self) -> ModelParts:
        return ModelParts(
            tensors={"inputs": self.inputs_, "outputs": self.outputs_, "columns": self.columns_},
            texts={"words": "\n".join(self.vocabulary_)},
        )

    def _restore_learned(self, parts: ModelParts) -> None:
        self.vocabulary_ = {word: column for column, word in enumerate(parts.texts["words"].split("\n"))}
        shapes = {"inputs": "words dim", "outputs": "columns dim", "columns": "columns"}
        parts.check_shapes(shapes, words=len(self.vocabulary_), dim=self.dim)
        parts.check_columns("columns", below=len(self.creators_))
        self.inputs_, self.outputs_ = parts.tensors["inputs"], parts.tensors["outputs"]
        self.columns_ = parts.tensors["columns"]


def write_training_file(path: Path, texts: Sequence[Words], labels: IntArray) -> None:
    """Write what fastText learns from: a line a text, the creator's index as label, then the words."""
    lines = (f"{LABEL}{label} {' '.join(words)}\n" for label, words in zip(labels, texts, strict=True))
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def library() -> Any:
    """The fastText library.

    Raises:
        MissingPartError: It is not installed.
    """
    try:
        import fasttext
    except ImportError as error:
        raise MissingPartError("fastText", "paper", error) from error
    return fasttext
