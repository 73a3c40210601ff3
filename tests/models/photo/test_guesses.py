import numpy as np
from sklearn.linear_model import Ridge

from sakka.models.linear_head.head import LinearHead
from sakka.models.photo.guesses import RIDGE, SHARE, beside, fit_with_guesses, guess, one_head


def vectors(rows: int = 30, columns: int = 8) -> np.ndarray:
    return np.random.default_rng(1).normal(2, 3, (rows, columns)).astype(np.float32)


def test_one_head_on_vectors_answers_as_the_head_on_vectors_and_guesses() -> None:
    generator = np.random.default_rng(0)
    lessons, told = vectors(), generator.normal(size=(30, 3)).astype(np.float32)
    guesses = guess(lessons, [8], told, np.ones(30, np.bool_), np.arange(30) % 5)
    guessed = ((lessons - guesses.mean) / guesses.scale) @ guesses.weights
    parts = (generator.normal(size=11), generator.uniform(1, 2, 11), generator.normal(size=(11, 3)), np.arange(3.0))
    mean, scale, weights, bias = (part.astype(np.float32) for part in parts)
    head = LinearHead(weights, bias, 0.1, mean, scale)
    both = head.predict_proba(np.concatenate([lessons, guessed], axis=1))
    np.testing.assert_allclose(one_head(head, [guesses]).predict_proba(lessons), both, atol=1e-5)


def test_a_guess_is_ridge_regression_and_does_not_depend_on_the_works_own_text() -> None:
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


def test_a_lesson_counts_its_share_of_what_the_vectors_count() -> None:
    lessons, told = vectors(200, 8), np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    guesses = [guess(lessons, [8], told, np.ones(200, np.bool_), np.arange(200) % 5)]
    head = fit_with_guesses(
        lessons, guesses, np.arange(200) % 4, np.arange(200), widths=[8], n_classes=4, penalty=0.1, seed=0
    )
    read = head.standardised(beside(lessons, guesses))
    np.testing.assert_allclose((read[:, 8:] ** 2).sum() / (read[:, :8] ** 2).sum(), SHARE, rtol=1e-3)
