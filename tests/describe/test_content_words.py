"""Words with a meaning: whole words of the language, and few of those that a description shows anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies.creator_words import JUDGED, judgements, market_texts, shown_words, verdicts_of

from sakka.describe.content_words import content_words


def words(*texts: str) -> set[str]:
    return {word for found in content_words(texts) for word in found}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["レトロなボタン", "ボタンがレトロ"], {"レトロ", "ボタン"}),  # MeCab: レ, トロ
        (["ちりめんの花", "花とちりめん"], {"ちりめん", "花"}),
        (["淡水パールの銀", "銀、淡水パール", "パールと銀", "パール"], {"淡水パール", "銀", "パール"}),
        (["探偵小説だ", "探偵の小説", "小説、探偵"], {"探偵", "小説"}),
        (["革製の花", "革と花", "革の花"], {"革", "花"}),
        (["お花を3個", "花を5個、お花"], {"花"}),
    ],
)
def test_a_compound_is_cut_where_its_parts_are_words_in_the_texts_too(texts: list[str], expected: set[str]) -> None:
    assert words(*texts) == expected


def test_words_in_japanese_without_a_meaning_of_their_own_are_left_out() -> None:
    texts = ["お花を編んだ軽い贈り物にお使いいただけます。やはり自分で見るものです"] * 2
    assert words(*texts) == {"花", "軽い", "贈り物", "使い"}


def test_the_stem_of_a_verb_in_old_spelling_is_no_word() -> None:
    assert words("花だと云ふ。花を見て言ひ、歩いて行つた。", "花と云つてゐる。花が言はれ、行つて來た。") == {"花"}


@pytest.mark.parametrize(
    "text", ["On the Two of 1889, and 3rd I ii", "http://a.example/rose rose_2", "vue de la Seine et le du"]
)
def test_function_words_numbers_and_single_letters_are_left_out(text: str) -> None:
    assert words(text, text) <= {"vue", "seine"}


def test_words_of_other_scripts_are_whole() -> None:
    assert words("हिन्दी भाषा и море", "हिन्दी भाषा и море") == {"हिन्दी", "भाषा", "море"}


@given(st.lists(st.text("aB 桜花のレトロ、1年を云", max_size=12), max_size=5))
def test_any_texts_give_words_that_stand_in_them_each_for_itself(texts: list[str]) -> None:
    found = content_words(texts)
    assert len(found) == len(texts)
    assert all(word in text.casefold() for text, each in zip(texts, found, strict=True) for word in each)
    assert content_words(texts[::-1]) == found[::-1]


def test_of_the_words_shown_on_a_market_at_most_3_in_100_are_anything_else() -> None:
    table = market_texts(1, creators=12, works=300)
    shown = shown_words(table["creator"].to_list(), table["description"].to_list(), content_words)
    verdicts = verdicts_of(shown, judgements())
    assert len(shown) > 80
    assert verdicts["not judged"] <= 0.15
    assert verdicts["wrong"] <= 0.03


def test_each_word_is_judged_once_and_by_a_known_verdict() -> None:
    lines = [line.split("\t") for line in JUDGED.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(judgements()) > 400
    assert {verdict for _, verdict in lines} == {"word", "function word", "number", "fragment"}
