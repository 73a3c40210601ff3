import hashlib

import numpy as np
import pytest
from tests.networks.tiny_text_encoders import Letters

from sakka.cache import cache_folder
from sakka.catalog.works import Catalog, Work
from sakka.networks.text_vectors import text_features, text_vectors
from sakka.photos.store import PhotoCache


@pytest.fixture
def letters(request: pytest.FixtureRequest) -> Letters:
    encoder = Letters()
    encoder.key = f"letters-{request.node.name}"  # a cache of the test's own
    return encoder


def test_a_text_is_read_once_and_its_vector_kept(letters: Letters) -> None:
    first = text_vectors(["銀の猫", "moon", "銀の猫"], letters)
    assert sorted(letters.read) == ["moon", "銀の猫"]
    again = text_vectors(["moon", "銀の猫"], letters)
    assert len(letters.read) == 2
    np.testing.assert_array_equal(first, again[[1, 0, 1]])


def test_half_width_and_full_width_letters_have_one_vector(letters: Letters) -> None:
    half, full = text_vectors(["ﾌﾞﾛｰﾁ", "ブローチ"], letters)
    np.testing.assert_array_equal(half, full)
    assert letters.read == ["ブローチ"]


def test_many_texts_are_read_in_batches_and_stand_in_the_order_asked_for(letters: Letters) -> None:
    texts = ["a" * (number % 40 + 1) + str(number) for number in range(100)]
    found = text_vectors(texts, letters)
    np.testing.assert_array_equal(found, Letters().vectors(texts))


def test_a_question_from_outside_is_not_kept(letters: Letters) -> None:
    works = Catalog.from_works([Work("asked", title="moon")])
    text_features(works, letters)
    text_features(works, letters)
    assert letters.read == ["moon", "moon"]


def test_a_work_without_text_has_zeros(letters: Letters) -> None:
    vectors, has_text = text_features(Catalog.from_works([Work("a", title="moon"), Work("b", title=" ")]), letters)
    assert has_text.tolist() == [True, False]
    assert vectors[0].sum() == 4
    assert not vectors[1].any()


def test_a_vector_that_was_cut_off_is_computed_again(letters: Letters) -> None:
    whole = text_vectors(["moon", "sun"], letters)
    cache = PhotoCache(cache_folder() / "features" / f"{letters.key}.sqlite")
    key = hashlib.sha256(b"moon").hexdigest()
    cache.put([(key, cache.get([key])[key][:-4])])
    np.testing.assert_array_equal(text_vectors(["moon", "sun"], letters), whole)
