"""Finding works with the index: what is near a work, what words describe, who is near."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sakka.catalog.works import Work
from sakka.errors import IndexDatabaseError, SearchError
from sakka.models.question import Question
from sakka.search.filters import Filters
from sakka.search.find import search, similar
from sakka.search.hits import Hit, RelatedCreator
from sakka.search.lookup import ids_within
from sakka.search.recommend import for_person, related_creators, similar_by_others
from sakka.web.problems import Problem

if TYPE_CHECKING:
    from sakka.search.index import Index


DEEPER = 4  # so many times the works shown are looked at before they are ordered


@dataclass(frozen=True)
class Near:
    """What is near a work.

    Attributes:
        same: Works of its creator.
        by_others: Works by others.
        ranked: Whether the creator's works come by their nearness; False: in the catalog's order.
    """

    same: tuple[Hit, ...] = ()
    by_others: tuple[Hit, ...] = ()
    ranked: bool = True


def surest_first(hits: Sequence[Hit]) -> list[Hit]:
    """Order hits by the same-creator probability, which a page shows beside a creator's works; the others come last."""
    return sorted(hits, key=lambda hit: -1.0 if hit.same_creator is None else hit.same_creator, reverse=True)


class Finder:
    """Asks an index; what it can't answer becomes a problem of the request."""

    def __init__(self, index: "Index") -> None:
        self.index = index

    def around(self, asked: Question | Work, count: int, creator: str | None, *, stored: bool) -> Near:
        """What is near a work.

        Args:
            asked: The work.
            count: How many works of the creator, and by others, at most.
            creator: Whose works count as the same creator's.
            stored: Whether the work is one of the index.
        """
        work = asked.work if isinstance(asked, Question) else asked
        query = work.id if stored else asked
        mine = () if creator is None else (creator,)
        depth = DEEPER * count
        try:
            same = similar(self.index, query, count=depth, filters=Filters(creators=mine)) if mine else []
            if stored and work.creator == creator:
                by_others = similar_by_others(self.index, work.id, count)
            else:
                others = Filters(not_creators=mine)
                by_others = surest_first(similar(self.index, query, count=depth, filters=others, of_one_creator=1))
        except IndexDatabaseError:
            raise
        except SearchError:  # nothing in the work that the index could compare
            return Near()
        return Near(tuple(surest_first(same)[:count]), tuple(by_others[:count]))

    def similar(
        self,
        query: Question | str | None,
        count: int,
        filters: Filters,
        *,
        like: Sequence[str] = (),
        unlike: Sequence[str] = (),
        other_creators: bool = False,
        of_one_creator: int | None = None,
        by_creator: bool = False,
    ) -> list[Hit]:
        """Find works of the style of a work, or of several and not of others; see `sakka.search.find.similar`.

        Raises:
            Problem: Nothing asked with can be compared.
        """
        with _explained():
            return similar(
                self.index,
                query,
                count=count,
                filters=filters,
                like=like,
                unlike=unlike,
                other_creators=other_creators,
                of_one_creator=of_one_creator,
                by_creator=by_creator,
            )

    def search(
        self,
        words: str,
        count: int,
        filters: Filters,
        *,
        photo: Question | str | None = None,
        of_one_creator: int | None = None,
        by_creator: bool = False,
        having: Sequence[str] = (),
    ) -> list[Hit]:
        """Find works by words, and by a photo too; see `sakka.search.find.search`.

        Raises:
            Problem: There is no word to look for.
        """
        with _explained():
            return search(
                self.index,
                words,
                photo=photo,
                count=count,
                filters=filters,
                of_one_creator=of_one_creator,
                by_creator=by_creator,
                having=having,
            )

    def within(self, filters: Filters) -> list[str]:
        """The ids of the works that filters let through, sorted.

        Raises:
            Problem: A limit is none.
        """
        with _explained():
            return sorted(ids_within(self.index, filters))

    def recommend(self, liked: Sequence[str], count: int, filters: Filters) -> list[Hit]:
        """Works for a person who liked some works; similar works by others where it is one.

        Raises:
            Problem: The works have nothing to compare by.
        """
        with _explained():
            if len(liked) == 1:
                return similar_by_others(self.index, liked[0], count, filters=filters)
            return for_person(self.index, liked, count, filters=filters)

    def related_creators(self, creator: str, count: int) -> list[RelatedCreator]:
        """The creators of the nearest style with the same-creator probability; none where there are no photos."""
        try:
            return related_creators(self.index, creator, count)
        except IndexDatabaseError:
            raise
        except SearchError:
            return []


@contextmanager
def _explained() -> Iterator[None]:
    """Turn a question that the index can't answer into the caller's problem; a damaged index is the server's own."""
    try:
        yield
    except IndexDatabaseError:
        raise
    except SearchError as error:
        raise Problem(422, str(error)) from error
