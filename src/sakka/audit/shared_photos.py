"""Photos listed under two creators: near-identical pairs (`copies/`) across creators, one finding a group.

Of two photos that are compared one at least is the featured photo of its work: a size chart that two creators took from
the same page says nothing of either.
"""

from collections import defaultdict

import numpy as np
import polars as pl

from sakka.arrays import IntArray
from sakka.audit.findings import Finding
from sakka.catalog.works import Catalog
from sakka.copies.connected import connected
from sakka.copies.groups import PHOTO, NearIdentical

MOST_ROWS = 8


def of_featured_photos(near: NearIdentical) -> pl.DataFrame:
    """The evidence of pairs by photo of which one at least is the featured photo of its work."""
    featured = pl.min_horizontal("first_photo", "second_photo") == 0
    return near.evidence.filter((pl.col("kind") == PHOTO) & featured)


def rows_of(evidence: pl.DataFrame) -> IntArray:
    """The rows of each pair, shape (n_pairs, 2)."""
    return evidence.select("first", "second").to_numpy().astype(np.int64).reshape(-1, 2)


def shared_photos(works: Catalog, near: NearIdentical) -> list[Finding]:
    """The pictures that are listed under two or more creators, each as one finding, the most similar first."""
    evidence = of_featured_photos(near)
    if evidence.height == 0:
        return []
    pairs, similarity = rows_of(evidence), evidence["similarity"].to_numpy()
    photos = evidence.select("first_photo", "second_photo").to_numpy()
    picture_of = _pictures(pairs, photos)
    names = works.table["creator"].to_list()
    sha256 = works.table["photos_sha256"].to_list()
    across: dict[int, list[int]] = defaultdict(list)
    for number, (first, second) in enumerate(pairs.tolist()):
        if names[first] != names[second]:
            across[int(picture_of[number])].append(number)
    found = []
    for numbers in across.values():
        rows = np.unique(pairs[numbers]).tolist()
        best = max(numbers, key=lambda number: similarity[number])
        first, second = pairs[best].tolist()
        sides = zip((first, second), photos[best].tolist(), strict=True)
        one, other = (sha256[row][photo] if sha256[row] else None for row, photo in sides)
        same = one is not None and one == other
        said = (
            f"{len(rows)} works have a near-identical photo; the most similar two agree to {similarity[best]:.3f}"
            + (" and are the same file." if same else " (correlation of local contrast where one lies on the other)."),
        )
        creators = tuple(sorted({names[row] for row in rows}))
        others = [row for row in rows if row not in (first, second)]
        shown = tuple(sorted([first, second, *others[: MOST_ROWS - 2]]))
        found.append(Finding("shared photo", float(np.clip(similarity[best], 0, 1)), creators, shown, (), said))
    return sorted(found, key=lambda finding: (-finding.score, finding.rows))


def _pictures(pairs: IntArray, photos: IntArray) -> IntArray:
    """The number of the picture of each pair, which is what near-identical photos connect, shape (n_pairs,)."""
    ends = np.stack([pairs, photos], axis=2).reshape(-1, 2)
    different, number = np.unique(ends, axis=0, return_inverse=True)
    of_photo = connected(number.reshape(-1, 2), len(different))
    return of_photo[number.reshape(-1, 2)[:, 0]]
