"""The words of a text in any language: MeCab with ipadic where there is Japanese script, Unicode words elsewhere.

Which of the two is decided by each text itself, so nothing has to be set. A character that is not part of a word (a
star, a bracket, an emoji) is a word of its own in both, as MeCab has it. Normalisation (NFKC, Unicode Standard Annex
15) is a step of its own, `normalise`: it makes full-width and half-width letters one and the same.

Source of the segmentation: MeCab (https://taku910.github.io/mecab/), which the paper's section 3.4 uses.
"""

import re
import sys
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

JAPANESE_SCRIPT = re.compile("[぀-ヿㇰ-ㇿ㐀-䶿一-鿿豈-﫿ヲ-ﾟ\U0001b000-\U0001b16f\U00020000-\U000323af]")
UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")  # NUL ends a C string; surrogates can't be encoded
# NFKC leaves these characters as they are, and they never join with the one before: ASCII, kana, common Chinese ones.
STABLE = "\x00-\x7f、-〩ぁ-ゖァ-ヺー一-鿿"
UNSTABLE = re.compile(f"[{STABLE}]?[^{STABLE}]+")  # with the character before, which a mark may join with
PIECE_CHARS = 20_000  # MeCab's lattice takes about 1 KB a character, so a long text goes through in pieces
MARKS_IN_A_ROW = 30  # the Stream-Safe Text Format of Annex 15
PERHAPS_MARKS = re.compile(
    f"(?:[^\\w\\s]|[ﾞﾟ]){{{MARKS_IN_A_ROW + 1}}}"
)  # no mark is a letter: found fast, and rarely at all

_own = threading.local()


def normalise(text: str) -> str:
    """The text in NFKC, with a space in the place of every character that no text should hold.

    Combining marks beyond 30 in a row are dropped: Python takes quadratic time to order them.

    >>> normalise("ﾌﾞﾛｰﾁ　ＡＢＣ①")
    'ブローチ ABC1'
    """
    text = UNREADABLE.sub(" ", text)
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text
    return UNSTABLE.sub(_normal_run, text)


def words_of(text: str) -> list[str]:
    """The words of a text in order; an empty list for a blank text.

    >>> words_of("桜のブローチ ☆")
    ['桜', 'の', 'ブローチ', '☆']
    >>> words_of("Woman's portrait, 1889")
    ["Woman's", 'portrait', ',', '1889']
    """
    text = UNREADABLE.sub(" ", text)
    if JAPANESE_SCRIPT.search(text) is None:
        return _unicode_word().findall(text)
    tagger = _tagger("-Owakati")
    return "".join([tagger.parse(piece) or "" for piece in _pieces(text)]).split()


class Morpheme(NamedTuple):
    """A word of a text in Japanese script with what MeCab says of it, by ipadic's names.

    Attributes:
        word: As it stands.
        kind: Its part of speech, such as 名詞.
        detail: The first class below that, such as 固有名詞.
        base: The form that a dictionary gives; the word itself where the dictionary does not know it.
        known: Whether the dictionary has the word.
        joined: Whether it follows the one before without a blank.
    """

    word: str
    kind: str
    detail: str
    base: str
    known: bool
    joined: bool


def morphemes_of(text: str) -> list[Morpheme]:
    """The words of a text, by MeCab whatever its script, with their parts of speech.

    >>> [(each.word, each.kind, each.base) for each in morphemes_of("花を編んだ")]
    [('花', '名詞', '花'), ('を', '助詞', 'を'), ('編ん', '動詞', '編む'), ('だ', '助動詞', 'だ')]
    """
    text = UNREADABLE.sub(" ", text)
    found, position = [], 0
    for piece in _pieces(text):
        for line in (_tagger("").parse(piece) or "").split("\n"):
            word, tab, features = line.partition("\t")
            if not tab or word.isspace():
                continue
            start = text.index(word, position)
            kind, detail, *_, base, reading = (features.split(",") + [""] * 8)[:8]
            base = word if base in ("", "*") else base
            found.append(Morpheme(word, kind, detail, base, reading not in ("", "*"), 0 < start == position))
            position = start + len(word)
    return found


def _normal_run(run: re.Match[str]) -> str:
    text = run[0]
    if len(text) > MARKS_IN_A_ROW and PERHAPS_MARKS.search(text):
        text = _long_rows_of_marks().sub(lambda row: row[0][:MARKS_IN_A_ROW], text)
    return unicodedata.normalize("NFKC", text)


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + PIECE_CHARS] for start in range(0, len(text), PIECE_CHARS))


def _tagger(output: str) -> Any:
    """This thread's MeCab, made on first use: a tagger must not be shared between threads."""
    if not hasattr(_own, "taggers"):
        _own.taggers = {}
    if output not in _own.taggers:
        import ipadic
        import MeCab

        _own.taggers[output] = MeCab.Tagger(f"{ipadic.MECAB_ARGS} {output}")
    return _own.taggers[output]


@lru_cache(maxsize=1)
def _mark_ranges() -> str:
    """The combining marks as the inside of a character class: `re` knows no Unicode categories."""
    marks = [code for code in range(0x300, sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"]
    rows = [[code for _, code in row] for _, row in groupby(enumerate(marks), lambda pair: pair[1] - pair[0])]
    return "".join(f"{chr(row[0])}-{chr(row[-1])}" for row in rows)


@lru_cache(maxsize=1)
def _long_rows_of_marks() -> re.Pattern[str]:
    return re.compile(f"[{_mark_ranges()}ﾞﾟ]{{{MARKS_IN_A_ROW + 1},}}")  # half-width sound marks become combining ones


@lru_cache(maxsize=1)
def _unicode_word() -> re.Pattern[str]:
    letter = f"[\\w{_mark_ranges()}]"
    return re.compile(f"{letter}+(?:['’]{letter}+)*|[^\\s{_mark_ranges()}]")
