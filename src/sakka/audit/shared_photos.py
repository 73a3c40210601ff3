"""Photos listed under two creators: near-identical pairs (`copies/`) across creators, one finding a group."""

from collections import defaultdict

import numpy as np

from sakka.audit.findings import Finding
from sakka.catalog.works import Catalog
from sakka.copies.groups import PHOTO, NearIdentical, connected

MOST_ROWS = 8


def shared_photos(works: Catalog, near: NearIdentical) -> list[Finding]:
    """The groups of near-identical photos that are listed under two or more creators, the most similar first."""
    pairs = near.pairs(PHOTO)
    if len(pairs) == 0:
        return []
    similarity = near.evidence.filter(near.evidence["kind"] == PHOTO)["similarity"].to_numpy()
    group_of = connected(pairs, len(works))
    names = works.table["creator"].to_list()
    sha256 = works.table["photos_sha256"].list.first().to_list()
    across: dict[int, list[int]] = defaultdict(list)
    for number, (first, second) in enumerate(pairs.tolist()):
        if names[first] != names[second]:
            across[int(group_of[first])].append(number)
    found = []
    for numbers in across.values():
        rows = np.unique(pairs[numbers]).tolist()
        best = max(numbers, key=lambda number: similarity[number])
        first, second = pairs[best].tolist()
        same = sha256[first] is not None and sha256[first] == sha256[second]
        said = (
            f"{len(rows)} works have a near-identical photo; the most similar two agree to {similarity[best]:.3f}"
            + (" and are the same file." if same else " (correlation of local contrast where one lies on the other)."),
        )
        creators = tuple(sorted({names[row] for row in rows}))
        found.append(
            Finding("shared photo", float(np.clip(similarity[best], 0, 1)), creators, tuple(rows[:MOST_ROWS]), (), said)
        )
    return sorted(found, key=lambda finding: (-finding.score, finding.rows))
