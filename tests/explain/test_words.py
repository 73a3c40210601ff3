from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.explain.tokens import tokenized
from sakka.explain.words import word_shares
from sakka.models.text.linear import LinearText
from sakka.words import normalise

LETTERS = "ab Rose桜のブローチﾌﾞﾛ①ßİ　\n\t、.!’'é\u0301\x85\u2028ﾞ"
SIGNS = st.one_of(st.sampled_from(LETTERS), st.characters(codec="utf-8"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LinearText:
    return LinearText().fit(tiny_catalog(tmp_path_factory.mktemp("works")))


def difference(model: LinearText, work: Work, creator: int, against: int) -> float:
    answers = model.predict_proba(Catalog.from_works([work]))[0].astype(np.float64)
    return float(np.log(answers[creator] / answers[against]))


@pytest.mark.parametrize(
    ("title", "description"),
    [
        ("刺繍 小鳥 ブローチ", "手縫い、毛糸。No. 3"),
        ("Glass moon", "silver wire, SILVER WIRE and  night"),
        ("花花花 花", ""),
        ("", "forest linen ﾌﾞﾛｰﾁ"),
        ("Straße\u0301 \u0301 桜", "İ brooch"),
        ("zzz qqq", "no word is known"),
        ("", "\x08"),
        ("", " "),
    ],
)
def test_the_words_and_the_constant_terms_add_up_to_the_log_odds(
    model: LinearText, title: str, description: str
) -> None:
    work = Work("1", title=title, description=description)
    for creator, against in ((0, 1), (2, 5), (5, 2)):
        words, rest = word_shares(model, work, creator, against)
        total = sum(word.share for word in words) + rest
        assert total == pytest.approx(difference(model, work, creator, against), abs=2e-5)


@settings(max_examples=60)
@given(title=st.text(SIGNS, max_size=12), description=st.text(SIGNS, max_size=30))
def test_any_text_is_shared_out_without_a_rest(model: LinearText, title: str, description: str) -> None:
    work = Work("1", title=title, description=description)
    words, rest = word_shares(model, work, 0, 3)
    assert sum(word.share for word in words) + rest == pytest.approx(difference(model, work, 0, 3), abs=2e-5)
    for word in words:
        field = normalise(title if word.field == "title" else description)
        assert field[word.start : word.stop] == word.text


@settings(max_examples=60)
@given(title=st.text(SIGNS, max_size=12), description=st.text(SIGNS, max_size=30))
def test_every_sign_that_is_no_blank_belongs_to_one_word(title: str, description: str) -> None:
    text = tokenized(title, description)
    solid = text.padded_tokens[text.padded_tokens >= 0]
    assert len(solid) == sum(not sign.isspace() for sign in text.text.casefold())
    assert set(solid.tolist()) == set(range(len(text.tokens)))


def test_a_word_that_only_one_creator_uses_speaks_for_that_creator(model: LinearText) -> None:
    words, _ = word_shares(model, Work("1", title="刺繍 brooch"), 2, 3)
    shares = {word.text: word.share for word in words}
    assert shares["刺繍"] > 2 * abs(shares["brooch"])
    back, _ = word_shares(model, Work("1", title="刺繍 brooch"), 3, 2)
    assert [word.share for word in back] == pytest.approx([-share for share in shares.values()])


def test_title_and_description_are_told_apart(model: LinearText) -> None:
    words, _ = word_shares(model, Work("1", title="moon", description="the moon"), 3, 0)
    assert [(word.text, word.field, word.start, word.stop) for word in words] == [
        ("moon", "title", 0, 4),
        ("the", "description", 0, 3),
        ("moon", "description", 4, 8),
    ]
    assert words[0].share == pytest.approx(words[2].share, rel=0.5)


def test_a_blank_text_has_no_words_and_the_shares_of_the_creators_are_left(folder: Path) -> None:
    works = tiny_catalog(folder, creators=3)
    uneven = LinearText().fit(works.take([0, 3, 6, 1, 4, 2]))
    words, rest = word_shares(uneven, Work("1", title=" \n"), 0, 2)
    assert words == []
    assert rest == pytest.approx(np.log(3))
