"""A question: one work that is asked about, whose photo is read and decoded once and passes the network once.

Identifying, explaining, finding and describing take it; what one of them computes of the photo the next one finds in
the photo itself (`photos/held.py`).
"""

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
        photo: Its featured photo; None where it has none.
        photo_root: The folder that relative paths of its photos start at; None where they are absolute.
    """

    work: Work
    photo: HeldPhoto | None = None
    photo_root: Path | None = None

    @classmethod
    def of_parts(cls, photo: HeldPhoto | None = None, title: str = "", description: str = "") -> "Question":
        """Ask about a work from outside by a photo, a text or both."""
        if photo is None:
            return cls(Work("work", title=title, description=description))
        return cls(
            Work("work", title=title, description=description, photos=("photo",), photos_sha256=(photo.sha256,)), photo
        )

    @classmethod
    def of_work(cls, work: Work, photo_root: Path | None = None) -> "Question":
        """Ask about a work; the file of its photo is read when it is first looked at.

        Args:
            work: The work.
            photo_root: The folder that relative paths of its photos start at.
        """
        if not work.photos:
            return cls(work)
        path = (photo_root or Path()) / work.photos[0]
        return cls(work, HeldPhoto(path, sha256=work.photos_sha256[0]), photo_root)

    @classmethod
    def of_works(cls, works: Catalog) -> "Question":
        """Ask about the work of a catalog of one; see `of_work`."""
        (work,) = works
        if work.id in works.held:
            return cls(work, works.held[work.id], works.photo_root)
        return cls.of_work(work, works.photo_root)

    @cached_property
    def works(self) -> Catalog:
        """The work as a catalog of one, as every model takes it."""
        held = {} if self.photo is None else {self.work.id: self.photo}
        return Catalog.from_works([self.work], self.photo_root, held)
