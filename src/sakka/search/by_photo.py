"""Works found by any of their photos: among all photos of an index, each work once.

    score(work) = mean over the photos q asked with of max over the work's photos p of q . p

The candidates are the works that are nearest to each photo asked with.

Source: O. Khattab, M. Zaharia, ColBERT, SIGIR 2020, https://arxiv.org/abs/2004.12832 (late interaction)
"""

from collections.abc import Sequence

import numpy as np

from sakka.arrays import FloatArray
from sakka.search.database import IDS_AT_ONCE, speaking_plainly
from sakka.search.filters import Filters
from sakka.search.hits import Row
from sakka.search.index import Index
from sakka.search.lookup import nearest
from sakka.search.records import FILTERED, OF, PHOTO, STYLE, WORK_COLUMNS
from sakka.search.sql import among

DEEPER = 4  # times as many photos are fetched where they are of too few works
UNKNOWN_OF_PHOTOS = frozenset(WORK_COLUMNS) - {*FILTERED, "id"}  # columns that a photo's row does not have


def nearest_by_photos(
    index: Index, photos: FloatArray, depth: int, filters: Filters, not_groups: Sequence[str] = ()
) -> list[Row]:
    """The works of the photos nearest to photos, each once, the most similar first.

    A row has `photo`, the number of the work's photo that is most similar to any, and `style`, that photo's; of a work
    with several photos it has only what filters look at.

    Args:
        index: The index.
        photos: Unit style embeddings, shape (n_photos, n_values).
        depth: How many works are wanted of each.
        filters: Which works may be found.
        not_groups: Groups of near-identical works that are left out.
    """
    found: dict[str, Row] = {}
    for photo in photos:
        for row in _nearest_to_photo(index, photo, depth, filters, not_groups):
            if row["id"] not in found or row["score"] > found[row["id"]]["score"]:
                found[row["id"]] = row
    if len(photos) == 1:
        return list(found.values())
    best = _best_of_each(index, list(found.values()), photos)
    rows = [{**row, "score": best[each]} for each, row in found.items()]
    return sorted(rows, key=lambda row: (-row["score"], row["id"]))


def _nearest_to_photo(
    index: Index, photo: FloatArray, depth: int, filters: Filters, not_groups: Sequence[str]
) -> list[Row]:
    """The works of the photos nearest to one photo, each once with its nearest."""
    limit = depth
    while True:
        rows = nearest(index, STYLE, photo, limit, filters, not_groups, (STYLE, OF, PHOTO), of_photos=True)
        found: dict[str, Row] = {}
        for row in rows:
            work = _work_row(row)
            found.setdefault(work["id"], work)
        if len(found) >= depth or len(rows) < limit:
            return list(found.values())[:depth]
        limit *= DEEPER


def _work_row(row: Row) -> Row:
    """The row under its work's id; of a photo's row what it has of the work."""
    work = row.pop(OF)
    if work is None:
        return row
    return {**{name: value for name, value in row.items() if name not in UNKNOWN_OF_PHOTOS}, "id": work}


def _best_of_each(index: Index, rows: Sequence[Row], photos: FloatArray) -> dict[str, float]:
    """The mean over photos of the greatest similarity to any of each work's photos, by the work's id."""
    best = {row["id"]: photos @ row[STYLE] for row in rows}
    ids = [row["id"] for row in rows]
    for start in range(0, len(ids) if index.has_photo_rows else 0, IDS_AT_ONCE):
        some = ids[start : start + IDS_AT_ONCE]
        with speaking_plainly("", "asked"):
            query = index.table.search().where(among(OF, some)).limit(index.table.count_rows()).select([OF, STYLE])
            others = query.to_arrow()
        styles = others[STYLE].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, photos.shape[1])
        for work, similarities in zip(others[OF].to_pylist(), styles @ photos.T, strict=True):
            best[work] = np.maximum(best[work], similarities)
    return {each: float(similarities.mean()) for each, similarities in best.items()}
