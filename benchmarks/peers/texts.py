"""What a person would use to name the creator of a text: fastText with the paper's settings, and scikit-learn."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.works import read_works

PAPER_DIMENSIONS = 100
PAPER_EPOCHS = 1000


def segmented(texts: list[str]) -> list[str]:
    """Divide texts into words with MeCab and ipadic, on one line each."""
    import ipadic
    import MeCab

    tagger = MeCab.Tagger(f"{ipadic.MECAB_ARGS} -Owakati")
    return [" ".join(tagger.parse(text.replace("\n", " ")).split()) for text in texts]


class _TextFold:
    """One fold of texts: from the texts to the creators named for the test part."""

    def __init__(self, works: str) -> None:
        read = read_works(works)
        fold = read["folds"][0]
        creators = np.array(read["creators"])
        self.train_texts = [read["texts"][row] for row in fold["train"]]
        self.test_texts = [read["texts"][row] for row in fold["test"]]
        self.train_creators, self.test_creators = creators[fold["train"]], creators[fold["test"]]
        self.named = np.empty(0, np.int64)

    def run(self) -> dict[str, Any]:
        """Fit on the training part and name the creators of the test part."""
        self.named = self.fitted_and_named()
        return {"units": 1}

    def quality(self) -> dict[str, float]:
        """The share of test works named right."""
        return {"accuracy": float((self.named == self.test_creators).mean())}

    def fitted_and_named(self) -> np.ndarray:
        raise NotImplementedError


class FastText(_TextFold):
    """The fastText library with the paper's settings: dim 100, 1,000 epochs, the rest default.

    Args:
        works: Path of the works.
        epochs: How many epochs to train.
    """

    def __init__(self, works: str, epochs: int = PAPER_EPOCHS) -> None:
        super().__init__(works)
        self.epochs = epochs
        self.notes = f"dim {PAPER_DIMENSIONS}, {epochs} epochs, MeCab with ipadic"

    def fitted_and_named(self) -> np.ndarray:
        """Segment, train, predict."""
        model = train_fasttext(segmented(self.train_texts), self.train_creators, self.epochs)
        return fasttext_probabilities(model, segmented(self.test_texts), int(self.train_creators.max()) + 1).argmax(1)


class TfidfLogisticRegression(_TextFold):
    """Scikit-learn's TF-IDF of MeCab's words and LogisticRegression, with its defaults."""

    notes = "TfidfVectorizer of MeCab's words, LogisticRegression(max_iter=1000)"

    def fitted_and_named(self) -> np.ndarray:
        """Segment, count, fit, predict."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        words = TfidfVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False)
        model = make_pipeline(words, LogisticRegression(max_iter=1000))
        model.fit(segmented(self.train_texts), self.train_creators)
        return np.asarray(model.predict(segmented(self.test_texts)))


def train_fasttext(lines: list[str], creators: np.ndarray, epochs: int) -> Any:
    """Train fastText on segmented lines; it reads a file, so one is written."""
    import fasttext

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        rows = zip(creators, lines, strict=True)
        path.write_text("".join(f"__label__{creator} {line}\n" for creator, line in rows), encoding="utf-8")
        threads = int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0)))
        return fasttext.train_supervised(input=str(path), dim=PAPER_DIMENSIONS, epoch=epochs, thread=threads, verbose=0)


def fasttext_probabilities(model: Any, lines: list[str], n_creators: int) -> np.ndarray:
    """Each line's probability of each creator, shape (n_lines, n_creators)."""
    labels, values = model.predict(lines, k=-1)
    probabilities = np.zeros((len(lines), n_creators), np.float32)
    for row, (names, chances) in enumerate(zip(labels, values, strict=True)):
        for name, chance in zip(names, chances, strict=True):
            probabilities[row, int(name.removeprefix("__label__"))] = chance
    return probabilities
