"""The four text models among which the paper's section 3.4 chose, on a separate 3:1:1 split, and Word2Vec taken apart.

The paper splits a separate set train : validation : test = 3 : 1 : 1 and gets 0.0705 for Word2Vec, 0.5005 for Doc2Vec,
0.8364 for TF-IDF (all with LightGBM) and 0.8806 for fastText. Nothing is chosen on the validation part here; its
accuracy stands beside that of the test part. `WORD2VEC` holds ways in which Word2Vec could be used otherwise than by
averaging trained vectors: one of them has to explain 0.0705, if the set does not.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.errors import SplitError
from sakka.files import write_json, write_text
from sakka.models.base import CreatorModel
from sakka.models.registry import make_model
from sakka.paper.models.lightgbm_table import LEAF_PENALTY
from sakka.paper.models.segmented import Words
from sakka.paper.models.word2vec import Word2VecLightGBM
from sakka.progress import task

FOLDS = 5  # three to learn from, one to validate, one to test


class _OtherSpace(Word2VecLightGBM):
    """Word2Vec trained once more on the texts that are asked about: the same words, but vectors of another space."""

    def _predict_words(self, texts: Sequence[Words]) -> Probabilities:
        learned = self.vocabulary_, self.vectors_
        self.vocabulary_, self.vectors_ = self._train(texts)
        probabilities = super()._predict_words(texts)
        self.vocabulary_, self.vectors_ = learned
        return probabilities


@dataclass(frozen=True)
class TextCandidate:
    """One text model to evaluate.

    Attributes:
        name: What the table calls it.
        paper: The paper's accuracy; None where it has none.
        make: Gives the unfitted model for a seed.
    """

    name: str
    paper: float | None
    make: Callable[[int], CreatorModel]


@dataclass(frozen=True)
class EvaluatedCandidate:
    """How a candidate did.

    Attributes:
        name: What the table calls it.
        paper: The paper's accuracy; None where it has none.
        validation: Accuracy on the validation part, mean over the repeats.
        test: Accuracy on the test part, mean over the repeats.
        standard_deviation: Standard deviation of `test` over the repeats (n - 1); None for one repeat.
        n: Works evaluated in the test part of one repeat.
        repeats: How many splits.
        seconds: To segment, fit and predict, mean over the repeats.
    """

    name: str
    paper: float | None
    validation: float
    test: float
    standard_deviation: float | None
    n: int
    repeats: int
    seconds: float


def _named(name: str, paper: float | None, model: str, **settings: Any) -> TextCandidate:
    return TextCandidate(name, paper, lambda seed: make_model(model, **{**settings, "seed": seed}))


def candidates(epoch: int = 1000, l2: float = LEAF_PENALTY) -> list[TextCandidate]:
    """The paper's four, and the default text model and the baseline beside them.

    Args:
        epoch: Passes of fastText; 1,000 in the paper.
        l2: LightGBM's penalty on leaves; 0 in the paper.
    """
    return [
        TextCandidate("dummy", None, lambda _: make_model("dummy")),
        _named("Word2Vec 100-d, LightGBM", 0.0705, "text-word2vec", l2=l2),
        _named("Doc2Vec 300-d, LightGBM", 0.5005, "text-doc2vec", l2=l2),
        _named("5,000 words by TF-IDF, LightGBM", 0.8364, "text-tfidf_lightgbm", l2=l2),
        _named(f"fastText, {epoch:,} epochs", 0.8806, "text-fasttext", epoch=epoch),
        TextCandidate("text-linear", None, lambda _: make_model("text-linear")),
    ]


WORD2VEC = (
    _named("as gensim has it: mean, CBOW, 5 epochs", 0.0705, "text-word2vec", l2=0.0),
    _named("a penalty on leaves", None, "text-word2vec"),
    _named("50 epochs", None, "text-word2vec", l2=0.0, epochs=50),
    _named("skip-gram", None, "text-word2vec", l2=0.0, skip_gram=True),
    _named("skip-gram, 50 epochs", None, "text-word2vec", l2=0.0, skip_gram=True, epochs=50),
    _named("every word known (min_count 1)", None, "text-word2vec", l2=0.0, min_count=1),
    _named("not trained (0 epochs)", None, "text-word2vec", l2=0.0, epochs=0),
    _named("sum in place of mean", None, "text-word2vec", l2=0.0, pooling="sum"),
    _named("the first word alone", None, "text-word2vec", l2=0.0, pooling="first"),
    TextCandidate("texts asked about in a space of their own", None, lambda seed: _OtherSpace(l2=0.0, seed=seed)),
)  # all but one without a penalty on leaves, as in the paper


def split_3_1_1(works: Catalog, seed: int) -> tuple[IntArray, IntArray, IntArray]:
    """The rows of the training, validation and test parts, 3:1:1 by creator.

    Raises:
        SplitError: A creator has fewer than 5 works.
    """
    labels = works.creator_indices()
    counts = np.bincount(labels[labels >= 0], minlength=1)
    if (labels < 0).any() or counts.min() < FOLDS:
        raise SplitError(
            f"3:1:1 needs {FOLDS} works or more by each creator, but one has {counts.min()}; "
            f"build the catalog with `min_works={FOLDS}` or more"
        )
    dealt = deal(labels, np.random.default_rng((seed, 311)), FOLDS)
    return np.flatnonzero(dealt < 3), np.flatnonzero(dealt == 3), np.flatnonzero(dealt == 4)


def evaluate_candidates(
    works: Catalog, chosen: Sequence[TextCandidate], *, seed: int = 0, repeats: int = 1
) -> list[EvaluatedCandidate]:
    """Fit and evaluate each candidate on `repeats` splits, drawn with `seed`, `seed` + 1 and so on.

    Raises:
        SplitError: A creator has fewer than 5 works.
    """
    parts = [split_3_1_1(works, seed + repeat) for repeat in range(repeats)]
    evaluated = []
    with task("text candidates", len(chosen) * repeats) as running:
        for candidate in chosen:
            runs = []
            for repeat, (train, validation, test) in enumerate(parts):
                runs.append(_run(candidate.make(seed + repeat), works, train, validation, test))
                running.advance()
            evaluated.append(_sum_up(candidate, runs, len(parts[0][2])))
    return evaluated


def _run(
    model: CreatorModel, works: Catalog, train: IntArray, validation: IntArray, test: IntArray
) -> tuple[float, float, float]:
    """The accuracy on the validation and the test part, and the seconds all of it took."""
    start, labels = time.perf_counter(), works.creator_indices()
    model.fit(works.take(train), works.creators)
    right = [
        float((model.predict_proba(works.take(rows)).argmax(axis=1) == labels[rows]).mean())
        for rows in (validation, test)
    ]
    return right[0], right[1], time.perf_counter() - start


def _sum_up(candidate: TextCandidate, runs: Sequence[tuple[float, float, float]], n: int) -> EvaluatedCandidate:
    validation, test, seconds = zip(*runs, strict=True)
    standard_deviation = stdev(test) if len(runs) > 1 else None
    return EvaluatedCandidate(
        candidate.name,
        candidate.paper,
        fmean(validation),
        fmean(test),
        standard_deviation,
        n,
        len(runs),
        fmean(seconds),
    )


def as_rows(evaluated: Sequence[EvaluatedCandidate]) -> tuple[list[str], list[list[str]]]:
    """The table's head and rows as text."""
    head = ["candidate", "paper", "test", "standard deviation", "validation", "n", "seconds"]
    rows = [
        [
            one.name,
            "" if one.paper is None else f"{one.paper:.4f}",
            f"{one.test:.4f}",
            "" if one.standard_deviation is None else f"{one.standard_deviation:.4f}",
            f"{one.validation:.4f}",
            str(one.n),
            f"{one.seconds:.1f}",
        ]
        for one in evaluated
    ]
    return head, rows


def write_candidates(evaluated: Sequence[EvaluatedCandidate], folder: Path, name: str) -> None:
    """Write the table as `NAME.json` and `NAME.md` in `folder`."""
    head, rows = as_rows(evaluated)
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    repeats = evaluated[0].repeats if evaluated else 0
    note = f"Accuracy, 3:1:1 split, mean of {repeats} split(s), with the standard deviation over them."
    write_text(folder / f"{name}.md", f"{note}\n\n" + "\n".join(lines) + "\n")
    write_json(folder / f"{name}.json", [asdict(one) for one in evaluated])
