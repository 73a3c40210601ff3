import numpy as np
from studies.photo_alone import scored_words, visibility, within_creators

from sakka.explain.words import WordShare


def test_a_word_is_visible_by_works_of_one_creator_so_that_knowing_the_creator_helps_nothing() -> None:
    has = np.array([True, True, False, False])
    by_creator, by_photo = np.array([9.0, 9.0, 1.0, 1.0]), np.array([2.0, 9.0, 1.0, 8.0])
    assert within_creators([(0, by_creator, has)], {0: np.array([0, 0, 1, 1])}) == 0.0  # no pair says anything
    assert within_creators([(0, by_photo, has)], {0: np.array([0, 1, 0, 1])}) == 1.0
    assert within_creators([(0, by_creator, has)], {0: np.array([0, 0, 0, 0])}) == 1.0


def test_what_a_photo_shows_of_a_word_is_learned_from_other_works() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(200, 5)).astype(np.float32)
    words = [
        frozenset({"red"} if vector[0] > 0 else {"blue"}) | ({"rare"} if row < 3 else set())
        for row, vector in enumerate(vectors)
    ]
    scores = scored_words(vectors, words, np.arange(150), np.arange(150, 200))
    assert scores
    assert set(scores) <= {"red", "blue"}
    assert all(
        np.corrcoef(found, vectors[150:, 0] * (1 if word == "red" else -1))[0, 1] > 0.7
        for word, found in scores.items()
    )


def test_of_telling_words_the_visible_ones_are_counted_by_their_nats() -> None:
    telling = [[share("Red", 3.0), share("mori", 1.0)], [share("mori", 2.0)], []]
    found = {(each.row, each.measure): each.value for each in visibility(telling, {"red": 0.75, "mori": 0.5})}
    of = "what texts add, visible from an AUROC of {} on"
    assert found[of.format(0.7), "telling words, visible"] == (0.75 + 0) / 2
    assert found[of.format(0.7), "works, mostly visible"] == 0.5
    assert found[of.format(0.8), "telling words, visible"] == 0


def share(text: str, nats: float) -> WordShare:
    return WordShare(text, nats, "title", 0, len(text))
