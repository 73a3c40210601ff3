"""Near-identical works joined into groups, with the evidence of each pair.

Pairs by any of their photos: see `photo_pairs.py`; by their texts: see `texts.py`. Groups are what these pairs
connect. What is found is kept in the cache, by the catalog's content and that of its photos.

The limits were chosen on copies of some paintings and on some simulated markets, and evaluated on others:
`python -m studies near_identical`.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl

from sakka.arrays import IntArray, numbers_within
from sakka.cache import cache_folder
from sakka.catalog.photo_keys import all_photo_keys
from sakka.catalog.works import Catalog
from sakka.copies.connected import connected
from sakka.copies.fingerprints import photo_fingerprints
from sakka.copies.photo_pairs import near_photos
from sakka.copies.texts import near_texts
from sakka.errors import SakkaError
from sakka.files import writing_whole

GROUPS_VERSION = 4
PHOTO, TEXT = "photo", "text"
COMMON = "common"  # in the kept table: a photo, `first_photo` of `first`, that is a common picture
EVIDENCE_SCHEMA: dict[str, pl.DataType] = {
    "first": pl.Int64(),
    "second": pl.Int64(),
    "kind": pl.String(),
    "similarity": pl.Float64(),
    "first_photo": pl.Int64(),
    "second_photo": pl.Int64(),
}


@dataclass(frozen=True)
class NearIdentical:
    """The near-identical works of a catalog.

    Attributes:
        evidence: One row a pair: `first` and `second` (rows of the catalog, the first lower), `kind` (`photo` or
            `text`), `similarity` (correlation of the photos' local contrast, Jaccard index of the texts), and
            `first_photo` and `second_photo`, which photo of each it is, 0 for the featured one (null for texts).
        n_works: How many works the catalog has.
        creators: Each work's creator as a number, shape (n_works,).
        common: The common pictures, which join no works (`photo_pairs.py`): the row of the work, and which of its
            photos, shape (n_common, 2).
    """

    evidence: pl.DataFrame
    n_works: int
    creators: IntArray = field(repr=False)
    common: IntArray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64), repr=False)

    @cached_property
    def groups(self) -> IntArray:
        """The number of each work's group, shape (n_works,); a work without a copy has a group of its own."""
        return connected(self.pairs(), self.n_works)

    def pairs(self, kind: str | None = None) -> IntArray:
        """The rows of each pair, of all kinds or of one, shape (n_pairs, 2)."""
        some = self.evidence if kind is None else self.evidence.filter(pl.col("kind") == kind)
        return some.select("first", "second").to_numpy().astype(np.int64).reshape(-1, 2)

    @property
    def sizes(self) -> IntArray:
        """The works of each group that has two or more, the largest first."""
        sizes = np.bincount(self.groups)
        largest: IntArray = np.sort(sizes[sizes > 1])[::-1]
        return largest

    @property
    def across_creators(self) -> int:
        """How many groups hold works of two or more creators."""
        both = np.unique(np.stack([self.groups, self.creators], axis=1), axis=0)
        return int((np.bincount(both[:, 0]) > 1).sum())


def near_identical(works: Catalog) -> NearIdentical:
    """Find a catalog's near-identical works, or read from the cache what was found before.

    Raises:
        PhotoError: A photo can't be read, or is not the one that the catalog was built with.
        SakkaError: The cache can't be used.
    """
    path = _kept_at(works)
    kept = _read(path)
    if kept is None:
        kept = _found(works)
        buffer = io.BytesIO()
        kept.write_parquet(buffer)
        try:
            with writing_whole(path) as part:
                part.write_bytes(buffer.getvalue())
        except OSError as error:
            raise SakkaError(f"the cache {path} can't be written ({error}); set SAKKA_CACHE to a folder") from error
    return _near_identical(kept, works)


def find_near_identical(works: Catalog) -> NearIdentical:
    """Find the near-identical works of a catalog that nobody asks about again: nothing is kept."""
    return _near_identical(_found(works), works)


def _near_identical(kept: pl.DataFrame, works: Catalog) -> NearIdentical:
    is_common = kept["kind"] == COMMON
    common = kept.filter(is_common).select("first", "first_photo").to_numpy().astype(np.int64).reshape(-1, 2)
    return NearIdentical(kept.filter(~is_common), len(works), works.creator_indices(), common)


def _found(works: Catalog) -> pl.DataFrame:
    """The near-identical pairs and the common pictures, as they are kept; columns as in `EVIDENCE_SCHEMA`."""
    rows: list[tuple[object, ...]] = [
        (first, second, TEXT, index, None, None) for first, second, index in near_texts(works.texts)
    ]
    if works.has_photo.any():
        of_work = all_photo_keys(works).rows
        pairs = near_photos(photo_fingerprints(works), of_work, works.creator_indices())
        values = zip(pairs.works.tolist(), pairs.contrast.tolist(), pairs.photos.tolist(), strict=True)
        rows += [(*both, PHOTO, value, *photos) for both, value, photos in values]
        numbers = numbers_within(of_work)
        common = zip(of_work[pairs.common].tolist(), numbers[pairs.common].tolist(), strict=True)
        rows += [(row, None, COMMON, None, number, None) for row, number in common]
    return pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row").sort("first", "second", "kind", "first_photo")


def group_names(ids: list[str], pairs: IntArray, name_of: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """Name the group of each work: the first of the old names that are joined, else the first work's id.

    Args:
        ids: The works; a row of `pairs` holds two positions in it.
        pairs: The near-identical pairs, shape (n_pairs, 2).
        name_of: The group that a known work has had.

    >>> group_names(["new", "old", "other"], np.array([[0, 1]]), {"old": "g", "other": "h"})
    {'new': 'g', 'old': 'g', 'other': 'h'}
    """
    old = [name_of.get(each, each) for each in ids]
    first = {name: index for index, name in reversed(list(enumerate(old)))}
    links = np.array([(index, first[name]) for index, name in enumerate(old)], dtype=np.int64).reshape(-1, 2)
    joined = connected(np.concatenate([pairs, links]), len(ids)).tolist()
    names: dict[int, str] = {}
    for each, number in zip(ids, joined, strict=True):
        if each in name_of:
            names[number] = min(names.get(number, name_of[each]), name_of[each])
    for each, number in zip(ids, joined, strict=True):
        names.setdefault(number, each)
    return {each: names[number] for each, number in zip(ids, joined, strict=True)}


def _kept_at(works: Catalog) -> Path:
    unread = [row for row, known in enumerate(works.table["photos_sha256"].to_list()) if known and None in known]
    # Their paths alone are in the catalog's fingerprint, and another photo may lie there now.
    key = " ".join([f"{GROUPS_VERSION} {works.fingerprint()}", *all_photo_keys(works.take(unread)).keys])
    return cache_folder() / "near-identical" / f"pairs-{hashlib.sha256(key.encode()).hexdigest()[:24]}.parquet"


def _read(path: Path) -> pl.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pl.read_parquet(path).select(list(EVIDENCE_SCHEMA)).cast(pl.Schema(EVIDENCE_SCHEMA))
    except (OSError, pl.exceptions.PolarsError):
        return None  # damaged: found anew
