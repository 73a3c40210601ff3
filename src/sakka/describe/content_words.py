"""The words of texts that have a meaning of their own: whole words of the language, no function words, no fragments.

Of a text without Japanese script they are its words without numbers, single letters and `function_words.txt`; addresses
are no text.

MeCab cuts Japanese finely (「淡水｜パール」) and cuts what its dictionary lacks anywhere (「レ｜トロ」). So nouns
that follow each other are first one stretch, and the texts themselves say what is a word: what stands by itself,
between particles and signs, at least in `ALONE` of the places where it stands at all. A stretch is cut where all its
parts are such words, and is one word otherwise; affixes (「銀製」「ハート型」) are left out where the rest is a word. A
noun whose neighbours MeCab can only have misread, such as the stem of 「云ふ」, stands nowhere. Verbs, adjectives and
adverbs count in the form that a dictionary gives, verbs only if written with a Chinese character, adverbs only if they
picture something (「ゆらゆら」「きらり」).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sakka.words import JAPANESE_SCRIPT, Morpheme, morphemes_of, normalise, words_of

LEAST_ALONE = 2  # texts
ALONE = 0.4
MOST_PARTS = 3
NOUNS = {"一般", "サ変接続", "形容動詞語幹", "固有名詞", "ナイ形容詞語幹", "副詞可能"}
HONORIFICS = {"お", "ご", "御"}
BEFORE_HIRAGANA = set("のをにがとはもでやへなだた") | {"から", "より"}  # what a noun in hiragana may follow
COPULA = {"だ", "です", "らしい"}
LIGHT_VERBS = {"する", "ある", "いる", "なる", "できる", "いたす", "いただく", "いただける", "くださる", "下さる"}
HIRAGANA, KATAKANA, KANJI = re.compile("[ぁ-ゖー]+"), re.compile("[ァ-ヺー]+"), re.compile("[㐀-䶿一-鿿豈-﫿]")
PICTURING = re.compile("(..+)\\1|..+り|..*んと")
ADDRESS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")
ROMAN_NUMBER = re.compile("x{0,3}(ix|iv|v?i{0,3})")


@dataclass(frozen=True)
class Stretch:
    """Parts of a text that follow each other without a gap.

    Attributes:
        parts: The parts as they stand.
        whole: Whether each can be a word by itself.
        bounded: Whether what stands before and after it leaves it whole.
    """

    parts: tuple[str, ...]
    whole: tuple[bool, ...]
    bounded: bool = True

    @property
    def text(self) -> str:
        """The whole stretch."""
        return "".join(self.parts)


def content_words(texts: Sequence[str]) -> list[list[str]]:
    """The words with a meaning of each text, in small letters and in order.

    Args:
        texts: The texts, of which each helps to say what is a word in the others.

    >>> content_words(["レトロな桜のブローチを3個", "桜とブローチ、レトロ"])
    [['レトロ', '桜', 'ブローチ'], ['桜', 'ブローチ', 'レトロ']]
    >>> content_words(["Two views of the Seine", "Seine, views"])
    [['views', 'seine'], ['seine', 'views']]
    """
    every = [list(_stretches(ADDRESS.sub(" ", normalise(text)).casefold())) for text in texts]
    places = Counter(part for found in every for stretch in found for part in stretch.parts)
    alone = Counter(each.text for found in every for each in found if each.bounded)
    words = {
        each.text
        for found in every
        for each in found
        if each.bounded and each.text not in function_words() and (len(each.parts) > 1 or each.whole[0])
        if alone[each.text] >= max(LEAST_ALONE, ALONE * places[each.text])
    }
    return [[word for stretch in found for word in _words_in(stretch, words)] for found in every]


def _words_in(stretch: Stretch, words: set[str]) -> list[str]:
    parts, whole = stretch.parts, stretch.whole
    if len(parts) == 1:
        return [stretch.text] if stretch.bounded and stretch.text in words else []
    found, at = [], 0
    while at < len(parts):
        ends = range(min(len(parts), at + len(parts) - 1), at, -1)
        end = next((end for end in ends if _is_piece("".join(parts[at:end]), words, whole[end:])), None)
        if end is not None:
            found.append("".join(parts[at:end]))
        elif whole[at]:
            break
        at = end or at + 1
    else:
        if found:
            return found
    return [stretch.text] if stretch.bounded and stretch.text in words and len(parts) <= MOST_PARTS else []


def _is_piece(text: str, words: set[str], after: tuple[bool, ...]) -> bool:
    return text in words and (len(text) > 1 or not any(after))


def _stretches(text: str) -> Iterator[Stretch]:
    if JAPANESE_SCRIPT.search(text) is None:
        yield from (Stretch((word,), (True,)) for word in words_of(text) if _is_latin_word(word))
        return
    row: list[Morpheme] = []
    before = None
    for each in [*morphemes_of(text), None]:
        if each is not None and _is_nominal(each) and (each.joined or not row):
            row.append(each)
            continue
        if row:
            yield from _of_nouns(row, before, each if each is not None and each.joined else None)
            before, row = row[-1], []
        if each is not None and _is_nominal(each):
            row, before = [each], None
        elif each is not None:
            if _tells(each):
                yield Stretch((each.word,), (True,))
            before = each


def _of_nouns(row: list[Morpheme], before: Morpheme | None, after: Morpheme | None) -> Iterator[Stretch]:
    """What nouns that follow each other come to, given what stands right before and after them."""
    if before is not None and not row[0].joined:
        before = None
    while row and row[0].kind == "接頭詞" and row[0].word in HONORIFICS:
        row, before = row[1:], None
    if not row:
        return
    parts, whole = tuple(each.word for each in row), tuple(map(_can_be_word, row))
    named = all(each.detail != "代名詞" for each in row)
    yield Stretch(parts, whole, named and _starts(row[0], before) and _ends(row[-1], after) and _one_script(parts))


def _one_script(parts: Sequence[str]) -> bool:
    """Whether parts are all in hiragana or none: between the two MeCab's cuts are mostly wrong."""
    return len({HIRAGANA.fullmatch(part) is not None for part in parts}) == 1


