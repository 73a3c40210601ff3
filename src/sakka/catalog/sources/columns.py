"""Which column of a table holds which field of the catalog."""

from collections.abc import Iterable, Mapping

from sakka.errors import CatalogError

FIELDS = ("id", "creator", "title", "description", "category", "created_at", "photos")
REQUIRED = ("id", "creator")
OTHER_NAMES = {"photos": ("photos", "image", "images", "photo")}


def columns_of(found: Iterable[str], chosen: Mapping[str, str], where: str) -> dict[str, str]:
    """The column of each field that has one.

    Args:
        found: The table's columns.
        chosen: Field -> column, as the caller named them; they go before the usual names.
        where: The table's name, for messages.

    Raises:
        CatalogError: A field is unknown, a chosen column is absent, or nothing holds the id or the creator.
    """
    names = list(found)
    listed = ", ".join(name if name else "(no name)" for name in names[:20]) or "none"
    for name, column in chosen.items():
        if name not in FIELDS:
            raise CatalogError(f"{name!r} is no field of a catalog; expected one of {', '.join(FIELDS)}")
        if column not in names:
            raise CatalogError(f"{where} has no column {column!r}; it has {listed}")
    folded = {name.strip().casefold(): name for name in reversed(names)}
    columns = dict(chosen)
    for name in FIELDS:
        usual = next((folded[other] for other in OTHER_NAMES.get(name, (name,)) if other in folded), None)
        if name not in columns and usual is not None:
            columns[name] = usual
    for name in REQUIRED:
        if name not in columns:
            raise CatalogError(
                f"{where} has no column {name!r}; it has {listed}; name yours with --column {name}=COLUMN"
            )
    for column in columns.values():
        if names.count(column) > 1:
            raise CatalogError(f"{where} has {names.count(column)} columns {column!r}; expected one; rename the others")
    return columns
