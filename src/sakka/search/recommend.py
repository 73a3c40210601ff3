"""Recommendations: similar works by other creators, works for a person, related creators.

Variety: works are chosen one after another, each the one with the highest

    0.7 * (how well it fits) - 0.3 * (its greatest similarity to those chosen before)

and of one creator no more than a few (maximal marginal relevance).

Source: J. Carbonell, J. Goldstein, SIGIR 1998, https://doi.org/10.1145/290941.291025
"""

from collections.abc import Sequence

import numpy as np

from sakka.arrays import FloatArray, IntArray, top
from sakka.errors import SearchError
from sakka.search.database import speaking_plainly
from sakka.search.filters import Filters
from sakka.search.find import with_same_creator
from sakka.search.hits import Hit, RelatedCreator, Row, folded
from sakka.search.index import Index
from sakka.search.lookup import nearest
from sakka.search.records import OF_WORKS, STYLE, TEXT
from sakka.search.style_query import style_query

FIT = 0.7
CANDIDATES = 200
OF_ONE_CREATOR = 1
OF_ONE_CREATOR_FOR_A_PERSON = 2
WORKS_COMPARED = 60  # of each creator


def similar_by_others(
    index: Index, work_id: str, count: int = 10, *, filters: Filters | None = None, of_one_creator: int = OF_ONE_CREATOR
) -> list[Hit]:
    """Similar works by other creators, with variety.

    Args:
        index: The index.
        work_id: The work.
        count: How many at most.
        filters: Which works may be given; None: all.
        of_one_creator: The most works of one creator.

    Raises:
        SearchError: There is no such work, or it has neither photo nor text.
    """
    creator = index.row(work_id)["creator"]
    filters = filters or Filters()
    if creator is not None:
        filters = Filters(**{**vars(filters), "not_creators": (*filters.not_creators, creator)})
    return _varied(index, [work_id], count, filters, of_one_creator)


def for_person(index: Index, liked_ids: Sequence[str], count: int = 10, *, filters: Filters | None = None) -> list[Hit]:
    """Works for a person who liked some works, with variety; the liked ones and their copies are left out.

    Args:
        index: The index.
        liked_ids: The works that the person liked; each has its say, whatever the others are.
        count: How many at most.
        filters: Which works may be given; None: all.

    Raises:
        SearchError: An id is unknown, or none of the works has a photo or a text.
    """
    return _varied(index, list(dict.fromkeys(liked_ids)), count, filters or Filters(), OF_ONE_CREATOR_FOR_A_PERSON)


def related_creators(index: Index, creator: str, count: int = 10) -> list[RelatedCreator]:
    """The creators whose style is nearest to a creator's, each with a probability.

    The probability is the mean, over pairs of one work of each, of the probability that the two have the same creator.
    Those whose mean vectors are nearest are compared so.

    Raises:
        SearchError: There is no such creator, or none of the creator's works has a photo.
    """
    names, labels, vectors = _styles(index)
    if creator not in names:
        raise SearchError(f"no creator is called {creator!r} among those with photos{_near(creator, names)}")
    own = names.index(creator)
    means = np.zeros((len(names), vectors.shape[1]))
    np.add.at(means, labels, vectors)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    order = top(means @ means[own])
    mine = _evenly_spaced(np.flatnonzero(labels == own))
    found = []
    for other in order[order != own][: 3 * count]:
        theirs = _evenly_spaced(np.flatnonzero(labels == other))
        chances = index.spaces.style.same_creator(vectors[mine] @ vectors[theirs].T)
        found.append(RelatedCreator(names[int(other)], float(chances.mean())))
    return sorted(found, key=lambda each: (-each.probability, each.creator))[:count]


def _varied(index: Index, ids: Sequence[str], count: int, filters: Filters, of_one_creator: int) -> list[Hit]:
    """Choose works with variety among the nearest to each of some works."""
    if not ids:
        raise SearchError("got no works to recommend by, expected the id of at least one")
    origin = style_query(index, None, ids, ())
    column, wanted = (STYLE, origin.style) if len(origin.style) else (TEXT, origin.text)
    if wanted is None:
        raise SearchError(f"{', '.join(ids[:3])}: no photo and no known word to recommend by")
    rows: dict[str, Row] = {}
    for vector in wanted.reshape(-1, wanted.shape[-1]):
        for row in nearest(index, column, vector, max(CANDIDATES, 4 * count), filters, origin.groups):
            if row["id"] not in rows or row["score"] > rows[row["id"]]["score"]:
                rows[row["id"]] = row
    ordered = sorted(
        with_same_creator(index, list(rows.values()), origin.style), key=lambda row: (-row["score"], row["id"])
    )
    hits = {hit.work.id: hit for hit in folded(ordered)}
    candidates = [row for row in ordered if row["id"] in hits]
    return [hits[candidates[position]["id"]] for position in _chosen(candidates, count, of_one_creator)]


def _chosen(rows: Sequence[Row], count: int, of_one_creator: int) -> list[int]:
    """Choose positions of rows by fit and variety; a row without a style embedding is unlike every other."""
    size = next((len(row[STYLE]) for row in rows if row[STYLE] is not None), 1)
    vectors = np.array([[0.0] * size if row[STYLE] is None else row[STYLE] for row in rows], dtype=np.float32).reshape(
        -1, size
    )
    fit = np.array([row["score"] for row in rows])
    near = np.zeros(len(rows))
    free = np.ones(len(rows), dtype=np.bool_)
    creators = [row["creator"] for row in rows]
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        worth = np.where(free, FIT * fit - (1 - FIT) * near, -np.inf)
        best = int(worth.argmax())
        chosen.append(best)
        free[best] = False
        near = np.maximum(near, vectors @ vectors[best])
        taken = sum(creators[position] == creators[best] for position in chosen)
        if creators[best] is not None and taken >= of_one_creator:
            free &= np.array([name != creators[best] for name in creators])
    return chosen


def _styles(index: Index) -> tuple[list[str], IntArray, FloatArray]:
    """The creators with photos, sorted; each work's label among them; and the style embeddings."""
    condition = f"creator IS NOT NULL AND style IS NOT NULL AND {OF_WORKS}"
    with speaking_plainly("", "asked"):
        found = index.table.search().where(condition).select(["creator", STYLE]).to_arrow()
    creators = found["creator"].to_pylist()
    names = sorted(set(creators))
    label_of = {name: position for position, name in enumerate(names)}
    vectors = found[STYLE].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    labels = np.array([label_of[name] for name in creators], dtype=np.int64)
    return names, labels, vectors.reshape(len(creators), -1 if creators else 0)


def _evenly_spaced(rows: IntArray) -> IntArray:
    """At most `WORKS_COMPARED` of some rows, evenly spaced."""
    if len(rows) <= WORKS_COMPARED:
        return rows
    chosen: IntArray = rows[np.linspace(0, len(rows) - 1, WORKS_COMPARED).astype(np.int64)]
    return chosen


def _near(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, 3)
    return f"; near are {', '.join(near)}" if near else ""
