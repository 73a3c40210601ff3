"""A map over a photo in words: nine regions, from the upper left to the lower right."""

import numpy as np

from sakka.arrays import FloatArray
from sakka.explain.regions import on_grid
from sakka.pages.language import texts_in

THIRDS = 3


def named_regions(regions: FloatArray, language: str = "en") -> list[tuple[str, float]]:
    """The nine regions with their shares, the one that spoke most for the creator first.

    >>> named_regions(np.float32([[0, 0, 0], [0, 2, 0], [0, 0, -1]]))[0]
    ('middle', 2.0)
    """
    thirds = on_grid(regions.astype(np.float64), THIRDS)
    texts = texts_in(language)
    named = [(texts(f"region_{place}"), float(share)) for place, share in enumerate(thirds.ravel(), 1)]
    return sorted(named, key=lambda item: -item[1])
