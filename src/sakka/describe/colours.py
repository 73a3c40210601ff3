"""Colours as people name them: the nearest of some thirty names in English and Japanese."""

from dataclasses import dataclass

from sakka.photos.cielab import to_lab


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


def name_of(rgb: tuple[int, int, int]) -> ColourName:
    """The name whose colour is nearest in CIELAB.

    >>> name_of((30, 40, 90)).english
    'navy'
    """
    known = to_lab([name.rgb for name in NAMES])
    return NAMES[int(((known - to_lab([rgb])) ** 2).sum(axis=1).argmin())]
