"""What the market's works can be: motifs, materials, colours and accents, and the Japanese words for them.

The first word of each term is the plain one that every reader of the market expects.
"""

from dataclasses import dataclass

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Term:
    """One thing a text can name.

    Attributes:
        words: Japanese words for it, the plain one first.
        rgb: Its colour where it is drawn, 0 to 255; None where it has no colour of its own.
    """

    words: tuple[str, ...]
    rgb: Rgb | None = None


COLOURS: dict[str, Term] = {
    "white": Term(("白", "ホワイト"), (244, 241, 234)),
    "ivory": Term(("生成り", "アイボリー"), (236, 224, 200)),
    "red": Term(("赤", "レッド"), (190, 44, 44)),
    "bordeaux": Term(("えんじ", "ボルドー"), (118, 30, 46)),
    "pink": Term(("ピンク", "桃色"), (238, 158, 176)),
    "dusty_pink": Term(("くすみピンク", "スモーキーピンク"), (200, 146, 146)),
    "orange": Term(("オレンジ", "橙色"), (226, 126, 58)),
    "yellow": Term(("黄色", "イエロー"), (240, 200, 84)),
    "mustard": Term(("からし色", "マスタード"), (198, 150, 48)),
    "green": Term(("緑", "グリーン"), (78, 130, 82)),
    "mint": Term(("ミントグリーン", "ミント色"), (156, 206, 186)),
    "khaki": Term(("カーキ", "オリーブ"), (126, 126, 82)),
    "blue": Term(("青", "ブルー"), (58, 100, 172)),
    "sky": Term(("水色", "スカイブルー"), (146, 194, 222)),
    "navy": Term(("紺", "ネイビー"), (38, 52, 94)),
    "purple": Term(("紫", "パープル"), (116, 76, 142)),
    "lavender": Term(("藤色", "ラベンダー"), (184, 168, 212)),
    "brown": Term(("茶色", "ブラウン"), (116, 78, 52)),
    "beige": Term(("ベージュ", "ヌードベージュ"), (212, 188, 158)),
    "black": Term(("黒", "ブラック"), (44, 42, 46)),
    "grey": Term(("グレー", "灰色"), (146, 146, 150)),
    "silver": Term(("銀", "銀色"), (204, 208, 214)),
    "gold": Term(("金", "金色"), (216, 176, 92)),
}

MOTIFS: dict[str, Term] = {
    "flower": Term(("花", "お花", "フラワー")),
    "rose": Term(("バラ", "薔薇", "ローズ")),
    "daisy": Term(("マーガレット", "ひなぎく", "デイジー")),
    "leaf": Term(("葉っぱ", "リーフ", "木の葉")),
    "cherry": Term(("さくらんぼ", "チェリー", "さくらんぼの実")),
    "mushroom": Term(("きのこ", "キノコ", "きのこの森")),
    "cat": Term(("猫", "ねこ", "にゃんこ")),
    "rabbit": Term(("うさぎ", "ウサギ", "うさぎさん")),
    "bird": Term(("小鳥", "鳥", "ことり")),
    "whale": Term(("くじら", "クジラ", "くじらさん")),
    "butterfly": Term(("蝶", "ちょうちょ", "バタフライ")),
    "bow": Term(("リボン", "蝶結び", "りぼん")),
    "heart": Term(("ハート", "はーと", "ハート型")),
    "moon": Term(("月", "三日月", "お月さま")),
    "star": Term(("星", "お星さま", "スター")),
    "snow": Term(("雪の結晶", "雪", "スノー")),
    "geometric": Term(("幾何学模様", "幾何学", "まると三角")),
}

MATERIALS: dict[str, Term] = {
    "silver": Term(("銀", "シルバー", "シルバー925"), (206, 210, 216)),
    "brass": Term(("真鍮", "ブラス", "真ちゅう"), (212, 172, 92)),
    "wood": Term(("木", "ウッド", "天然木"), (170, 122, 80)),
    "resin": Term(("レジン", "UVレジン", "樹脂")),
    "embroidery": Term(("刺繍", "手刺繍", "刺しゅう")),
    "felt": Term(("羊毛フェルト", "フェルト", "羊毛")),
    "beads": Term(("ビーズ", "ビーズ刺繍", "シードビーズ")),
    "leather": Term(("革", "レザー", "本革")),
    "fabric": Term(("布", "ちりめん", "リネン")),
    "enamel": Term(("七宝", "七宝焼", "エナメル")),
    "clay": Term(("陶", "陶器", "樹脂粘土")),
    "pearls": Term(("パール", "コットンパール", "淡水パール"), (240, 232, 220)),
}

ACCENTS: dict[str, Term] = {
    "pearl": Term(("パール", "真珠", "コットンパール")),
    "rhinestone": Term(("ラインストーン", "キラキラの石", "ストーン")),
    "bead": Term(("丸ビーズ", "ガラスビーズ", "ウッドビーズ")),
    "gold_edge": Term(("金のふち", "金縁", "ゴールドの縁")),
    "ribbon": Term(("リボン", "サテンリボン", "ベルベットリボン")),
}

KINDS: dict[str, Term] = {
    "brooch": Term(("ブローチ", "ぶろーち", "ブローチピン")),
    "corsage": Term(("コサージュ", "こさーじゅ", "コサージュブローチ")),
}

COLOUR_OF_MATERIAL = {"silver": "silver", "brass": "gold"}

PALETTES: tuple[tuple[str, ...], ...] = (
    ("white", "ivory", "beige", "dusty_pink", "grey"),
    ("red", "bordeaux", "ivory", "black", "gold"),
    ("pink", "lavender", "sky", "white", "mint"),
    ("navy", "blue", "white", "sky", "silver"),
    ("mustard", "khaki", "brown", "ivory", "orange"),
    ("green", "mint", "ivory", "yellow", "khaki"),
    ("purple", "lavender", "navy", "pink", "white"),
    ("black", "grey", "white", "red", "gold"),
    ("yellow", "orange", "red", "green", "sky"),
    ("dusty_pink", "bordeaux", "beige", "brown", "pink"),
    ("sky", "mint", "white", "lavender", "yellow"),
    ("brown", "beige", "green", "mustard", "bordeaux"),
    ("blue", "orange", "white", "navy", "mustard"),
    ("pink", "red", "white", "black", "dusty_pink"),
)

PAPER_CATEGORY = "コサージュ・ブローチ"
OTHER_CATEGORIES = ("ピアス・イヤリング", "ネックレス・ペンダント", "ヘアアクセサリー", "バッグチャーム", "ヘアゴム")
