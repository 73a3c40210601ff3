"""Rows that PostgreSQL gives to a query, through a cursor on the server and in a session that can't write.

The driver is psycopg, an extra: libpq reads the address, PGPASSWORD and ~/.pgpass. Its message about an address that it
can't read repeats the address, so that message is not passed on; those about a connection name no password.
Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sakka.errors import CatalogError, MissingPartError

if TYPE_CHECKING:
    import psycopg

BATCH_ROWS = 1000
CONNECT_TIMEOUT_S = 10
_AS_TEXT = ("date", "timestamp", "timestamptz", "time", "timetz", "interval")
"""Types that are read as text: PostgreSQL has values of them that Python has not, such as infinity."""
_SESSION = "SET default_transaction_read_only TO on; SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, YMD'"
_HINT = "check the address, that the server runs, and the password (in the address, PGPASSWORD or ~/.pgpass)"


@contextmanager
def opened_postgresql(url: str, query: str, shown: str) -> Iterator[tuple[list[str], Iterator[Sequence[Any]]]]:
    """The names of a query's columns and its rows, for as long as the block runs.

    Args:
        url: The address as libpq reads it.
        query: One that gives rows.
        shown: The address as it may be shown.

    Raises:
        CatalogError: The address is malformed, the connection or the password is refused, or the query is.
        MissingPartError: The driver is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise MissingPartError("psycopg, which reads PostgreSQL,", "database", error) from error
    with _connected(url, shown) as connection:
        try:
            with connection.cursor(name="sakka") as cursor:
                cursor.itersize = BATCH_ROWS
                cursor.execute(query.encode())
                yield [column.name for column in cursor.description or ()], iter(cursor)
        except (psycopg.Error, UnicodeError) as error:
            said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
            raise CatalogError(f"{shown} can't answer the query: {_one_line(said or error)}; check `query`") from error


@contextmanager
def _connected(url: str, shown: str) -> "Iterator[psycopg.Connection[tuple[Any, ...]]]":
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.types.string import TextLoader

    user = url.removeprefix("postgresql://").rpartition("@")[0]
    try:
        settings = None if re.search("[/?#@\\s]", user) else conninfo_to_dict(url)
    except psycopg.Error:
        settings = None
    if settings is None:
        raise CatalogError(
            f"{shown} is no address that can be read; expected postgresql://USER:PASSWORD@HOST:PORT/NAME with each of "
            "@ : / ? # % written as %40 %3A %2F %3F %23 %25 inside the password"
        )
    settings = {"connect_timeout": CONNECT_TIMEOUT_S, **settings, "client_encoding": "UTF8"}
    try:
        connection = psycopg.connect(make_conninfo("", **settings))
    except psycopg.Error as error:
        raise CatalogError(f"{shown} can't be opened: {_one_line(error)}; {_HINT}") from error
    with connection:
        connection.execute(_SESSION)
        connection.commit()
        connection.read_only = True
        for name in _AS_TEXT:
            connection.adapters.register_loader(name, TextLoader)
        yield connection


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
