"""CIELAB, in which distances are near to what people see.

Source of the conversion: IEC 61966-2-1 (sRGB) and CIE 15 (CIELAB under D65).
"""

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray

WHITE = np.array([0.95047, 1.0, 1.08883])
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
EPSILON = (6 / 29) ** 3


def to_lab(rgb: npt.ArrayLike) -> DoubleArray:
    """Turn sRGB from 0 to 255, shape (n, 3), into L*, a* and b*, same shape.

    >>> to_lab([[255, 255, 255]]).round(1).tolist()[0][0]
    100.0
    """
    shares = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    part = linear @ TO_XYZ.T / WHITE
    root = np.where(part > EPSILON, np.cbrt(part), part / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def to_rgb(lab: DoubleArray) -> npt.NDArray[np.uint8]:
    """Turn L*, a* and b*, shape (n, 3), into sRGB from 0 to 255, what no screen shows being cut.

    >>> to_rgb(to_lab([[12, 200, 90]])).tolist()
    [[12, 200, 90]]
    """
    y = (lab[:, 0] + 16) / 116
    root = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    part = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    linear = np.clip(part * WHITE @ np.linalg.inv(TO_XYZ).T, 0, 1)
    shares = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    rgb: npt.NDArray[np.uint8] = np.round(255 * shares).astype(np.uint8)
    return rgb
