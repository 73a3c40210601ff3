import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.catalog.sources import ReadOptions
from sakka.catalog.works import Catalog
from sakka.errors import CatalogError, SakkaError
from sakka.models import identify_table as module
from sakka.models.asked_table import open_table
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.models.identify_table import PartsLayout, TableIdentification, identify_table
from sakka.models.text.linear import LinearText


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return tiny_catalog(tmp_path_factory.mktemp("works"), creators=3, works=8)


@pytest.fixture(scope="module")
def model(works: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "fused"
    save_model(FusedModel(photo_settings=QUICK_PHOTO).fit(works), folder)
    return folder


@pytest.fixture(scope="module")
def text_model(works: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "text"
    save_model(LinearText().fit(works), folder)
    return folder


@pytest.fixture
def table(works: Catalog, folder: Path) -> Path:
    """A shop's csv with a price, a missing photo, and a row that can't be taken apart."""
    assert works.photo_root is not None
    lines = [
        f"{work.id},{work.title},{works.photo_root / work.photos[0]},{100 * row}" for row, work in enumerate(works)
    ]
    lines[4] = "late,銀の月,gone.jpg,"
    lines[6] = "broken"
    path = folder / "shop.csv"
    path.write_text("商品ID,title,photo,価格\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def identify(model: Path, table: Path, output: Path, keep: Sequence[str] = (), count: int = 2) -> TableIdentification:
    options = ReadOptions(keep=tuple(keep))
    return identify_table(model, open_table(table, options, photo_root="/"), output, count=count)


def test_every_row_has_its_line_in_the_tables_order(model: Path, table: Path, works: Catalog, folder: Path) -> None:
    result = identify(model, table, folder / "out.csv", keep=["価格"])
    found = pl.read_csv(folder / "out.csv")
    assert found.columns == [
        "id", "answer", "creator", "probability", "creator_2", "probability_2", "possible", "possible_creators",
        "p_value", "read", "problems", "価格",
    ]  # fmt: skip
    ids = works.ids
    ids[4], ids[6] = "late", "broken"
    assert found["id"].to_list() == ids
    assert found["read"].value_counts(sort=True).rows() == [("both", 22), ("text", 1), ("nothing", 1)]
    assert found.row(6)[1:9] == (None,) * 8
    assert found["problems"][4].startswith("photo missing: ")
    assert found["problems"][6].startswith("row not readable: ")
    assert found["価格"].to_list()[:6] == [0, 100, 200, 300, None, 500]
    answered = {answer: count for answer, count in result.counts.items() if answer}
    assert sum(answered.values()) == 23
    assert (result.works, result.counts[""], result.with_problems, result.found_done) == (24, 1, 2, 0)
    assert not PartsLayout(folder / "out.csv").folder.exists()


def test_the_three_kinds_of_output_hold_the_same(model: Path, table: Path, folder: Path) -> None:
    for ending in ("csv", "parquet", "jsonl"):
        identify(model, table, folder / f"out.{ending}", keep=["価格"])
    from_csv, parquet = pl.read_csv(folder / "out.csv"), pl.read_parquet(folder / "out.parquet")
    assert parquet.schema["価格"] == pl.Int64()
    assert parquet.schema["possible"] == pl.List(pl.String())
    assert from_csv.with_columns(
        pl.col("possible_creators").cast(pl.Int64()), pl.col("p_value").cast(pl.Float64())
    ).equals(parquet.with_columns(pl.col("possible").list.join("|")))
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == parquet["id"].to_list()
    assert [line["answer"] for line in lines] == parquet["answer"].to_list()
    first = [line["candidates"][0] if line["candidates"] else None for line in lines]
    assert [each and each["probability"] for each in first] == parquet["probability"].to_list()
    assert lines[0]["kept"] == {"価格": "0"}  # as it is written in the table


def test_a_catalog_is_answered_with_its_kept_columns(model: Path, works: Catalog, folder: Path) -> None:
    priced = Catalog(works.table.with_columns(price=pl.int_range(pl.len())), works.photo_root)
    priced.write(folder / "catalog")
    table = open_table(folder / "catalog", ReadOptions(keep=("price",)))
    identify_table(model, table, folder / "out.parquet")
    found = pl.read_parquet(folder / "out.parquet")
    assert found["price"].to_list() == list(range(24))
    assert (found["creator"] == works.table["creator"]).mean() > 0.8
    with pytest.raises(CatalogError, match="has not kept 'stock', it has kept price"):
        open_table(folder / "catalog", ReadOptions(keep=("stock",)))
    with pytest.raises(CatalogError, match=r"`encoding` is for a table, and a catalog was given"):
        open_table(folder / "catalog", ReadOptions(encoding="cp932"))


def test_a_table_without_rows_gives_the_names_of_the_columns(text_model: Path, folder: Path) -> None:
    (folder / "shop.csv").write_text("id,title\n")
    for ending in ("csv", "parquet", "jsonl"):
        assert identify(text_model, folder / "shop.csv", folder / f"out.{ending}").works == 0
    ranks = ["creator", "probability", "creator_2", "probability_2"]
    names = ["id", "answer", *ranks, "possible", "possible_creators", "p_value", "read", "problems"]
    assert (folder / "out.csv").read_text() == "\ufeff" + ",".join(names) + "\n"
    assert pl.read_parquet(folder / "out.parquet").columns == names
    assert (folder / "out.jsonl").read_bytes() == b""


@pytest.mark.parametrize("name", ["out.xlsx", "out", "folder.csv"])
def test_an_output_that_cannot_be_written_is_said_before_anything_is_read(
    name: str, text_model: Path, table: Path, folder: Path
) -> None:
    (folder / "folder.csv").mkdir()
    with pytest.raises(SakkaError, match=r"expected \.csv, \.parquet, \.jsonl|is a folder"):
        identify(text_model, table, folder / name)
    assert not PartsLayout(folder / name).folder.exists()


def test_a_coverage_that_no_sets_have_is_refused_before_the_model_is_read(table: Path, folder: Path) -> None:
    with pytest.raises(SakkaError, match=r"got `coverage=95`, expected 0\.9 or 0\.95 or 0\.99"):
        identify_table(folder / "nowhere", table, folder / "out.csv", coverage=95)


def test_a_table_is_never_overwritten_by_its_answers(text_model: Path, table: Path) -> None:
    before = table.read_bytes()
    with pytest.raises(SakkaError, match="would overwrite"):
        identify(text_model, table, table)
    assert table.read_bytes() == before


def test_a_kept_column_may_not_be_named_like_one_of_the_output(text_model: Path, folder: Path) -> None:
    (folder / "shop.csv").write_text("id,title,answer\n1,moon,yes\n")
    with pytest.raises(CatalogError, match="'answer' can't be kept: the output has a column of this name"):
        identify(text_model, folder / "shop.csv", folder / "out.csv", keep=["answer"])


class CutShortError(Exception):
    """Ends a run in its middle."""


def interrupted(model: Path, table: Path, output: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run end when it has written some of its parts."""
    write = module.write_text

    def write_some(path: Path, text: str) -> None:
        if path.name == f"{after:05}.jsonl":
            raise CutShortError
        write(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_text", write_some)
        with pytest.raises(CutShortError):
            identify(model, table, output)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sakka.models.identified.WORKS_AT_ONCE", 5)
    monkeypatch.setattr("sakka.models.identify_table.WORKS_AT_ONCE", 5)


@pytest.mark.usefixtures("small_parts")
def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(
    text_model: Path, table: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identify(text_model, table, folder / "whole.csv")
    interrupted(text_model, table, folder / "out.csv", 3, monkeypatch)
    assert sorted(path.name for path in (folder / "out.csv.parts").glob("*.jsonl")) == [
        "00000.jsonl", "00001.jsonl", "00002.jsonl"
    ]  # fmt: skip
    assert not (folder / "out.csv").exists()
    assert identify(text_model, table, folder / "out.csv").found_done == 15
    assert (folder / "out.csv").read_bytes() == (folder / "whole.csv").read_bytes()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("changed", ["table", "photo", "model", "options"])
def test_parts_of_another_table_model_or_options_are_not_mixed_in(
    changed: str, model: Path, text_model: Path, table: Path, works: Catalog, folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    interrupted(text_model, table, folder / "out.csv", 3, monkeypatch)
    if changed == "table":
        table.write_text(table.read_text(encoding="utf-8").replace("銀の月", "金の月"), encoding="utf-8")
    if changed == "photo":
        assert works.photo_paths[0] is not None
        os.utime(works.photo_paths[0])
    chosen = model if changed == "model" else text_model
    said: list[str] = []
    result = identify_table(
        chosen, open_table(table, photo_root="/"), folder / "out.csv", count=3 if changed == "options" else 2,
        say=said.append,
    )  # fmt: skip
    assert result.found_done == 0
    assert said == ["starts anew: what an interrupted run left is of another model, another table or other options"]


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_the_disk_lost_is_made_anew(
    text_model: Path, table: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identify(text_model, table, folder / "whole.csv")
    interrupted(text_model, table, folder / "out.csv", 3, monkeypatch)
    (folder / "out.csv.parts" / "00001.jsonl").write_bytes(b"")
    assert identify(text_model, table, folder / "out.csv").found_done == 5
    assert (folder / "out.csv").read_bytes() == (folder / "whole.csv").read_bytes()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_kept_columns_stay_in_their_place_where_a_whole_part_is_unreadable(
    text_model: Path, folder: Path, ending: str
) -> None:
    lines = ["broken"] * 5 + ["a,銀の月,1"] + ["broken"] * 5
    (folder / "shop.csv").write_text("id,title,価格\n" + "\n".join(lines) + "\n", encoding="utf-8")
    identify(text_model, folder / "shop.csv", folder / f"out.{ending}", keep=["価格"])
    found = pl.read_csv(folder / "out.csv") if ending == "csv" else pl.read_parquet(folder / "out.parquet")
    assert found["価格"].to_list() == [None] * 5 + [1] + [None] * 5
    assert found["id"][5] == "a"


def test_nothing_in_a_csv_of_answers_runs_in_a_spreadsheet(text_model: Path, folder: Path) -> None:
    (folder / "shop.csv").write_text("id,title,note,price\n=1+1,銀の月,@SUM(1),-5\n", encoding="utf-8")
    identify(text_model, folder / "shop.csv", folder / "out.csv", keep=["note", "price"])
    (row,) = pl.read_csv(folder / "out.csv").to_dicts()
    assert (row["id"], row["note"], row["price"]) == ("'=1+1", "'@SUM(1)", -5)


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_kept_numbers_of_any_size_come_out_as_they_came_in(text_model: Path, folder: Path, ending: str) -> None:
    numbers = [9007199254740993, 10**20, 0.5]
    rows = [{"id": str(row), "title": "銀の月", "no": number} for row, number in enumerate(numbers)]
    (folder / "shop.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    identify(text_model, folder / "shop.jsonl", folder / f"out.{ending}", keep=["no"])
    if ending == "jsonl":
        lines = (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["kept"]["no"] for line in lines] == numbers
        return
    path = folder / f"out.{ending}"
    found = pl.read_csv(path, infer_schema=False) if ending == "csv" else pl.read_parquet(path)
    assert found["no"].to_list() == [str(number) for number in numbers]


def test_a_folder_with_something_else_is_left_alone(text_model: Path, table: Path, folder: Path) -> None:
    (folder / "out.csv.parts").mkdir()
    (folder / "out.csv.parts" / "letter.txt").write_text("mine")
    with pytest.raises(SakkaError, match=r"holds letter\.txt and no plan\.json"):
        identify(text_model, table, folder / "out.csv")
    assert (folder / "out.csv.parts" / "letter.txt").read_text() == "mine"


KILLED = """
import os, signal, sys, time
from pathlib import Path
import sakka.models.identified, sakka.models.identify_table as module
import sakka.models.text.linear, scipy.sparse

sakka.models.identified.WORKS_AT_ONCE = module.WORKS_AT_ONCE = 50
model, table, whole, output = map(Path, sys.argv[1:])

def started(path):
    process = os.fork()  # what takes long, importing, is done once
    if process == 0:
        module.identify_table(model, table, path)
        os._exit(0)
    return process

assert os.waitpid(started(whole), 0)[1] == 0
for number in range(1, 6):
    process = started(output)
    while len(list(output.with_name(output.name + ".parts").glob("*.jsonl"))) < 6 * number:
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
assert os.waitpid(started(output), 0)[1] == 0
"""


@pytest.mark.slow
def test_a_run_that_is_killed_five_times_ends_with_the_same_bytes(text_model: Path, folder: Path) -> None:
    rows = (f"{row},桜 {row % 7} linen {row % 11}" for row in range(2_000))
    table, whole, output = folder / "shop.csv", folder / "whole.csv", folder / "out.csv"
    table.write_text("id,title\n" + "\n".join(rows) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, "-c", KILLED, text_model, table, whole, output], check=True, timeout=120)
    assert output.read_bytes() == whole.read_bytes()
    assert not PartsLayout(output).folder.exists()
