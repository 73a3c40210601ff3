"""What further photos of a work are worth: markets whose listings have up to 1, 2, 3 and 5 photos.

    python -m studies several_photos FOLDER [--creators N] [--works N] [--seed N] [--photo-model NAME] [--one-account]

The markets differ in their further photos alone (other angles, details, packaging, size charts that creators share), so
that the same works are asked about. Texts are left out. In each of five folds `FusedModel` is fitted on the training
works as `sakka fit` does, so that temperature and limits are learned by how many photos there are, and asked about the
test works. `--one-account` leaves out people who sell under two accounts: their photos tell the hand, not the account.

    accuracy             share named correctly
    log-loss             nats a work
    calibration error    mean distance of the first candidate's probability from how often it is right, in ten bins
    errors gone          of the works named wrongly by one photo, less those by several, as a share of the former
    ... with so many     the same of the works that have as many photos as the row says, not fewer
    by the featured photo    accuracy where the model that has learned from several photos is asked about one
    by any photo         share of which at least one photo, asked about alone, is named correctly: what choosing among
                         the photos could reach at most
    ms a work            processor time of reading and encoding its photos, of `TIMED` works
    s a fit              processor time of a fit on vectors that are there
    peak MB              of the process that fits

Spreads are standard deviations over the folds (n - 1); intervals are 95 % of works drawn anew. FOLDER keeps markets and
vectors, so that a run that was cut short goes on.
"""

import argparse
import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from sakka.arrays import TINY, DoubleArray, IntArray, Mask, Probabilities, log_loss
from sakka.catalog.build import build_catalog
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.market import MarketSettings
from sakka.models.default_models import DEFAULT_PHOTO_MODEL
from sakka.models.fused import FusedModel
from sakka.networks.encoders import photo_encoders
from sakka.networks.features import every_photo_features
from studies.figures import Figure, bootstrap_interval

TIMED = 100
MEASURES = ("accuracy", "log-loss", "calibration error", "by the featured photo", "by any photo")
COUNTS = (1, 2, 3, 5)
FOLDS = 5
LEAST_WORKS = 10
BINS = np.linspace(0, 1, 11)


@dataclass(frozen=True)
class Asked:
    """What was measured on one market.

    Attributes:
        photos: How many photos a work with a photo has on average.
        correct: Whether each work was named correctly, by the works' ids.
        full: The ids of the works with as many photos as a listing may have.
        folds: The `MEASURES` of each fold.
        ms_a_work: Processor time of encoding.
        s_a_fit: Processor time of a fit.
        peak_mb: Memory.
    """

    photos: float
    correct: dict[str, bool]
    full: frozenset[str]
    folds: list[tuple[float, ...]]
    ms_a_work: float
    s_a_fit: float
    peak_mb: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--creators", type=int, default=40)
    parser.add_argument("--works", type=int, default=1600)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--photo-model", default=DEFAULT_PHOTO_MODEL)
    parser.add_argument("--one-account", action="store_true", help="nobody sells under two accounts")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """A row for each number of photos."""
    one: Asked | None = None
    for count in COUNTS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # its own peak of memory
            found = pool.submit(ask, asked, count).result()
        one = one or found
        yield from figures_of(f"{count} photo{'s' * (count > 1)} at most", found, one)


def ask(asked: argparse.Namespace, count: int) -> Asked:
    """Draw a market, or find it drawn; fit and ask in five folds."""
    os.environ["SAKKA_CACHE"] = str(asked.folder / "cache")
    works = market(asked, count)
    ms_a_work = encoding_ms(works.take(np.arange(min(len(works), TIMED))), asked.photo_model)
    part = deal(works.creator_indices(), np.random.default_rng((asked.seed, 9)), FOLDS)
    folds, correct, seconds = [], {}, []
    for fold in range(FOLDS):
        started = time.process_time()
        fitted = FusedModel(asked.photo_model, seed=asked.seed).fit(works.take(np.flatnonzero(part != fold)))
        seconds.append(time.process_time() - started)
        test = works.take(np.flatnonzero(part == fold))
        table, labels = fitted.predict_proba(test), test.creator_indices(fitted.creators_)
        right = table.argmax(axis=1) == labels
        correct |= dict(zip(test.ids, right.tolist(), strict=True))
        by_photo = named_by_each_photo(fitted, test, labels, count)
        losses = log_loss(table, labels, TINY), calibration_error(table, right)
        folds.append((float(right.mean()), *losses, float(by_photo[0].mean()), float(by_photo.any(axis=0).mean())))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    full = frozenset(works.take(np.flatnonzero(works.photo_counts == count)).ids)
    return Asked(
        float(works.photo_counts.mean()), correct, full, folds, ms_a_work, float(np.median(seconds[1:])), peak_mb
    )


