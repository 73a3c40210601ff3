"""`SakkaClassifier` follows scikit-learn's contract, as far as a table of works allows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.catalog.works import Catalog
from sakka.errors import CatalogError, ModelError
from sakka.models.classifier import SakkaClassifier

QUICK_TEXT = {"iterations": 30}


class OnNumbers(SakkaClassifier):
    """The classifier on scikit-learn's own data: each row of numbers is written as a title, a word a number."""

    def _frame(self, X: Any, *, reset: bool) -> pl.DataFrame:  # noqa: N803
        numbers = validate_data(self, X, reset=reset)
        return pl.DataFrame({"title": [" ".join(map(_word, range(len(row)), row)) for row in numbers]})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.string = tags.input_tags.categorical = tags.input_tags.allow_nan = False
        return tags


def _word(column: int, number: float) -> str:
    return f"{chr(ord('a') + column % 26)}{round(2 * number)}"


NUMBERS = "about arrays of numbers, which X is not: scikit-learn's own validation in `OnNumbers` would be tested"
SKIPPED = {
    "check_array_api_input": "about arrays of other libraries, which X is not",
    "check_classifier_data_not_an_array": NUMBERS,
    "check_complex_data": NUMBERS,
    "check_dtype_object": NUMBERS,
    "check_estimator_sparse_array": NUMBERS,
    "check_estimator_sparse_matrix": NUMBERS,
    "check_estimator_sparse_tag": NUMBERS,
    "check_estimators_dtypes": NUMBERS,
    "check_estimators_empty_data_messages": f"{NUMBERS}; here: test_a_table_without_rows_is_refused",
    "check_estimators_nan_inf": f"{NUMBERS}; here: test_a_row_with_nothing_to_read_gets_the_creators_shares",
    "check_f_contiguous_array_estimator": NUMBERS,
    "check_fit1d": f"{NUMBERS}; here: test_what_is_no_table_is_refused_in_words_of_python",
    "check_fit2d_predict1d": NUMBERS,
    "check_n_features_in": f"{NUMBERS}; here: test_the_columns_of_fit_are_asked_for_again",
    "check_n_features_in_after_fitting": f"{NUMBERS}; here: test_the_columns_of_fit_are_asked_for_again",
    "check_readonly_memmap_input": NUMBERS,
}
"""The checks of scikit-learn's `check_estimator` that a table does not allow, with the reason."""


def checks() -> Iterator[Any]:
    for estimator, check in estimator_checks_generator(OnNumbers("text-linear", settings=QUICK_TEXT)):
        name = getattr(check, "func", check).__name__
        marks = [pytest.mark.skip(reason=SKIPPED[name])] if name in SKIPPED else []
        yield pytest.param(estimator, check, id=name, marks=marks)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_scikit_learns_contract_holds(estimator: OnNumbers, check: Any) -> None:
    check(estimator)


def test_every_check_that_is_skipped_is_one_of_scikit_learns() -> None:
    assert SKIPPED.keys() <= {each.id for each in checks()}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("shop"), creators=4, works=10)


@pytest.fixture
def frame(catalog: Catalog) -> pl.DataFrame:
    """A shop's table: several columns that say nothing of the creator, in the shop's own names."""
    return catalog.table.select(
        pl.col("id").alias("商品ID"), pl.col("title").alias("商品名"), pl.col("description").alias("商品説明"),
        pl.col("photos").list.first().alias("画像1"), price=pl.lit(500),
    )  # fmt: skip


@pytest.fixture
def creators(catalog: Catalog) -> list[str]:
    return catalog.table["creator"].to_list()


def text_model(**settings: Any) -> SakkaClassifier:
    return SakkaClassifier("text-linear", settings={**QUICK_TEXT, **settings})


def test_a_pandas_a_polars_and_an_arrow_table_give_the_same_probabilities(
    frame: pl.DataFrame, creators: list[str]
) -> None:
    shuffled = frame.to_pandas().set_index(pd.Index(np.arange(len(frame))[::-1]))  # an index is no column
    found = [text_model().fit(table, creators).predict_proba(table) for table in (frame, shuffled, frame.to_arrow())]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


