"""Whose other works a photo looks like: backdrop, light and manner, by the vectors of a network.

Vectors are standardised over the works of both creators. For a photo x and the works W of a creator, x not among them,

    near(x, W) = mean of the 3 largest cosines of x with the vectors of W
    z(x, W)    = (near(x, W) - m) / s,   m and s: mean and standard deviation of near(w, W without w) over w in W

so that a creator whose works are all alike is held to that. The cue is the difference of the near(), and that of the
logistic function of z() + 1, which says nothing where the photo is like neither's works.
"""

import numpy as np

from sakka.arrays import DoubleArray, Features, FloatArray

MANNER_CUES = ("near", "usual")
NEAREST = 3
FEWEST_WORKS = 4
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
    shown, one, other = np.split(table, [2, 2 + len(first)])
    near = [float(_near(shown @ works.T).mean()) for works in (one, other)]
    usual = [
        _logistic((value - mean) / sd + 1) for value, (mean, sd) in zip(near, map(_own, (one, other)), strict=True)
    ]
    cues = {"near": 10 * (near[0] - near[1]), "usual": 3 * (usual[0] - usual[1])}
    return {name: float(np.clip(value, -MOST, MOST)) for name, value in cues.items()}


def _near(cosines: FloatArray) -> DoubleArray:
    nearest = np.sort(cosines, axis=1)[:, -NEAREST:]
    near: DoubleArray = nearest.mean(axis=1, dtype=np.float64)
    return near


def _own(works: FloatArray) -> tuple[float, float]:
    """Mean and standard deviation of how near each work of a creator is to the others."""
    cosines = works @ works.T
    np.fill_diagonal(cosines, -np.inf)
    near = _near(cosines)
    return float(near.mean()), max(float(near.std()), SMALLEST_SD)


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
