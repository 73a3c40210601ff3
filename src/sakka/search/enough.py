"""How deep is fetched: until there are enough works after folding, or enough creators."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from sakka.errors import SearchError
from sakka.search.filters import Filters
from sakka.search.hits import Hit, Row, at_most, by_creator, folded
from sakka.search.index import Index
from sakka.search.records import work_of

Fetch = Callable[[int, Filters], list[Row]]
"""The rows that fit best within filters: so many of each order at the least."""
BEST_WORKS = 3  # of each creator, where works are wanted by creator
DEPTH = 60  # of each order that is fused, at the least
MOST_FETCHED = 20_000
DEEPER = 4  # times as many rows are fetched where those of a few creators fill the answer, or too few are left


def enough(index: Index, fetch: Fetch, filters: Filters, count: int, of_one_creator: int | None) -> list[Hit]:
    """The first `count` hits after folding, at most `of_one_creator` by each creator."""
    most = _expected(count)
    depth = max(DEPTH, 3 * most) * (1 if of_one_creator is None else DEEPER)

    def first(hits: list[Hit]) -> list[Hit]:
        return at_most(hits, most, of_one_creator)

    rows = _collected(fetch, filters, depth, lambda hits: len(first(hits)) == most, of_one_creator)
    return _completed(index, first(folded(rows.values())))


def of_creators(index: Index, fetch: Fetch, filters: Filters, count: int, of_one_creator: int | None) -> list[Hit]:
    """The best works of the first `count` creators, one creator after another.

    The creators are those of the works that fit best, however many works of one creator come first: a creator who has
    been found is left out when more are fetched. Works of theirs that lie deeper are asked for by their names, and come
    in the order of that answer. Works of unknown creators stand together.
    """
    each, most = of_one_creator or BEST_WORKS, _expected(count)
    rows = _collected(fetch, filters, max(2 * DEPTH, DEEPER * most), lambda hits: len(by_creator(hits)) >= most, 1)
    found = by_creator(folded(rows.values()))[:most]
    short = {creator for creator, own in found if creator is not None and len(own) < each}
    depth = min(MOST_FETCHED, max(DEPTH, DEEPER * each * len(short)))
    while short:
        more = fetch(depth, replace(filters, creators=tuple(sorted(short))))
        rows = _reordered(rows, more, short)
        found = by_creator(folded(rows.values()))[:most]
        if len(more) < depth or depth >= MOST_FETCHED:
            break
        short = {creator for creator, own in found if creator in short and len(own) < each}
        depth = min(MOST_FETCHED, DEEPER * depth)
    return _completed(index, [hit for _, own in found for hit in own[:each]])


def _reordered(rows: dict[str, Row], more: Sequence[Row], creators: Collection[str | None]) -> dict[str, Row]:
    """Rows by id, those of some creators in the order of `more`; what their places do not hold follows."""
    own = {row["id"]: row for row in more}
    own |= {each: row for each, row in rows.items() if row["creator"] in creators and each not in own}
    of_creator: dict[str | None, list[Row]] = {}
    for row in own.values():
        of_creator.setdefault(row["creator"], []).append(row)
    next_of = {creator: iter(of_it) for creator, of_it in of_creator.items()}
    placed = [next(next_of[row["creator"]]) if row["creator"] in creators else row for row in rows.values()]
    return {row["id"]: row for row in placed} | own


def _collected(
    fetch: Fetch, filters: Filters, depth: int, done: Callable[[list[Hit]], bool], of_one_creator: int | None
) -> dict[str, Row]:
    """Rows by id, in order: fetched until it is done, or there are no more.

    Creators that have `of_one_creator` hits are left out of what is fetched next; with None it is fetched deeper.
    """
    rows: dict[str, Row] = {}
    limits = filters
    while True:
        found = fetch(depth, limits)
        new = {row["id"]: row for row in found if row["id"] not in rows}
        rows = {row["id"]: row for row in found} if of_one_creator is None else rows | new
        hits = folded(rows.values())
        if done(hits) or len(found) < depth or depth >= MOST_FETCHED:
            return rows
        if of_one_creator is None or not new:
            depth *= DEEPER
            continue
        full = [name for name, own in by_creator(hits) if name is not None and len(own) >= of_one_creator]
        limits = replace(filters, not_creators=(*filters.not_creators, *full))


def _expected(count: int) -> int:
    if count < 1:
        raise SearchError(f"got {count} works wanted, expected 1 or more")
    return count


def _completed(index: Index, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with all of their works, of which the row of a photo has only what filters look at."""
    if not index.has_photo_rows:
        return list(hits)
    rows = index.rows([hit.work.id for hit in hits if hit.photo is not None])
    return [replace(hit, work=work_of(rows[hit.work.id])) if hit.work.id in rows else hit for hit in hits]
