r"""Photo paths as tables write them -> files within one folder.

A table may come from another system: Windows separates folders by `\`, macOS writes ガ as two characters, and neither
tells `IMG_1.JPG` from `img_1.jpg`. A path that names no file is looked for as such a system would find it.
"""

import os
import posixpath
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from sakka.catalog.problems import PHOTO_ADDRESS, PHOTO_OUTSIDE
from sakka.errors import PhotoError
from sakka.files import shown_address
from sakka.remote.addresses import BUCKETS, FileAddress, is_fetched

PICTURES = (
    ".jpg",
    ".jpeg",
    ".jfif",
    ".png",
    ".webp",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".heic",
    ".heif",
    ".avif",
    ".svg",
)
_ADDRESS = re.compile(r"^(?!file:)[a-z][a-z0-9+.-]+:(//|(?=[^\\/]))", re.IGNORECASE)
_DRIVE = re.compile(r"^[a-z]:[\\/]|^\\\\", re.IGNORECASE)


def names_picture(value: object) -> bool:
    """Whether a cell of a table ends as the file name or the address of a picture does.

    >>> names_picture("img/1.JPG"), names_picture("https://shop.example/1.png?w=300"), names_picture("moon")
    (True, True, False)
    """
    last = value[-1] if isinstance(value, (list, tuple)) and value else value
    return isinstance(last, str) and last.strip().partition("?")[0].lower().endswith(PICTURES)


class UnusablePath(ValueError):  # noqa: N818
    """A path where no photo may be read.

    Attributes:
        reason: `PHOTO_ADDRESS` or `PHOTO_OUTSIDE`.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass
class PhotoPaths:
    """Finds photos within one folder.

    Attributes:
        root: The folder, resolved, that relative paths start at and that no photo may lie outside of.
        fetching: Whether addresses are photos too.
        base: The address that paths start at in the place of a folder, with a slash at its end; "" where a folder does.
        entries: By folder that was looked through: its entries by their folded name, None where two share it.
        resolved: By folder as it was written: the folder without links.
    """

    root: Path
    fetching: bool = False
    base: str = ""
    entries: dict[Path, dict[str, str | None]] = field(default_factory=dict)
    resolved: dict[str, str] = field(default_factory=dict)

    def inside(self, written: str) -> str:
        """The path of a photo, relative to `root`; of a file that is missing, and an address, as it was written.

        Where paths start at an address, the address of the photo.

        Raises:
            UnusablePath: It is an address that is not fetched, or leads out of the folder; the message does not repeat
                the path.
        """
        if _ADDRESS.match(written):
            if self.fetching and is_fetched(written):
                return written
            raise UnusablePath(PHOTO_ADDRESS, f"{_how_to_fetch(written)}download it and give the file's path")
        if self.base:
            return self._below_base(written)
        text = written.removeprefix("file://")
        found = self._relative(text)
        if os.path.lexists(f"{self.root}/{found}"):
            return found
        if "\\" not in text:
            return self._found(found)
        if os.name != "nt" and _DRIVE.match(text):
            raise UnusablePath(PHOTO_OUTSIDE, f"a path of another computer; write paths that start at {self.root}")
        return self._found(self._relative(text.replace("\\", "/")))

    def _below_base(self, written: str) -> str:
        name = posixpath.normpath(written.replace("\\", "/"))
        if name.startswith(("/", "../", "file:")) or name in (".", "..") or _DRIVE.match(written):
            raise UnusablePath(PHOTO_OUTSIDE, f"not below {shown_address(self.base)}; write paths that start there")
        return self.base + (name if self.base.startswith(BUCKETS) else quote(name))

    def _relative(self, text: str) -> str:
        # Texts, not paths: a table has as many as it has photos, and a text takes a tenth of the time.
        root = str(self.root).rstrip("/")
        folder, _, name = text.rstrip("/").rpartition("/")
        within = self._resolved(folder or "/") if text.startswith("/") else f"{root}/{folder}"
        path = os.path.normpath(f"{within.rstrip('/')}/{name}")
        if path == (root or "/"):
            return os.curdir
        if not path.startswith(f"{root}/"):
            raise UnusablePath(PHOTO_OUTSIDE, f"not inside {self.root}; name a folder that holds all photos")
        return path[len(root) + 1 :]

    def _resolved(self, folder: str) -> str:
        """A folder without links on its way; looked up once for all its photos."""
        if folder not in self.resolved:
            self.resolved[folder] = str(Path(folder).resolve())
        return self.resolved[folder]

    def _found(self, path: str) -> str:
        """The path of the file that a system which folds names would find; `path` itself where there is none."""
        if os.path.lexists(self.root / path):
            return path
        folder = self.root
        for part in Path(path).parts:
            name = part if os.path.lexists(folder / part) else self._entry(folder, part)
            if name is None:
                return path
            folder /= name
        return str(folder.relative_to(self.root))

    def _entry(self, folder: Path, name: str) -> str | None:
        if folder not in self.entries:
            try:
                names = sorted(path.name for path in folder.iterdir())
            except OSError:
                names = []
            known = self.entries[folder] = {}
            for each in names:
                known[folded_name(each)] = None if folded_name(each) in known else each
        return self.entries[folder].get(folded_name(name))


def _how_to_fetch(written: str) -> str:
    try:
        return f"fetched with `fetch=[{FileAddress.parse(written).named!r}]`; or "
    except PhotoError:
        return "only https://, http://, s3:// and gs:// are fetched; "


def folded_name(name: str) -> str:
    r"""A file's name without regard to case and to how its characters are composed.

    >>> folded_name("カ\u3099.JPG") == folded_name("ガ.jpg")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
