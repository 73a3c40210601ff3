"""Whose other works a photo looks like: backdrop, light and manner, by the vectors of a network.

Vectors are standardised over the works of both creators and brought to length 1. With K the products of all pairs plus
1, y = 1 for a work of the first creator and -1 for one of the second, and R = `RIDGE`, ridge regression says of a photo

    f(x) = k(x) (K + R I)^-1 y,   k(x) its products with the works plus 1

and of a work i, with that work left out, f_i = y_i - ((K + R I)^-1 y)_i / (K + R I)^-1_ii. The cue is the logarithm of
the odds of f(x) between two normal distributions with the means m_1, m_2 of the f_i and their standard deviation s,

    (m_1 - m_2) (f(x) - (m_1 + m_2) / 2) / s^2

so that two creators whose works can't be told apart say nothing.
"""

import numpy as np

from sakka.arrays import DoubleArray, Features

MANNER_CUES = ("manner",)
FEWEST_WORKS = 4
RIDGE = 0.3
MOST = 3.0
SMALLEST_SD = 0.02


def manner_cues(photos: Features, first: Features, second: Features) -> dict[str, float]:
    """Whose manner two near-identical photos are of; above 0 for the first creator, 0 where one has too few works.

    Args:
        photos: The vectors of the two photos, shape (2, size).
        first: Those of the first creator's other works, shape (n_works, size).
        second: Those of the second creator's other works.
    """
    if min(len(first), len(second)) < FEWEST_WORKS:
        return dict.fromkeys(MANNER_CUES, 0.0)
    table = np.concatenate([photos, first, second]).astype(np.float32)
    table = (table - table[2:].mean(axis=0)) / (table[2:].std(axis=0) + 1e-6)
    table /= np.linalg.norm(table, axis=1, keepdims=True) + 1e-6
    shown, works = table[:2], table[2:]
    sides = np.repeat([1.0, -1.0], [len(first), len(second)])
    inverse = np.linalg.inv((works @ works.T).astype(np.float64) + 1 + RIDGE * np.eye(len(works)))
    weights = inverse @ sides
    found = float(((shown @ works.T + 1) @ weights).mean())
    left_out = sides - weights / np.diag(inverse)
    return {"manner": float(np.clip(_log_odds(found, left_out[sides > 0], left_out[sides < 0]), -MOST, MOST))}


def _log_odds(found: float, first: DoubleArray, second: DoubleArray) -> float:
    """The log-odds of a value between the normal distributions of two samples, which share their deviation."""
    means = float(first.mean()), float(second.mean())
    residuals = np.concatenate([first - means[0], second - means[1]])
    sd = max(float(residuals.std()), SMALLEST_SD)
    return (means[0] - means[1]) * (found - sum(means) / 2) / sd**2
