import numpy as np
from studies.figures import bootstrap_interval
from studies.word_search import described, fits, make_queries

from sakka.market.identity import WorkKey
from sakka.market.plan import plan_work
from sakka.market.settings import MarketSettings

SETTINGS = MarketSettings(creators=4, works=80, seed=3)
TRUTH = {f"w{number:02}": plan_work(SETTINGS, WorkKey(number % 4, number // 4)) for number in range(40)}


def test_a_query_says_what_is_true_of_its_work_and_the_same_each_time() -> None:
    queries = make_queries(TRUTH, 30, seed=1)
    assert len({query.work for query in queries}) == 30
    assert queries == make_queries(TRUTH, 30, seed=1)
    for query in queries:
        assert fits(query.said, TRUTH[query.work])
        assert "ブローチ" in query.words or "コサージュ" in query.words


def test_a_work_that_differs_in_what_is_said_does_not_fit() -> None:
    plan = next(iter(TRUTH.values()))
    motif, material, colour, kind, accent = described(plan)
    assert fits((motif, material, None, None, None), plan)
    assert not fits((motif, "another", colour, kind, accent), plan)


def test_the_interval_holds_the_share() -> None:
    hits = np.arange(200) < 180
    low, high = bootstrap_interval(lambda rows: hits[rows].mean(axis=1), 200, np.random.default_rng(7))
    assert low < 0.9 < high
    assert high - low < 0.1
