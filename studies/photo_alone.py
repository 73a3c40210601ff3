"""How near a photo alone comes to photo and text, and how much of what texts add a photo could say at all.

    python -m studies photo_alone CATALOG RUN [--paper PAPER]

RUN is a run of `sakka experiment` on the catalog. PAPER is one on the same works and folds with the paper's kind of
models, the last layer's means and fastText, whose arithmetic mean is the paper's fused model. On each work of the test
parts once, the differences paired, with 95 % bootstrap intervals over the works:

    accuracy    share of the works named correctly, ± is the standard deviation over the outer folds (n - 1)
    points      by how much a photo alone is better (or worse) than the other, in points of accuracy

The rest is about works that the fused model names correctly and the photo alone does not: what did the text say that
the photo did not? `LinearText` is fitted on each outer fold without its test part, and its words' exact parts of the
log-odds of the right creator against the photo's answer are taken (`explain/words.py`); words that spoke for the right
one are the telling ones. How visible a word is, is asked of the photos: a ridge regression from the vectors of the
photo model's networks to whether a text has the word is fitted on the same works, and its scores rank the test works.
The area under that curve (AUROC) is taken between works of one creator only, so that knowing the creator helps nothing:
0.5 says that a photo tells nothing of the word, 1 that it shows it. Words of fewer than `LEAST_WORKS` works count as
not visible.

    telling words, visible    share of the telling words' nats that come from words of an AUROC of so much or more
    works, mostly visible     share of these works of whose telling words' nats half or more do: an upper bound, as a
                              visible word need not be what a model can learn to see
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from sakka.arrays import DoubleArray, Features, IntArray, Mask
from sakka.catalog.works import Catalog
from sakka.evaluation.aggregate import evaluate_run
from sakka.evaluation.frame import FUSED_LEARNED, FUSED_RATIO, EvaluatedRun, Predictor, single, way_of_fusing
from sakka.evaluation.open_run import StoredRun, open_run
from sakka.evaluation.unknown_creators import auroc
from sakka.explain.tokens import tokenized
from sakka.explain.words import WordShare, word_shares
from sakka.models.text.linear import LinearText
from sakka.networks.encoders import photo_encoders
from sakka.networks.features import photo_features
from studies.figures import Figure, mean_interval

LEAST_WORKS, MOST_WORDS = 20, 2000
VISIBLE = (0.6, 0.7, 0.8)
PENALTY = 0.1  # of the ridge, as a part of the mean variance of the vectors times the works
POINTS = 100
MEAN_OF_BOTH = way_of_fusing("the paper's fused", "arithmetic")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--paper", type=Path, help="a run with the paper's kind of models on the same works and folds")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """The photo beside the others, then the words."""
    run = open_run(asked.run)
    evaluated = evaluate_run(run)
    photo = run.facts.first("photo")
    assert photo is not None
    of_photo, of_fused = correct(run, evaluated, single(photo)), correct(run, evaluated, fused_of(evaluated))
    yield from beside(f"{run.facts.split}: photo alone", of_photo, {"photo and text": of_fused})
    if asked.paper is not None:
        paper = open_run(asked.paper)
        theirs = evaluate_run(paper)
        name = paper.facts.first("photo") or ""
        others = {"the paper's photo": single(name), "the paper's photo and text": MEAN_OF_BOTH}
        found = {each: correct(paper, theirs, predictor) for each, predictor in others.items()}
        yield from beside(f"{run.facts.split}: photo alone", of_photo, found)
    yield from what_texts_add(Catalog.read(asked.catalog), run, photo, rescued(of_photo, of_fused))


def fused_of(evaluated: EvaluatedRun) -> Predictor:
    """The learned fusion where there is one, else the best ratio."""
    return FUSED_LEARNED if len(evaluated.of(FUSED_LEARNED)) else FUSED_RATIO


def correct(run: StoredRun, evaluated: EvaluatedRun, predictor: Predictor) -> pl.DataFrame:
    """Each tested work's `id`, `outer` fold and mean of `correct`."""
    ids = run.works.select("id").with_row_index("work")
    return evaluated.of(predictor).group_by("work", "outer").agg(pl.col("correct").mean()).join(ids, on="work")


def beside(row: str, own: pl.DataFrame, others: Mapping[str, pl.DataFrame]) -> Iterator[Figure]:
    """The accuracy of one and of others, and its differences from them."""
    yield Figure.over(row, "accuracy", by_fold(own), len(own))
    for name, found in others.items():
        both = own.join(found, on="id", suffix="_other").sort("id")
        yield Figure.over(name, "accuracy", by_fold(found), len(found))
        gained: DoubleArray = POINTS * (both["correct"] - both["correct_other"]).to_numpy()
        yield mean_interval(f"photo alone less {name}", "points", gained)


def by_fold(found: pl.DataFrame) -> list[float]:
    """The accuracy of each outer fold."""
    accuracies: list[float] = found.group_by("outer").agg(pl.col("correct").mean()).sort("outer")["correct"].to_list()
    return accuracies


def rescued(photo: pl.DataFrame, fused: pl.DataFrame) -> set[str]:
    """The ids of works that the fused model names correctly and the photo alone does not."""
    both = photo.join(fused, on="id", suffix="_fused")
    return set(both.filter((pl.col("correct") < 0.5) & (pl.col("correct_fused") >= 0.5))["id"])


