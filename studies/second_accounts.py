"""Second accounts of one person found, and accounts joined wrongly, by hash distance and share of photos.

    python -m studies second_accounts

Two simulated markets whose truth is known. `sakka.catalog.accounts.SHARED_PHOTOS` and
`sakka.photos.hashes.NEAR_DISTANCE` were chosen by this table.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from sakka import Catalog, build_catalog
from sakka.catalog import accounts
from sakka.market import MarketSettings
from sakka.photos.hashes import PhotoHashes, photo_hashes
from studies.figures import Figure

MARKETS = ((1, 0.3), (2, 0.7))
DISTANCES = (4, 6, 8, 10)
SHARES = (0.2, 0.3, 0.4, 0.5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing can be chosen."""
    del parser


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Draw the markets and count what is found."""
    del asked
    for seed, difficulty in MARKETS:
        with tempfile.TemporaryDirectory() as folder:
            settings = MarketSettings(
                creators=40, works=1200, seed=seed, difficulty=difficulty, second_account_share=0.4
            )
            catalog = build_catalog("market", folder=folder, market=settings)
            truth = pl.read_parquet(Path(folder) / "market" / "truth.parquet").select("id", "person")
            yield from joins_found(
                f"market of seed {seed}", catalog, photo_hashes(catalog.photo_paths), dict(truth.rows())
            )


def joins_found(market: str, catalog: Catalog, hashes: PhotoHashes, people: dict[str, int]) -> Iterator[Figure]:
    """Joins of second accounts, right and wrong, for each distance and share."""
    creators = catalog.table["creator"].to_list()
    person = {creator: people[work] for work, creator in zip(catalog.ids, creators, strict=True)}
    wanted = len(person) - len(set(person.values()))
    for distance in DISTANCES:
        for share in SHARES:
            joins = accounts.find_joins(creators, hashes, share, distance)
            wrong = sum(person[join.account] != person[join.other] for join in joins)
            row = f"{market}, {distance} bits, share {share}"
            yield Figure(row, "found", len(joins) - wrong, wanted)
            yield Figure(row, "joined wrongly", wrong)
