"""Colours as people see and name them: CIELAB, and the nearest of some thirty names in English and Japanese.

Source of the conversion: IEC 61966-2-1 (sRGB) and CIE 15 (CIELAB under D65).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray

WHITE = np.array([0.95047, 1.0, 1.08883])
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
EPSILON = (6 / 29) ** 3


@dataclass(frozen=True)
class ColourName:
    """A name of a colour.

    Attributes:
        english: In English.
        japanese: In Japanese.
        rgb: The colour that it stands for, 0 to 255.
    """

    english: str
    japanese: str
    rgb: tuple[int, int, int]


NAMES = tuple(
    ColourName(*entry)
    for entry in (
        ("white", "白", (250, 250, 250)),
        ("ivory", "アイボリー", (240, 232, 212)),
        ("beige", "ベージュ", (214, 196, 164)),
        ("light grey", "薄い灰色", (204, 204, 204)),
        ("grey", "灰色", (140, 140, 140)),
        ("dark grey", "濃い灰色", (80, 80, 80)),
        ("black", "黒", (22, 22, 22)),
        ("light brown", "薄茶色", (184, 148, 106)),
        ("brown", "茶色", (128, 84, 48)),
        ("dark brown", "焦げ茶色", (66, 44, 30)),
        ("red", "赤", (206, 32, 40)),
        ("dark red", "臙脂色", (124, 24, 36)),
        ("orange", "橙色", (238, 130, 32)),
        ("ochre", "黄土色", (190, 142, 56)),
        ("gold", "山吹色", (240, 186, 50)),
        ("yellow", "黄色", (246, 226, 60)),
        ("pale yellow", "薄黄色", (246, 238, 170)),
        ("olive", "オリーブ色", (120, 114, 48)),
        ("yellow green", "黄緑色", (160, 200, 70)),
        ("green", "緑", (48, 140, 66)),
        ("dark green", "深緑", (34, 70, 44)),
        ("turquoise", "青緑色", (40, 150, 150)),
        ("pale blue", "水色", (164, 206, 228)),
        ("blue", "青", (44, 92, 190)),
        ("navy", "紺色", (28, 38, 84)),
        ("blue grey", "青灰色", (112, 130, 150)),
        ("purple", "紫", (112, 62, 150)),
        ("lavender", "藤色", (182, 164, 214)),
        ("pink", "桃色", (242, 164, 184)),
        ("magenta", "赤紫色", (190, 50, 130)),
        ("salmon", "サーモンピンク", (232, 144, 120)),
    )
)


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


def name_of(rgb: tuple[int, int, int]) -> ColourName:
    """The name whose colour is nearest in CIELAB.

    >>> name_of((30, 40, 90)).english
    'navy'
    """
    known = to_lab([name.rgb for name in NAMES])
    return NAMES[int(((known - to_lab([rgb])) ** 2).sum(axis=1).argmin())]
