"""The works that a benchmark hands over, as a catalog."""

from pathlib import Path

from benchmarks.peers.works import read_works
from sakka.catalog.works import Catalog, Work
from sakka.files import sha256_of


def read_catalog(path: str, *, with_hashes: bool = False) -> Catalog:
    """The works as a catalog; a work's whole text is its description.

    Args:
        path: Path of the works.
        with_hashes: Whether the photos' SHA-256 are computed now, as `sakka catalog build` does.
    """
    read = read_works(path)
    rows = zip(read["photos"], read["texts"], read["creators"], strict=True)
    return Catalog.from_works(
        Work(
            id=f"{number:06d}",
            creator=f"{creator:05d}",
            description=text,
            photos=(photo,) if photo else (),
            photos_sha256=(sha256_of(Path(photo)),) if photo and with_hashes else (),
        )
        for number, (photo, text, creator) in enumerate(rows)
    )
