"""How many second accounts are found, and how many are joined wrongly, by hash distance and share of photos.

    python -m benchmarks.accounts

Two simulated markets whose truth is known. `sakka.catalog.accounts.SHARED_PHOTOS` and
`sakka.photos.hashes.NEAR_DISTANCE` were chosen by this table.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from sakka import Catalog, build_catalog
from sakka.catalog import accounts
from sakka.market import MarketSettings
from sakka.photos.hashes import PhotoHashes, photo_hashes

MARKETS = ((1, 0.3), (2, 0.7))
DISTANCES = (4, 6, 8, 10)
SHARES = (0.2, 0.3, 0.4, 0.5)


def main() -> None:
    """Draw the markets and print the table."""
    print("seed  bits  share  second accounts  found  wrong")
    for seed, difficulty in MARKETS:
        with tempfile.TemporaryDirectory() as folder:
            settings = MarketSettings(
                creators=40, works=1200, seed=seed, difficulty=difficulty, second_account_share=0.4
            )
            catalog = build_catalog("market", folder=folder, market=settings)
            truth = pl.read_parquet(Path(folder) / "market" / "truth.parquet").select("id", "person")
            for line in judged(catalog, photo_hashes(catalog.photo_paths), dict(truth.rows())):
                print(f"{seed:4}  {line}", flush=True)


def judged(catalog: Catalog, hashes: PhotoHashes, people: dict[str, int]) -> Iterator[str]:
    """A line of the table for each distance and share."""
    creators = catalog.table["creator"].to_list()
    person = {creator: people[work] for work, creator in zip(catalog.ids, creators, strict=True)}
    wanted = len(person) - len(set(person.values()))
    for distance in DISTANCES:
        for share in SHARES:
            joins = accounts.find_joins(creators, hashes, share, distance)
            wrong = sum(person[join.account] != person[join.other] for join in joins)
            yield f"{distance:4}  {share:5}  {wanted:15}  {len(joins) - wrong:5}  {wrong:5}"


if __name__ == "__main__":
    main()