def what_texts_add(works: Catalog, run: StoredRun, photo: str, ids: set[str]) -> Iterator[Figure]:
    """How visible the words are that rescued these works."""
    row_of = {work_id: row for row, work_id in enumerate(works.ids)}
    rows = np.array([row_of[each] for each in run.works["id"]])
    works = works.take(rows)
    vectors = photo_vectors(works, photo)
    words = [words_of(work.title, work.description) for work in works]
    telling: list[list[WordShare]] = []
    ranked: dict[str, list[tuple[int, DoubleArray, Mask]]] = {}
    for outer in range(run.facts.outer_folds):
        stored = run.fold(photo, outer, 0)
        tested = stored.test_rows
        learned = np.setdiff1d(np.flatnonzero(run.facts.outer >= 0), tested)
        for word, scores in scored_words(vectors, words, learned, tested).items():
            ranked.setdefault(word, []).append((outer, scores, np.array([word in words[row] for row in tested])))
        model = LinearText().fit(works.take(learned), run.facts.creators)
        answers = stored.test.argmax(axis=1)
        for place in [place for place, row in enumerate(tested) if run.works["id"][int(row)] in ids]:
            work = next(iter(works.take([int(tested[place])])))
            label = int(run.facts.labels[tested[place]])
            shares, _ = word_shares(model, work, label, int(answers[place]))
            telling.append([each for each in shares if each.share > 0])
    creators = {outer: run.facts.labels[run.fold(photo, outer, 0).test_rows] for outer in range(run.facts.outer_folds)}
    visible = {word: within_creators(found, creators) for word, found in ranked.items()}
    yield from visibility(telling, visible)


def photo_vectors(works: Catalog, photo: str) -> Features:
    """The vectors of a photo model's networks beside each other, centred and of one scale, shape (n_works, size)."""
    found = [photo_features(works, each)[0] for each in photo_encoders(photo.removeprefix("photo-"))]
    vectors = np.concatenate([np.asarray(each, dtype=np.float32) for each in found], axis=1)
    vectors -= vectors.mean(axis=0)
    vectors /= np.maximum(vectors.std(axis=0), 1e-6)
    return vectors


def words_of(title: str, description: str) -> frozenset[str]:
    """The words of a text, each once, in small letters."""
    return frozenset(token.text.lower() for token in tokenized(title, description).tokens)


def scored_words(
    vectors: Features, words: Sequence[frozenset[str]], learned: IntArray, tested: IntArray
) -> dict[str, DoubleArray]:
    """How much each frequent word is expected of the test works by their photos, from a ridge regression.

    Args:
        vectors: Shape (n_works, size).
        words: Of each work.
        learned: The rows to fit on.
        tested: The rows to score.
    """
    counts = Counter(word for row in learned for word in words[row])
    names = [word for word, count in counts.most_common(MOST_WORDS) if LEAST_WORKS <= count <= len(learned) / 2]
    there = np.array([[word in words[row] for word in names] for row in learned], dtype=np.float32)
    own = vectors[learned].astype(np.float64)
    products = own @ own.T  # of works: fewer than values
    products[np.diag_indices_from(products)] += PENALTY * np.trace(products) / len(learned)
    weights = own.T @ np.linalg.solve(products, there - there.mean(axis=0))
    scores = vectors[tested] @ weights
    return {word: scores[:, column] for column, word in enumerate(names)}


def within_creators(found: Sequence[tuple[int, DoubleArray, Mask]], creators: Mapping[int, IntArray]) -> float:
    """How surely photos tell works with a word from works without, between works of one creator and fold.

    Each creator and fold counts by its pairs of works.

    Args:
        found: The outer fold, scores of its test works, and which of them have the word.
        creators: The creators of an outer fold's test works.

    >>> scores, has = np.array([3.0, 1.0, 9.0]), np.array([True, False, False])
    >>> within_creators([(0, scores, has)], {0: np.array([0, 0, 1])})
    1.0
    """
    areas, pairs = [], []
    for outer, scores, has in found:
        for creator in np.unique(creators[outer][has]):
            own = creators[outer] == creator
            with_word, without = scores[own & has], scores[own & ~has]
            if len(with_word) and len(without):
                areas.append(auroc(with_word, without))
                pairs.append(len(with_word) * len(without))
    return float(np.average(areas, weights=pairs)) if pairs else 0.0


def visibility(telling: Sequence[Sequence[WordShare]], visible: Mapping[str, float]) -> Iterator[Figure]:
    """Of works' telling words, how much comes from visible ones, for each bound of what counts as visible."""
    told = [each for each in telling if each]
    for least in VISIBLE:
        parts = [
            (
                sum(each.share for each in words if visible.get(each.text.lower(), 0.0) >= least),
                sum(each.share for each in words),
            )
            for words in told
        ]
        row = f"what texts add, visible from an AUROC of {least} on"
        shares = np.array([seen / of for seen, of in parts])
        yield mean_interval(row, "telling words, visible", shares)
        yield mean_interval(row, "works, mostly visible", (shares >= 0.5).astype(np.float64))
        yield Figure(row, "such words", sum(found >= least for found in visible.values()))
