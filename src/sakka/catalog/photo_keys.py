"""The key of each work's featured photo: what is computed once a photo is cached under it (`photos/store.py`)."""

from sakka.catalog.works import Catalog
from sakka.photos.store import photo_sha256


def photo_keys(works: Catalog) -> list[str | None]:
    """SHA-256 of each work's featured photo, from the catalog where it knows it; None where a work has no photo.

    Raises:
        PhotoError: The catalog does not know it and the file can't be read.
    """
    pairs = zip(works.photos, works.table["photo_sha256"].to_list(), strict=True)
    return [None if photo is None else known or photo_sha256(photo) for photo, known in pairs]
