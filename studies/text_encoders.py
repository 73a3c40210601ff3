"""Text encoders beside the words themselves: naming creators, unknown creators, search in another language.

    python -m studies text_encoders naming CATALOG [--encoder e5]
    python -m studies text_encoders unknown CATALOG [--encoder e5]
    python -m studies text_encoders search [--encoder e5] [--queries 200] [--seed 15]

Naming: validation parts of the first inner split of five outer folds, grouped; accuracy, and the standard deviation
over the folds, of a difference too. `text-linear` knows words and n-grams, `text-ENCODER` is a linear head on the
encoder's vectors; both: the means of the logarithms of their probabilities, the encoder's weighing as much as is said.
Of the catalogs, `paintings` has the 43 creators with 50 works or more, `market` is the simulated one of seed 1
(`--creators 60 --works 2500`), `aozora` one of six texts of Aozora's first 600 characters, authors with 10 or more.

Unknown creators: a fifth of the creators held out, five times; the AUROC of the prediction's entropy between the test
works of known creators and the works of unknown ones, by the text alone.

Search: English queries on a Japanese market, before (an index without text encoder) and after. A query says what is
true of a work drawn at random, as in `word_search`: colour, material, motif, kind and accent, such as "brown wooden
bird brooch with rhinestone", each by the plain English word seven times of ten, else by another one. The plain words
are the market's own names of what it draws; the others were written down before anything was measured. `a match`: a
work of which everything said is true is among the first ten; `the work`: the described one is, or a listing of the same
item. The way of asking and its weight were chosen on the market of seed 1 with 300 queries; the figures to quote are of
seed 15. Queries in Japanese, those of
`word_search`, say what the encoder does to them.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Probabilities, log_probabilities
from sakka.catalog.splits import Fold, nested_splits
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.evaluation.unknown_creators import auroc, creator_splits
from sakka.market.plan import WorkPlan
from sakka.market.settings import MarketSettings
from sakka.market.vocabulary import COLOUR_OF_MATERIAL
from sakka.models.base import FoldPrediction
from sakka.models.confidence import confidence
from sakka.models.registry import make_model
from sakka.search.index import Index
from studies.figures import Figure, mean_interval
from studies.inputs.english_words import ACCENTS, COLOURS, KINDS, MATERIALS, MOTIFS
from studies.word_search import SEED, TOP, WAYS, Query, Truth, build, drawn_market, found_by, make_queries, truth_of

PLAIN = 0.7
WEIGHTS = (0.2, 0.35, 0.5)
FLOOR = 1e-7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("what", choices=("naming", "unknown", "search"))
    parser.add_argument("catalog", type=Path, nargs="?", help="the works, for naming and unknown")
    parser.add_argument("--encoder", default="e5", metavar="NAME")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=15, help="the seed of the market that is drawn")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """What was asked for."""
    if asked.what == "search":
        yield from _search(asked.encoder, asked.queries, asked.seed)
        return
    works = Catalog.read(asked.catalog)
    works = works.take(np.flatnonzero(works.has_text))
    yield from (_naming if asked.what == "naming" else _unknown)(works, asked.encoder)


def _naming(works: Catalog, encoder: str) -> Iterator[Figure]:
    splits = nested_splits(works, seed=0, kind="grouped", groups=near_identical(works).groups)
    folds = [splits.fold(outer, 0) for outer in range(5)]
    labels, n = works.creator_indices(), sum(len(fold.validation) for fold in folds)
    tables = {name: [each.validation for each in found] for name, found in _predictions(works, folds, encoder).items()}
    shares = {name: [_share_named(each, labels[fold.validation]) for each, fold in zip(found, folds, strict=True)]
              for name, found in tables.items()}  # fmt: skip
    first, *others = shares
    for name, found in shares.items():
        yield Figure.over(name, "accuracy", found, n)
    for name in others:
        differences = (np.array(shares[name]) - shares[first]).tolist()
        yield Figure.over(f"{name} over {first}", "accuracy", differences, n)


def _share_named(table: Probabilities, labels: IntArray) -> float:
    return float((table.argmax(axis=1) == labels).mean())


def _unknown(works: Catalog, encoder: str) -> Iterator[Figure]:
    labels = works.creator_indices()
    folds = [fold for fold, _ in creator_splits(labels, len(works.creators), seed=0)]
    scores: dict[str, list[float]] = {}
    for name, found in _predictions(works, folds, encoder).items():
        for fold, prediction in zip(folds, found, strict=True):
            known = np.unique(labels[fold.train])
            table = prediction.test[:, known] / prediction.test[:, known].sum(axis=1, keepdims=True)
            is_known = np.isin(labels[fold.test], known)
            sure = confidence(table)
            scores.setdefault(name, []).append(auroc(sure[is_known], sure[~is_known]))
    first, *others = scores
    for name, each in scores.items():
        yield Figure.over(name, "AUROC", each, sum(len(fold.test) for fold in folds))
    for name in others:
        differences = (np.array(scores[name]) - scores[first]).tolist()
        yield Figure.over(f"{name} over {first}", "AUROC", differences, sum(len(fold.test) for fold in folds))


def _predictions(works: Catalog, folds: Sequence[Fold], encoder: str) -> dict[str, list[FoldPrediction]]:
    """The predictions of each model, and of both together at each weight."""
    names = ("text-linear", f"text-{encoder}")
    words, meaning = (list(make_model(name).predict_folds(works, folds, works.creators)) for name in names)
    found = dict(zip(names, (words, meaning), strict=True))
    for weight in WEIGHTS:
        found[f"both, {weight} of it {encoder}"] = [
            FoldPrediction(
                one.fold, _both(one.validation, other.validation, weight), _both(one.test, other.test, weight)
            )
            for one, other in zip(words, meaning, strict=True)
        ]
    return found


def _both(words: Probabilities, meaning: Probabilities, weight: float) -> Probabilities:
    logarithms = (1 - weight) * log_probabilities(words, FLOOR) + weight * log_probabilities(meaning, FLOOR)
    likely = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    both: Probabilities = (likely / likely.sum(axis=1, keepdims=True)).astype(np.float32)
    return both


def _search(encoder: str, count: int, seed: int) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="sakka-study-encoders-") as scratch:
        catalog = drawn_market(seed, Path(scratch))
        truth = truth_of(catalog, MarketSettings(**catalog.info["source"]["settings"]))
        index = build(catalog, Path(scratch) / "index", encoder)
        for language, queries in (
            ("English", english_queries(truth, count, SEED)),
            ("Japanese", make_queries(truth, count, SEED)),
        ):
            yield from _before_and_after(index, language, queries, truth)


def english_queries(truth: Truth, count: int, seed: int) -> list[Query]:
    """Draw works and describe them in English."""
    generator = np.random.default_rng((seed, 1))
    ids = sorted(truth)
    drawn = [ids[place] for place in generator.permutation(len(ids))[:count]]
    return [_in_english(each, truth[each], generator) for each in drawn]


def _in_english(work: str, plan: WorkPlan, generator: np.random.Generator) -> Query:
    def word(terms: dict[str, tuple[str, ...]], name: str) -> str:
        plain, *others = terms[name]
        return plain if generator.random() < PLAIN else others[int(generator.integers(len(others)))]

    colour = None if plan.material in COLOUR_OF_MATERIAL else plan.colour
    parts = [*([word(COLOURS, colour)] if colour else []), word(MATERIALS, plan.material), word(MOTIFS, plan.motif)]
    text = " ".join([*parts, KINDS[plan.kind][0]])
    words = text + (f" with {word(ACCENTS, plan.accent)}" if plan.accent else "")
    return Query(words, work, (plan.motif, plan.material, colour, plan.kind, plan.accent))


def _before_and_after(index: Index, language: str, queries: Sequence[Query], truth: Truth) -> Iterator[Figure]:
    spaces, found, seconds = index.spaces, {}, {}
    for name, meaning in (("before", None), ("after", spaces.meaning)):
        index.spaces = replace(spaces, meaning=meaning)
        started_s = time.process_time()
        found[name] = found_by(index, queries, truth, WAYS["text and photo"]).astype(np.float64)
        seconds[name] = time.process_time() - started_s
        yield from _shares(f"{language}, {name}", found[name])
        yield Figure(f"{language}, {name}", "processor ms a query", 1000 * seconds[name] / len(queries), len(queries))
    index.spaces = spaces
    yield from _shares(f"{language}, after over before", found["after"] - found["before"])


def _shares(row: str, hits: DoubleArray) -> Iterator[Figure]:
    for column, measure in ((1, f"a match in the first {TOP}"), (0, f"the work in the first {TOP}")):
        yield mean_interval(row, measure, hits[:, column], SEED)
