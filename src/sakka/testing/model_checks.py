"""The contract that every model keeps: one check a sentence.

A check takes a `Subject`: how to make the model anew, works to learn from and works to answer for. Checks that ask a
fitted model and change nothing in it share one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sakka.arrays import Probabilities
from sakka.catalog.splits import nested_splits
from sakka.catalog.works import Catalog, Work
from sakka.models.base import CreatorModel, shares_of_creators
from sakka.models.folder import load_model, save_model
from sakka.models.registry import make_model


@dataclass(frozen=True)
class Subject:
    """A model under test.

    Attributes:
        name: As `make_model` takes it.
        settings: Those that make it small.
        works: What it can learn something from.
        fold_tolerance: How far an answer of `predict_folds` may be from that of a model fitted alone.
    """

    name: str
    settings: Mapping[str, Any]
    works: Catalog
    fold_tolerance: float = 1e-6

    def make(self) -> CreatorModel:
        """The model, not fitted."""
        return make_model(self.name, **self.settings)

    @cached_property
    def fitted(self) -> CreatorModel:
        """The model fitted on `train`; to be asked, not to be changed."""
        return self.make().fit(self.train)

    @cached_property
    def probabilities(self) -> Probabilities:
        """What `fitted` answers for `test`."""
        return self.fitted.predict_proba(self.test)

    @property
    def train(self) -> Catalog:
        """The first three quarters of the works."""
        return self.works.take(np.arange(0, len(self.works) * 3 // 4))

    @property
    def test(self) -> Catalog:
        """The rest."""
        return self.works.take(np.arange(len(self.works) * 3 // 4, len(self.works)))


def check_predictions_are_float32_rows_that_sum_to_one(subject: Subject) -> None:
    table = subject.probabilities
    assert table.dtype == np.float32
    assert table.shape == (len(subject.test), len(subject.train.creators))
    assert (table >= 0).all()
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-5)


def check_columns_are_in_the_order_of_the_creators_asked_for(subject: Subject) -> None:
    order = tuple(reversed(subject.train.creators))
    model = subject.make().fit(subject.train, order)
    assert model.creators_ == order
    np.testing.assert_allclose(model.predict_proba(subject.test)[:, ::-1], subject.probabilities, atol=0.05)


def check_without_an_order_the_creators_are_sorted(subject: Subject) -> None:
    assert subject.fitted.creators_ == tuple(sorted(subject.train.creators))


def check_a_work_with_nothing_to_read_gets_the_shares_of_the_creators(subject: Subject) -> None:
    uneven = subject.train.take(np.r_[0 : len(subject.train), 0, 0, 0])
    uneven = Catalog(
        uneven.table.with_row_index("row").with_columns(id="row").cast({"id": str}).drop("row"), uneven.photo_root
    )
    model = subject.make().fit(uneven)
    blank = Catalog.from_works([Work("blank")])
    shares = shares_of_creators(uneven.creator_indices(), len(uneven.creators))
    np.testing.assert_allclose(model.predict_proba(blank)[0], shares, atol=1e-5)


def check_no_works_get_an_empty_table(subject: Subject) -> None:
    model = subject.fitted
    assert model.predict_proba(subject.test.take([])).shape == (0, len(model.creators_))


def check_permuting_the_works_permutes_the_predictions(subject: Subject) -> None:
    order = np.random.default_rng(0).permutation(len(subject.test))
    permuted = subject.fitted.predict_proba(subject.test.take(order))
    np.testing.assert_allclose(permuted, subject.probabilities[order], atol=1e-5)


def check_one_work_alone_gets_the_prediction_that_it_gets_among_others(subject: Subject) -> None:
    alone = subject.fitted.predict_proba(subject.test.take([3]))[0]
    np.testing.assert_allclose(alone, subject.probabilities[3], atol=1e-4)


def check_a_name_of_the_file_or_the_creator_says_nothing(subject: Subject) -> None:
    renamed = Catalog.from_works(
        [Work(**{**vars(work), "id": f"x{place}", "creator": None}) for place, work in enumerate(subject.test)],
        photo_root=subject.test.photo_root,
    )
    np.testing.assert_array_equal(subject.fitted.predict_proba(renamed), subject.probabilities)


def check_fitting_twice_gives_the_same_bytes(subject: Subject) -> None:
    with TemporaryDirectory() as name:
        folders = [Path(name) / place for place in ("first", "second")]
        for model, folder in zip((subject.fitted, subject.make().fit(subject.train)), folders, strict=True):
            save_model(model, folder)
        first, second = ({str(p.relative_to(f)): p.read_bytes() for p in f.rglob("*.*")} for f in folders)
    assert first == second


def check_a_saved_model_gives_the_same_predictions(subject: Subject) -> None:
    model = subject.fitted
    with TemporaryDirectory() as name:
        save_model(model, Path(name) / "model")
        loaded = load_model(Path(name) / "model", type(model))
    assert loaded.creators_ == model.creators_
    assert loaded.settings() == model.settings()
    np.testing.assert_array_equal(loaded.predict_proba(subject.test), subject.probabilities)


def check_folds_get_the_predictions_of_models_fitted_alone(subject: Subject) -> None:
    folds = nested_splits(subject.works, seed=0).folds(2)[:3]
    creators = subject.works.creators
    answered = list(subject.make().predict_folds(subject.works, folds, creators))
    assert [prediction.fold for prediction in answered] == folds
    for prediction in answered:
        model = subject.make().fit(subject.works.take(prediction.fold.train), creators)
        for rows, table in (
            (prediction.fold.validation, prediction.validation),
            (prediction.fold.test, prediction.test),
        ):
            assert table.dtype == np.float32
            alone = model.predict_proba(subject.works.take(rows))
            np.testing.assert_allclose(table, alone, atol=subject.fold_tolerance)


def check_a_folds_predictions_do_not_depend_on_the_works_it_is_tested_on(subject: Subject) -> None:
    fold = nested_splits(subject.works, seed=0).fold(0, 0)
    changed = [
        Work(**{**vars(work), "title": "別の題", "description": "", "photos": ()}) if row in set(fold.test) else work
        for row, work in enumerate(subject.works)
    ]
    other = Catalog.from_works(changed, photo_root=subject.works.photo_root)
    first, second = (
        next(iter(subject.make().predict_folds(works, [fold], works.creators))) for works in (subject.works, other)
    )
    np.testing.assert_allclose(first.validation, second.validation, atol=1e-5)


def check_a_creator_without_works_keeps_a_column(subject: Subject) -> None:
    creators = ("a stranger", *subject.train.creators)
    table = subject.make().fit(subject.train, creators).predict_proba(subject.test)
    assert table.shape[1] == len(creators)
    assert np.isfinite(table).all()
    assert table[:, 0].max() <= 0.5


def check_settings_make_the_same_model_again(subject: Subject) -> None:
    model = subject.make()
    again = make_model(subject.name, **model.settings())
    assert again.settings() == model.settings()
    assert vars(model).keys() == model.settings().keys(), "__init__ stores its settings and nothing more"


def check_works_of_one_creator_can_be_learned(subject: Subject) -> None:
    alone = subject.works.take(np.flatnonzero(subject.works.creator_indices() == 0))
    np.testing.assert_allclose(subject.make().fit(alone).predict_proba(subject.test), 1, atol=1e-6)


def check_one_work_by_each_creator_can_be_learned(subject: Subject) -> None:
    firsts = subject.works.take(np.unique(subject.works.creator_indices(), return_index=True)[1])
    table = subject.make().fit(firsts).predict_proba(subject.test)
    assert np.isfinite(table).all()


MODEL_CHECKS: tuple[Callable[[Subject], None], ...] = tuple(
    function for name, function in list(globals().items()) if name.startswith("check_")
)
