"""`sakka catalog` as a person calls it."""

import json
import shutil
from pathlib import Path

import pytest
from tests.catalogs import tiny_catalog
from tests.command import run
from typer.testing import CliRunner

import sakka.cli.catalog  # noqa: F401 (adds its commands)
from sakka.catalog.works import Catalog, Work
from sakka.cli import app
from sakka.copies.groups import near_identical
from sakka.errors import CatalogError


def called(*arguments: object) -> str:
    result = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"}).invoke(app, ["catalog", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    lines = [line for line in result.output.splitlines() if "/" not in line]  # a path may be long
    assert "--json" in arguments or all(len(line) <= 80 for line in lines)
    return result.output


@pytest.fixture
def source(folder: Path) -> Path:
    path = folder / "works.csv"
    lines = ["key,seller,title", *(f"{place},{who},x" for place, who in enumerate(["Mori"] * 3 + ["MORI", "Hara", ""]))]
    path.write_text("\n".join(lines))
    return path


COLUMNS = ("--column", "id=key", "--column", "creator=seller")


def test_a_build_tells_what_is_in_it_and_what_is_not(source: Path, folder: Path) -> None:
    output = called("build", source, "-o", folder / "c", *COLUMNS, "--one-account", "--min-works", 2)
    for part in (
        "creator   seller",
        "encoding  utf-8 (detected)",
        "works               4",
        "fewest works",
        "Accounts of one person",
        "1 of 6 rows left out",
    ):
        assert part in output
    assert called("show", folder / "c", "--no-near-identical") == output


def test_photos_beyond_the_number_that_a_work_may_have_are_counted(folder: Path) -> None:
    works = tiny_catalog(folder, creators=1, works=3)
    names = "|".join(path.name for path in works.photo_paths if path)
    (folder / "works.csv").write_text(f"id,creator,title,photos\na,Mori,x,{names}\nb,Mori,y,\n")
    output = called("build", folder / "works.csv", "-o", folder / "c", "--photos-per-work", 2)
    assert "photos              2, 2.0 a work with photo; 1 beyond 2 a work left out" in output
    shown = called("build", folder / "works.csv", "-o", folder / "c")
    assert "photos              3, 3.0 a work with photo" in shown
    assert "left out" not in shown


def test_a_build_prints_what_was_recognised_and_how_to_have_the_rest(folder: Path) -> None:
    path = folder / "shop.csv"
    path.write_bytes("商品ID,作家名,商品名,価格,メモ,在庫\n1,森,桜のブローチ,1200,,3\n".encode("cp932"))
    output = called("build", path, "-o", folder / "c", "--keep", "価格")
    for part in (
        "id        商品ID",
        "creator   作家名",
        "title     商品名",
        "carried   価格",
        "not read  メモ, 在庫",
        "encoding  cp932 (detected)",
        "what is not read can be carried along: --keep 在庫",
        "read as cp932 (detected); say --encoding if that is wrong",
    ):
        assert part in output
    assert output.startswith(called("show", folder / "c", "--no-near-identical"))


def test_a_build_without_photos_names_the_column_that_looks_like_them(folder: Path) -> None:
    (folder / "shop.csv").write_text("obj,who,title,file\na,Mori,moon,1.jpg\nb,Hara,sun,2.JPG\n")
    columns = ("--column", "id=obj", "--column", "creator=who")
    output = called("build", folder / "shop.csv", "-o", folder / "c", *columns)
    assert "no photo is read, and file looks like photos: --column photos=file" in output
    with pytest.raises(CatalogError, match="'creator': COLUMN, 'photos': 'file'}"):
        called("build", folder / "shop.csv", "-o", folder / "c")


@pytest.mark.parametrize(
    ("photo", "how"),
    [
        ("gone.png", "photo missing\nbuild it again with --photo-root DIR"),
        ("https://shop.example/1.png", "photo is an address\nbuild it again with --fetch --fetch-host HOST"),
    ],
)
def test_a_build_that_loses_its_photos_ends_with_what_to_do(folder: Path, photo: str, how: str) -> None:
    tiny_catalog(folder, creators=1, works=1)
    (there,) = folder.glob("*.png")
    rows = [f"{row},Mori,moon,{photo}" for row in range(9)]
    (folder / "works.csv").write_text("\n".join(["id,creator,title,photos", *rows, f"9,Mori,moon,{there.name}"]))
    output = called("build", folder / "works.csv", "-o", folder / "c")
    assert output.endswith(f"\n9 of 10 works lost their photos: {how}\n")
    (folder / "works.csv").write_text("\n".join(["id,creator,title,photos", *rows[:8], f"9,Mori,moon,{there.name}"]))
    assert "lost their photos" not in called("build", folder / "works.csv", "-o", folder / "d")


def test_a_build_of_a_folder_names_the_tables_that_it_does_not_read(folder: Path) -> None:
    tiny_catalog(folder / "shop" / "photos", creators=1, works=1)
    (folder / "shop" / "works.csv").write_text("id,creator\n")
    called("build", folder / "shop", "-o", folder / "c")
    note = Catalog.read(folder / "c").info["source"]["note"]
    assert note.endswith("alone; a table in it is read as a source of its own (works.csv)")


def test_a_catalog_is_shown_as_json(source: Path, folder: Path) -> None:
    called("build", source, "-o", folder / "c", *COLUMNS)
    info = json.loads(called("show", folder / "c", "--json"))
    assert (info["works"], info["left_out"], info["rows"]) == (5, {"no creator": 1}, 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--strict", *COLUMNS), "problems in 1 of 6 rows"),
        ((), "no column for id; it has key, seller, title; name yours with `columns={'id': COLUMN}`"),
        (("--column", "creator"), "expected FIELD=COLUMN"),
        (("--seed", "1"), "--seed is for the source market"),
        ((*COLUMNS, "--from", "soon"), "`from_date` is 'soon'"),
    ],
)
def test_what_a_person_can_mend_is_an_error_of_ours(source: Path, folder: Path, arguments: tuple, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        called("build", source, "-o", folder / "c", *arguments)


def test_control_characters_of_a_source_reach_no_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "works.csv").write_text("id,mo\x1b[31mri\x9b,作\n1,a,x\n", encoding="utf-8")
    code, _, error = run(["catalog", "build", folder / "works.csv", "-o", folder / "c"], monkeypatch, capsys)
    assert code == 2
    assert r"it has id, mo\x1b[31mri\x9b, 作; name yours" in error
    assert error.rstrip("\n").isprintable()


def test_the_market_is_built_by_its_name(folder: Path) -> None:
    output = called("build", "market", "-o", folder / "m", "--creators", 2, "--works", 12, "--seed", 3)
    assert "1.0 a work with photo" in output
    assert (folder / "m" / "market" / "listings.csv").is_file()


def test_show_counts_near_identical_works(folder: Path) -> None:
    works = tiny_catalog(folder / "photos", creators=2, works=3)
    names = works.table["photos"].list.first().to_list()
    shutil.copy(folder / "photos" / names[0], folder / "photos" / "again.png")
    again = Work("again", "creator 01", photos=("again.png",))
    catalog = Catalog.from_works([*works, again], photo_root=folder / "photos")
    row = near_identical(catalog).groups
    catalog.write(folder / "catalog")
    assert row[0] == row[-1]
    output = called("show", folder / "catalog")
    assert f"groups across creators  {near_identical(catalog).across_creators}, each" in output
    assert "Near-identical" not in called("show", folder / "catalog", "--no-near-identical")
