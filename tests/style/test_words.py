import numpy as np

from sakka.style.words import WordSpace, segmented

TEXTS = ["銀の花", "シルバーの花", "革の鞄", "レザーの鞄", "銀の花のブローチ", "革の鞄です"] * 5


def coordinates() -> np.ndarray:
    """What the photos show: flowers of silver, or bags of leather, whatever the words."""
    generator = np.random.default_rng(0)
    silver = np.array(["花" in text for text in TEXTS])
    return (np.where(silver, 1, -1)[:, None] + 0.1 * generator.normal(size=(len(TEXTS), 4))).astype(np.float32)


def test_texts_with_the_same_words_are_near_and_unknown_words_have_no_vector() -> None:
    space = WordSpace.fit(TEXTS, coordinates(), np.ones(len(TEXTS), dtype=np.bool_))
    vectors = space.vectors(["銀の花", "花の銀", "革の鞄", "zzz", ""])
    assert vectors[0] @ vectors[1] > 0.99
    assert vectors[0] @ vectors[2] < 0.6
    assert not vectors[3:].any()


def test_a_photo_suggests_the_words_of_photos_like_it() -> None:
    space = WordSpace.fit(TEXTS, coordinates(), np.ones(len(TEXTS), dtype=np.bool_))
    seen = space.seen(np.float32([[1, 1, 1, 1], [-1, -1, -1, -1]]))
    flower, bag = space.vectors(["花", "鞄"])
    assert seen[0] @ flower > seen[0] @ bag
    assert seen[1] @ bag > seen[1] @ flower


def test_no_texts_or_no_photos_give_a_working_space() -> None:
    nothing = WordSpace.fit(["", ""], np.zeros((2, 4), np.float32), np.zeros(2, dtype=np.bool_))
    assert not nothing.vectors(["花"]).any()
    blind = WordSpace.fit(TEXTS, np.zeros((len(TEXTS), 4), np.float32), np.zeros(len(TEXTS), dtype=np.bool_))
    assert blind.vectors(["花"]).any()
    assert not blind.seen(np.ones((1, 4), np.float32)).any()


def test_signs_and_case_do_not_stand_in_segmented_words() -> None:
    assert segmented("★桜のブローチ★（Silver925）") == "桜 の ブローチ silver 925"
    assert segmented("☆\n♪") == ""
