"""Precision and recall of near-identical works: transformed copies of paintings, and the simulated market.

    python -m benchmarks.duplicates [--works 600] [--data FOLDER] [--market-seed 3]

Paintings: `--works` of them, drawn by chance, are copied in eight ways each; the copies stand among all paintings. The
limits in `copies/groups.py` were chosen on half of the drawn paintings ("validation") and on markets 1 and 2; the
figures to quote are those of the other half and of another market. A pair of a copy and a painting is right when
the painting is its original, or a near-identical one of that original among the paintings themselves.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.copies import TRANSFORMS, copy_of
from benchmarks.data import data_folder, read_listing
from sakka.arrays import IntArray
from sakka.catalog.works import Catalog, Work
from sakka.copies import groups
from sakka.copies.alignment import compare
from sakka.copies.candidates import Candidates, candidate_pairs
from sakka.copies.fingerprints import PhotoSigns, photo_signs
from sakka.copies.groups import near_identical
from sakka.copies.texts import near_texts
from sakka.photos.decode import read_photo

SEED = 7
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


def joined(first: PhotoSigns, second: PhotoSigns) -> PhotoSigns:
    """Put the signs of two catalogs one after the other."""
    names = ("hashes", "small", "colour", "known")
    return PhotoSigns(**{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names})


def measure_copies(works: Catalog, rows: IntArray, title: str, curve: bool) -> None:
    """Print precision and recall on the copies of some works."""
    with tempfile.TemporaryDirectory(prefix="sakka-copies-") as folder:
        copies = make_copies(works, rows, Path(folder))
        signs = joined(photo_signs(works), photo_signs(copies.catalog))
    n_works = len(works)
    candidates = candidate_pairs(signs)
    lower, upper = np.sort(candidates.pairs, axis=1).T
    between = (lower < n_works) & (upper >= n_works)
    found = compare(signs, Candidates(candidates.pairs[between], candidates.views[between]))
    pairs = np.stack([lower[between], upper[between]], axis=1)
    copy = pairs[:, 1] - n_works
    own = near_identical(works)
    right = own.groups[pairs[:, 0]] == own.groups[copies.original[copy]]
    itself = pairs[:, 0] == copies.original[copy]
    print(f"\n{title}: {len(copies.original):,} copies of {len(rows)} works among {n_works:,} works")
    for limits in LIMITS if curve else ((groups.NEAR_CONTRAST, groups.NEAR_COLOUR, groups.SAME_CONTRAST),):
        near = (found.contrast >= limits[0]) & (found.colour <= limits[1]) | (found.contrast >= limits[2])
        recall = [np.isin(np.flatnonzero(copies.transform == number), copy[near & itself]).mean()
                  for number in range(len(TRANSFORMS))]  # fmt: skip
        told = ", ".join(f"{name} {value:.3f}" for name, value in zip(TRANSFORMS, recall, strict=True))
        print(f"limits {limits}: precision {right[near].mean():.4f} (n = {near.sum():,} pairs), "
              f"recall {np.mean(recall):.4f}: {told}")  # fmt: skip


def measure_market(seed: int, creators: int, folder: Path) -> None:
    """Print precision and recall of pairs of listings of the same item in a simulated market."""
    from sakka.catalog.build import build_catalog
    from sakka.market import MarketSettings

    settings = MarketSettings(creators=creators, works=30 * creators, seed=seed, difficulty=0.5)
    works = build_catalog("market", folder=folder, market=settings)
    truth = pl.read_parquet(folder / "market" / "truth.parquet")
    item_of = dict(zip(truth["id"], truth["group"], strict=True))
    items = np.unique([item_of[each] for each in works.ids], return_inverse=True)[1]
    found = near_identical(works)
    print(f"\nsimulated market, seed {seed}, {len(works):,} works by {len(works.creators)} accounts")
    for name, pairs, able in (
        ("photo", found.pairs("photo"), works.has_photo),
        ("text", found.pairs("text"), works.has_text),
        ("photo or text", np.unique(found.pairs(), axis=0), np.ones(len(works), dtype=np.bool_)),
        ("text, Jaccard 0.5", _text_pairs(works.texts, 0.5), works.has_text),
        ("in one group", all_pairs(found.groups), np.ones(len(works), dtype=np.bool_)),
    ):
        wanted = all_pairs(np.where(able, items, -1 - np.arange(len(items))))
        right = items[pairs[:, 0]] == items[pairs[:, 1]]
        print(f"{name}: precision {right.mean():.4f} (n = {len(pairs):,} pairs), "
              f"recall {right.sum() / len(wanted):.4f} (n = {len(wanted):,})")  # fmt: skip


def _text_pairs(texts: list[str], least: float) -> IntArray:
    return np.array([pair[:2] for pair in near_texts(texts, least)], dtype=np.int64).reshape(-1, 2)


def all_pairs(codes: IntArray) -> IntArray:
    """Every pair of rows of one code, shape (n_pairs, 2)."""
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    pairs = [np.stack([part[a], part[b]], axis=1) for part in parts for a, b in [np.triu_indices(len(part), 1)]]
    return np.sort(np.concatenate(pairs), axis=1)


def main() -> None:
    """Measure what is asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.duplicates", description=__doc__)
    parser.add_argument("--works", type=int, default=600)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--market-seed", type=int, default=3)
    parser.add_argument("--creators", type=int, default=40)
    asked = parser.parse_args()
    data = data_folder(asked.data)
    if data is not None and asked.works:
        works = read_listing(data / "paintings" / "works.csv")
        drawn = np.random.default_rng(SEED).permutation(len(works))[: asked.works]
        half = len(drawn) // 2
        measure_copies(works, np.sort(drawn[:half]), "validation half", curve=True)
        measure_copies(works, np.sort(drawn[half:]), "test half", curve=False)
    with tempfile.TemporaryDirectory(prefix="sakka-market-") as folder:
        measure_market(asked.market_seed, asked.creators, Path(folder) / "market")


if __name__ == "__main__":
    main()
