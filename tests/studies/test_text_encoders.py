import pytest
from studies.inputs import english_words
from studies.text_encoders import english_queries
from studies.word_search import fits

from sakka.market import vocabulary
from sakka.market.identity import WorkKey
from sakka.market.plan import plan_work
from sakka.market.settings import MarketSettings

SETTINGS = MarketSettings(creators=4, works=80, seed=3)
TRUTH = {f"w{number:02}": plan_work(SETTINGS, WorkKey(number % 4, number // 4)) for number in range(40)}


def test_a_query_in_english_says_what_is_true_of_its_work_and_nothing_in_japanese() -> None:
    queries = english_queries(TRUTH, 30, seed=1)
    assert queries == english_queries(TRUTH, 30, seed=1)
    assert len({query.work for query in queries}) == 30
    for query in queries:
        assert fits(query.said, TRUTH[query.work])
        assert all(ord(character) < 0x250 for character in query.words)


@pytest.mark.parametrize("terms", ["COLOURS", "MATERIALS", "MOTIFS", "ACCENTS", "KINDS"])
def test_everything_that_the_market_draws_has_a_plain_english_word_and_another(terms: str) -> None:
    words = getattr(english_words, terms)
    assert words.keys() == getattr(vocabulary, terms).keys()
    assert all(len(set(each)) >= 2 for each in words.values())
