"""What a search by style starts from: works that are wanted, and works that are not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sakka.arrays import FloatArray
from sakka.catalog.works import Work
from sakka.errors import SearchError
from sakka.models.question import Question
from sakka.search.index import Index
from sakka.search.records import GROUP, STYLE, TEXT, vector_of
from sakka.search.sql import encodable
from sakka.search.style.space import unit_rows

UNLIKE = 0.5  # how far an unwanted example pushes away, against a wanted one's pull


@dataclass(frozen=True)
class StyleQuery:
    """What a search by style starts from.

    Attributes:
        style: Unit style embeddings of the works that are wanted, shape (n, n_values).
        unlike: Those of what is not, shape (n_unlike, n_values).
        text: The unit vector of the text, or None.
        groups: The groups of near-identical works of the query, which are left out.
        creators: The creators of the query.
        photos: Those of a work's photos from outside, where it alone is wanted, shape (n_photos, n_values); else None.
    """

    style: FloatArray
    unlike: FloatArray
    text: FloatArray | None
    groups: tuple[str, ...]
    creators: tuple[str, ...]
    photos: FloatArray | None = None

    @property
    def wanted(self) -> FloatArray:
        """The embeddings that works found are compared with: the photos' where photos are looked for, else `style`."""
        return self.style if self.photos is None else self.photos

    @property
    def direction(self) -> FloatArray | None:
        """The unit vector to search with: wanted less unwanted (J. Rocchio, 1971); None where nothing has a style."""
        if len(self.style) == 0:
            return None
        pull = self.style.mean(axis=0)
        if len(self.unlike):
            pull = pull - np.float32(UNLIKE) * self.unlike.mean(axis=0)
        direction: FloatArray = unit_rows(pull[None])[0]
        return direction


def style_query(
    index: Index, query: str | Work | Question | None, like: Sequence[str], unlike: Sequence[str]
) -> StyleQuery:
    """What a search by style starts from.

    Raises:
        SearchError: An id is unknown, or the query is empty.
        PhotoError: A photo can't be read.
    """
    wanted = [index.row(each) for each in ([query] if isinstance(query, str) else []) + list(like)]
    unwanted = [index.row(each) for each in unlike]
    style = [vector for row in wanted if (vector := vector_of(row, STYLE)) is not None]
    text = vector_of(wanted[0], TEXT) if wanted else None
    outside = Question.of_work(query) if isinstance(query, Work) else query
    photos = None
    if isinstance(outside, Question):
        works = written(outside).works
        ((_, coordinates, _),) = index.spaces.style.photo_coordinates(works)
        words = index.spaces.words.vectors(works.texts)[0]
        if len(coordinates):
            photos = None if like or unlike else index.spaces.style.style(coordinates)
            style.append(index.spaces.style.style(coordinates.mean(axis=0, keepdims=True))[0])
        text = words if words.any() else None
    elif not wanted:
        raise SearchError("nothing to compare with: give the id of a work, a photo, or works to search like")
    creators = tuple(dict.fromkeys(row["creator"] for row in wanted if row["creator"] is not None))
    if isinstance(outside, Question) and outside.work.creator is not None:
        creators = (*creators, outside.work.creator)
    pushed = [vector for row in unwanted if (vector := vector_of(row, STYLE)) is not None]
    groups = tuple(dict.fromkeys(row[GROUP] for row in [*wanted, *unwanted]))
    return StyleQuery(_stacked(index, style), _stacked(index, pushed), text, groups, creators, photos)


def written(question: Question) -> Question:
    """A question whose texts an index can store."""
    work = question.work
    return replace(question, work=replace(work, title=encodable(work.title), description=encodable(work.description)))


def no_style(index: Index) -> StyleQuery:
    """A query without a style."""
    return StyleQuery(_stacked(index, ()), _stacked(index, ()), None, (), ())


def _stacked(index: Index, vectors: Sequence[FloatArray]) -> FloatArray:
    return np.stack(vectors) if vectors else np.zeros((0, index.spaces.style.size), dtype=np.float32)
