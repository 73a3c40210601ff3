from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelFolderError
from sakka.models.creator_axes import fit_creator_axes
from sakka.search.style.photos import fit_axes
from sakka.search.style.same_creator import average_precisions, fit_calibration, pairs_of, prior_of
from sakka.search.style.space import StyleSpace, unit_rows


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("photos"), creators=6, works=6, without_photo=1)


@pytest.fixture(scope="module")
def space(works: Catalog) -> StyleSpace:
    return StyleSpace.fit(works)


def creators_of(seed: int = 0, creators: int = 12, works: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in 10 dimensions: two tell the creators apart, one varies much within each maker."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(creators), works)
    table = generator.normal(size=(len(labels), 10))
    table[:, :2] += 3 * generator.normal(size=(creators, 2))[labels]
    table[:, 2] *= 20
    return table.astype(np.float32), labels


def test_principal_axes_are_those_of_the_singular_value_decomposition() -> None:
    generator = np.random.default_rng(0)
    table = (generator.normal(size=(200, 40)) * np.linspace(9, 1, 40) @ generator.normal(size=(40, 40))).astype(
        np.float32
    )
    axes = fit_axes(table, [30, 10], 4, seed=0)
    standard = (table - table.mean(axis=0)) / table.std(axis=0)
    standard = standard * np.sqrt(np.repeat([20 / 30, 20 / 10], [30, 10]))
    _, _, expected = np.linalg.svd(standard, full_matrices=False)
    np.testing.assert_allclose(np.abs(axes.axes.T @ expected[:4].T), np.eye(4), atol=2e-2)
    np.testing.assert_allclose(axes.coordinates(table).mean(axis=0), 0, atol=1e-3)


def test_maker_axes_find_what_tells_creators_apart_and_make_the_rest_even() -> None:
    table, labels = creators_of()
    axes = fit_creator_axes(table, labels)
    assert axes.between[1] > 10 * axes.between[2]
    projected = (table - axes.centre) @ axes.axes
    within = np.concatenate([projected[labels == each] - projected[labels == each].mean(axis=0) for each in range(12)])
    assert 0.3 < within.std(axis=0).min() <= within.std(axis=0).max() < 1.5
    before, _ = average_precisions(unit_rows(table), labels, np.arange(len(table)))
    after, _ = average_precisions(
        unit_rows((table - axes.centre) @ axes.stretched(0.3, 4)), labels, np.arange(len(table))
    )
    assert after.mean() > 1.5 * before.mean()


def test_axes_learned_from_some_creators_help_with_others() -> None:
    table, labels = creators_of(creators=24)
    axes = fit_creator_axes(table[labels < 12], labels[labels < 12])
    other = table[labels >= 12]
    before, _ = average_precisions(unit_rows(other), labels[labels >= 12], np.arange(len(other)))
    view = unit_rows((other - axes.centre) @ axes.stretched(0.3, 4))
    after, _ = average_precisions(view, labels[labels >= 12], np.arange(len(other)))
    assert after.mean() > 1.5 * before.mean()


def test_evidence_recovers_the_odds_of_two_known_distributions() -> None:
    generator = np.random.default_rng(0)
    same, different = generator.normal(0.5, 0.2, 40_000), generator.normal(0.1, 0.2, 40_000)
    evidence = fit_calibration(same, different, prior=0.1)
    for similarity in (0.2, 0.3, 0.45):
        log_ratio = ((similarity - 0.1) ** 2 - (similarity - 0.5) ** 2) / (2 * 0.2**2)
        expected = 1 / (1 + np.exp(-log_ratio - np.log(0.1 / 0.9)))
        assert evidence.probability(similarity) == pytest.approx(expected, rel=0.15)
    mixed = np.concatenate([same[:4000], different[:36_000]])
    assert evidence.probability(mixed).mean() == pytest.approx(0.1, abs=0.01)


def test_probabilities_rise_with_similarity_and_with_the_prior() -> None:
    generator = np.random.default_rng(1)
    evidence = fit_calibration(generator.normal(0.5, 0.3, 500), generator.normal(0, 0.3, 500), prior=0.05)
    chances = evidence.probability(np.linspace(-1, 1, 50))
    assert (np.diff(chances) >= 0).all()
    assert (evidence.probability([0.4], prior=0.5) > evidence.probability([0.4])).all()


def test_pairs_of_a_group_are_left_out() -> None:
    vectors = unit_rows(np.float32([[1, 0], [1, 0], [0, 1]]))
    same, different = pairs_of(vectors, np.array([0, 0, 1]), np.array([0, 0, 1]))
    assert len(same) == 0
    assert different.tolist() == [0, 0]


def test_average_precision_and_recall_count_as_by_hand() -> None:
    vectors = unit_rows(np.float32([[1, 0], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]))
    precision, recall = average_precisions(vectors, np.array([0, 1, 0, 0]), np.arange(4))
    assert precision[0] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert np.isnan(precision[1])
    assert recall[0] == 1


def test_the_prior_is_the_share_of_pairs_of_one_maker() -> None:
    assert prior_of(np.array([0, 0, 1, 1, -1])) == pytest.approx(2 / 6)


def test_works_of_one_maker_are_nearer_than_others(space: StyleSpace, works: Catalog) -> None:
    vectors, labels = space.vectors(works), works.creator_indices()
    seen = works.has_photo
    precision, _ = average_precisions(vectors[seen], labels[seen], np.flatnonzero(seen))
    assert precision.mean() > 0.9
    np.testing.assert_allclose(np.linalg.norm(vectors[seen], axis=1), 1, atol=1e-5)
    assert not vectors[~seen].any()


def test_a_saved_space_gives_the_same_vectors_and_probabilities(
    space: StyleSpace, works: Catalog, folder: Path
) -> None:
    space.save(folder / "space")
    loaded = StyleSpace.load(folder / "space")
    assert loaded.vectors(works).tobytes() == space.vectors(works).tobytes()
    assert (loaded.same_creator([0.1, 0.9]) == space.same_creator([0.1, 0.9])).all()


def test_the_same_works_and_seed_give_the_same_bytes(space: StyleSpace, works: Catalog) -> None:
    assert StyleSpace.fit(works).matrix.tobytes() == space.matrix.tobytes()


def test_a_damaged_space_is_refused(space: StyleSpace, folder: Path) -> None:
    space.save(folder)
    content = bytearray((folder / "space.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "space.safetensors").write_bytes(bytes(content))
    with pytest.raises(ModelFolderError, match="sha256"):
        StyleSpace.load(folder)
    with pytest.raises(ModelFolderError, match="can't be read as a style space"):
        StyleSpace.load(folder / "none")


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_few_photos_or_unknown_creators_give_a_working_space(works: Catalog, kept: int) -> None:
    rows = np.flatnonzero(works.has_photo)[:kept]
    some = Catalog.from_works(
        [Work(work.id, photos=work.photos, photos_sha256=work.photos_sha256) for work in works.take(rows)],
        photo_root=works.photo_root,
    )
    space = StyleSpace.fit(some)
    vectors = space.vectors(works)
    assert vectors.shape[0] == len(works)
    assert np.isfinite(vectors).all()
    assert 0 < float(space.same_creator(0.5)) < 1
