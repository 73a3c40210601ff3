"""A source's rows -> works and problems, a batch at a time: what building a catalog and answering for a table share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from PIL import Image

from sakka.catalog.listings import Listing, ListingReader
from sakka.catalog.problems import ListingProblem
from sakka.catalog.works import Work
from sakka.errors import PhotoError
from sakka.files import shown_address
from sakka.photos.examine import examine_photo, in_threads
from sakka.photos.limits import PHOTOS_PER_WORK
from sakka.remote.addresses import is_fetched

BATCH_ROWS = 8192
Found = TypeVar("Found")


@dataclass(frozen=True)
class WorksBatch:
    """Some rows of a source, read.

    Attributes:
        listings: How many rows there were, usable or not.
        rows: The row's number of each work.
        works: The works, in the order of their rows.
        problems: What could not be used of these rows.
    """

    listings: int
    rows: tuple[int, ...]
    works: tuple[Work, ...]
    problems: tuple[ListingProblem, ...]


def read_works(
    listings: Iterable[Listing],
    photo_root: Path,
    *,
    creator_required: bool = True,
    every_row: bool = False,
    fetching: bool = False,
    base: str = "",
    batch_rows: int = BATCH_ROWS,
) -> Iterator[WorksBatch]:
    """Works and problems of listings, batch by batch; photos are not opened.

    Args:
        listings: The rows of a source.
        photo_root: The folder, resolved, that photo paths start at and may not lead out of.
        creator_required: Whether a row without a creator or an id is left out; else the work's creator is None and its
            id the row's number.
        every_row: Whether a row with another row's id, or with nothing to read, is a work too.
        fetching: Whether addresses are photos too; those of a work's photos stay as they were written.
        base: The address that paths start at in the place of `photo_root`; "" where there is none.
        batch_rows: How many rows are held at once.

    >>> rows = [Listing(1, {"id": "a", "creator": "Mori", "title": "moon"}), Listing(2, {"id": "b"})]
    >>> (batch,) = read_works(rows, Path("/photos"))
    >>> batch.rows, [problem.reason for problem in batch.problems]
    ((1,), ['no creator'])
    """
    reader = ListingReader(photo_root, creator_required, every_row, fetching, base)
    rest = iter(listings)
    while some := list(islice(rest, batch_rows)):
        read = [(listing.row, *reader.read(listing)) for listing in some]
        works = [(row, work) for row, work, _ in read if work is not None]
        yield WorksBatch(
            listings=len(some),
            rows=tuple(row for row, _ in works),
            works=tuple(work for _, work in works),
            problems=tuple(problem for _, _, problems in read for problem in problems),
        )


@dataclass(frozen=True)
class ReadPhotos(Generic[Found]):
    """The photos of one work, each opened and decoded once.

    Attributes:
        good: The paths of those that can be read, as they were given.
        sha256: Of the bytes of each of them.
        n_bytes: How many bytes each has.
        bad: The path and the error of each other one that was opened.
        left_out: How many more there are than a work may have; they were not opened.
        found: What was made of the first good one's pixels; None without one.
    """

    good: tuple[str, ...]
    sha256: tuple[str, ...]
    n_bytes: tuple[int, ...]
    bad: tuple[tuple[str, PhotoError], ...]
    left_out: int
    found: Found | None


def read_photos(
    photos: Sequence[Sequence[str]],
    file_of: Callable[[str], Path | PhotoError],
    look: Callable[[Image.Image], Found],
    per_work: int = PHOTOS_PER_WORK,
) -> Iterator[ReadPhotos[Found]]:
    """Open the photos of every work until it has enough that can be read, several works at once.

    Args:
        photos: The paths, or addresses, of each work's photos, the featured one first.
        file_of: Gives the file of a photo, or why there is none; called in several threads.
        look: Makes something of the pixels of a work's first photo; see `photos.examine.examine_photo`.
        per_work: The most photos of a work, at least 1.
    """
    return in_threads(photos, partial(_read_photos, file_of=file_of, look=look, per_work=per_work), "photos")


def _nothing(_image: Image.Image) -> None:
    """What is made of further photos."""


def _read_photos(
    paths: Sequence[str],
    file_of: Callable[[str], Path | PhotoError],
    look: Callable[[Image.Image], Found],
    per_work: int,
) -> ReadPhotos[Found]:
    good: list[tuple[str, str, int]] = []
    bad: list[tuple[str, PhotoError]] = []
    first: Found | None = None
    for path in paths:
        if len(good) == per_work:
            break
        file = file_of(path)
        name = shown_address(path) if is_fetched(path) else None  # else its file's path
        seen = file if isinstance(file, PhotoError) else examine_photo(file, _nothing if good else look, name)
        if isinstance(seen, PhotoError):
            bad.append((path, seen))
        else:
            first = first if good else seen.found
            good.append((path, seen.sha256, seen.n_bytes))
    names, sha256, n_bytes = (tuple(each) for each in zip(*good, strict=True)) if good else ((), (), ())
    return ReadPhotos(names, sha256, n_bytes, tuple(bad), len(paths) - len(good) - len(bad), first)
