"""SQLite and a real PostgreSQL server as sources: the csv's catalog, read-only, and no password anywhere."""

import csv
import os
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.catalog.postgresql_server import PASSWORD, USER, programs, running_server
from tests.command import run

from sakka import build_catalog
from sakka.catalog.sources import ReadOptions, open_source
from sakka.catalog.works import Catalog
from sakka.errors import CatalogError, MissingPartError

QUERY = "SELECT * FROM works ORDER BY id"
COLUMNS = ("id", "作家名", "商品名", "説明", "出品日", "price", "stock")
ROWS = [
    (f"w{number:04}", ("森", "原")[number % 2], f"桜 {number}", None if number % 3 else "手作り", day, 1200.5, number)
    for number, day in enumerate(["2024-01-02 03:04:05", "2024-02-03 00:00:00", None] * 50)
]
TABLE = (
    'CREATE TABLE works (id {id}, "作家名" TEXT, "商品名" TEXT, "説明" TEXT, "出品日" {time}, price {money}, stock INT)'
)


def works_of(source: Path | str, folder: Path, query: str | None = None) -> bytes:
    build_catalog(source, folder=folder, query=query, photo_root=folder.parent, keep=["price", "stock"])
    return (folder / "works.parquet").read_bytes()


@pytest.fixture
def csv_works(folder: Path) -> bytes:
    with (folder / "works.csv").open("w", encoding="cp932", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *ROWS])
    return works_of(folder / "works.csv", folder / "from_csv")


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "shop #1?.db"
    with sqlite3.connect(path) as connection:
        connection.execute(TABLE.format(id="TEXT", time="TEXT", money="REAL"))
        connection.executemany("INSERT INTO works VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS)
        connection.execute("CREATE TABLE orders (id INT)")
    connection.close()
    return path


def test_sqlite_gives_the_catalog_that_the_csv_gives(folder: Path, shop: Path, csv_works: bytes) -> None:
    assert works_of(f"sqlite:///{quote(str(shop))}", folder / "by_address", QUERY) == csv_works
    assert works_of(shop, folder / "by_file", QUERY + ";") == csv_works


def test_a_missing_query_lists_the_tables(shop: Path) -> None:
    message = "it has the tables works, orders; say which .* `query='SELECT \\* FROM works'`"
    with pytest.raises(CatalogError, match=message):
        open_source(shop, ReadOptions())


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM pots", "no such table: pots"),
        ("DELETE FROM works", "attempt to write a readonly database"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("PRAGMA user_version = 3", "readonly"),
        ("BEGIN", "gives no rows"),
    ],
)
def test_a_query_that_is_no_question_is_one_line(shop: Path, query: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        open_source(shop, ReadOptions(query=query))
    with sqlite3.connect(shop) as connection:
        assert connection.execute("SELECT count(*) FROM works").fetchone() == (len(ROWS),)
    connection.close()


def test_text_that_is_not_utf_8_costs_its_characters(folder: Path) -> None:
    path = folder / "shop.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE works (id, creator, title)")
        connection.execute("INSERT INTO works VALUES (1, 'Mori', CAST(X'61FF62' AS TEXT)), (2, 3.0, X'00')")
    connection.close()
    catalog = build_catalog(path, query="SELECT * FROM works")
    assert catalog.table["title"].to_list() == ["a\ufffdb"]
    assert catalog.problems.select("row", "field", "reason").rows() == [
        (1, "title", "characters not readable"),
        (2, "title", "field of a wrong kind"),
        (2, "", "nothing to read"),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("sqlite:///absent.db", "there is no file absent.db"),
        ("mysql://me:secret@localhost/shop", "of the kind mysql://; expected sqlite:///FILE, postgresql://"),
        ("https://me:secret@example.org/works.csv", "nothing is fetched"),
        (Path("mysql://me:secret@localhost/shop"), "looks like an address but is none"),
        (Path("postgresql://me:secret@localhost/shop"), "looks like an address but is none"),
        ("postgresql:me:secret@localhost/shop", "looks like an address but is none"),
        ("postgresql://me:sec@ret/x@localhost/shop", "no address that can be read; .* %40"),
        ("postgresql://me:secret%zz@localhost/shop", "no address that can be read"),
        ("postgresql://me:secret@localhost/shop?secret=1", "no address that can be read"),
        ("postgresql://me:secret@127.0.0.1:1/shop?password=secret", "can't be opened: .*check the address"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_line_without_its_password(source: Path | str, message: str) -> None:
    with pytest.raises(CatalogError, match=message) as caught:
        open_source(source, ReadOptions(query=QUERY))
    assert "sec" not in "".join(traceback.format_exception(caught.value)).split("CatalogError: ")[-1]
    assert "\n" not in str(caught.value)


def test_a_missing_driver_is_one_line_that_says_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingPartError, match=r"reads PostgreSQL, is not installed .*\[database\]' adds it"):
        open_source("postgresql://me:secret@localhost/shop", ReadOptions(query=QUERY))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql (make postgresql)")
    with tempfile.TemporaryDirectory(prefix="sakka-postgresql-") as name:
        Path(name).chmod(0o755)
        with running_server(Path(name) / "server") as port:
            import psycopg

            with psycopg.connect(host="127.0.0.1", port=port, user=USER, password=PASSWORD, dbname="postgres") as shop:
                shop.execute(TABLE.format(id="VARCHAR(20)", time="TIMESTAMPTZ", money="NUMERIC(10, 2)"))  # type: ignore[arg-type]
                shop.execute("SET TimeZone TO 'UTC'")
                with shop.cursor() as cursor:
                    cursor.executemany("INSERT INTO works VALUES (%s, %s, %s, %s, %s, %s, %s)", ROWS)
            yield port


def address(port: int, password: str = PASSWORD) -> str:
    return f"postgresql://{USER}:{quote(password, safe='')}@127.0.0.1:{port}/postgres"


def test_postgresql_gives_the_catalog_that_the_csv_gives(folder: Path, port: int, csv_works: bytes) -> None:
    assert works_of(address(port), folder / "from_postgresql", QUERY) == csv_works
    info = (folder / "from_postgresql" / "catalog.json").read_text(encoding="utf-8")
    assert f"postgresql://{USER}@127.0.0.1:{port}/postgres" in info
    assert PASSWORD not in info
    assert quote(PASSWORD, safe="") not in info


def test_values_that_python_has_no_type_for_cost_their_field(port: int) -> None:
    query = """SELECT 7::numeric AS id, 'Mori' AS creator, 'x' AS title, 'infinity'::timestamptz AS created_at,
      ARRAY['a', 'b'] AS tags, '{"a": 1}'::jsonb AS more, 12.50::numeric AS price, true AS sold"""
    catalog = build_catalog(address(port), query=query, keep=["tags", "more", "price", "sold"])
    row = catalog.table.row(0, named=True)
    assert (row["id"], row["created_at"], row["tags"], row["more"]) == ("7", None, ["a", "b"], '{"a": 1}')
    assert (row["price"], row["sold"]) == (12.5, "true")
    assert catalog.problems["reason"].to_list() == ["date not understood"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM pots", 'relation "pots" does not exist'),
        ("DELETE FROM works RETURNING *", "check `query`"),
        ("SELECT nextval('works_id_seq')", "check `query`"),
        ("SELECT 1; COMMIT; DELETE FROM works", "check `query`"),
        ("", "it has the tables works; say which rows"),
    ],
)
def test_a_query_that_postgresql_refuses_is_one_line_and_changes_nothing(port: int, query: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        list(open_source(address(port), ReadOptions(query=query)).listings)
    assert len(list(open_source(address(port), ReadOptions(query=QUERY)).listings)) == len(ROWS)


def test_a_wrong_password_is_one_line_without_it(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = address(port, "wrong:s%cret@")
    code, _, error = run(["catalog", "build", wrong, "--query", QUERY, "-o", folder / "c"], monkeypatch, capsys)
    assert code == 2
    assert f"postgresql://{USER}@127.0.0.1:{port}/postgres can't be opened" in error
    assert "password authentication failed" in error
    assert "cret" not in error
    assert len(error.splitlines()) == 1


def test_libpqs_own_password_variable_is_read(folder: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PGPASSWORD", PASSWORD)
    build_catalog(f"postgresql://{USER}@127.0.0.1:{port}/postgres", query=QUERY, folder=folder / "c")
    assert len(Catalog.read(folder / "c")) == len(ROWS)