@pytest.mark.slow
def test_it_gives_what_the_model_itself_gives_on_the_same_works(
    catalog: Catalog, frame: pl.DataFrame, creators: list[str]
) -> None:
    settings = {"photo_settings": QUICK_PHOTO, "text_settings": QUICK_TEXT}
    classifier = SakkaClassifier(settings=settings, photo_root=catalog.photo_root).fit(frame, np.array(creators))
    assert classifier.model_.name == "fused"
    assert np.array_equal(classifier.predict_proba(frame), classifier.model_.predict_proba(catalog))
    assert classifier.classes_.tolist() == list(catalog.creators)
    assert classifier.score(frame, creators) > 0.9
    assert "商品名" in classifier.feature_names_in_
    assert classifier.n_features_in_ == 5


def test_it_works_inside_scikit_learns_own_tools(frame: pl.DataFrame, creators: list[str]) -> None:
    table, folds = frame.to_pandas(), StratifiedKFold(2)
    assert cross_val_score(text_model(), table, creators, cv=folds).mean() > 0.5
    assert cross_val_predict(text_model(), table, creators, cv=folds, method="predict_proba").shape == (40, 4)
    pipeline = make_pipeline(FunctionTransformer(lambda rows: rows.drop(columns="price")), text_model())
    assert pipeline.fit(table, creators).predict(table).shape == (40,)
    choices = [{"iterations": 1}, {"iterations": 30}]
    search = GridSearchCV(SakkaClassifier("text-linear"), {"settings": choices}, cv=folds).fit(table, creators)
    assert search.best_params_["settings"] in choices


def test_labels_may_be_numbers_and_come_back_as_such(frame: pl.DataFrame, creators: list[str]) -> None:
    numbers = np.unique(creators, return_inverse=True)[1] * 10
    assert set(text_model().fit(frame, numbers).predict(frame).tolist()) <= {0, 10, 20, 30}


def test_a_copy_has_the_settings_and_nothing_learned(frame: pl.DataFrame, creators: list[str]) -> None:
    fitted = text_model(penalty=0.001).fit(frame, creators)
    copy = clone(fitted.set_params(photo_root="photos"))
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(frame)


def test_a_row_with_nothing_to_read_gets_the_creators_shares(frame: pl.DataFrame, creators: list[str]) -> None:
    fitted = text_model().fit(frame, creators)
    empty = frame.with_columns(pl.lit(None, pl.String).alias("商品名"), pl.lit("").alias("商品説明")).head(3)
    assert fitted.predict_proba(pl.concat([frame.head(1), empty]))[1:].tolist() == [[0.25] * 4] * 3


def test_a_photo_that_can_not_be_read_is_left_out_and_warned_of(
    catalog: Catalog, frame: pl.DataFrame, creators: list[str]
) -> None:
    damaged = frame.with_columns(画像1=pl.when(pl.int_range(pl.len()) == 2).then(pl.lit("no.png")).otherwise("画像1"))
    classifier = SakkaClassifier("photo-lite0", settings=QUICK_PHOTO, photo_root=catalog.photo_root)
    with pytest.warns(UserWarning, match=r"1 in all; the first is photos of row 3: .*no\.png"):
        classifier.fit(damaged, creators)
    assert classifier.problems_.select("row", "field", "left_out").rows() == [(3, "photos", False)]
    with pytest.warns(UserWarning, match=r"row 3"):
        assert classifier.predict(damaged).shape == (40,)


def test_the_columns_of_fit_are_asked_for_again(frame: pl.DataFrame, creators: list[str]) -> None:
    fitted = text_model().fit(frame.to_pandas(), creators)
    with pytest.raises(ValueError, match="feature names should match"):
        fitted.predict(frame.drop("商品名"))


def test_a_table_without_rows_is_refused(frame: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        text_model().fit(frame.head(0), [])


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (np.zeros((2, 2)), "got a ndarray, expected a table with named columns, such as a DataFrame"),
        (pl.DataFrame({"price": [1, 2]}), 'it has price; name one with `columns={"title": COLUMN}`'),
        (pd.DataFrame({"title": ["a", 2]}), "give each column values of one kind"),
    ],
)
def test_what_is_no_table_is_refused_in_words_of_python(table: Any, says: str) -> None:
    with pytest.raises(CatalogError) as caught:
        text_model().fit(table, ["Mori", "Sato"])
    assert says in str(caught.value)


def test_an_argument_that_is_not_known_is_refused(frame: pl.DataFrame, creators: list[str], folder: Path) -> None:
    with pytest.raises(ModelError, match="no model is called 'crystal-ball'"):
        SakkaClassifier("crystal-ball").fit(frame, creators)
    with pytest.raises(CatalogError, match="is not a folder"):
        SakkaClassifier(photo_root=folder / "nowhere").fit(frame, creators)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        text_model().fit(frame, creators[1:])
