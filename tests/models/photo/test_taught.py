import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.errors import ModelError
from sakka.models.base import shares_of_creators
from sakka.models.photo.linear import EfficientNetLinear
from sakka.models.photo.taught import RIDGE, EfficientNetTaught, guess, one_head, text_lessons
from sakka.models.softmax import SoftmaxHead
from sakka.works import Catalog, Work

SMALL = {"dtype": "float32", "stages": ["block2"]}


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=4, works=12, without_photo=1)


def with_texts(works: Catalog, text: str) -> Catalog:
    changed = [Work(**{**vars(work), "title": text, "description": ""}) for work in works]
    return Catalog.from_works(changed, photo_root=works.photo_root)


def vectors(rows: int = 30, columns: int = 8) -> np.ndarray:
    return np.random.default_rng(1).normal(2, 3, (rows, columns)).astype(np.float32)


def test_an_answer_reads_the_photo_alone(works: Catalog) -> None:
    fitted = EfficientNetTaught(**SMALL).fit(works)
    assert fitted.predict_proba(with_texts(works, "別の題")).tobytes() == fitted.predict_proba(works).tobytes()
    blind = works.take(np.flatnonzero(~works.has_photo))
    shares = shares_of_creators(works.creator_indices(), 4)
    assert (fitted.predict_proba(blind) == shares).all()


def test_with_nothing_told_it_is_the_photo_model(works: Catalog) -> None:
    silent = with_texts(works, "")
    plain = EfficientNetLinear(**SMALL).fit(silent).predict_proba(silent)
    taught = EfficientNetTaught(**SMALL, lessons=["texts"]).fit(silent)
    assert taught.predict_proba(silent).tobytes() == plain.tobytes()


def test_a_lesson_that_is_not_known_is_one_clear_line(works: Catalog) -> None:
    with pytest.raises(ModelError, match="no lesson is called 'dance'; known are creators, texts"):
        EfficientNetTaught(**SMALL, lessons=["dance"]).fit(works)


def test_one_head_on_vectors_answers_as_the_head_on_vectors_and_guesses() -> None:
    generator = np.random.default_rng(0)
    lessons, told = vectors(), generator.normal(size=(30, 3)).astype(np.float32)
    guesses = guess(lessons, [8], told, np.ones(30, np.bool_), np.arange(30) % 5)
    guessed = ((lessons - guesses.mean) / guesses.scale) @ guesses.weights
    parts = (generator.normal(size=11), generator.uniform(1, 2, 11), generator.normal(size=(11, 3)), np.arange(3.0))
    head = SoftmaxHead(*(part.astype(np.float32) for part in parts))
    both = head.predict_proba(np.concatenate([lessons, guessed], axis=1))
    np.testing.assert_allclose(one_head(head, [guesses]).predict_proba(lessons), both, atol=1e-5)


def test_a_guess_is_ridge_regression_and_does_not_depend_on_the_works_own_text() -> None:
    from sklearn.linear_model import Ridge

    lessons = vectors()
    told = np.stack([lessons[:, 0] + lessons[:, 1] ** 2, lessons[:, 2]], axis=1)
    part, able = np.arange(30) % 5, np.arange(30) != 7
    guesses = guess(lessons, [8], told, able, part)
    changed = told.copy()
    changed[3] += 100
    apart = told[able] - told[able].mean(axis=0)
    inputs = (lessons - lessons[able].mean(axis=0)) / lessons[able].std(axis=0) / 8**0.5
    learn = part[able] != part[7]
    expected = Ridge(alpha=RIDGE, fit_intercept=False).fit(inputs[able][learn], apart[learn]).predict(inputs[[7]])
    np.testing.assert_allclose(guesses.unseen[[7]], expected, atol=1e-3)
    other = guess(lessons, [8], changed, able, part).unseen
    moved = 100 / able.sum()  # the mean that is subtracted from every target moves
    assert np.abs(other[3] - guesses.unseen[3]).max() < 3 * moved
    assert np.abs(other[4] - guesses.unseen[4]).max() > 0


def test_a_text_teaches_by_a_model_that_did_not_see_it(works: Catalog) -> None:
    places, part = works.creator_indices(), np.arange(len(works)) % 5
    told = text_lessons(works, places, part, 4)
    assert (told.argmax(axis=1) == places).mean() > 0.9
    np.testing.assert_allclose(told.mean(axis=1), 0, atol=1e-5)
    turned = text_lessons(works, 3 - places, part, 4)
    np.testing.assert_allclose(turned, told[:, ::-1], atol=0.1)
