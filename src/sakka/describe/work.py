"""A work described: who made it and how sure that is, its words, colours and objects, its copies and similar works."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sakka.arrays import top
from sakka.catalog.works import Catalog, Work
from sakka.describe.objects import ObjectShare, objects_in
from sakka.describe.palette import Swatch, palette_of
from sakka.explain.evidence import near_identical_to, similarity_to
from sakka.explain.explanation import Explanation, explain
from sakka.models.base import CreatorModel
from sakka.models.identification import Identification
from sakka.models.question import Question

if TYPE_CHECKING:
    from sakka.search.index import Index

SIMILAR = 6
LOOKED_AT = 64  # among so many of the nearest works near-identical ones are looked for
NAMED = 3


@dataclass(frozen=True)
class SimilarWork:
    """A work that is near the one described.

    Attributes:
        work: The work; its photos are absolute paths.
        similarity: The same-creator probability where it is by style, else by the model's features, 0 to 1.
    """

    work: Work
    similarity: float


@dataclass(frozen=True)
class WorkDescription:
    """What is known of a work.

    Attributes:
        work: The work.
        identification: Who may have made it.
        explanation: What spoke for the first candidate; None where the model reads nothing or knows one creator only.
        palette: The colours of the photo.
        objects: What the photo shows; None where nobody has looked.
        near_identical: Near-identical works.
        similar_works: Similar works by other creators, the nearest first.
        by_style: Whether `similar_works` is by style.
    """

    work: Work
    identification: Identification
    explanation: Explanation | None
    palette: tuple[Swatch, ...]
    objects: tuple[ObjectShare, ...] | None
    near_identical: tuple[Work, ...]
    similar_works: tuple[SimilarWork, ...]
    by_style: bool


def describe_work(
    model: CreatorModel,
    asked: Question | Work,
    works: Catalog | None = None,
    index: "Index | None" = None,
    *,
    looking: bool = False,
) -> WorkDescription:
    """Describe a work.

    Args:
        model: A fitted model.
        asked: The work.
        works: A catalog to find near-identical and similar works in.
        index: An index to find them in instead.
        looking: Look for objects in the photo where its labels are not in the cache.

    Raises:
        ModelError: The work has nothing that the model reads.
        PhotoError: A photo can't be read.
    """
    question = asked if isinstance(asked, Question) else Question.of_work(asked)
    identification = model.identify_one(question.works, NAMED)
    objects = objects_in(question.works, looking=looking)
    copies, similar_works = _near(model, question, identification.candidates[0].creator, works, index)
    return WorkDescription(
        work=question.work,
        identification=identification,
        explanation=_explained(model, question),
        palette=tuple(palette_of([] if question.photo is None else [question.photo])),
        objects=None if objects is None else tuple(objects),
        near_identical=tuple(copies),
        similar_works=tuple(similar_works),
        by_style=index is not None,
    )


def _explained(model: CreatorModel, question: Question) -> Explanation | None:
    if len(model.creators_) < 2 or not model.reads:
        return None
    return explain(model, question)


def _near(
    model: CreatorModel, question: Question, creator: str, works: Catalog | None, index: "Index | None"
) -> tuple[Sequence[Work], Sequence[SimilarWork]]:
    """The near-identical works and the similar works by creators other than the one named."""
    if index is not None:
        return _near_in_index(question, creator, index)
    if works is None:
        return (), ()
    asked = question.works
    rows = np.array([row for row, name in enumerate(works.ids) if name != question.work.id], dtype=np.int64)
    rest = works.take(rows)
    similarities = similarity_to(model, asked, rest)
    order = top(similarities)
    near = rest.take(order[:LOOKED_AT])
    copied = near_identical_to(asked, near)
    copies = [_absolute(near, place) for place in np.flatnonzero(copied).tolist()]
    out = {each.id for each in copies}
    by = rest.table["creator"].to_list()
    ids = rest.ids
    similar_rows = [place for place in order.tolist() if by[place] not in (None, creator) and ids[place] not in out][
        :SIMILAR
    ]
    return copies, [SimilarWork(_absolute(rest, place), float(max(0.0, similarities[place]))) for place in similar_rows]


def _near_in_index(question: Question, creator: str, index: "Index") -> tuple[Sequence[Work], Sequence[SimilarWork]]:
    from sakka.search.filters import Filters
    from sakka.search.find import similar

    nearest = [hit.work for hit in similar(index, question, count=LOOKED_AT)]
    copied = near_identical_to(question.works, Catalog.from_works(nearest)) if nearest else np.zeros(0, np.bool_)
    copies = [work for work, copy in zip(nearest, copied.tolist(), strict=True) if copy and work.id != question.work.id]
    hits = similar(index, question, count=SIMILAR, filters=Filters(not_creators=(creator,)), of_one_creator=2)
    out = {work.id for work in copies}
    return copies, [
        SimilarWork(hit.work, 0.0 if hit.same_creator is None else hit.same_creator)
        for hit in hits
        if hit.work.id not in out
    ]


def _absolute(works: Catalog, row: int) -> Work:
    """A work with the absolute path of its featured photo."""
    (work,) = works.take([row])
    path = works.photo_paths[row]
    return Work(**{**vars(work), "photos": () if path is None else (str(path.resolve()),)})