def encoding_ms(works: Catalog, photo_model: str) -> float:
    """Processor time a work, in milliseconds, of encoding photos that no cache has."""
    encoders = photo_encoders(photo_model.removeprefix("photo-"))
    for encoder in encoders:
        encoder.load()
    kept = os.environ["SAKKA_CACHE"]
    with TemporaryDirectory() as empty:
        os.environ["SAKKA_CACHE"] = empty
        started = time.process_time()
        for encoder in encoders:
            every_photo_features(works, encoder)
        taken_s = time.process_time() - started
    os.environ["SAKKA_CACHE"] = kept
    return 1000 * taken_s / len(works)


def market(asked: argparse.Namespace, count: int) -> Catalog:
    """The works with a photo of the market with so many photos a work, without their texts."""
    one_account = "-one-account" if asked.one_account else ""
    folder = asked.folder / f"market-{asked.creators}-{asked.works}-{asked.seed}-{count}{one_account}"
    if not (folder / "catalog.json").exists():
        shares = {"second_account_share": 0.0} if asked.one_account else {}
        drawn = {"creators": asked.creators, "works": asked.works, "seed": asked.seed, **shares}
        settings = MarketSettings(**drawn, photos_per_work=count)
        build_catalog("market", folder=folder, market=settings, min_works=LEAST_WORKS)
    works = Catalog.read(folder)
    silent = replace(works, table=works.table.with_columns(title=pl.lit(""), description=pl.lit("")))
    return silent.take(np.flatnonzero(works.has_photo))


def named_by_each_photo(fitted: FusedModel, works: Catalog, labels: IntArray, count: int) -> Mask:
    """Whether each work is named correctly by its first, second ... photo alone; False where it has none.

    Returns:
        Shape (count, n_works).
    """
    right = np.zeros((count, len(works)), dtype=np.bool_)
    for number in range(count):
        rows = np.flatnonzero(works.photo_counts > number)
        alone = works.take(rows)
        alone = replace(alone, table=alone.table.with_columns(pl.col("photos", "photos_sha256").list.slice(number, 1)))
        if len(rows):
            right[number, rows] = fitted.predict_proba(alone).argmax(axis=1) == labels[rows]
    return right


def calibration_error(table: Probabilities, right: Mask) -> float:
    """The expected calibration error of the first candidates, in ten bins of equal width."""
    highest: DoubleArray = table.max(axis=1).astype(np.float64)
    bins = np.clip(np.digitize(highest, BINS) - 1, 0, len(BINS) - 2)
    gaps = [
        abs(float(highest[own].mean() - right[own].mean())) * own.sum()
        for own in (bins == bin_ for bin_ in range(10))
        if own.any()
    ]
    return float(sum(gaps) / len(right))


def figures_of(row: str, found: Asked, one: Asked) -> Iterator[Figure]:
    """The figures of one market."""
    n = len(found.correct)
    for measured, values in zip(MEASURES, zip(*found.folds, strict=True), strict=True):
        yield Figure.over(row, measured, list(values), n)
    for measured, chosen in (("errors gone", frozenset(found.correct)), ("... with so many", found.full)):
        ids = [each for each in found.correct if each in one.correct and each in chosen]
        wrong, before = (~np.array([by.correct[each] for each in ids]) for by in (found, one))
        yield _gone(row, measured, wrong, before)
    yield Figure(row, "photos a work", found.photos)
    yield Figure(row, "ms a work", found.ms_a_work)
    yield Figure(row, "s a fit", found.s_a_fit)
    yield Figure(row, "peak MB", found.peak_mb)


def _gone(row: str, measure: str, wrong: Mask, before: Mask) -> Figure:
    """Which share of the errors of before is gone."""
    interval = bootstrap_interval(
        lambda rows: 1 - wrong[rows].mean(axis=1) / before[rows].mean(axis=1), len(wrong), np.random.default_rng(0)
    )
    return Figure(row, measure, float(1 - wrong.mean() / before.mean()), len(wrong), interval=interval)
