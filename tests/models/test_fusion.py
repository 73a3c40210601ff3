import numpy as np
import pytest

from sakka.errors import ModelError
from sakka.models.fixed_ratio import FIXED_RATIOS, RATIOS, FixedRatio, best_ratio, choose_weight, correct_by_ratio
from sakka.models.fusion import HOWS, How, arithmetic_mean, fuse, log_linear


def tables(works: int = 300, creators: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    photo, text = (generator.dirichlet(np.ones(creators), works).astype(np.float32) for _ in range(2))
    return photo, text, generator.integers(0, creators, works)


def test_the_arithmetic_mean_is_the_one_worked_out_by_hand() -> None:
    fused = arithmetic_mean(np.float32([[0.9, 0.1]]), np.float32([[0.2, 0.8]]), 0.3)
    np.testing.assert_allclose(fused, [[0.9 * 0.3 + 0.2 * 0.7, 0.1 * 0.3 + 0.8 * 0.7]], rtol=1e-6)


def test_the_log_linear_mean_is_the_normalised_geometric_mean() -> None:
    photo, text, _ = tables()
    products = photo.astype(float) ** 0.7 * text.astype(float) ** 0.3
    np.testing.assert_allclose(log_linear(photo, text, 0.7), products / products.sum(1, keepdims=True), rtol=2e-4)


def test_the_ratios_are_one_to_nine_up_to_nine_to_one() -> None:
    assert tuple(tenths / 10 for tenths in range(1, 10)) == RATIOS
    assert len(FIXED_RATIOS) == 18


@pytest.mark.parametrize("how", HOWS)
def test_rows_sum_to_one_and_are_float32(how: str) -> None:
    photo, text, _ = tables()
    photo[0] = [1, 0, 0, 0, 0]
    text[0] = [0, 1, 0, 0, 0]
    fused = fuse(photo, text, 0.4, how)
    assert fused.dtype == np.float32
    np.testing.assert_allclose(fused.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("how", HOWS)
def test_swapping_the_two_models_and_their_weights_changes_nothing(how: str) -> None:
    photo, text, _ = tables()
    np.testing.assert_allclose(fuse(photo, text, 0.3, how), fuse(text, photo, 0.7, how), atol=1e-6)


@pytest.mark.parametrize("how", HOWS)
def test_a_work_with_one_modality_gets_that_models_row_as_it_is(how: str) -> None:
    photo, text, _ = tables(3)
    fused = fuse(photo, text, 0.5, how, np.array([True, False, True]), np.array([False, True, True]))
    np.testing.assert_array_equal(fused[0], photo[0])
    np.testing.assert_array_equal(fused[1], text[1])
    np.testing.assert_array_equal(fused[2], fuse(photo[2:], text[2:], 0.5, how)[0])


@pytest.mark.parametrize("how", HOWS)
def test_no_works_give_an_empty_table(how: str) -> None:
    assert fuse(np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32), 0.5, how).shape == (0, 4)


def test_the_counts_are_those_of_fusing_with_each_ratio() -> None:
    photo, text, labels = tables(5000)
    has_photo, has_text = np.arange(5000) % 7 != 0, np.arange(5000) % 5 != 0
    counts = correct_by_ratio(photo, text, labels, has_photo, has_text)
    for fixed in FIXED_RATIOS:
        fused = fuse(photo, text, fixed.photo_weight, fixed.how, has_photo, has_text)
        assert abs(counts[fixed] - (fused.argmax(1) == labels).sum()) <= 1  # ties in the last bit


def test_counts_of_two_folds_add_up() -> None:
    photo, text, labels = tables()
    whole = correct_by_ratio(photo, text, labels)
    parts = [correct_by_ratio(photo[part], text[part], labels[part]) for part in (slice(120), slice(120, None))]
    assert whole == {fixed: parts[0][fixed] + parts[1][fixed] for fixed in FIXED_RATIOS}


def test_the_model_that_is_always_right_gets_the_weight() -> None:
    _, noise, labels = tables()
    sure = np.full((300, 5), 0.16, np.float32)
    sure[np.arange(300), labels] = 0.36
    assert choose_weight(sure, noise, labels).photo_weight > 0.5
    assert choose_weight(noise, sure, labels).photo_weight < 0.5


def test_among_equals_the_weights_nearest_to_equal_are_chosen() -> None:
    assert best_ratio(dict.fromkeys(FIXED_RATIOS, 3)) == FixedRatio("log-linear", 0.5)


@pytest.mark.parametrize(
    ("shape", "weight", "how", "message"),
    [
        ((2, 3), 0.5, "arithmetic", "same works"),
        ((2, 2), 1.5, "arithmetic", "0 to 1"),
        ((2, 2), float("nan"), "arithmetic", "0 to 1"),
        ((2, 2), 0.5, "geometric", "geometric"),
    ],
)
def test_what_cannot_be_fused_is_refused(shape: tuple[int, int], weight: float, how: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        fuse(np.full((2, 2), 0.5, np.float32), np.full(shape, 0.5, np.float32), weight, how)  # type: ignore[arg-type]


PHOTO, TEXT = np.float32([0.6, 0.2, 0.2]), np.float32([0.5, 0.1, 0.4])


def test_a_log_linear_ratio_shares_the_log_odds_without_a_rest() -> None:
    ratio = FixedRatio("log-linear", 0.3)
    (fused,) = ratio.predict(PHOTO[None], TEXT[None])
    shares = ratio.shares({"photo": PHOTO, "text": TEXT}, 0, 1)
    assert shares == {"photo": pytest.approx(0.3), "text": pytest.approx(0.7)}
    sums = shares["photo"] * np.log(3) + shares["text"] * np.log(5)
    assert sums == pytest.approx(np.log(fused[0] / fused[1]), abs=1e-5)


def test_an_arithmetic_ratio_shares_by_each_models_part_of_the_mixture() -> None:
    shares = FixedRatio("arithmetic", 0.5).shares({"photo": PHOTO, "text": TEXT}, 0, 1)
    assert shares["photo"] == pytest.approx((0.6 / 1.1 + 0.2 / 0.3) / 2)
    assert shares["photo"] + shares["text"] == pytest.approx(1)


@pytest.mark.parametrize("how", HOWS)
def test_what_a_work_has_alone_is_trusted_wholly(how: How) -> None:
    assert FixedRatio(how, 0.3).weights(["text"]) == FixedRatio(how, 0.3).shares({"text": TEXT}, 0, 1) == {"text": 1.0}
    assert FixedRatio(how, 0.3).weights(["photo", "text"]) == {"photo": 0.3, "text": 0.7}
    assert FixedRatio(how, 0.3).weights([]) == {}


def test_a_mean_that_trusts_the_photo_alone_leaves_works_without_one_to_the_text() -> None:
    photo, text = np.float32([[1, 0], [0, 0]]), np.float32([[0, 1], [0.25, 0.75]])
    fused = fuse(photo, text, 1.0, "arithmetic", np.array([True, False]), np.array([True, True]))
    assert fused.tolist() == [[1.0, 0.0], [0.25, 0.75]]
