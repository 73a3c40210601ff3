import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakka.describe.telling_words import setting_apart


def test_the_log_odds_are_those_of_the_formula() -> None:
    own, others = ["cat rose", "cat"], ["rose dog", "dog dog rose"]
    (mark,) = setting_apart(own * 20, others * 20)
    weight, total = 60, 160  # 60 words of the group's own, so the prior is worth 60; 160 words in all
    prior = weight * 40 / total
    first, second = 40 + prior, 0 + prior
    difference = math.log(first / (60 + weight - first)) - math.log(second / (100 + weight - second))
    assert (mark.word, mark.texts, mark.share, mark.others) == ("cat", 40, 1.0, 0.0)
    assert mark.z == pytest.approx(difference / math.sqrt(1 / first + 1 / second))


def test_a_word_that_all_use_alike_sets_nobody_apart() -> None:
    assert setting_apart(["the rose"] * 30, ["the rose"] * 50) == []


def test_a_word_of_one_text_does_not_count_however_often_it_stands_there() -> None:
    assert setting_apart(["cat " * 50, "rose", "rose"], ["rose"] * 30) == []


def test_a_word_that_stands_oftener_in_no_greater_share_of_the_texts_does_not_count() -> None:
    assert setting_apart(["cat cat", "cat cat"], ["cat,"]) == []


def test_words_are_those_with_a_meaning_in_small_letters() -> None:
    marks = setting_apart(["桜のブローチ★3個 of Silver"] * 20, ["海のブローチ、3個"] * 20)
    assert {mark.word for mark in marks} == {"桜", "silver"}


def test_a_group_without_texts_or_without_others_is_described_all_the_same() -> None:
    assert setting_apart([], ["rose"]) == []
    assert setting_apart(["", ""], []) == []
    assert setting_apart(["rose garden"] * 5, []) == []


@given(st.lists(st.text("ab 桜、", max_size=8), max_size=6), st.lists(st.text("ab 桜、", max_size=8), max_size=6))
def test_any_texts_give_words_that_the_group_uses_more(own: list[str], others: list[str]) -> None:
    for mark in setting_apart(own, others):
        assert mark.share > mark.others
        assert mark.z > 0
