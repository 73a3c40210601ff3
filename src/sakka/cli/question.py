"""The one work that a command is asked about: from a photo, from a text, or from a catalog."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog
    from sakka.models.question import Question


def question_of(
    photos: Sequence[Path] | None,
    title: str,
    description: str,
    works: "Catalog | None" = None,
    work: str | None = None,
) -> "Question":
    """What the command line asks about.

    Args:
        photos: Files of its photos, the featured one first.
        title: A title.
        description: A description.
        works: The catalog that `work` is looked up in.
        work: The id of a work of the catalog, instead of a photo and text.

    Raises:
        ModelError: Nothing was given, a text is not UTF-8, or both a work of a catalog and a photo or text were given.
        CatalogError: The catalog has no work of that id, or there is no catalog to look it up in.
        PhotoError: A photo can't be read.
    """
    from sakka.errors import CatalogError, ModelError
    from sakka.models.question import Question

    if work is None:
        return outside_question(photos, title, description)
    if photos or title or description:
        raise ModelError("got --work and a photo or text; give the one or the other")
    if works is None:
        raise CatalogError(f"--work {work} names a work of a catalog, and no catalog was given; give its folder too")
    if work not in works.ids:
        raise CatalogError(f"the catalog has no work {work!r} among its {len(works):,}; check the id")
    return Question.of_works(works.take([works.ids.index(work)]))


@contextmanager
def photos_at_hand(photos: Sequence[Path] | None, *, fetches: bool) -> Iterator[list[Path]]:
    """The files of photos of one work, those at addresses fetched where that is asked for.

    Args:
        photos: Paths or addresses as they were typed.
        fetches: Whether addresses are fetched; else they are left as they are.

    Raises:
        PhotoError: One can't be fetched.
        SakkaError: It was asked for, and there is no address.
    """
    from sakka.errors import PhotoError, SakkaError
    from sakka.files import remote_address, without_password

    addresses = [address for photo in photos or () if (address := remote_address(photo))]
    if fetches and not addresses:
        raise SakkaError("--fetch is given, and no --photo is an address; leave it out")
    if addresses and not fetches:
        raise SakkaError(f"{without_password(addresses[0])} is an address; give --fetch too to have it fetched")
    if not addresses:
        yield list(photos or ())
        return
    from sakka.remote.fetcher import Fetching, FileFetcher

    with FileFetcher(Fetching(()), own=addresses) as fetcher:
        files: dict[str, Path] = {}
        for address in addresses:
            found = fetcher.file(address)
            if isinstance(found, PhotoError):
                raise found
            files[address] = fetcher.cache.path(found.sha256)
        yield [files.get(remote_address(photo) or "", photo) for photo in photos or ()]


def outside_question(photos: Sequence[Path] | None, title: str, description: str) -> "Question":
    """A question about a work from outside, by its photos, its text or both.

    Raises:
        ModelError: Nothing was given, or a text is not UTF-8.
        PhotoError: A photo can't be read.
    """
    from sakka.errors import ModelError
    from sakka.models.question import Question
    from sakka.networks.backbones import INPUT_PX
    from sakka.photos.held import HeldPhoto

    for name, text in (("--title", title), ("--description", description)):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ModelError(f"{name} is not UTF-8 text; give it in UTF-8") from error
    if not photos and not (title.strip() or description.strip()):
        raise ModelError(
            "nothing to identify a creator by: give --photo FILE, --title TEXT, --description TEXT or several of them"
        )
    held = [HeldPhoto(photo) for photo in photos or ()]
    for each in held:
        each.at_least(INPUT_PX)  # refused here where it can't be read, whatever is asked of it
    return Question.of_parts(held, title, description)
