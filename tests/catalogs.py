"""Small generated catalogs for every test that needs works: with photos and texts, or with vectors."""

import numpy as np

from sakka.catalog.works import Catalog, Work
from sakka.testing.works import WORDS
from sakka.testing.works import tiny_catalog as tiny_catalog

QUICK_PHOTO = {"stages": ["last"]}  # settings of a photo model that is fitted in a tenth of the time of the default


def vector_catalog(creators: int = 6, works: int = 10, *, without: int = 0, texts: bool = True) -> Catalog:
    """Make `creators` x `works` works that have a vector of 5 numbers as the kept column `clip`, and no photo.

    Four numbers point in the creator's own direction, the fifth says nothing. The first `without` works of each creator
    have no vector; without `texts` they have neither title nor description.
    """
    generator = np.random.default_rng(5)
    directions = generator.normal(0, 1, (creators, 4))
    listed = []
    for number in range(works):
        for creator in range(creators):
            vector = [*(directions[creator] + generator.normal(0, 0.3, 4)), generator.normal()]
            words = WORDS[creator % len(WORDS)]
            listed.append(
                Work(
                    f"work-{creator:02}-{number:03}",
                    f"creator {creator:02}",
                    title=words[number % len(words)] if texts else "",
                    kept={"clip": tuple(map(float, vector)) if number >= without else None},
                )
            )
    return Catalog.from_works(listed)
