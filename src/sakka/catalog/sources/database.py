"""Rows that a database gives to a query: SQLite by its file, PostgreSQL by its address.

    sqlite:///shop.db            a file, from the present folder; sqlite:////srv/shop.db from the root
    postgresql://user@host/shop  as libpq reads it; PGPASSWORD and ~/.pgpass hold the password

Both are opened read-only and read row by row. SQLite comes with Python, PostgreSQL with the extra `database`. Rows are
taken as the drivers give them and not as a Polars frame: its types are inferred from the first rows, and a column of
SQLite may hold any type in any row.

A password in an address reaches the driver and nothing else: messages and `catalog.json` show the address without it.
Source: https://www.sqlite.org/uri.html.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import Columns, columns_of
from sakka.catalog.sources.encodings import decoded
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.catalog.sources.postgresql import opened_postgresql
from sakka.catalog.sources.values import plain
from sakka.errors import CatalogError
from sakka.files import remote_address, without_password

MOST_TABLES_SHOWN = 20
_ADDRESS = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_POSTGRESQL = re.compile(r"^postgres(ql)?(\+\w+)?://", re.IGNORECASE)
_SQLITE = re.compile(r"^sqlite(3|\+\w+)?://", re.IGNORECASE)
_MANGLED = re.compile(r"^(postgres|sqlite)[a-z0-9+]*:", re.IGNORECASE)
_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
_POSTGRESQL_TABLES = (
    "SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name FROM "
    "information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
)

Queried = tuple[list[str], Iterator[Sequence[Any]]]
"""The names of a query's columns, and its rows."""


def is_address(source: object) -> bool:
    """Tell whether a source is an address and not a path.

    >>> is_address("postgresql://me@localhost/shop"), is_address("works.csv"), is_address("C:/works.csv")
    (True, False, False)
    """
    return isinstance(source, str) and _ADDRESS.match(source) is not None


def check_not_mangled(path: Path) -> None:
    """Check that a path is not an address of which pathlib has made one.

    Raises:
        CatalogError: It is; the message does not repeat it, since a password may be in it.
    """
    if _MANGLED.match(str(path)) or remote_address(path) is not None:
        raise CatalogError(
            "the source looks like an address but is none that can be read; expected sqlite:///FILE or "
            "postgresql://USER@HOST/NAME, with two slashes after the colon, and in Python as text"
        )


def read_address(address: str, options: ReadOptions) -> OpenedTable:
    """What a database at an address gives to a query; photo paths start at the present folder.

    Raises:
        CatalogError: The address is of another kind, the database can't be opened, no query is given or it can't be
            answered, or a column that is needed is missing.
        MissingPartError: PostgreSQL is asked for and its driver is not installed.
    """
    if _POSTGRESQL.match(address):
        url = _POSTGRESQL.sub("postgresql://", address)
        return _read(_Database(without_password(url), url=url), Path(), options)
    if not _SQLITE.match(address):
        scheme = address.partition("://")[0]
        raise CatalogError(
            f"the source is an address of the kind {scheme}://; expected sqlite:///FILE, postgresql://USER@HOST/NAME "
            "or a file; nothing is fetched from the web"
        )
    path = Path(unquote(_SQLITE.sub("", address, count=1).removeprefix("/")))
    absolute = Path("/") / path
    return _read(
        _Database(address, path=absolute if absolute.is_file() and not path.exists() else path), Path(), options
    )


def read_sqlite(path: Path, options: ReadOptions) -> OpenedTable:
    """What the SQLite database in a file gives to a query; photo paths start at the file's folder.

    Raises:
        CatalogError: As `read_address`.
    """
    return _read(_Database(str(path), path=path), path.parent, options)


class _Database:
    """A database that can be asked.

    Attributes:
        shown: Its address without a password.
    """

    def __init__(self, shown: str, *, path: Path | None = None, url: str = "") -> None:
        self.shown, self._path, self._url = shown, path, url

    def asked(self, query: str) -> AbstractContextManager[Queried]:
        if self._path is not None:
            return _opened_sqlite(self._path, query, self.shown)
        return opened_postgresql(self._url, query, self.shown)

    def tables(self) -> list[str]:
        with self.asked(_SQLITE_TABLES if self._path is not None else _POSTGRESQL_TABLES) as (_, rows):
            return [str(row[0]) for row in rows]


def _read(database: _Database, folder: Path, options: ReadOptions) -> OpenedTable:
    if not options.query:
        tables = database.tables()
        shown = ", ".join(tables[:MOST_TABLES_SHOWN]) or "none"
        name = tables[0] if tables else "works"
        raise CatalogError(
            f"{database.shown} is a database, and a query is missing; it has the tables {shown}; "
            f"say which rows are the works with `query={f'SELECT * FROM {name}'!r}`"
        )
    with database.asked(options.query) as (names, answers):
        first = (dict(zip(names, map(plain, row), strict=True)) for row in answers)
        columns = columns_of(names, options, f"the query's answer from {database.shown}", first)
    info = {"kind": "database", "path": database.shown, "query": options.query}
    rows = _rows(database, options.query, columns)
    return OpenedTable(rows, folder, columns.fields, columns.unread, info, columns.note)


def _rows(database: _Database, query: str, columns: Columns) -> Iterator[Listing]:
    with database.asked(query) as (names, rows):
        for number, row in enumerate(rows, start=1):
            yield columns.listing(number, dict(zip(names, map(plain, row), strict=True)))


@contextmanager
def _opened_sqlite(path: Path, query: str, shown: str) -> Iterator[Queried]:
    if not path.is_file():
        raise CatalogError(f"there is no file {path} ({shown}); check the path: sqlite:///NAME starts at this folder")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            connection.text_factory = decoded
            cursor = connection.execute(query)
            if cursor.description is None:
                raise CatalogError(f"{shown} gives no rows to the query; expected one that begins with SELECT")
            yield [str(column[0]) for column in cursor.description], cursor
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise CatalogError(f"{shown} can't answer the query: {' '.join(str(error).split())}; check `query`") from error