def _starts(noun: Morpheme, before: Morpheme | None) -> bool:
    if before is None or before.kind == "記号":
        return True
    if HIRAGANA.fullmatch(noun.word) and HIRAGANA.fullmatch(before.word):
        return before.word in BEFORE_HIRAGANA
    return before.detail != "数" and not (KATAKANA.match(noun.word) and KATAKANA.fullmatch(before.word))


def _ends(noun: Morpheme, after: Morpheme | None) -> bool:
    if after is None or after.kind in ("記号", "助詞"):
        return True
    if after.kind == "助動詞":
        return after.base in COPULA
    return (after.kind == "動詞" and (len(noun.word) > 1 or after.base in LIGHT_VERBS)) and not (
        HIRAGANA.fullmatch(noun.word) and after.base not in LIGHT_VERBS
    )


def _is_nominal(each: Morpheme) -> bool:
    return each.kind in ("名詞", "接頭詞") and each.detail not in ("数", "非自立") and each.word.isalnum()


def _can_be_word(noun: Morpheme) -> bool:
    word = noun.word
    if noun.kind != "名詞" or noun.detail not in NOUNS or word in function_words():
        return False
    if word.isascii():
        return _is_latin_word(word)
    if HIRAGANA.fullmatch(word):
        return len(word) > 1 and noun.detail not in ("固有名詞", "副詞可能")
    return len(word) > 1 or (noun.known and KANJI.match(word) is not None)


def _tells(each: Morpheme) -> bool:
    """Whether a verb, an adjective or an adverb is a word with a meaning in the form of a dictionary."""
    if each.base != each.word or each.word in function_words():
        return False
    if each.kind == "動詞":
        return each.detail == "自立" and KANJI.search(each.word) is not None
    return (each.kind == "形容詞" and each.detail == "自立") or (
        each.kind == "副詞" and PICTURING.fullmatch(each.word) is not None
    )


def _is_latin_word(word: str) -> bool:
    letters = any(sign.isalpha() for sign in word) and not any(sign.isdigit() or sign == "_" for sign in word)
    return letters and len(word) > 1 and word not in function_words() and ROMAN_NUMBER.fullmatch(word) is None


@cache
def function_words() -> frozenset[str]:
    """The words of `function_words.txt`."""
    lines = Path(__file__).with_name("function_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
