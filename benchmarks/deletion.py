"""How far explanations can be trusted: deletion curves, the table in `docs/explain.md`.

    python -m benchmarks.deletion CATALOG [--only photo|text] [--works 150] [--part test|validation] [--seed 0]

A photo model and a text model are fitted on the training part of one fold; works of its test part are explained and
then taken apart: cells of a 14 x 14 grid over the photo, or words of the text, in the order of their shares, in the
order of an occlusion (photos) or of leaving each word out (texts), or by lot. After each tenth the model is asked for
the creator that it named for the whole work. The area under that curve is small where what is named first matters most.

The last column is one minus the ratio of the mean areas, with a 95 % interval over works drawn anew 2,000 times.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, IntArray
from sakka.catalog.splits import Fold, nested_splits
from sakka.catalog.works import Catalog
from sakka.explain.deletion import area, blurred, steps_of, without_cells, without_words
from sakka.explain.leaving_out import photo_answers, regions_left_out, words_left_out
from sakka.explain.regions import on_grid, region_shares
from sakka.explain.tokens import tokenized
from sakka.explain.words import word_shares
from sakka.files import write_json
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.text.linear import LinearText
from sakka.networks.features import photo_pixels

CELLS = 14
STEPS = 10
LOTS = 3  # orders by lot a work
LEAST_WORDS = 3
RESAMPLES = 2000
EXACT, AGAIN, LOT = "by the shares", "by asking again", "by lot"

Curve = npt.NDArray[np.float64]
Curves = dict[str, list[Curve]]


def photo_curves(works: Catalog, fold: Fold, rows: Sequence[int], generator: np.random.Generator) -> Curves:
    """Each order's curves for the photos of some works."""
    model = EfficientNetLinear().fit(works.take(fold.train))
    ask = photo_answers(model)
    curves: Curves = {EXACT: [], AGAIN: [], LOT: []}
    for path in _counted([path for path in works.take(rows).photo_paths if path is not None]):
        pixels = photo_pixels(path)
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
        lots = [curve(generator.permutation(CELLS * CELLS)) for _ in range(LOTS)]
        curves[LOT].append(np.mean(lots, axis=0))
    return curves


def text_curves(works: Catalog, fold: Fold, rows: Sequence[int], generator: np.random.Generator) -> Curves:
    """Each order's curves for the texts of some works; texts of fewer than `LEAST_WORDS` words are left out."""
    model = LinearText().fit(works.take(fold.train))
    curves: Curves = {EXACT: [], AGAIN: [], LOT: []}
    for work in works.take(rows):
        tokens = tokenized(work.title, work.description).tokens
        if len(tokens) < LEAST_WORDS:
            continue
        answers = model.predict_proba(Catalog.from_works([work]))[0]
        creator, against = np.argsort(-answers, kind="stable")[:2].tolist()
        shares, _ = word_shares(model, work, creator, against)
        effects = words_left_out(model, work, creator, against)

        def curve(order: IntArray) -> Curve:
            gone = steps_of(order, len(tokens), STEPS)  # noqa: B023
            texts = Catalog.from_works([without_words(work, tokens, each) for each in gone])  # noqa: B023
            return model.predict_proba(texts)[:, creator].astype(np.float64)  # noqa: B023

        for name, found in ((EXACT, shares), (AGAIN, effects)):
            curves[name].append(curve(falling(np.array([word.share for word in found]))))
        lots = [curve(generator.permutation(len(tokens))) for _ in range(LOTS)]
        curves[LOT].append(np.mean(lots, axis=0))
    return curves


def falling(shares: DoubleArray) -> IntArray:
    """The places of shares, the greatest first."""
    return np.argsort(-shares.ravel(), kind="stable")


def table_rows(what: str, curves: Curves, generator: np.random.Generator) -> Iterator[list[str]]:
    """The table's rows: what, order, works, area and how much better it is than by lot."""
    areas = {name: np.array([area(curve) for curve in own]) for name, own in curves.items()}
    by_lot = areas[LOT]
    drawn = generator.integers(len(by_lot), size=(RESAMPLES, len(by_lot)))
    for name, own in areas.items():
        better = 1 - own[drawn].mean(axis=1) / by_lot[drawn].mean(axis=1)
        low, high = np.quantile(better, [0.025, 0.975])
        gain = 1 - own.mean() / by_lot.mean()
        said = "" if name == LOT else f"{100 * gain:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
        yield [what, name, f"{len(own):,}", f"{own.mean():.3f}", said]


def _counted(paths: Sequence[Path]) -> Iterator[Path]:
    """The paths, saying on standard error now and then how many are done."""
    for number, path in enumerate(paths):
        if number % 25 == 0:
            sys.stderr.write(f"photos: {number} of {len(paths)}\n")
        yield path


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("catalog")
    parser.add_argument("--only", choices=["photo", "text"])
    parser.add_argument("--works", type=int, default=150, help="how many works to take apart")
    parser.add_argument("--part", choices=["test", "validation"], default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, help="write the mean curves as JSON")
    chosen = parser.parse_args()
    works = Catalog.read(chosen.catalog)
    fold = nested_splits(works, seed=chosen.seed).fold(0, 0)
    generator = np.random.default_rng((chosen.seed, 7))
    held: IntArray = getattr(fold, chosen.part)
    rows = generator.permutation(held)[: chosen.works].tolist()
    makers: dict[str, Callable[..., Curves]] = {"photo": photo_curves, "text": text_curves}
    has = {"photo": bool(works.has_photo.any()), "text": bool(works.has_text.any())}
    sys.stdout.write("| Taken away | Order | Works | Area | Better than by lot |\n| --- | --- | ---: | ---: | ---: |\n")
    kept = {}
    for what, make in makers.items():
        if not has[what] or chosen.only not in (None, what):
            continue
        start_s = time.monotonic()
        curves = make(works, fold, rows, generator)
        for row in table_rows(what, curves, generator):
            sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()
        kept[what] = {name: np.mean(own, axis=0).round(4).tolist() for name, own in curves.items()}
        sys.stderr.write(f"{what}: {time.monotonic() - start_s:.0f} s\n")
    if chosen.output is not None:
        write_json(chosen.output, kept)


if __name__ == "__main__":
    main()
