"""Near-identical works joined into groups, with the evidence of each pair.

Photos: of the candidates (`candidates.py`) those that agree when the one is laid on the other (`alignment.py`): in
local contrast to `NEAR_CONTRAST` with colours no further apart than `NEAR_COLOUR`, or, of other colours, in contrast
to `SAME_CONTRAST`. Texts: see `texts.py`. Groups are what these pairs connect. What is found is kept in the cache, by
the catalog's content.

The limits were chosen on copies of some paintings and on one simulated market, and evaluated on others:
`python -m studies near_identical`.
"""

import hashlib
import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import polars as pl

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.cache import cache_folder
from sakka.catalog.works import Catalog
from sakka.copies.alignment import Comparison, compare
from sakka.copies.candidates import candidate_pairs
from sakka.copies.fingerprints import PhotoFingerprints, photo_fingerprints
from sakka.copies.texts import near_texts
from sakka.errors import SakkaError
from sakka.files import writing_whole

GROUPS_VERSION = 3
MOST_EXPANDED = 400
NEAR_CONTRAST, NEAR_COLOUR = 0.88, 3.0
SAME_CONTRAST = 0.96
PHOTO, TEXT = "photo", "text"
EVIDENCE_SCHEMA: dict[str, pl.DataType] = {
    "first": pl.Int64(),
    "second": pl.Int64(),
    "kind": pl.String(),
    "similarity": pl.Float64(),
}


@dataclass(frozen=True)
class NearIdentical:
    """The near-identical works of a catalog.

    Attributes:
        evidence: One row a pair: `first` and `second` (rows of the catalog, the first lower), `kind` (`photo` or
            `text`) and `similarity` (correlation of the photos' local contrast, Jaccard index of the texts).
        n_works: How many works the catalog has.
        creators: Each work's creator as a number, shape (n_works,).
    """

    evidence: pl.DataFrame
    n_works: int
    creators: IntArray = field(repr=False)

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
    evidence = _read(path)
    if evidence is None:
        evidence = find_pairs(works)
        buffer = io.BytesIO()
        evidence.write_parquet(buffer)
        try:
            with writing_whole(path) as part:
                part.write_bytes(buffer.getvalue())
        except OSError as error:
            raise SakkaError(f"the cache {path} can't be written ({error}); set SAKKA_CACHE to a folder") from error
    return NearIdentical(evidence, len(works), works.creator_indices())


def find_pairs(works: Catalog) -> pl.DataFrame:
    """Find the near-identical pairs by photo and by text; columns as in `EVIDENCE_SCHEMA`."""
    rows = [(first, second, TEXT, index) for first, second, index in near_texts(works.texts)]
    if works.has_photo.any():
        fingerprints = photo_fingerprints(works)
        pairs, values = near_photos(fingerprints)
        rows += [(*pair, PHOTO, value) for pair, value in zip(pairs.tolist(), values.tolist(), strict=True)]
    return pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row").sort("first", "second", "kind")


def near_photos(fingerprints: PhotoFingerprints) -> tuple[IntArray, DoubleArray]:
    """The pairs of near-identical photos, sorted, and the contrast of each, rounded to 4 places.

    Photos with the same fingerprint, such as one that stands for "no photo" in many works, are looked at once. Of their
    pairs, and of those with a photo that is near them, at most about `MOST_EXPANDED` are given: enough to connect all.
    """
    once, members = _distinct(fingerprints)
    candidates = candidate_pairs(fingerprints.take(once))
    found = compare(fingerprints.take(once), candidates)
    near = is_near(found)
    pairs = {pair: 1.0 for rows in members for pair in _some_pairs(rows, rows)}
    contrast = found.contrast[near].astype(np.float64).round(4).tolist()
    for (first, second), value in zip(candidates.pairs[near].tolist(), contrast, strict=True):
        pairs |= dict.fromkeys(_some_pairs(members[first], members[second]), value)
    ordered = sorted(pairs)
    return np.array(ordered, dtype=np.int64).reshape(-1, 2), np.array([pairs[pair] for pair in ordered])


def _distinct(fingerprints: PhotoFingerprints) -> tuple[IntArray, list[list[int]]]:
    """A row of each different photo, and all the rows of each."""
    rows_of: dict[bytes, list[int]] = defaultdict(list)
    for row in np.flatnonzero(fingerprints.known).tolist():
        content = fingerprints.hashes[row].tobytes() + fingerprints.small[row].tobytes()
        rows_of[hashlib.sha256(content).digest()].append(row)
    members = list(rows_of.values())
    return np.array([rows[0] for rows in members], dtype=np.int64), members


def _some_pairs(first: list[int], second: list[int]) -> list[tuple[int, int]]:
    if len(first) * len(second) > MOST_EXPANDED:
        first, second = (first, second[:1]) if len(first) > len(second) else (first[:1], second)
    return sorted({(min(a, b), max(a, b)) for a in first for b in second if a != b})


def is_near(found: Comparison) -> Mask:
    """Say of compared pairs whether their photos are near-identical, shape (n_pairs,)."""
    near: Mask = (found.contrast >= NEAR_CONTRAST) & (found.colour <= NEAR_COLOUR)
    return near | (found.contrast >= SAME_CONTRAST)


def connected(pairs: IntArray, n_works: int) -> IntArray:
    """The number of the group that each work is in when pairs are joined, shape (n_works,).

    >>> connected(np.array([[0, 2], [2, 3]]), 5).tolist()
    [0, 1, 0, 0, 2]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n_works, n_works))
    _, labels = connected_components(graph, directed=False)
    groups: IntArray = labels.astype(np.int64)
    return groups


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
    key = f"{GROUPS_VERSION} {works.fingerprint()}"
    return cache_folder() / "near-identical" / f"pairs-{hashlib.sha256(key.encode()).hexdigest()[:24]}.parquet"


def _read(path: Path) -> pl.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pl.read_parquet(path).select(list(EVIDENCE_SCHEMA)).cast(pl.Schema(EVIDENCE_SCHEMA))
    except (OSError, pl.exceptions.PolarsError):
        return None  # damaged: found anew
