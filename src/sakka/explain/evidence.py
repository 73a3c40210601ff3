"""The nearest works of a creator, as evidence: what the model learned the creator's hand from.

Two works are as near as the model's own features say: for the photo the cosine of what its head reads, standardised
and weighed as the head weighs it; for the text the cosine of the weighed words and n-grams. A fused model takes the
mean of both where both works have both, in the proportion in which it trusts photo and text. A model of another kind
is compared by its answers: the cosine of the logarithms of the probabilities, each less their mean.

A near-identical work says little about a hand, so it is marked: one of its photos or its text is a copy (`copies/`).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import TINY, Mask, log_probabilities, top
from sakka.catalog.photo_keys import all_photo_keys
from sakka.catalog.works import NOT_SHOWN, Catalog, Work
from sakka.copies.fingerprints import GREY_PX, PhotoFingerprints, fingerprint_of, fingerprints_from, photo_fingerprints
from sakka.copies.photo_pairs import near_photos
from sakka.copies.texts import near_texts
from sakka.models.base import CreatorModel
from sakka.models.feature_model import FeatureModel
from sakka.models.question import Question
from sakka.photos.decode import read_photo

if TYPE_CHECKING:
    from sakka.search.index import Index

Similarities = npt.NDArray[np.float64]

COUNT = 5
MARKED = 24  # among so many of the nearest works near-identical ones are looked for


@dataclass(frozen=True)
class NearestWork:
    """A work of the creator, near the one asked about.

    Attributes:
        work: The work.
        row: Its row in the catalog; its place in the answer where it is from an index.
        similarity: By the model's features, 1 for the same work; from an index the probability of one creator.
        near_identical: Whether one of its photos or its text is a copy of the work asked about, or the other way round.
    """

    work: Work
    row: int = field(metadata=NOT_SHOWN)
    similarity: float
    near_identical: bool


def nearest_works(
    model: CreatorModel, asked: Catalog, works: Catalog, creator: str, count: int = COUNT
) -> list[NearestWork]:
    """A creator's works nearest to one work, the nearest first, near-identical ones marked.

    Args:
        model: Any fitted model.
        asked: A catalog of one work; a work of the same id in `works` is left out.
        works: The works to look among.
        creator: Whose works are wanted.
        count: How many at most.

    Raises:
        PhotoError: A photo can't be read.
    """
    (own_id,) = asked.ids
    pairs = enumerate(zip(works.ids, works.table["creator"].to_list(), strict=True))
    rows = np.array([row for row, (name, by) in pairs if by == creator and name != own_id], dtype=np.int64)
    if not len(rows):
        return []
    theirs = works.take(rows)
    similarities = similarity_to(model, asked, theirs)
    order = top(similarities, MARKED)
    copies = near_identical_to(asked, theirs.take(order))
    return [
        NearestWork(work, int(rows[place]), float(similarities[place]), bool(copy))
        for work, place, copy in zip(theirs.take(order), order.tolist(), copies.tolist(), strict=True)
    ][:count]


def nearest_in_index(asked: Catalog, index: "Index", creator: str, count: int = COUNT) -> list[NearestWork]:
    """A creator's works nearest in style to one work, the nearest first, near-identical ones marked.

    Args:
        asked: A catalog of one work; a work of the same id in the index is left out.
        index: The index.
        creator: Whose works are wanted.
        count: How many at most.

    Raises:
        PhotoError: A photo can't be read.
        SearchError: The work has neither a photo nor a known word.
    """
    from sakka.search.filters import Filters
    from sakka.search.find import similar

    (work,) = asked
    hits = similar(index, Question.of_works(asked), count=count + 1, filters=Filters(creators=(creator,)))
    hits = [hit for hit in hits if hit.work.id != work.id][:count]
    works = Catalog.from_works(hit.work for hit in hits)
    copies = near_identical_to(asked, works) if hits else np.zeros(0, dtype=np.bool_)
    return [
        NearestWork(hit.work, row, hit.score if hit.same_creator is None else hit.same_creator, bool(copy))
        for row, (hit, copy) in enumerate(zip(hits, copies.tolist(), strict=True))
    ]


def similarity_to(model: CreatorModel, asked: Catalog, works: Catalog) -> Similarities:
    """How near each work is to one work, shape (n_works,)."""
    total, weight = np.zeros(len(works)), np.zeros(len(works))
    weights = model.part_weights(asked)
    if not weights and model.kept_columns:
        return _cosines(model, asked, works) * model.can_read(works)
    for name, trusted in weights.items():
        reader = model.reader(name)
        assert reader is not None
        there = works.has_photo if name == "photo" else works.has_text
        trust = max(trusted, 0.0) * there
        total += trust * _cosines(reader, asked, works)
        weight += trust
    near: Similarities = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    return near


def near_identical_to(asked: Catalog, works: Catalog) -> Mask:
    """Say of each work whether one of its photos or its text is near-identical to one of one work, shape (n_works,)."""
    copies = np.zeros(len(works), dtype=np.bool_)
    for first, second, _ in near_texts([*asked.texts, *works.texts]):
        if first == 0:
            copies[second - 1] = True
    (photos,) = asked.every_photo
    if photos and works.has_photo.any():
        own = fingerprints_from([fingerprint_of(read_photo(photo, at_least_px=GREY_PX)) for photo in photos])
        rows = np.append(np.zeros(len(photos), dtype=np.int64), all_photo_keys(works).rows + 1)
        creators = np.append(-1, works.creator_indices())
        found = near_photos(_together(own, photo_fingerprints(works)), rows, creators).works
        copies[found[found[:, 0] == 0][:, 1] - 1] = True
    return copies


def _together(first: PhotoFingerprints, second: PhotoFingerprints) -> PhotoFingerprints:
    names = ("hashes", "small", "colour", "known")
    return PhotoFingerprints(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def _cosines(model: CreatorModel, asked: Catalog, works: Catalog) -> Similarities:
    """The cosine of each work's features with those of one work, shape (n_works,)."""
    one, many = _features(model, asked), _features(model, works)
    if not isinstance(many, np.ndarray):
        products, squares = (many @ one.T).toarray()[:, 0], many.multiply(many).sum(axis=1)
        lengths = np.sqrt(np.asarray(squares)).ravel() * np.sqrt(one.multiply(one).sum())
        return _ratio(products, lengths)
    return _ratio(many @ one[0], np.linalg.norm(many, axis=1) * np.linalg.norm(one))


def _features(model: CreatorModel, works: Catalog) -> Any:
    """What works are compared by: an array, or SciPy CSR, shape (n_works, n_features)."""
    if isinstance(model, FeatureModel) and model.head_ is not None:
        return model.head_.standardised(model.features(works)[0])
    logarithms = log_probabilities(model.predict_proba(works), TINY)
    return logarithms - logarithms.mean(axis=1, keepdims=True)


def _ratio(products: npt.NDArray[np.floating], lengths: npt.NDArray[np.floating]) -> Similarities:
    there = lengths > 0
    ratio: Similarities = np.divide(products, lengths, out=np.zeros(len(products)), where=there)
    return ratio
