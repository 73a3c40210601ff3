"""Works found by any of their photos: the rank of the work whose photo is asked with, on a simulated market.

    python -m studies photo_search [--market CATALOG] [--market-seed 3] [--creators 20] [--photos 3] [--changed 150]

An index of a market whose listings have several photos (half of the people with a second account) is asked with every
photo, as it is listed; then with `--changed` of them, drawn by chance, each changed in three ways as somebody may who
lists it again. Right: the first work found is one that has that photo, byte by byte (a size chart stands in many). Of
changed photos a listing of the same group of near-identical works counts as well, in a column of its own. Beside that:
the rows and bytes of the index and of one of featured photos alone, and how long a query takes.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from sakka.catalog.photo_keys import PhotoKeys, all_photo_keys
from sakka.catalog.works import Catalog
from sakka.copies.groups import group_names, near_identical
from sakka.market.listings import BETWEEN_PHOTOS
from sakka.models.question import Question
from sakka.photos.decode import read_photo
from sakka.photos.held import HeldPhoto
from sakka.search.find import similar
from sakka.search.hits import Hit
from sakka.search.index import Index
from sakka.search.records import Spaces, words_of_catalog
from sakka.search.shards import begin
from sakka.search.style.space import StyleSpace
from studies.figures import Figure
from studies.inputs.photo_copies import copy_of
from studies.near_identical import SECOND_ACCOUNTS

CHANGES = ("resize", "recompress", "crop 10 %")
SEED = 11
Asked = tuple[int, bytes]
"""The number of a photo, and the bytes to ask with."""


def build(catalog: Catalog, folder: Path) -> Index:
    """An index of a catalog, without a model."""
    near = near_identical(catalog)
    style = StyleSpace.fit(catalog, groups=near.groups)
    spaces = Spaces(style, words_of_catalog(catalog, style, 0))
    names = group_names(catalog.ids, near.pairs())
    info = {"model_sha256": "", "catalog": ""}
    return Index.from_plan(begin(folder, catalog, spaces, info, groups=names, common=near.common), catalog)


def answers(index: Index, photos: Sequence[Asked]) -> Iterator[tuple[int, Hit, float]]:
    """The first work found by each photo, and the seconds that it took."""
    for number, content in photos:
        question = Question.of_parts(HeldPhoto(content))
        question.photos[0].at_least(1)
        started = time.perf_counter()
        (hit,) = similar(index, question, count=1)
        yield number, hit, time.perf_counter() - started


def found_first(
    row: str, index: Index, works: Catalog, every: PhotoKeys, kinds: Sequence[str], photos: Sequence[Asked]
) -> Iterator[Figure]:
    """How often the first work found has the photo that was asked with, in all and by the kind of photo."""
    having = defaultdict(set)
    for key, owner in zip(every.keys, every.rows, strict=True):
        having[key].add(works.ids[owner])
    right, with_copies, seconds = defaultdict(list), [], []
    for number, hit, took in answers(index, photos):
        own = having[every.keys[number]]
        right[kinds[number]].append(hit.work.id in own)
        with_copies.append(bool({hit.work.id, *hit.near_identical} & own))
        seconds.append(took)
    flat = np.concatenate(list(right.values()))
    yield Figure(row, "work at rank 1", float(flat.mean()), len(flat))
    yield Figure(row, "work or near-identical one", float(np.mean(with_copies)), len(flat))
    yield Figure(row, "ms (median)", 1000 * float(np.median(seconds)), len(flat))
    for kind, values in right.items():
        yield Figure(f"{row}, {kind}", "work at rank 1", float(np.mean(values)), len(values))


def sizes(row: str, index: Index, folder: Path) -> Iterator[Figure]:
    """The rows and bytes of an index's works."""
    files = [path for path in (folder / "works.lance" / "data").rglob("*") if path.is_file()]
    yield Figure(row, "rows", index.table.count_rows(), len(index))
    yield Figure(row, "kB a work", sum(path.stat().st_size for path in files) / 1000 / len(index), len(index))


def changed(every: PhotoKeys, change: str, count: int) -> list[Asked]:
    """Some photos drawn by chance, changed."""
    drawn = np.random.default_rng(SEED).permutation(len(every.keys))[:count].tolist()
    return [
        (number, copy_of(read_photo(every.photos[number]), change, np.random.default_rng((SEED, number))))
        for number in drawn
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--market", type=Path, help="a catalog of a market; without it one is drawn")
    parser.add_argument("--market-seed", type=int, default=3)
    parser.add_argument("--creators", type=int, default=20)
    parser.add_argument("--photos", type=int, default=3)
    parser.add_argument("--changed", type=int, default=150)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Build the indexes of a market and ask them."""
    with tempfile.TemporaryDirectory(prefix="sakka-study-photos-") as scratch:
        folder = asked.market or Path(scratch) / "market"
        works = Catalog.read(folder) if asked.market else drawn_market(asked, folder)
        truth = pl.read_parquet(folder / "market" / "truth.parquet")
        kinds_of = dict(zip(truth["id"], truth["kinds"].str.split(BETWEEN_PHOTOS).to_list(), strict=True))
        every = all_photo_keys(works)
        kinds = [kind for each in works.ids for kind in kinds_of[each] if kind]
        index = build(works, Path(scratch) / "index")
        row = f"{len(works)} works, {len(every.keys)} photos"
        yield from sizes(row, index, Path(scratch) / "index")
        listed = [(number, Path(str(photo)).read_bytes()) for number, photo in enumerate(every.photos)]
        yield from found_first(f"{row}, as listed", index, works, every, kinds, listed)
        for change in CHANGES:
            some = changed(every, change, asked.changed)
            yield from found_first(f"{row}, {change}", index, works, every, kinds, some)
        alone = replace(works, table=works.table.with_columns(pl.col("photos", "photos_sha256").list.head(1)))
        index = build(alone, Path(scratch) / "alone")
        firsts = all_photo_keys(alone, 1)
        contents = [(number, Path(str(photo)).read_bytes()) for number, photo in enumerate(firsts.photos)]
        yield from sizes("featured photos alone", index, Path(scratch) / "alone")
        yield from found_first("featured photos alone", index, alone, firsts, ["featured"] * len(contents), contents)


def drawn_market(asked: argparse.Namespace, folder: Path) -> Catalog:
    """Draw a market into a folder."""
    from sakka.catalog.build import build_catalog
    from sakka.market import MarketSettings

    settings = MarketSettings(
        creators=asked.creators,
        works=30 * asked.creators,
        seed=asked.market_seed,
        photos_per_work=asked.photos,
        second_account_share=SECOND_ACCOUNTS,
    )
    return build_catalog("market", folder=folder, market=settings)
