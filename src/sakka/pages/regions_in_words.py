"""A map over a photo in words: nine regions, from the upper left to the lower right."""

import numpy as np

from sakka.arrays import FloatArray
from sakka.explain.regions import on_grid

THIRDS = 3
NAMES = {
    "en": (
        ("upper left", "upper middle", "upper right"),
        ("middle left", "middle", "middle right"),
        ("lower left", "lower middle", "lower right"),
    ),
    "ja": (
        ("左上", "上", "右上"),
        ("左", "中央", "右"),
        ("左下", "下", "右下"),
    ),
}


def named_regions(regions: FloatArray, language: str = "en") -> list[tuple[str, float]]:
    """The nine regions with their shares, the one that spoke most for the creator first.

    >>> named_regions(np.float32([[0, 0, 0], [0, 2, 0], [0, 0, -1]]))[0]
    ('middle', 2.0)
    """
    thirds = on_grid(regions.astype(np.float64), THIRDS)
    named = [(NAMES[language][row][column], float(thirds[row, column])) for row in range(3) for column in range(3)]
    return sorted(named, key=lambda item: -item[1])
