"""A work's id: a number that tells nobody whose work it is, and that the market can turn back.

(person, number of the work) fills 32 bits; a four-round Feistel network keyed with the seed shuffles them
(Luby and Rackoff, 1988, https://doi.org/10.1137/0217022). It is a bijection, so ids are unique by construction.
"""

from pathlib import PurePosixPath
from typing import NamedTuple

NUMBER_BITS = 17  # 131,072 works a person, 32,768 people
CHARTS_FOLDER = "photos/charts"
_HALF = 0xFFFF
_ROUNDS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)


class WorkKey(NamedTuple):
    """Which work of which person."""

    person: int
    number: int


def _mixed(half: int, multiplier: int, seed: int) -> int:
    product = (half + 1 + seed * 0x10001) * multiplier & 0xFFFFFFFFFFFFFFFF
    product ^= product >> 29
    return (product * 0xBF58476D1CE4E5B9 >> 24) & _HALF


def work_id(seed: int, key: WorkKey) -> str:
    """The id of a work, ten digits.

    >>> work_key(5, work_id(5, WorkKey(12, 345)))
    WorkKey(person=12, number=345)
    """
    packed = key.person << NUMBER_BITS | key.number
    left, right = packed >> 16, packed & _HALF
    for multiplier in _ROUNDS:
        left, right = right, left ^ _mixed(right, multiplier, seed)
    return f"{left << 16 | right:010d}"


def work_key(seed: int, identifier: str) -> WorkKey:
    """Turn an id back into the person and the number of the work."""
    packed = int(identifier)
    left, right = packed >> 16, packed & _HALF
    for multiplier in reversed(_ROUNDS):
        left, right = right ^ _mixed(left, multiplier, seed), left
    packed = left << 16 | right
    return WorkKey(packed >> NUMBER_BITS, packed & (1 << NUMBER_BITS) - 1)


def photo_name(identifier: str, number: int = 0) -> str:
    """The path of a work's photo below the market's folder, spread over a hundred folders.

    >>> photo_name("0123456789"), photo_name("0123456789", 1)
    ('photos/89/0123456789.jpg', 'photos/89/0123456789-2.jpg')
    """
    return f"photos/{identifier[-2:]}/{identifier}{f'-{number + 1}' if number else ''}.jpg"


def photo_at(path: str) -> tuple[str, int]:
    """Turn the path of a work's photo back into the work's id and the photo's number.

    >>> photo_at(photo_name("0123456789", 1))
    ('0123456789', 1)
    """
    identifier, _, number = PurePosixPath(path).stem.partition("-")
    return identifier, int(number or 1) - 1


def chart_name(chart: int) -> str:
    """The path of a size chart, which belongs to no work, below the market's folder."""
    return f"{CHARTS_FOLDER}/{chart + 1}.jpg"


def chart_at(path: str) -> int | None:
    """Turn the path of a size chart back into its number; None for another path.

    >>> chart_at(chart_name(2)), chart_at(photo_name("0123456789"))
    (2, None)
    """
    found = PurePosixPath(path)
    return int(found.stem) - 1 if str(found.parent) == CHARTS_FOLDER else None
