"""Precision and recall of near-identical works: changed copies of paintings, and the simulated market.

    python -m studies near_identical [--works 600] [--data FOLDER] [--market-seed 3] [--photos 1]

Paintings: `--works` of them, drawn by chance, are copied in eight ways each; the copies stand among all paintings. The
limits in `copies/groups.py` were chosen on half of the drawn paintings ("validation") and on markets 1 and 2; the
figures to quote are those of the other half and of another market. A pair of a copy and a painting is right when
the painting is its original, or a near-identical one of that original among the paintings themselves.

With several photos a listing (`--photos`) two listings are a pair where they show one item in any of their photos:
where they sell it both ("relisted"), or where one of them shows it beside its own, copied from the other account
("copied"). Such a market has as many second accounts as may be. A size chart and packaging are no item: pairs by them
are wrong. `COMMON_CREATORS`, `MOST_WORKS`, `MOST_BESIDE` and `BESIDE_CONTRAST` of `copies/photo_pairs.py` were chosen
on two markets of seed 1.
"""

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.data import data_folder, read_listing

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog, Work
from sakka.copies import photo_pairs
from sakka.copies.alignment import compare
from sakka.copies.candidates import Candidates, candidate_pairs
from sakka.copies.fingerprints import PhotoFingerprints, photo_fingerprints
from sakka.copies.groups import NearIdentical, find_near_identical, near_identical
from sakka.copies.texts import near_texts
from sakka.market.listings import BETWEEN_PHOTOS
from sakka.photos.decode import read_photo
from studies.figures import Figure
from studies.inputs.photo_copies import TRANSFORMS, copy_of

SEED = 7
SECOND_ACCOUNTS = 0.5  # of people, where listings have several photos
LIMITS = ((0.8, 4.0, 0.94), (0.85, 3.0, 0.96), (0.88, 3.0, 0.96), (0.88, 2.5, 0.97), (0.92, 2.5, 0.98))


@dataclass(frozen=True)
class Copies:
    """Copies of works of a catalog.

    Attributes:
        catalog: The copies.
        original: Each copy's row in the catalog that it was made of.
        transform: Each copy's place in `TRANSFORMS`.
    """

    catalog: Catalog
    original: IntArray
    transform: IntArray


def make_copies(works: Catalog, rows: IntArray, folder: Path) -> Copies:
    """Write the copies of works into a folder."""
    paths = works.photo_paths
    listed, original, transform = [], [], []
    for row in rows.tolist():
        image = read_photo(paths[row])
        for number, name in enumerate(TRANSFORMS):
            file = f"{row}-{number}.jpg"
            (folder / file).write_bytes(copy_of(image, name, np.random.default_rng((SEED, row, number))))
            listed.append(Work(f"copy {row} {number}", photos=(file,)))
            original.append(row)
            transform.append(number)
    return Copies(Catalog.from_works(listed, photo_root=folder), np.array(original), np.array(transform))


def joined(first: PhotoFingerprints, second: PhotoFingerprints) -> PhotoFingerprints:
    """Put the signs of two catalogs one after the other."""
    names = ("hashes", "small", "colour", "known")
    return PhotoFingerprints(**{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names})


def copies_found(works: Catalog, rows: IntArray, part: str, curve: bool) -> Iterator[Figure]:
    """Precision and recall on the copies of some works, at the limits in use or at several."""
    with tempfile.TemporaryDirectory(prefix="sakka-copies-") as folder:
        copies = make_copies(works, rows, Path(folder))
        fingerprints = joined(photo_fingerprints(works), photo_fingerprints(copies.catalog))
    n_works = len(works)
    candidates = candidate_pairs(fingerprints)
    lower, upper = np.sort(candidates.pairs, axis=1).T
    between = (lower < n_works) & (upper >= n_works)
    found = compare(fingerprints, Candidates(candidates.pairs[between], candidates.views[between]))
    pairs = np.stack([lower[between], upper[between]], axis=1)
    copy = pairs[:, 1] - n_works
    own = near_identical(works)
    correct = own.groups[pairs[:, 0]] == own.groups[copies.original[copy]]
    itself = pairs[:, 0] == copies.original[copy]
    for limits in (
        LIMITS if curve else ((photo_pairs.NEAR_CONTRAST, photo_pairs.NEAR_COLOUR, photo_pairs.SAME_CONTRAST),)
    ):
        near = (found.contrast >= limits[0]) & (found.colour <= limits[1]) | (found.contrast >= limits[2])
        is_found = np.isin(np.arange(len(copies.transform)), copy[near & itself])
        row = f"{part}, limits {', '.join(f'{limit:g}' for limit in limits)}"
        yield Figure(row, "precision", float(correct[near].mean()), int(near.sum()))
        yield Figure(row, "recall", float(is_found.mean()), len(copies.transform))
        for place, name in enumerate(TRANSFORMS):
            made = copies.transform == place
            yield Figure(row, f"recall, {name}", float(is_found[made].mean()), int(made.sum()))


