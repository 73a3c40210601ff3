"""How many works each creator has: few sell much, most sell little.

The number of works is the smallest number m plus a Lomax (Pareto II) variable, taken at evenly spaced quantiles
instead of drawn, so that it is the same for every seed:

    n_i = m + s * ((1 - u_i) ** (-1 / a) - 1),   u_i = (i + c) / creators,   i = 0 .. creators - 1

s (scale) makes the works add up. a (shape) and c (offset of the quantiles) are solved for table 1 of the paper: 944
creators with 109,685 works, 50 at least and 4,367 at most, standard deviation 177.7.
"""

from functools import lru_cache

import numpy as np

from sakka.arrays import IntArray
from sakka.errors import CatalogError
from sakka.market.chance import Chance
from sakka.market.settings import MOST_WORKS_OF_ONE, MarketSettings

SHAPE = 2.183680356416227  # a
QUANTILE_OFFSET = 0.8654625756834935  # c


def sorted_sizes(creators: int, works: int, fewest: int) -> IntArray:
    """The works of each creator, ascending, shape (creators,); they add up to `works`."""
    quantiles = (np.arange(creators) + QUANTILE_OFFSET) / creators
    excess = (1.0 - quantiles) ** (-1.0 / SHAPE) - 1.0
    excess *= (works - creators * fewest) / excess.sum()
    edges = np.rint(np.concatenate([[0.0], np.cumsum(excess)])).astype(np.int64)
    return np.sort(fewest + np.diff(edges))


@lru_cache(maxsize=8)
def works_of_people(settings: MarketSettings) -> tuple[int, ...]:
    """The number of works of each person, by the person's number, strays not counted.

    Raises:
        CatalogError: One person would have more works than a work's id has room for.
    """
    sizes = sorted_sizes(settings.creators, settings.total_works, settings.fewest_works).tolist()
    if sizes[-1] > MOST_WORKS_OF_ONE:
        raise CatalogError(
            f"one creator would have {sizes[-1]:,} works, expected at most {MOST_WORKS_OF_ONE:,}; "
            "ask for more creators or fewer works"
        )
    return Chance(settings.seed, "sizes").some(sizes, len(sizes))
