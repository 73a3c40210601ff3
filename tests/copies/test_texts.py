"""Near-identical texts."""

import numpy as np

from sakka.copies.texts import near_texts, normalised_text

LONG = "A brooch of felt with a small bird, sewn by hand and filled with wool, about four centimetres wide"


def test_texts_are_compared_without_case_width_blanks_and_punctuation() -> None:
    assert near_texts([LONG, LONG.upper().replace(",", " -"), "Something else that has nothing to do with it"]) == [
        (0, 1, 1.0)
    ]


def test_a_few_changed_words_leave_texts_near_identical_and_half_the_words_do_not() -> None:
    assert [pair[:2] for pair in near_texts([LONG, LONG.replace("small", "tiny")])] == [(0, 1)]
    assert (
        near_texts([LONG, LONG[: len(LONG) // 2] + "made of silver wire, a present for somebody who likes cats"]) == []
    )


def test_the_index_is_the_share_of_shingles_in_common() -> None:
    first, second = "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0123"
    assert near_texts([first, second]) == [(0, 1, 22 / 26)]


def test_short_texts_and_formulas_of_many_works_say_nothing() -> None:
    assert near_texts(["self portrait", "self portrait", "", ""]) == []
    assert near_texts([LONG] * 21) == []
    assert len(near_texts([LONG] * 20)) == 190


def test_banding_finds_what_comparing_all_with_all_finds() -> None:
    generator = np.random.default_rng(0)
    base = ["".join(generator.choice(list("かきくけこさしすせそ"), 80)) for _ in range(30)]
    texts = [
        text[:start] + "た" + text[start + 1 :] for text in base for start in generator.integers(5, 75, 3).tolist()
    ]
    shingles = [{text[place : place + 5] for place in range(len(text) - 4)} for text in map(normalised_text, texts)]
    expected = [
        (first, second)
        for first in range(len(texts))
        for second in range(first + 1, len(texts))
        if len(shingles[first] & shingles[second]) / len(shingles[first] | shingles[second]) >= 0.7
    ]
    assert [pair[:2] for pair in near_texts(texts)] == expected
    assert len(expected) >= 80
