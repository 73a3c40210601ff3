"""A source's rows -> works and problems, a batch at a time: what building a catalog and answering for a table share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from PIL import Image

from sakka.catalog.listings import Listing, ListingReader
from sakka.catalog.problems import ListingProblem
from sakka.catalog.works import Work
from sakka.errors import PhotoError
from sakka.photos.examine import examine_photos

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
    batch_rows: int = BATCH_ROWS,
) -> Iterator[WorksBatch]:
    """Works and problems of listings, batch by batch; photos are not opened.

    Args:
        listings: The rows of a source.
        photo_root: The folder, resolved, that photo paths start at and may not lead out of.
        creator_required: Whether a row without a creator or an id is left out; else the work's creator is None and its
            id the row's number.
        every_row: Whether a row with another row's id, or with nothing to read, is a work too.
        batch_rows: How many rows are held at once.

    >>> rows = [Listing(1, {"id": "a", "creator": "Mori", "title": "moon"}), Listing(2, {"id": "b"})]
    >>> (batch,) = read_works(rows, Path("/photos"))
    >>> batch.rows, [problem.reason for problem in batch.problems]
    ((1,), ['no creator'])
    """
    reader = ListingReader(photo_root, creator_required, every_row)
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
        bad: The path and the error of each other one.
        sha256: Of the first good one's bytes; None without one.
        found: What was made of the first good one's pixels; None without one.
    """

    good: tuple[str, ...]
    bad: tuple[tuple[str, PhotoError], ...]
    sha256: str | None
    found: Found | None


def read_photos(
    photos: Sequence[Sequence[str]], root: Path, look: Callable[[Image.Image], Found]
) -> Iterator[ReadPhotos[Found]]:
    """Open every photo of every work, several at once.

    Args:
        photos: The paths of each work's photos, the featured one first.
        root: The folder that they start at.
        look: Makes something of a photo's pixels; see `photos.examine.examine_photos`.
    """
    seen = examine_photos([root / path for paths in photos for path in paths], look, "photos")
    for paths in photos:
        results = [(path, next(seen)) for path in paths]
        good = [(path, photo) for path, photo in results if not isinstance(photo, PhotoError)]
        yield ReadPhotos(
            good=tuple(path for path, _ in good),
            bad=tuple((path, error) for path, error in results if isinstance(error, PhotoError)),
            sha256=good[0][1].sha256 if good else None,
            found=good[0][1].found if good else None,
        )
    next(seen, None)  # there is none: this ends the progress and the threads
