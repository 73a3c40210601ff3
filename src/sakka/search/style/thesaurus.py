"""Words that mean the same to whoever looks for a handmade work: colours, materials, plants, animals, shapes.

Japanese creators write one colour in characters, in kana or by its English name; a query in one spelling, or in
English, finds the others too. General words only; what a catalog's own creators call things is learned from their
photos (`words.py`). Words that MeCab takes apart are left out.
"""

from functools import lru_cache

SAME = (
    ("赤", "レッド", "赤色", "red"),
    ("青", "ブルー", "青色", "blue"),
    ("緑", "グリーン", "緑色", "green"),
    ("黄", "黄色", "イエロー", "yellow"),
    ("白", "ホワイト", "白色", "white"),
    ("黒", "ブラック", "黒色", "black"),
    ("灰色", "グレー", "グレイ", "鼠色", "grey", "gray"),
    ("茶色", "茶", "ブラウン", "brown"),
    ("紫", "パープル", "紫色", "purple"),
    ("橙", "橙色", "オレンジ", "orange"),
    ("桃色", "ピンク", "pink"),
    ("紺", "紺色", "ネイビー", "navy"),
    ("水色", "スカイブルー", "空色"),
    ("生成り", "アイボリー", "ivory"),
    ("金", "金色", "ゴールド", "gold"),
    ("銀", "銀色", "シルバー", "silver"),
    ("真鍮", "ブラス", "brass"),
    ("銅", "カッパー", "copper"),
    ("木", "ウッド", "木製", "wood"),
    ("革", "皮", "レザー", "本革", "leather"),
    ("布", "ファブリック", "生地", "fabric", "cloth"),
    ("麻", "リネン", "linen"),
    ("綿", "コットン", "木綿", "cotton"),
    ("絹", "シルク", "silk"),
    ("羊毛", "ウール", "wool"),
    ("刺繍", "刺しゅう", "embroidery"),
    ("硝子", "ガラス", "glass"),
    ("陶器", "陶", "ceramic"),
    ("樹脂", "レジン", "resin"),
    ("真珠", "パール", "pearl", "pearls"),
    ("七宝", "七宝焼", "エナメル", "enamel"),
    ("花", "フラワー", "お花", "flower", "flowers"),
    ("薔薇", "バラ", "ローズ", "rose"),
    ("桜", "サクラ"),
    ("葉", "葉っぱ", "リーフ", "leaf"),
    ("猫", "ねこ", "にゃんこ", "cat"),
    ("犬", "いぬ", "わんこ", "dog"),
    ("兎", "うさぎ", "ウサギ", "rabbit"),
    ("鳥", "小鳥", "トリ", "bird"),
    ("蝶", "蝶々", "ちょうちょ", "バタフライ", "butterfly"),
    ("星", "スター", "star"),
    ("月", "ムーン", "三日月", "moon"),
    ("雪", "スノー", "snow"),
    ("海", "シー", "sea"),
    ("首飾り", "ネックレス", "necklace"),
    ("耳飾り", "イヤリング", "earrings"),
    ("指輪", "リング", "ring"),
    ("鞄", "バッグ", "かばん", "bag"),
    ("ブローチ", "brooch"),
)


def alternatives(word: str) -> tuple[str, ...]:
    """A segmented word and the segmented words that mean the same, the word first.

    >>> alternatives("ぶるー")
    ('ぶるー', '青', '青色', 'blue')
    >>> alternatives("森")
    ('森',)
    """
    return (word, *(other for other in _same().get(word, ()) if other != word))


@lru_cache(maxsize=1)
def _same() -> dict[str, tuple[str, ...]]:
    from sakka.search.style.words import segmented

    sets: dict[str, tuple[str, ...]] = {}
    for words in SAME:
        spaced = dict.fromkeys(segmented(word) for word in words)
        single = tuple(word for word in spaced if word and " " not in word)
        sets |= dict.fromkeys(single, single)
    return sets
