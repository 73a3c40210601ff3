"""Open Clip Art as Debian's packages openclipart-svg and openclipart-png install it: `svg/` and `png/`, alike below.

Creator, title, description, keywords and date come from the Dublin Core metadata in the SVG, the photo is the PNG of
the same name. The keywords are read but kept out of the text: they are the library's filing, not the creator's
writing. The category is the top folder. The date is free text.

An SVG is hostile until shown otherwise. Only its start is parsed, up to the end of the first `metadata` element, by
Expat without any external entity; an entity of the file's own may be short plain text (drawing programs write
such) but may not name another, which is how entities are made to grow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from sakka.catalog.listings import Listing
from sakka.catalog.sources.columns import check_no_columns
from sakka.catalog.sources.opened import OpenedTable, ReadOptions
from sakka.errors import CatalogError

MOST_SVG_BYTES = 16 << 20
MOST_ENTITIES = 100
MOST_ENTITY_CHARACTERS = 200
_FIELDS = {
    ("Work", "title"): "title",
    ("Work", "description"): "description",
    ("Work", "date"): "created_at",
    ("creator", "Agent", "title"): "creator",
    ("subject", "Bag", "li"): "keywords",
}


def read_openclipart(folder: Path, options: ReadOptions) -> OpenedTable:
    """The works below `folder`, in the order of their paths.

    Raises:
        CatalogError: The folder is not laid out as the packages do it, or columns were named.
    """
    check_no_columns(options, "openclipart")
    if not (folder / "svg").is_dir():
        raise CatalogError(
            f"{folder} has no folder svg; expected what Debian's openclipart-svg and openclipart-png install, "
            "by default /usr/share/openclipart"
        )
    return OpenedTable(_listings(folder), folder)


def _listings(folder: Path) -> Iterator[Listing]:
    paths = sorted((folder / "svg").rglob("*.svg"), key=lambda path: path.as_posix().encode("utf-8", "surrogateescape"))
    for row, path in enumerate(paths, start=1):
        inside = path.relative_to(folder / "svg").with_suffix("")
        values: dict[str, Any] = {"id": inside.as_posix(), "category": inside.parts[0] if inside.parent.parts else ""}
        trouble = None
        try:
            values |= svg_metadata(path)
        except ValueError as error:
            trouble = str(error)
        photo = Path("png") / inside.with_suffix(".png")
        if (folder / photo).exists():
            values["photos"] = [photo.as_posix()]
        yield Listing(row, values, trouble)


def svg_metadata(path: Path) -> dict[str, str]:
    """What an SVG's metadata hold of `creator`, `title`, `description`, `created_at` and `keywords`.

    Raises:
        ValueError: The file can't be read, is not XML, or has entities that could grow.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_SVG_BYTES + 1)
    except OSError as error:
        raise ValueError(f"the SVG can't be opened: {error.strerror or error}") from error
    if len(content) > MOST_SVG_BYTES:
        raise ValueError(f"the SVG has more than {MOST_SVG_BYTES >> 20} MiB")
    return _Metadata().read(content)


class _MetadataEnd(Exception):  # noqa: N818
    """The metadata are read; what follows in the file is of no interest."""


@dataclass
class _Metadata:
    """The handlers that Expat calls, and what they have found so far."""

    path: list[str] = field(default_factory=list)
    found: dict[str, list[str]] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    entities: int = 0

    def read(self, content: bytes) -> dict[str, str]:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text.append
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(content, True)
        except _MetadataEnd:
            pass
        except (expat.ExpatError, LookupError) as error:
            raise ValueError(f"the SVG is not whole XML ({error})") from error
        return {name: ", ".join(texts) for name, texts in self.found.items()}

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self.path.append(name.rpartition(":")[2])
        self.text.clear()

    def _end(self, name: str) -> None:
        text = " ".join("".join(self.text).split())
        for path, target in _FIELDS.items():
            if "metadata" in self.path and tuple(self.path[-len(path) :]) == path and text:
                self.found.setdefault(target, []).append(text)
        self.text.clear()
        self.path.pop()
        if name.rpartition(":")[2] == "metadata":
            raise _MetadataEnd

    def _entity(self, name: str, is_parameter: int, value: str | None, *_rest: str | None) -> None:
        self.entities += 1
        grows = value is not None and ("&" in value or "%" in value or len(value) > MOST_ENTITY_CHARACTERS)
        if grows or is_parameter or self.entities > MOST_ENTITIES:
            raise ValueError(f"the SVG defines the entity {name[:40]!r}, which could grow")
