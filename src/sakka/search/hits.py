"""What is found: works in order, near-identical ones folded into one, grouped by creator.

Several orders of the same works are joined by reciprocal rank fusion, which needs no common scale:

    score(work) = sum over orders of weight / (60 + rank)

Source: G. Cormack, C. Clarke, S. Büttcher, SIGIR 2009, https://doi.org/10.1145/1571941.1572114
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sakka.catalog.works import Work
from sakka.search.records import GROUP, PHOTO, work_of

RANK_OFFSET = 60
Row = dict[str, Any]


@dataclass(frozen=True)
class Hit:
    """A work that was found.

    Attributes:
        work: The work.
        score: How well it fits; comparable within one answer only.
        same_creator: The probability that it has the same creator as the query; None where the query has no style.
        near_identical: Ids of near-identical works further down, which it stands for.
        photo: Which of its photos is the most similar, from 0, where it was looked for by a photo; else None.
    """

    work: Work
    score: float
    same_creator: float | None = None
    near_identical: tuple[str, ...] = ()
    photo: int | None = None


@dataclass(frozen=True)
class RelatedCreator:
    """A creator who is near another one.

    Attributes:
        creator: The name.
        probability: The mean probability that a work of each have one creator; where a model says who is near, what it
            gives to this creator for a work of the other.
    """

    creator: str
    probability: float


def fused(orders: Sequence[tuple[float, Sequence[Row]]]) -> list[Row]:
    """Join orders of rows, each with its weight; every row gets its `score`, the highest first.

    >>> a, b = {"id": "a"}, {"id": "b"}
    >>> [row["id"] for row in fused([(1.0, [a, b]), (1.0, [b]), (1.0, [b, a])])]
    ['b', 'a']
    """
    rows: dict[str, Row] = {}
    scores: dict[str, float] = {}
    for weight, order in orders:
        for rank, row in enumerate(order, start=1):
            rows[row["id"]] = {**rows.get(row["id"], {}), **row}
            scores[row["id"]] = scores.get(row["id"], 0.0) + weight / (RANK_OFFSET + rank)
    ordered = sorted(rows, key=lambda each: (-scores[each], each))
    return [{**rows[each], "score": scores[each]} for each in ordered]


def folded(rows: Iterable[Row]) -> list[Hit]:
    """Make hits of rows in order; a row whose group was met before is folded into the first of the group.

    A row has its `score` and may have `same_creator` and, where it was looked for by a photo, `photo`.
    """
    hits: dict[str, Hit] = {}
    for row in rows:
        first = hits.get(row[GROUP])
        if first is None:
            photo = row.get(PHOTO)
            hits[row[GROUP]] = Hit(work_of(row), float(row["score"]), row.get("same_creator"), photo=photo)
        else:
            hits[row[GROUP]] = replace(first, near_identical=(*first.near_identical, row["id"]))
    return list(hits.values())


def by_creator(hits: Iterable[Hit]) -> list[tuple[str | None, list[Hit]]]:
    """Group hits by creator, the creator of the best hit first; works of unknown creators stand together."""
    groups: dict[str | None, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.work.creator, []).append(hit)
    return list(groups.items())


def at_most(hits: Iterable[Hit], count: int, of_one_creator: int | None = None) -> list[Hit]:
    """The first `count` hits, at most `of_one_creator` by each creator (None: any number)."""
    kept: list[Hit] = []
    of: dict[str | None, int] = {}
    for hit in hits:
        creator = hit.work.creator
        of[creator] = of.get(creator, 0) + 1
        if of_one_creator is None or of[creator] <= of_one_creator:
            kept.append(hit)
        if len(kept) == count:
            break
    return kept
