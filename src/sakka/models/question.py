"""A question: one work that is asked about, whose photos are read once, decoded once a scale and pass the network once.

Identifying, explaining, finding and describing take it; what one of them computes of the photo the next one finds in
the photos themselves (`photos/held.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sakka.catalog.works import Catalog, Work
from sakka.photos.held import HeldPhoto


@dataclass(frozen=True)
class Question:
    """One work that is asked about.

    Attributes:
        work: The work.
        photos: Its photos, the featured one first.
        photo_root: The folder that relative paths of its photos start at; None where they are absolute.
    """

    work: Work
    photos: tuple[HeldPhoto, ...] = ()
    photo_root: Path | None = None

    @classmethod
    def of_parts(
        cls, photos: HeldPhoto | Sequence[HeldPhoto] | None = None, title: str = "", description: str = ""
    ) -> "Question":
        """Ask about a work from outside by a photo or several, a text or both."""
        held = (photos,) if isinstance(photos, HeldPhoto) else tuple(photos or ())
        names = tuple(f"photo {number}" for number in range(1, len(held) + 1))
        keys = tuple(photo.sha256 for photo in held)
        return cls(Work("work", title=title, description=description, photos=names, photos_sha256=keys), held)

    @property
    def photo(self) -> HeldPhoto | None:
        """The featured photo; None where the work has none."""
        return self.photos[0] if self.photos else None

    @classmethod
    def of_work(cls, work: Work, photo_root: Path | None = None) -> "Question":
        """Ask about a work; the file of a photo is read when it is first looked at.

        Args:
            work: The work.
            photo_root: The folder that relative paths of its photos start at.
        """
        root, pairs = photo_root or Path(), zip(work.photos, work.photos_sha256, strict=True)
        return cls(work, tuple(HeldPhoto(root / path, sha256=sha256) for path, sha256 in pairs), photo_root)

    @classmethod
    def of_works(cls, works: Catalog) -> "Question":
        """Ask about the work of a catalog of one; see `of_work`."""
        (work,) = works
        if work.id in works.held:
            return cls(work, tuple(works.held[work.id]), works.photo_root)
        works.fetch_photos()
        return cls.of_work(work, works.photo_root)

    @cached_property
    def works(self) -> Catalog:
        """The work as a catalog of one, as every model takes it."""
        held = {self.work.id: self.photos} if self.photos else {}
        return Catalog.from_works([self.work], self.photo_root, held)
