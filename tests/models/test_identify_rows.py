"""`model.identify` takes a table in memory and answers with a table."""

from pathlib import Path

import polars as pl
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog
from sakka.errors import CatalogError
from sakka.models.base import CreatorModel
from sakka.models.registry import make_model


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("photos"), creators=3, works=8)


@pytest.fixture(scope="module")
def model(works: Catalog) -> CreatorModel:
    return make_model("text-linear", iterations=30).fit(works)


def table_of(works: Catalog) -> pl.DataFrame:
    return works.table.select("id", "title", "description", price=pl.int_range(pl.len()))


def test_a_table_gets_a_row_a_work_with_what_a_catalog_gets(works: Catalog, model: CreatorModel) -> None:
    answers, found = model.identify(table_of(works), 2), model.identify(works, 2)
    assert answers.columns == [
        "id", "answer", "creator", "probability", "creator_2", "probability_2", "possible", "possible_creators",
        "p_value", "read", "problems",
    ]  # fmt: skip
    assert answers["id"].to_list() == works.ids
    assert answers["creator"].to_list() == [each.candidates[0].creator for each in found]
    assert answers["answer"].to_list() == [each.answer for each in found]
    assert set(answers["read"]) == {"text"}


def test_pandas_and_arrow_get_the_same_answers(works: Catalog, model: CreatorModel) -> None:
    answers = model.identify(table_of(works))
    assert model.identify(table_of(works).to_pandas()).equals(answers)
    assert model.identify(table_of(works).to_arrow()).equals(answers)


def test_no_row_is_lost_whatever_it_holds(works: Catalog, model: CreatorModel) -> None:
    table = pl.concat([table_of(works).head(2), table_of(works).head(1)]).with_columns(
        title=pl.Series([None, "桜", "桜"]), description=pl.lit("")
    )
    answers = model.identify(table, keep=["price"])
    assert answers["id"].to_list() == [works.ids[0], works.ids[1], works.ids[0]]
    assert answers["answer"].is_null().to_list() == [True, False, False]
    assert answers["price"].to_list() == [0, 1, 0]


def test_columns_are_named_in_python_and_what_is_no_table_is_refused(
    works: Catalog, model: CreatorModel, folder: Path
) -> None:
    named = table_of(works).rename({"title": "曲名"})
    assert model.identify(named, columns={"title": "曲名"})["creator"].to_list() == model.predict(works)
    with pytest.raises(CatalogError, match=r"the source is a list; expected .* a pandas, Polars or Arrow table"):
        model.identify([1, 2])  # type: ignore[call-overload]
    with pytest.raises(CatalogError, match="is not a folder"):
        model.identify(named, photo_root=folder / "nowhere")
