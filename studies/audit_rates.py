"""Whether an audit keeps its stated false-discovery rate, over many seeds.

    python -m studies audit_rates CATALOG [--seeds 11 12 13 14 15] [--split random]

Planted in a catalog is what `audit.py` plants, without copies: 2 % of the works under another creator, and second
accounts of 12 % of the creators, which are taken as found. What was wrong in the catalog before counts as a false
finding. So that many seeds can be planted, ridge regressions in closed form stand in for the models: on the photo
vectors of the default photo model, and on the character n-grams of the texts. They err more often than the models do
and are calibrated by one temperature each; what is measured is `audit/error_rates.py` on their predictions.

How the chance is estimated was developed on seeds 1 to 3.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sakka.arrays import DoubleArray, FloatArray, IntArray, log_loss, softmax
from sakka.audit.error_rates import error_rates, reported
from sakka.audit.wrong_creator import persons_of
from sakka.catalog.splits import GROUPED, MIN_WORKS, OUTER_FOLDS, RANDOM, nested_splits
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.models.default_models import DEFAULT_PHOTO_MODEL
from sakka.models.linear_head.dense import block_weights
from sakka.networks.encoders import number_format, photo_encoders
from sakka.search.style.photos import batches_of_statistics
from studies.audit import RATES, plant, second_accounts
from studies.figures import Figure

RIDGE = 0.3  # of the mean of the products' diagonal
COLUMNS_AT_ONCE = 2048
TEMPERATURES = np.exp(np.linspace(0, 5, 51))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path, help="a built catalog")
    parser.add_argument("--split", choices=[GROUPED, RANDOM], default=GROUPED, help="random: no near-identical works")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15])


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Plant with each seed, predict, and compare the stated with the realised rate."""
    works = Catalog.read(asked.catalog)
    groups = near_identical(works).groups if asked.split == GROUPED else np.arange(len(works))
    known = second_accounts(works, asked.catalog / "market" / "truth.parquet")
    products = [_photo_products(works), _text_products(works)]
    figures: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for seed in asked.seeds:
        for figure in _of_one(asked.catalog.name, works, groups, products, known, seed):
            figures.setdefault((figure.row, figure.measure), []).append((figure.value, figure.n or 0))
            yield Figure(f"{figure.row}, seed {seed}", figure.measure, figure.value, figure.n)
    for (row, name), values in figures.items():
        yield Figure.over(f"{row}, over seeds", name, [value for value, _ in values], sum(n for _, n in values))


def _of_one(
    title: str, works: Catalog, groups: IntArray, products: list[FloatArray], known: set[frozenset[str]], seed: int
) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as scratch:
        planted = plant(works, Path(scratch), seed, copies=0.0)
    labels = planted.works.creator_indices()
    rows = np.flatnonzero(np.bincount(labels)[labels] >= MIN_WORKS)
    some = planted.works.take(rows)
    creators, labels = some.creators, some.creator_indices()
    folds = nested_splits(some, seed=0, kind=GROUPED, groups=groups[rows]).outer
    persons = persons_of(creators, planted.split | known)
    of_person = np.eye(int(persons.max()) + 1)[persons]
    tables = [_predicted(each[np.ix_(rows, rows)], labels, folds) @ of_person for each in products]
    rates = error_rates(tables, persons[labels], folds).own
    person_of = dict(zip(creators, persons.tolist(), strict=True))
    wrong = np.array([
        each in planted.moved and person_of.get(planted.moved[each]) != person
        for each, person in zip(some.ids, persons[labels].tolist(), strict=True)
    ])  # fmt: skip
    for rate in RATES:
        found, row = reported(rates, rate), f"{title}, stated rate {rate:g}"
        yield Figure(row, "realised rate", float((~wrong[found]).mean()) if len(found) else 0.0, len(found))
        yield Figure(row, "recall", float(wrong[found].sum() / wrong.sum()), int(wrong.sum()))


def _photo_products(works: Catalog) -> FloatArray:
    """The products of the works' photo vectors, standardised as the photo model does, shape (n_works, n_works)."""
    name = DEFAULT_PHOTO_MODEL.removeprefix("photo-")
    encoders = photo_encoders(name, number_format(photo_encoders(name)))
    widths = [width for each in encoders for width in each.widths]
    vectors = np.zeros((len(works), sum(widths)), dtype=np.float16)
    for rows, table, _ in batches_of_statistics(works, encoders):
        vectors[rows] = table
    weights, products = block_weights(widths), np.zeros((len(works), len(works)), dtype=np.float32)
    for start in range(0, vectors.shape[1], COLUMNS_AT_ONCE):
        columns = slice(start, start + COLUMNS_AT_ONCE)
        block = vectors[:, columns].astype(np.float32)
        block = (block - block.mean(axis=0)) * (weights[columns] / np.maximum(block.std(axis=0), 1e-6))
        products += block @ block.T
    return products


def _text_products(works: Catalog) -> FloatArray:
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    found = counted.fit_transform(works.texts)
    products: FloatArray = (found @ found.T).toarray().astype(np.float32)
    return products


def _predicted(products: FloatArray, labels: IntArray, folds: IntArray) -> DoubleArray:
    """Out-of-fold probabilities of a ridge regression on the creators, shape (n_works, n_creators)."""
    scores = np.zeros((len(labels), int(labels.max()) + 1))
    own = np.eye(scores.shape[1], dtype=np.float32)[labels]
    for fold in range(OUTER_FOLDS):
        learned, tested = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        between, shares = products[np.ix_(learned, learned)], own[learned].mean(axis=0)
        between[np.diag_indices(len(learned))] += RIDGE * between.diagonal().mean()
        weights = np.linalg.solve(between, own[learned] - shares)
        scores[tested] = shares + products[np.ix_(tested, learned)] @ weights
    # one number of all works, whose wrong labels it knows no better than chance
    sharpest = min(TEMPERATURES, key=lambda each: log_loss(softmax(scores * each).astype(np.float32), labels))
    return softmax(scores * sharpest)
