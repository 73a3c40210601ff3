import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog
from sakka.explain.regions import StageWeights, on_grid, position_shares, region_shares, spreading
from sakka.models.photo.linear import EfficientNetLinear
from sakka.networks.backbones import INPUT_PX
from sakka.networks.features import photo_pixels

NONE = np.zeros(0)

pytestmark = pytest.mark.usefixtures("few_steps")


def weights(channels: int, **given: np.ndarray | float) -> StageWeights:
    values = {"means": np.zeros(channels), "deviations": np.zeros(channels), "covariances": NONE, "usual": 0.0}
    return StageWeights(**{**values, **given})  # type: ignore[arg-type]


def test_a_mean_is_shared_by_the_places_as_they_add_to_it() -> None:
    maps = np.array([[[1.0, 3.0], [0.0, 4.0]]])
    shares = position_shares(maps, weights(1, means=np.array([2.0])))
    assert shares.tolist() == [[0.5, 1.5], [0.0, 2.0]]  # 2 x mean 2 = 4


def test_what_a_statistic_usually_is_is_taken_off_all_places_alike() -> None:
    maps = np.array([[[1.0, 3.0], [0.0, 4.0]]])
    shares = position_shares(maps, weights(1, means=np.array([1.0]), usual=4.0))
    assert shares.tolist() == [[-0.75, -0.25], [-1.0, 0.0]]  # 2 - 4 = -2


def test_a_deviation_is_shared_by_the_squares_of_the_distances_from_the_mean() -> None:
    maps = np.array([[[0.0, 2.0], [2.0, 4.0]]])  # mean 2, squares 4 0 0 4, deviation root 2
    shares = position_shares(maps, weights(1, deviations=np.array([1.0])))
    np.testing.assert_allclose(shares, np.array([[1, 0], [0, 1]]) / np.sqrt(2))


def test_a_covariance_is_shared_by_the_products_and_keeps_its_sign() -> None:
    maps = np.array([[[-1.0, 1.0]], [[2.0, -2.0]]])  # covariance -2, signed root -root 2
    shares = position_shares(maps, weights(2, covariances=np.array([0.0, 1.0, 0.0])))
    np.testing.assert_allclose(shares, [[-np.sqrt(2) / 2] * 2])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_places_add_up_to_the_statistics_of_any_map(seed: int) -> None:
    generator = np.random.default_rng(seed)
    maps = generator.normal(size=(5, 4, 3))
    maps[4] = 1.5  # a channel that does not vary: its deviation and covariances are 0
    given = weights(
        5,
        means=generator.normal(size=5),
        deviations=generator.normal(size=5),
        covariances=generator.normal(size=15),
        usual=0.7,
    )
    flat = maps.reshape(5, -1)
    products = np.cov(flat, bias=True)[np.triu_indices(5)]
    roots = np.sign(products) * np.sqrt(np.abs(products))
    expected = flat.mean(axis=1) @ given.means + flat.std(axis=1) @ given.deviations + roots @ given.covariances - 0.7
    assert position_shares(maps, given).sum() == pytest.approx(expected)


@pytest.mark.parametrize(("places", "cells"), [(7, 56), (14, 56), (56, 56), (112, 56), (10, 4), (1, 3)])
def test_spreading_over_a_grid_loses_nothing(places: int, cells: int) -> None:
    np.testing.assert_allclose(spreading(places, cells).sum(axis=0), 1)
    shares = np.random.default_rng(0).normal(size=(places, places))
    assert on_grid(shares, cells).sum() == pytest.approx(shares.sum())


def test_a_coarse_place_is_spread_around_its_own_middle() -> None:
    spread = on_grid(np.eye(7)[:, :1] @ np.eye(7)[2:3], 56)  # the place in row 0, column 2
    row, column = np.unravel_index(spread.argmax(), spread.shape)
    assert (row, column) in {(row, column) for row in range(8) for column in (19, 20)}
    assert (spread >= 0).all()


@pytest.mark.parametrize("settings", [{}, {"stages": ["block4", "last"]}, {"covariances": ["block7"]}])
def test_the_regions_and_the_biases_add_up_to_the_models_own_log_odds(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, object]
) -> None:
    works: Catalog = tiny_catalog(tmp_path_factory.mktemp("works"), creators=3, works=4)
    model = EfficientNetLinear(dtype="float32", **settings).fit(works)  # type: ignore[arg-type]
    for row in (0, 5):
        path = works.photo_paths[row]
        assert path is not None
        answers = model.predict_proba(works.take([row]))[0].astype(np.float64)
        shares, rest = region_shares(model, photo_pixels(path, INPUT_PX), 0, 2)
        assert shares.shape == (56, 56)
        # the model rounds each statistic to 1 in 2,000
        assert shares.sum() + rest == pytest.approx(np.log(answers[0] / answers[2]), abs=0.01, rel=0.002)
        back, rest_back = region_shares(model, photo_pixels(path, INPUT_PX), 2, 0)
        np.testing.assert_allclose(back, -shares, atol=1e-9)
        assert rest_back == pytest.approx(-rest)
