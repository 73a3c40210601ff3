"""The one work that a command is asked about: from a photo, from a text, or from a catalog."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog, Work


def asked_work(
    photo: Path | None, title: str, description: str, works: "Catalog | None", work: str | None
) -> "Catalog":
    """A catalog of the one work that the command line asks about.

    Raises:
        ModelError: Nothing was given, or both a work of a catalog and a photo or text.
        CatalogError: The catalog has no work of that id, or there is no catalog to look it up in.
        PhotoError: The photo can't be read.
    """
    from sakka.catalog.works import Catalog
    from sakka.errors import CatalogError, ModelError

    if work is None:
        return Catalog.from_works([work_to_identify(photo, title, description)])
    if photo is not None or title or description:
        raise ModelError("got --work and a photo or text; give the one or the other")
    if works is None:
        raise CatalogError(f"--work {work} names a work of a catalog; give that with --catalog CATALOG")
    if work not in works.ids:
        raise CatalogError(f"the catalog has no work {work!r} among its {len(works):,}; check the id")
    return works.take([works.ids.index(work)])


def work_to_identify(photo: Path | None, title: str, description: str) -> "Work":
    """Make a work of what the command line gave.

    Raises:
        ModelError: Nothing was given, or a text is not UTF-8.
        PhotoError: The photo can't be read.
    """
    from sakka.catalog.works import Work
    from sakka.errors import ModelError

    for name, text in (("--title", title), ("--description", description)):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ModelError(f"{name} is not UTF-8 text; give it in UTF-8") from error
    if photo is None and not (title.strip() or description.strip()):
        raise ModelError(
            "nothing to identify a creator by: give --photo FILE, --title TEXT, --description TEXT or several of them"
        )
    if photo is None:
        return Work("work", title=title, description=description)
    from sakka.photos.decode import check_photo

    checked = check_photo(photo)
    path = str(photo.resolve())
    return Work("work", title=title, description=description, photos=(path,), photo_sha256=checked.sha256)
