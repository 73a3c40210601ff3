"""How far explanations can be trusted: deletion curves (Petsiuk et al. 2018).

    python -m studies deletion_curves CATALOG [--only photo|text] [--works 150] [--part test|validation] [--seed 0]

A photo model and a text model are fitted on the training part of one fold; works of its test part are explained and
then taken apart: cells of a 14 x 14 grid over the photo, or words of the text, in the order of their shares, in the
order of an occlusion (photos) or of leaving each word out (texts), or at random. After each tenth the model is asked
for the creator that it named for the whole work. The area under that curve is small where what is named first matters
most. The gain over a random order is one minus the ratio of the mean areas, its 95 % interval that of works drawn anew.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, IntArray
from sakka.catalog.splits import Fold, nested_splits
from sakka.catalog.works import Catalog
from sakka.explain.deletion import area, blurred, steps_of, without_cells, without_words
from sakka.explain.leaving_out import photo_predictor, regions_left_out, words_left_out
from sakka.explain.regions import on_grid, region_shares
from sakka.explain.tokens import tokenized
from sakka.explain.words import word_shares
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.text.linear import LinearText
from sakka.networks.backbones import INPUT_PX
from sakka.networks.features import photo_pixels
from studies.figures import Figure, bootstrap_interval

CELLS = 14
STEPS = 10
RANDOM_ORDERS = 3  # a work
LEAST_WORDS = 3
EXACT, AGAIN, RANDOM = "by the shares", "by asking again", "at random"

Curve = npt.NDArray[np.float64]
Curves = dict[str, list[Curve]]


def photo_curves(works: Catalog, fold: Fold, rows: Sequence[int], generator: np.random.Generator) -> Curves:
    """Each order's curves for the photos of some works."""
    model = EfficientNetLinear().fit(works.take(fold.train))
    ask = photo_predictor(model)
    curves: Curves = {EXACT: [], AGAIN: [], RANDOM: []}
    for path in _counted([path for path in works.take(rows).photo_paths if path is not None]):
        pixels = photo_pixels(path, INPUT_PX)
        creator, against = np.argsort(-ask(pixels[None])[0], kind="stable")[:2].tolist()
        shares, _ = region_shares(model, pixels, creator, against)
        effects = regions_left_out(model, pixels, creator, against)
        hidden = blurred(pixels)

        def curve(order: IntArray) -> Curve:
            gone = steps_of(order, CELLS * CELLS, STEPS)
            photos = [without_cells(pixels, hidden, each.reshape(CELLS, CELLS)) for each in gone]  # noqa: B023
            return ask(np.stack(photos))[:, creator].astype(np.float64)  # noqa: B023

        curves[EXACT].append(curve(falling(on_grid(shares, CELLS))))
        curves[AGAIN].append(curve(falling(on_grid(effects, CELLS))))
        orders = [curve(generator.permutation(CELLS * CELLS)) for _ in range(RANDOM_ORDERS)]
        curves[RANDOM].append(np.mean(orders, axis=0))
    return curves


def text_curves(works: Catalog, fold: Fold, rows: Sequence[int], generator: np.random.Generator) -> Curves:
    """Each order's curves for the texts of some works; texts of fewer than `LEAST_WORDS` words are left out."""
    model = LinearText().fit(works.take(fold.train))
    curves: Curves = {EXACT: [], AGAIN: [], RANDOM: []}
    for work in works.take(rows):
        tokens = tokenized(work.title, work.description).tokens
        if len(tokens) < LEAST_WORDS:
            continue
        probabilities = model.predict_proba(Catalog.from_works([work]))[0]
        creator, against = np.argsort(-probabilities, kind="stable")[:2].tolist()
        shares, _ = word_shares(model, work, creator, against)
        effects = words_left_out(model, work, creator, against)

        def curve(order: IntArray) -> Curve:
            gone = steps_of(order, len(tokens), STEPS)  # noqa: B023
            texts = Catalog.from_works([without_words(work, tokens, each) for each in gone])  # noqa: B023
            return model.predict_proba(texts)[:, creator].astype(np.float64)  # noqa: B023

        for name, found in ((EXACT, shares), (AGAIN, effects)):
            curves[name].append(curve(falling(np.array([word.share for word in found]))))
        orders = [curve(generator.permutation(len(tokens))) for _ in range(RANDOM_ORDERS)]
        curves[RANDOM].append(np.mean(orders, axis=0))
    return curves


def falling(shares: DoubleArray) -> IntArray:
    """Places of shares, the greatest first."""
    return np.argsort(-shares.ravel(), kind="stable")


def areas_of(what: str, curves: Curves, generator: np.random.Generator) -> Iterator[Figure]:
    """The mean area under each order's curves, and how much smaller it is than that of a random order."""
    areas = {name: np.array([area(curve) for curve in own]) for name, own in curves.items()}
    chance = areas[RANDOM]
    for name, own in areas.items():
        yield Figure(f"{what}, {name}", "area", float(own.mean()), len(own))
        if name != RANDOM:

            def gain(rows: IntArray) -> DoubleArray:
                return np.asarray(1 - own[rows].mean(axis=-1) / chance[rows].mean(axis=-1))  # noqa: B023

            interval = bootstrap_interval(gain, len(own), generator)
            yield Figure(
                f"{what}, {name}", "smaller than at random by", float(gain(np.arange(len(own)))), len(own),
                interval=interval,
            )  # fmt: skip


def _counted(paths: Sequence[Path]) -> Iterator[Path]:
    """The paths, saying on standard error now and then how many are done."""
    for number, path in enumerate(paths):
        if number % 25 == 0:
            sys.stderr.write(f"photos: {number} of {len(paths)}\n")
        yield path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog")
    parser.add_argument("--only", choices=["photo", "text"])
    parser.add_argument("--works", type=int, default=150, help="how many works to take apart")
    parser.add_argument("--part", choices=["test", "validation"], default="test")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Fit, explain and take apart."""
    works = Catalog.read(asked.catalog)
    fold = nested_splits(works, seed=asked.seed).fold(0, 0)
    generator = np.random.default_rng((asked.seed, 7))
    held_out: IntArray = getattr(fold, asked.part)
    rows = generator.permutation(held_out)[: asked.works].tolist()
    makers: dict[str, Callable[..., Curves]] = {"photo": photo_curves, "text": text_curves}
    has = {"photo": bool(works.has_photo.any()), "text": bool(works.has_text.any())}
    names = {"photo": "regions of photos", "text": "words of texts"}
    for what, make in makers.items():
        if has[what] and asked.only in (None, what):
            yield from areas_of(names[what], make(works, fold, rows, generator), generator)
