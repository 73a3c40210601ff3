"""Which columns of a table hold which field of the catalog, and the listing that a row's values make."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from sakka.catalog.kept import check_kept_names
from sakka.catalog.listings import Listing
from sakka.catalog.photo_paths import names_picture
from sakka.catalog.sources.column_names import FOLLOWED_BY, USUAL_NAMES, folded, numbered, without_brackets
from sakka.catalog.sources.opened import ReadOptions
from sakka.catalog.works import SCHEMA
from sakka.errors import CatalogError
from sakka.fragments import shortened

FIELDS = tuple(USUAL_NAMES)
REQUIRED = ("id", "creator")
PHOTOS = "photos"
MOST_LISTED = 20
MOST_COLUMNS = 10_000
HEADER_ROWS = 10  # in which the names of the columns are looked for
FIRST_ROWS = 64  # in which photos are looked for where no column has a name of theirs


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what they are read for.

    Attributes:
        fields: Field of the catalog -> its columns in order; only photos may have several.
        kept: Columns that are carried along.
        unread: The others, in the table's order.
        like_photos: Those of the others that hold names of pictures, where no column is read for photos.
    """

    fields: dict[str, tuple[str, ...]]
    kept: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    like_photos: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """Which columns may have been meant for photos; "" where that is none."""
        if not self.like_photos:
            return ""
        chosen = _in_python(_photos_in(self.like_photos))
        return f"no photo is read, and {_listed(self.like_photos)} looks like photos: `columns={chosen}`"

    @property
    def read(self) -> tuple[str, ...]:
        """Every column that is read, once."""
        return tuple(dict.fromkeys([*(name for names in self.fields.values() for name in names), *self.kept]))

    def listing(self, row: int, values: Mapping[str, Any], trouble: str | None = None) -> Listing:
        """The listing of a row.

        Args:
            row: Its number, from 1; it is the id where the table has no column of ids.
            values: By column; a column may be absent.
            trouble: Why the row could not be taken apart, where it could not.
        """
        found = {
            name: values.get(columns[0]) if len(columns) == 1 else _joined([values.get(each) for each in columns])
            for name, columns in self.fields.items()
            if any(column in values for column in columns)
        }
        if "id" not in self.fields:
            found["id"] = str(row)
        return Listing(row, found, trouble, kept={name: values.get(name) for name in self.kept})


def _joined(values: Iterable[Any]) -> list[Any]:
    """The photos of several columns in order; a column may hold several itself."""
    photos: list[Any] = []
    for value in values:
        photos += value if isinstance(value, (list, tuple)) else [value]
    return photos


def columns_of(
    found: Iterable[str], options: ReadOptions, where: str, rows: Iterable[Mapping[str, Any]] = ()
) -> Columns:
    """Find the columns of each field: those that were chosen, else by their usual names.

    Args:
        found: The table's columns.
        options: Which columns were chosen and which are kept.
        where: The table's name, for messages.
        rows: The table's rows by column, of which the first are looked at where no column has a name of photos.

    Raises:
        CatalogError: There are too many columns, a field is unknown or has too many of them, a chosen or kept column is
            absent or there twice, or nothing holds the ids or the creators.
    """
    names = list(found)
    if len(names) > MOST_COLUMNS:
        raise CatalogError(
            f"{where} has more than {MOST_COLUMNS:,} columns, which is the limit; leave some of them out"
        )
    _check_chosen(names, options, where)
    fields = {name: columns for name, columns in options.columns.items() if columns}
    taken = {column for columns in fields.values() for column in columns}
    free = [name for name in dict.fromkeys(names) if name not in taken]
    for name in FIELDS:
        if name not in fields and (usual := _photo_columns(free) if name == PHOTOS else _column(free, name)):
            fields[name] = usual
    fields = {name: fields[name] for name in FIELDS if name in fields}
    read = {*options.keep, *(column for columns in fields.values() for column in columns)}
    unread = tuple(name for name in dict.fromkeys(names) if name not in read)
    like_photos = () if PHOTOS in fields else _like_photos(unread, rows)
    missing = [name for name in REQUIRED if name not in fields] if options.creator_required else []
    if missing:
        chosen = dict.fromkeys(missing, "COLUMN") | _photos_in(like_photos)
        raise CatalogError(
            f"{where} has no column for {' or '.join(missing)}; it has {_listed(names)}; "
            f"name yours with `columns={_in_python(chosen)}`"
        )
    columns = Columns(fields, options.keep, unread, like_photos)
    for column in columns.read:
        if names.count(column) > 1:
            raise CatalogError(f"{where} has {names.count(column)} columns {column!r}; expected one; rename the others")
    return columns


