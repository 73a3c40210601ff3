"""Several accounts of one person count once (the paper's section 3.1; PAPER.md point 8).

The paper removes "the same creator" without saying how they were found or which works went. Here accounts are joined
into one creator, so that no work is lost and none of one person's works has to be told from another's of the same
person. Two accounts are joined when

- their normalised names are equal: Unicode NFKC, case folded, without spaces, punctuation and control characters; or
- of the account with fewer photos at least a share s, and at least `FEWEST_SHARED` photos, have a near-identical
  photo (see `photos/hashes.py`) in the other account, no two of them the same one. A photo that more than
  `MOST_ACCOUNTS` accounts have counts for none of them: it is a common picture and tells nothing of a person.

Joining is transitive. The joined creator takes the name of the account with most works. Every join is reported.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from sakka.arrays import IntArray
from sakka.photos.hashes import NEAR_DISTANCE, PhotoHashes, near_pairs

SHARED_PHOTOS = 0.3
FEWEST_SHARED = 3
MOST_ACCOUNTS = 3
SAME_NAME = "names are equal"
SAME_PHOTOS = "photos are near-identical"


@dataclass(frozen=True)
class Join:
    """Two accounts that were joined.

    Attributes:
        account: The one whose name is given up, or that was found later.
        other: The one it was joined with.
        into: The name of the creator that both are now.
        reason: `SAME_NAME` or `SAME_PHOTOS`.
        detail: The normalised name, or how many photos are near-identical.
    """

    account: str
    other: str
    into: str
    reason: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """The join as `catalog.json` holds it."""
        return asdict(self)


@dataclass
class _Unions:
    """Which accounts belong together: a forest whose roots are the accounts with most works."""

    rank: dict[str, tuple[int, str]]
    parent: dict[str, str] = field(default_factory=dict)
    edges: list[tuple[str, str, str, str]] = field(default_factory=list)

    def root(self, name: str) -> str:
        while name in self.parent:
            name = self.parent[name]
        return name

    def join(self, first: str, second: str, reason: str, detail: str) -> None:
        roots = sorted((self.root(first), self.root(second)), key=lambda name: self.rank[name])
        if roots[0] != roots[1]:
            self.parent[roots[1]] = roots[0]
            kept, given = sorted((first, second), key=lambda name: self.rank[name])
            self.edges.append((given, kept, reason, detail))


def normalised_name(name: str) -> str:
    """What is compared of an account's name; of a name of punctuation alone, all of it.

    >>> normalised_name("Ａtelier・Ｍori "), normalised_name("atelier-mori")
    ('ateliermori', 'ateliermori')
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(character for character in folded if unicodedata.category(character)[0] not in "PZC") or folded


def find_joins(
    creators: Sequence[str],
    hashes: PhotoHashes,
    shared_photos: float = SHARED_PHOTOS,
    max_distance: int = NEAR_DISTANCE,
) -> list[Join]:
    """Find the accounts that are one person's.

    Args:
        creators: The account of each work.
        hashes: The perceptual hash of each work's photo, in the same order.
        shared_photos: The share s, above 0 and up to 1.
        max_distance: The bits in which the hashes of near-identical photos may differ.
    """
    counts = pl.Series(list(creators), dtype=pl.String()).value_counts(sort=False)
    works = dict(counts.iter_rows())
    unions = _Unions(rank={name: (-count, name) for name, count in works.items()})
    by_name: dict[str, list[str]] = {}
    for name in sorted(works):
        by_name.setdefault(normalised_name(name), []).append(name)
    for normalised, names in by_name.items():
        for name in names[1:]:
            unions.join(names[0], name, SAME_NAME, normalised)
    for first, second, detail in _sharing(list(creators), hashes, shared_photos, max_distance):
        unions.join(first, second, SAME_PHOTOS, detail)
    return [Join(given, kept, unions.root(kept), reason, detail) for given, kept, reason, detail in unions.edges]


def apply_joins(table: pl.DataFrame, joins: Sequence[Join]) -> pl.DataFrame:
    """Put the joined creator's name in the place of its accounts' names."""
    names = {name: join.into for join in joins for name in (join.account, join.other)}
    return table.with_columns(pl.col("creator").replace(names)) if names else table


def _sharing(creators: list[str], hashes: PhotoHashes, share: float, max_distance: int) -> list[tuple[str, str, str]]:
    """The pairs of accounts that share enough photos, each with how many, sorted by name."""
    names, codes = np.unique(np.array(creators, dtype=object).astype(str), return_inverse=True)
    photos = np.bincount(codes[hashes.known], minlength=len(names))
    shared: list[tuple[str, str, str]] = []
    for account, other, common in _common_photos(codes, near_pairs(hashes, max_distance)).iter_rows():
        fewer = (photos[account], account) <= (photos[other], other)  # as a share of the smaller account
        if fewer and common >= max(FEWEST_SHARED, share * photos[account]):
            detail = f"{common} of {photos[account]} photos"
            shared.append((str(names[account]), str(names[other]), detail))
    return sorted(shared)


def _common_photos(codes: npt.NDArray[Any], pairs: IntArray) -> pl.DataFrame:
    """Count, for each account and each other one, how many photos of the one have a near-identical one there."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    frame = pl.DataFrame(
        {"account": codes[both[:, 0]], "other": codes[both[:, 1]], "row": both[:, 0], "other_row": both[:, 1]}
    ).filter(pl.col("account") != pl.col("other"))
    own = frame.filter(pl.col("other").n_unique().over("row") < MOST_ACCOUNTS)
    rows = pl.min_horizontal(pl.col("row").n_unique(), pl.col("other_row").n_unique())
    return own.group_by("account", "other").agg(rows).sort("account", "other")
