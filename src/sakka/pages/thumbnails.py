"""Works as cards with their photo inside the page, so that it is one file."""

from dataclasses import dataclass
from pathlib import Path

from sakka.catalog.works import Work
from sakka.photos.data_uris import thumbnail


@dataclass(frozen=True)
class Card:
    """A work as a page shows it.

    Attributes:
        title: Its title, may be empty.
        text: Its description, may be empty.
        note: What stands below: its creator, a probability, a similarity.
        picture: A `data:` URI; None where it has no photo that can be read.
        id: Its id, where the page says it.
    """

    title: str
    text: str
    note: str
    picture: str | None
    id: str = ""


def card(work: Work, note: str, photo: Path | None) -> Card:
    """The card of a work; `photo` is where its photo is."""
    return Card(work.title, work.description, note, None if photo is None else thumbnail(photo))


class Thumbnails:
    """Thumbnails of a run's photos, each made once."""

    def __init__(self) -> None:
        self._made: dict[str, str | None] = {}

    def of(self, path: str | None) -> str | None:
        """A photo as a `data:` URI; None where there is no photo or it can't be read."""
        if path is None:
            return None
        if path not in self._made:
            self._made[path] = thumbnail(Path(path))
        return self._made[path]
