"""Words of texts: Japanese and other languages, nothing lost, nothing that crashes."""

import sys
import threading
import time
import unicodedata
from itertools import pairwise

import ipadic
import MeCab
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakka.words import (
    JAPANESE_SCRIPT,
    MARKS_IN_A_ROW,
    PERHAPS_MARKS,
    UNSTABLE,
    morphemes_of,
    normalise,
    words_of,
)

anything = st.text(st.characters(codec=None, exclude_categories=()))  # lone surrogates and NUL as well


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n　", []),
        ("Brittany peasant at the pardon", ["Brittany", "peasant", "at", "the", "pardon"]),
        ("l’été d'Édouard", ["l’été", "d'Édouard"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("a\0b", ["a", "b"]),
        ("\ud800花\udfff", ["花"]),
        ("new!! 🌸🌸", ["new", "!", "!", "🌸", "🌸"]),
        ("手作りのブローチです。", ["手作り", "の", "ブローチ", "です", "。"]),
    ],
)
def test_words_are_those_a_reader_would_count(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_japanese_words_are_those_of_mecab_called_directly() -> None:
    text = "桜の花をモチーフにしたコサージュ。卒業式や入学式にどうぞ"
    assert words_of(text) == MeCab.Tagger(f"{ipadic.MECAB_ARGS} -Owakati").parse(text).split()


@given(anything)
def test_no_text_crashes_and_no_readable_character_is_lost(text: str) -> None:
    normal = normalise(text)
    found = "".join(words_of(normal))
    if JAPANESE_SCRIPT.search(normal):
        assert sorted(found) == sorted("".join(normal.split()))
    else:
        kept = [sign for sign in normal if not sign.isspace() and unicodedata.category(sign)[0] != "M"]
        assert [sign for sign in found if unicodedata.category(sign)[0] != "M"] == kept


@given(anything)
def test_words_with_their_parts_of_speech_are_where_a_text_has_them(text: str) -> None:
    normal = normalise(text)
    found = morphemes_of(normal)
    assert "".join("".join(each.word for each in found).split()) == "".join(normal.split())
    assert all(each.word + following.word in normal for each, following in pairwise(found) if following.joined)


@given(anything)
def test_a_normalised_text_can_be_encoded_and_does_not_change_when_normalised_again(text: str) -> None:
    normal = normalise(text)
    normal.encode()
    assert normalise(normal) == normal


@given(st.text())
def test_normalisation_is_that_of_the_standard_where_nothing_is_unreadable(text: str) -> None:
    text = "".join(sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cs"))
    assert normalise(text) == unicodedata.normalize("NFKC", text)


@given(st.text("aか゛\u3099\u3046\u0301\u0316カｶﾞé\u1100\u1161\u11a8각花①　。é"))
def test_marks_join_with_the_sign_before_them_as_the_standard_has_it(text: str) -> None:
    assert normalise(text) == unicodedata.normalize("NFKC", text)


def test_what_is_called_stable_is_left_alone_by_the_standard_and_joins_with_nothing_before_it() -> None:
    stable = [chr(code) for code in range(sys.maxunicode + 1) if not UNSTABLE.fullmatch(chr(code))]
    assert len(stable) > 20_000
    assert all(unicodedata.is_normalized("NFKC", sign) and unicodedata.combining(sign) == 0 for sign in stable)
    canonical = (unicodedata.decomposition(chr(code)).split() for code in range(sys.maxunicode + 1))
    joining = {chr(int(code, 16)) for parts in canonical if parts and parts[0][0] != "<" for code in parts[1:]}
    assert joining.isdisjoint(stable)


@pytest.mark.parametrize("unit", ["花", "a", "🌸", "\0", "\u0300\u0316", "ﾞ\u0316", "\ud800", "桜のブローチ "])
def test_hundreds_of_thousands_of_characters_take_seconds_at_most(unit: str) -> None:
    start = time.perf_counter()
    words_of(normalise("a" + unit * (300_000 // len(unit))))
    assert time.perf_counter() - start < 10


def test_a_long_row_of_any_mark_is_seen() -> None:
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"]
    assert len(marks) > 2000
    assert [mark for mark in [*marks, "ﾞ", "ﾟ"] if not PERHAPS_MARKS.search("a" + mark * (MARKS_IN_A_ROW + 1))] == []
    assert len(normalise("Ａ" + "\u0316" * 100)) == 1 + MARKS_IN_A_ROW


def test_each_thread_gets_the_same_words() -> None:
    answers: list[list[str]] = []
    work = lambda: answers.extend(words_of("花のブローチ1個") for _ in range(200))  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [["花", "の", "ブローチ", "1", "個"]] * 600