def _like_photos(unread: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns whose cells are names of pictures in most of the first rows that have one."""
    first = list(islice(rows, FIRST_ROWS))
    cells = {name: [row[name] for row in first if row.get(name)] for name in unread}
    return tuple(name for name, found in cells.items() if 2 * sum(map(names_picture, found)) > len(found))


def with_numbered_photos(names: list[str]) -> list[str]:
    """The names of columns; photo columns that are all called the same have a number from the second one on.

    >>> with_numbered_photos(["id", "画像", "画像", "画像", "x", "x"])
    ['id', '画像', '画像2', '画像3', 'x', 'x']
    >>> with_numbered_photos(["画像", "画像", "画像2"])
    ['画像', '画像3', '画像2']
    """
    numbered_names: list[str] = []
    taken, seen = set(names), set[str]()
    for name in names:
        if name in seen and without_brackets(name) in USUAL_NAMES[PHOTOS]:
            name = next(free for number in count(2) if (free := f"{name}{number}") not in taken)
            taken.add(name)
        seen.add(name)
        numbered_names.append(name)
    return numbered_names


def recognised(names: list[str], options: ReadOptions) -> int:
    """How many fields and kept columns a row of names has columns for."""
    chosen = sum(
        column in names for column in (*(each for given in options.columns.values() for each in given), *options.keep)
    )
    return chosen + sum(bool(_photo_columns(names) if name == PHOTOS else _column(names, name)) for name in FIELDS)


def _check_chosen(names: list[str], options: ReadOptions, where: str) -> None:
    for name, columns in options.columns.items():
        if name not in FIELDS:
            meant = [field for field, usual in USUAL_NAMES.items() if folded(name) in usual]
            raise CatalogError(f"{name!r} is no field of a catalog; expected one of {', '.join(FIELDS)}{_meant(meant)}")
        if len(columns) > 1 and name != PHOTOS:
            raise CatalogError(
                f"{name} is given {len(columns)} columns ({', '.join(columns)}); expected one, only {PHOTOS} may have "
                f"several; leave one of them in `columns`"
            )
    for column in (*(column for columns in options.columns.values() for column in columns), *options.keep):
        if column not in names:
            meant = [name for name in names if without_brackets(name) == without_brackets(column)]
            raise CatalogError(f"{where} has no column {column!r}; it has {_listed(names)}{_meant(meant)}")
    check_kept_names(options.keep, SCHEMA)


def _meant(names: list[str]) -> str:
    return f"; did you mean {names[0]}?" if names else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(shortened(name) if name else "(no name)" for name in names[:MOST_LISTED]) or "none"
    return f"{shown} and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else shown


def _column(names: list[str], field: str) -> tuple[str, ...]:
    """The one column that has the best of a field's usual names."""
    for name_of in (folded, without_brackets):
        by_name = {name_of(name): name for name in reversed(names)}
        for usual in USUAL_NAMES[field]:
            if usual in by_name:
                return (by_name[usual],)
    return ()


def _photo_columns(names: list[str]) -> tuple[str, ...]:
    """All columns that have the best of the photos' usual names, by their numbers."""
    numbers = {name: numbered(without_brackets(name)) for name in names}
    for usual in USUAL_NAMES[PHOTOS]:
        found = [name for name in names if numbers[name][0] == usual]
        if found:
            after = next((folded(then) for first, then in FOLLOWED_BY.items() if folded(first) == usual), "")
            rest = [name for name in names if after and numbers[name][0] == after]
            return (*sorted(found, key=lambda name: numbers[name][1]), *sorted(rest, key=lambda name: numbers[name][1]))
    return ()


def _photos_in(columns: Sequence[str]) -> dict[str, str]:
    """The columns of photos as `columns` names them; empty where there are none."""
    return {PHOTOS: repr(columns[0] if len(columns) == 1 else list(columns))} if columns else {}


def _in_python(columns: Mapping[str, str]) -> str:
    """A dictionary as it is written; COLUMN is for the reader to fill in."""
    return "{" + ", ".join(f"{name!r}: {column}" for name, column in columns.items()) + "}"


def check_no_columns(options: ReadOptions, kind: str) -> None:
    """Check that no column is chosen or kept of a source that has none.

    Raises:
        CatalogError: One is.
    """
    for option, given in (("columns", options.columns), ("keep", options.keep)):
        if given:
            raise CatalogError(f"a source of the kind {kind} has no columns; leave out `{option}`")
