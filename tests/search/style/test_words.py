import numpy as np

from sakka.search.style.thesaurus import alternatives
from sakka.search.style.words import WordSpace, segmented

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


def test_a_photo_speaks_for_the_words_of_photos_like_it() -> None:
    space = WordSpace.fit(TEXTS, coordinates(), np.ones(len(TEXTS), dtype=np.bool_))
    photos, silent = np.float32([[1, 1, 1, 1], [-1, -1, -1, -1]]), np.zeros((2, 1), dtype=np.bool_)
    for word, looks_like in (("花", 0), ("シルバー", 0), ("鞄", 1)):
        evidence = space.evidence([[segmented(word)]], silent, photos)
        assert evidence[looks_like] > 0 > evidence[1 - looks_like]
        look = space.look([[segmented(word)]])
        assert look is not None
        assert (photos @ look).argmax() == looks_like


def test_no_texts_or_no_photos_give_a_working_space() -> None:
    nothing = WordSpace.fit(["", ""], np.zeros((2, 4), np.float32), np.zeros(2, dtype=np.bool_))
    assert not nothing.vectors(["花"]).any()
    blind = WordSpace.fit(TEXTS, np.zeros((len(TEXTS), 4), np.float32), np.zeros(len(TEXTS), dtype=np.bool_))
    assert blind.vectors(["花"]).any()
    assert blind.look([["花"]]) is None
    assert blind.evidence([["花"]], np.array([[True], [False]]), None)[0] > 0


def test_evidence_is_what_the_formula_says() -> None:
    space = WordSpace.fit(TEXTS, coordinates(), np.ones(len(TEXTS), dtype=np.bool_))
    share = space.share_of("銀")
    assert share == np.float32(10 / 30)
    photos = np.float32([[0.5, 0.5, 0.5, 0.5]] * 2)
    place = int(np.flatnonzero(space.shown == space._column("銀"))[0])
    chance = float(photos[0] @ space.bridge[:, place] + space.start[place])
    said = np.array([[True], [False]])
    expected = [np.log((0.7 + 0.3 * chance) / share), np.log(chance / share)]
    np.testing.assert_allclose(space.evidence([["銀"]], said, photos), expected, rtol=1e-4)
    no_photo = space.evidence([["銀"]], said, np.full((2, 4), np.nan, dtype=np.float32))
    np.testing.assert_allclose(no_photo, [np.log((0.7 + 0.3 * share) / share), 0], atol=1e-6)
    np.testing.assert_allclose(space.evidence([["知らない"]], said, photos), [np.log((0.7 + 0.3 * 0.001) / 0.001), 0])


def test_words_that_most_texts_have_are_passed_over_unless_there_are_no_others() -> None:
    space = WordSpace.fit(TEXTS, coordinates(), np.ones(len(TEXTS), dtype=np.bool_))
    assert space.telling(["ぶろーち", "の", "ぶろーち"]) == ["ぶろーち"]
    assert space.telling(["の"]) == ["の"]


def test_signs_and_case_do_not_stand_in_segmented_words() -> None:
    assert segmented("★桜のブローチ★（Silver925）") == "桜 の ぶろーち silver 925"
    assert segmented("☆\n♪") == ""


def test_words_that_mean_the_same_count_as_one() -> None:
    space = WordSpace.fit(TEXTS, coordinates(), np.ones(len(TEXTS), dtype=np.bool_))
    both = [["銀", "しるばー"]]
    shares = space.share_of("銀") + space.share_of("しるばー")
    found = space.evidence(both, np.array([[True]]), None)
    np.testing.assert_allclose(found, [np.log((0.7 + 0.3 * shares) / shares)], rtol=1e-6)
    assert "銀" in alternatives("しるばー")
    assert alternatives("silver")[0] == "silver"
    assert "銀" in alternatives("silver")


def test_works_fit_words_that_they_have_more_likely_than_not() -> None:
    space = WordSpace.fit(TEXTS, coordinates(), np.ones(len(TEXTS), dtype=np.bool_))
    photos, silent = np.float32([[1, 1, 1, 1], [-1, -1, -1, -1]]), np.zeros((2, 1), dtype=np.bool_)
    assert space.fits([["花"]], silent, photos).tolist() == [True, False]
    assert space.fits([["銀"]], np.array([[True], [False]]), None).tolist() == [True, False]
    assert space.fits([["知らない"]], silent, photos).tolist() == [False, False]
    with_unknown = np.array([[True, False], [False, False]])
    assert space.fits([["銀"], ["知らない"]], with_unknown, None).tolist() == [True, False]
    assert not space.fits([], np.zeros((2, 0), dtype=np.bool_), None).any()
