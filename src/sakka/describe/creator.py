"""A creator described from the works in a catalog.

Words, palette, objects, categories and period need the catalog alone. A model adds how typical each work is and whom
the creator is taken for; an index adds the style of works and the related creators by it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from sakka.arrays import Probabilities
from sakka.catalog.works import Catalog
from sakka.describe.objects import ObjectShare, objects_in
from sakka.describe.palette import SAMPLE, Swatch, palette_of
from sakka.describe.telling_words import WordMark, setting_apart
from sakka.describe.typical import Shown, ordered_works
from sakka.errors import SakkaError
from sakka.explain.names import label_of
from sakka.models.base import CreatorModel
from sakka.search.hits import RelatedCreator

if TYPE_CHECKING:
    from sakka.search.index import Index

EXAMPLES = 6
RELATED = 5
MOST_CATEGORIES = 5


@dataclass(frozen=True)
class CategoryCount:
    """A category with the number of a creator's works in it."""

    name: str
    works: int


@dataclass(frozen=True)
class CreatorDescription:
    """What is known of a creator.

    Attributes:
        creator: The name.
        works: How many works the catalog has.
        others: How many works by others.
        first: The earliest date of a work; None where no date is known.
        last: The latest.
        categories: The categories with the number of works in each, the largest first.
        words: The words that set the creator apart, the surest first.
        palette: The colours of the photos, the most frequent first.
        objects: What the photos show; None where nobody has looked.
        typical: The most typical works, the first the most; empty without a model and an index.
        unusual: The most unusual works, the first the most.
        related_creators: The creators who are near in style, or for whose the model takes the works, the nearest first.
        related_by_style: Whether `related_creators` is by style and not by what the model mixes up.
    """

    creator: str
    works: int
    others: int
    first: datetime | None
    last: datetime | None
    categories: tuple[CategoryCount, ...]
    words: tuple[WordMark, ...]
    palette: tuple[Swatch, ...]
    objects: tuple[ObjectShare, ...] | None
    typical: tuple[Shown, ...]
    unusual: tuple[Shown, ...]
    related_creators: tuple[RelatedCreator, ...]
    related_by_style: bool


def describe_creator(
    works: Catalog,
    creator: str,
    model: CreatorModel | None = None,
    index: "Index | None" = None,
    *,
    looking: bool = False,
    seed: int = 0,
) -> CreatorDescription:
    """Describe a creator.

    Args:
        works: A catalog with works by the creator and by others.
        creator: The name.
        model: A fitted model.
        index: An index of the same works.
        looking: Look for objects in photos whose labels are not in the cache.
        seed: Draws the photos that palette and objects are taken from.

    Raises:
        ModelError: No creator of the catalog has that name; the nearest names are named.
        PhotoError: A photo can't be read.
    """
    names = works.creators
    creator = names[label_of(names, creator)]
    mine = works.creator_indices([creator]) == 0
    rows = np.flatnonzero(mine)
    own, texts = works.take(rows), works.texts
    by = works.table["creator"].is_not_null().to_numpy()
    words = setting_apart([texts[row] for row in rows], [texts[row] for row in np.flatnonzero(~mine & by)])
    column = model.creators_.index(creator) if model is not None and creator in model.creators_ else None
    probabilities = None if model is None or column is None else model.predict_proba(own)
    ordered = ordered_works(works, rows, probabilities, column or 0, model, index)
    related, by_style = _related(creator, model, probabilities, index)
    dates = [date for date in own.table["created_at"] if date is not None]
    sample = _sample(own, seed)
    objects = objects_in(sample, looking=looking)
    photos = [path for path in sample.photo_paths if path is not None]
    categories = Counter(filter(None, own.table["category"]))
    return CreatorDescription(
        creator=creator,
        works=len(rows),
        others=int((~mine & by).sum()),
        first=min(dates, default=None),
        last=max(dates, default=None),
        categories=tuple(CategoryCount(*pair) for pair in categories.most_common(MOST_CATEGORIES)),
        words=tuple(words),
        palette=tuple(palette_of(photos, seed=seed)),
        objects=None if objects is None else tuple(objects),
        typical=tuple(ordered[:EXAMPLES]),
        unusual=tuple(ordered[EXAMPLES:][::-1][:EXAMPLES]),
        related_creators=related,
        related_by_style=by_style,
    )


def _sample(own: Catalog, seed: int) -> Catalog:
    """Works with a photo, a random sample where there are many."""
    seen = np.flatnonzero(own.has_photo)
    return own.take(np.sort(np.random.default_rng((seed, 5)).permutation(seen)[:SAMPLE]))


def _related(
    creator: str, model: CreatorModel | None, probabilities: Probabilities | None, index: "Index | None"
) -> tuple[tuple[RelatedCreator, ...], bool]:
    """Related creators by style where there is an index, else by what the model gives them."""
    if index is not None:
        from sakka.search.recommend import related_creators

        try:
            return tuple(related_creators(index, creator, RELATED)), True
        except SakkaError:
            pass  # none of the creator's works has a photo in the index
    if model is None or probabilities is None:
        return (), False
    return tuple(mixed_up(creator, model.creators_, probabilities)[:RELATED]), False


def mixed_up(creator: str, creators: Sequence[str], probabilities: Probabilities) -> list[RelatedCreator]:
    """The other creators with the mean probability that a model gives them for a creator's works, highest first.

    >>> mixed_up("a", ["a", "b", "c"], np.float32([[0.5, 0.125, 0.375]]))
    [RelatedCreator(creator='c', probability=0.375), RelatedCreator(creator='b', probability=0.125)]
    """
    means = probabilities.astype(np.float64).mean(axis=0)
    others = [RelatedCreator(name, float(mean)) for name, mean in zip(creators, means, strict=True) if name != creator]
    return sorted(others, key=lambda each: (-each.probability, each.creator))