def market_found(seed: int, creators: int, photos: int, folder: Path) -> Iterator[Figure]:
    """Precision and recall of pairs of listings of the same item in a simulated market."""
    from sakka.catalog.build import build_catalog
    from sakka.market import MarketSettings

    accounts = {"second_account_share": SECOND_ACCOUNTS} if photos > 1 else {}
    settings = MarketSettings(
        creators=creators, works=30 * creators, seed=seed, difficulty=0.5, photos_per_work=photos, **accounts
    )
    works = build_catalog("market", folder=folder, market=settings)
    truth = pl.read_parquet(folder / "market" / "truth.parquet")
    if photos > 1:
        yield from several_photos_found(f"market of seed {seed}, {photos} photos", works, truth)
        return
    item_of = dict(zip(truth["id"], truth["group"], strict=True))
    items = np.unique([item_of[each] for each in works.ids], return_inverse=True)[1]
    found = near_identical(works)
    for name, pairs, usable in (
        ("photo", found.pairs("photo"), works.has_photo),
        ("text", found.pairs("text"), works.has_text),
        ("photo or text", np.unique(found.pairs(), axis=0), np.ones(len(works), dtype=np.bool_)),
        ("text, Jaccard 0.5", _text_pairs(works.texts, 0.5), works.has_text),
        ("in one group", all_pairs(found.groups), np.ones(len(works), dtype=np.bool_)),
    ):
        wanted = all_pairs(np.where(usable, items, -1 - np.arange(len(items))))
        correct = items[pairs[:, 0]] == items[pairs[:, 1]]
        row = f"market of seed {seed}, {name}"
        yield Figure(row, "precision", float(correct.mean()), len(pairs))
        yield Figure(row, "recall", float(correct.sum() / len(wanted)), len(wanted))


def several_photos_found(market: str, works: Catalog, truth: pl.DataFrame) -> Iterator[Figure]:
    """Precision and recall of pairs of listings that show one item, by where it stands in them."""
    told = {row["id"]: row for row in truth.iter_rows(named=True)}
    shows, kinds = ([told[each][name].split(BETWEEN_PHOTOS) for each in works.ids] for name in ("shows", "kinds"))
    wanted = _wanted_pairs([told[each]["group"] for each in works.ids], shows)
    every = set().union(*wanted.values())
    with_photos = {
        name: {pair for pair in pairs if works.has_photo[list(pair)].all()} for name, pairs in wanted.items()
    }
    alone = replace(works, table=works.table.with_columns(pl.col("photos", "photos_sha256").list.head(1)))
    found, featured = near_identical(works), near_identical(alone)
    for name, some_works in (("photo", works), ("photo, the featured ones alone", alone)):
        started = time.process_time()
        find_near_identical(some_works)
        seconds = time.process_time() - started
        yield Figure(f"{market}, {name}", "CPU s (fingerprints known)", seconds, int(some_works.photo_counts.sum()))
    for name, pairs, right in (
        ("photo", found.pairs("photo"), with_photos),
        ("in one group", all_pairs(found.groups), wanted),
        ("photo, the featured ones alone", featured.pairs("photo"), with_photos),
        ("in one group, the featured ones alone", all_pairs(featured.groups), wanted),
    ):
        some = set(map(tuple, pairs.tolist()))
        yield Figure(f"{market}, {name}", "precision", len(some & every) / max(len(some), 1), len(some))
        for kind, own in right.items():
            yield Figure(f"{market}, {name}", f"recall, {kind}", len(some & own) / max(len(own), 1), len(own))
    for kind, count in _by_kind(found, kinds, every).most_common():
        yield Figure(f"{market}, photo", kind, count)


def _by_kind(found: NearIdentical, kinds: list[list[str]], right: set[tuple[int, int]]) -> Counter[str]:
    """How many pairs are right and wrong by the kinds of photos that join them."""
    columns = ("first", "second", "first_photo", "second_photo")
    return Counter(
        f"{'right' if (first, second) in right else 'wrong'} by "
        + " and ".join(sorted((kinds[first][one], kinds[second][other])))
        for first, second, one, other in found.evidence.filter(kind="photo").select(columns).iter_rows()
    )


def _wanted_pairs(items: list[str], shows: list[list[str]]) -> dict[str, set[tuple[int, int]]]:
    """The pairs of rows that sell one item, and the other pairs of which both show one."""
    sold, shown = defaultdict(list), defaultdict(list)
    for row, (item, others) in enumerate(zip(items, shows, strict=True)):
        sold[item].append(row)
        for each in {item, *others} - {""}:
            shown[each].append(row)
    relisted, every = ({pair for rows in of.values() for pair in combinations(rows, 2)} for of in (sold, shown))
    return {"relisted": relisted, "copied": every - relisted}


def _text_pairs(texts: list[str], least: float) -> IntArray:
    return np.array([pair[:2] for pair in near_texts(texts, least)], dtype=np.int64).reshape(-1, 2)


def all_pairs(codes: IntArray) -> IntArray:
    """Every pair of rows of one code, shape (n_pairs, 2)."""
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    pairs = [np.stack([part[a], part[b]], axis=1) for part in parts for a, b in [np.triu_indices(len(part), 1)]]
    return np.sort(np.concatenate(pairs), axis=1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--works", type=int, default=600)
    parser.add_argument("--data", type=Path, help="folder with paintings/ (or SAKKA_BENCHMARK_DATA)")
    parser.add_argument("--market-seed", type=int, default=3)
    parser.add_argument("--creators", type=int, default=40)
    parser.add_argument("--photos", type=int, default=1, help="of a listing of the market")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Copy paintings, where they are at hand, then draw a market."""
    data = data_folder(asked.data)
    if data is not None and asked.works:
        works = read_listing(data / "paintings" / "works.csv")
        drawn = np.random.default_rng(SEED).permutation(len(works))[: asked.works]
        half = len(drawn) // 2
        yield from copies_found(works, np.sort(drawn[:half]), "validation half", curve=True)
        yield from copies_found(works, np.sort(drawn[half:]), "test half", curve=False)
    with tempfile.TemporaryDirectory(prefix="sakka-market-") as folder:
        yield from market_found(asked.market_seed, asked.creators, asked.photos, Path(folder) / "market")
