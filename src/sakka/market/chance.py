"""Chance that depends on nothing but the words it is named with.

Every decision in the market is drawn from a stream named after what is decided, such as (seed, "person", 12,
"palette"). So any work can be planned and drawn alone, in any order and on any process, with the same outcome.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Chance:
    """One named stream of random numbers.

    >>> Chance(0, "person", 3).whole(1, 6) == Chance(0, "person", 3).whole(1, 6)
    True
    """

    def __init__(self, *name: object) -> None:
        self._next = random.Random("/".join(map(str, name))).random

    def share(self) -> float:
        """A number from 0 up to 1."""
        return self._next()

    def between(self, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self._next()

    def around(self, centre: float, reach: float) -> float:
        """A number within `reach` of `centre`, those near the centre more often."""
        return centre + reach * (self._next() + self._next() - 1.0)

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both possible."""
        return low + int(self._next() * (high - low + 1))

    def happens(self, probability: float) -> bool:
        """Say yes with the given probability."""
        return self._next() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, all equally likely."""
        return items[int(self._next() * len(items))]

    def favour(self, items: Sequence[Item]) -> Item:
        """One of the items, the earlier ones more often."""
        return items[int(self._next() ** 2 * len(items))]

    def some(self, items: Sequence[Item], count: int) -> tuple[Item, ...]:
        """`count` different items (all of them where there are fewer), in chance order."""
        left = list(items)
        return tuple(left.pop(int(self._next() * len(left))) for _ in range(min(count, len(left))))
