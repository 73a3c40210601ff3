"""Works held out from a fit, asked with all that they have and with less, as questions come.

Someone who asks about a work rarely gives what a catalog holds of it: a photo and nothing else, or a title without its
description. What a model says of such a question is measured on works that it was not fitted on, with parts of them
left out (`cuts_of`). Texts are also shortened to see how certainty falls with their length.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sakka.arrays import IntArray, Mask, Probabilities
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel
from sakka.models.learning_limits import HeldOut
from sakka.models.limits import View, parts_of, text_amounts, views_of
from sakka.models.work_reader import Reads

MOST_WORKS = 4000  # bounds the time; a quantile of so many works is good to 0.3 %
SHARES = (2, 4)  # texts are shortened to a half and to a quarter
TITLE, DESCRIPTION = pl.col("title").fill_null(""), pl.col("description").fill_null("")
BLANK = pl.lit("")
TEXT_VIEWS: tuple[View, ...] = ("title", "description", "title and description")

Fuse = Callable[[IntArray, Probabilities, Probabilities, IntArray, Mask], Probabilities]
"""Fuses the photo model's and the text model's probabilities of some rows, with how many photos, and whether a text."""


@dataclass(frozen=True)
class Seen:
    """What a photo model says of the works held out.

    Attributes:
        probabilities: Shape (n_works, n_creators).
        of_featured: The same where each work is asked about by its featured photo alone.
        photos: How many photos of each work it reads, shape (n_works,).
    """

    probabilities: Probabilities
    of_featured: Probabilities
    photos: IntArray

    @classmethod
    def of(cls, model: CreatorModel, works: Catalog, photos: IntArray) -> "Seen":
        """What a fitted photo model says of works.

        Args:
            model: The model.
            works: The works.
            photos: How many photos of each it reads, shape (n_works,).
        """
        probabilities = model.predict_proba(works)
        of_featured, several = probabilities.copy(), np.flatnonzero(photos > 1)
        if len(several):
            of_featured[several] = model.predict_proba(_by_featured(works.take(several)))
        return cls(probabilities, of_featured, photos)

    def take(self, cut: "Cut") -> tuple[Probabilities, IntArray]:
        """The probabilities of some works as they are asked about, and how many photos are read."""
        if cut.is_by_featured:
            return self.of_featured[cut.rows], np.minimum(self.photos[cut.rows], 1)
        return self.probabilities[cut.rows], self.photos[cut.rows]


@dataclass(frozen=True)
class Cut:
    """Some of the works, with less of their texts.

    Attributes:
        rows: Which works.
        works: These works as they are asked about.
        is_whole: Whether all of their texts is there, or none of it, as where a fusion is learned.
        is_shortened: Whether their texts are a part of what they were.
        is_by_featured: Whether they are asked about by their featured photo alone.
    """

    rows: IntArray
    works: Catalog
    is_whole: bool = False
    is_shortened: bool = False
    is_by_featured: bool = False

    def take(self, chosen: IntArray) -> "Cut":
        """Some of them, by index."""
        return replace(self, rows=self.rows[chosen], works=self.works.take(chosen))


def cuts_of(works: Catalog) -> Iterator[Cut]:
    r"""The works as they are, without a text, with the title or the description of those that have both, shortened.

    Works with several photos are also asked about by the featured one, with their texts and without.

    >>> from sakka import Work
    >>> [cut.works.texts for cut in cuts_of(Catalog.from_works([Work("a", title="bow", description="of linen")]))]
    [['bow\nof linen'], [''], ['bow'], ['of linen'], ['bow\nof l'], ['bow\nof']]
    """
    rows = np.arange(len(works))[:: max(1, -(-len(works) // MOST_WORKS))]
    whole = works.take(rows)
    yield Cut(rows, whole, is_whole=True)
    if len(several := np.flatnonzero(whole.photo_counts > 1)):
        yield Cut(rows[several], _by_featured(whole.take(several)), is_by_featured=True)
        with_text = several[whole.has_text[several]]
        yield Cut(rows[with_text], _with_texts(_by_featured(whole.take(with_text)), BLANK, BLANK), is_by_featured=True)
    views = np.array(views_of(parts_of(whole) * np.array([0, 1, 1])), dtype=object)
    some, both = (np.flatnonzero(np.isin(views, kinds)) for kinds in (TEXT_VIEWS, TEXT_VIEWS[-1:]))
    yield Cut(rows[some], _with_texts(whole.take(some), BLANK, BLANK), is_whole=True)
    for texts in ((TITLE, BLANK), (BLANK, DESCRIPTION)):
        yield Cut(rows[both], _with_texts(whole.take(both), *texts))
    described = DESCRIPTION.str.strip_chars() != ""
    for share in SHARES:
        title = pl.when(described).then(TITLE).otherwise(_first(TITLE, share))
        yield Cut(rows[some], _with_texts(whole.take(some), title, _first(DESCRIPTION, share)), is_shortened=True)


def held_out_views(
    works: Catalog,
    labels: IntArray,
    photo: Seen | None,
    text_model: CreatorModel | None,
    fuse: Fuse | None,
    *,
    is_learned: bool,
) -> Mapping[View, list[HeldOut]]:
    """What models that were not fitted on some works say of them in each view.

    Args:
        works: The works held out.
        labels: Each one's creator as a column, shape (n_works,).
        photo: What the photo model says of them; None where no photo is read.
        text_model: The text model; None where no text is read.
        fuse: Fuses the two; None where there is one.
        is_learned: Whether the fusion was learned on the works as they are.
    """
    found: dict[View, list[HeldOut]] = {}
    for cut in asked_cuts(works, text_model):
        if cut.is_by_featured:
            cut = cut.take(np.zeros(0, np.int64) if photo is None else np.flatnonzero(photo.photos[cut.rows] > 1))
        if len(cut.rows) == 0:
            continue
        text = None if text_model is None else text_model.predict_proba(cut.works)
        said, photos = (None, np.zeros(len(cut.rows), np.int64)) if photo is None else photo.take(cut)
        for reads in ways(photo is not None, text is not None):
            if cut.is_by_featured and "photo" not in reads:
                continue  # asked by the text alone already
            parts = np.zeros((len(cut.rows), 3), dtype=np.int64)
            if "photo" in reads:
                parts[:, 0] = photos
            if text_model is not None and "text" in reads:
                parts[:, 1:] = text_parts(text_model, cut.works)
            read: Mask = parts[:, 1:].max(axis=1) > 0
            table = _probabilities(cut.rows, said, text, fuse, parts[:, 0], read)
            every = HeldOut(
                table, labels[cut.rows], text_amounts(cut.works) * read, is_learned and cut.is_whole, cut.is_shortened
            )
            views = np.array(views_of(parts), dtype=object)
            if "photo" in reads and len(reads) > 1:
                views[parts[:, 0] == 0] = None  # asked without a photo already
            for view in sorted(set(views) - {None}):
                found.setdefault(view, []).append(every.take(np.flatnonzero(views == view)))
    return found


def asked_cuts(works: Catalog, text_model: CreatorModel | None) -> Iterator[Cut]:
    """The works as a text model is asked about them; one that reads vectors of texts, with them and without."""
    if text_model is None:
        yield from cuts_of(_with_texts(works, BLANK, BLANK))
    elif not text_model.kept_columns:
        yield from cuts_of(works)
    else:
        whole = next(cuts_of(works))
        yield whole
        rows = np.flatnonzero(text_model.can_read(whole.works))
        yield Cut(whole.rows[rows], whole.works.take(rows).without_kept(text_model.kept_columns), is_whole=True)


def text_parts(text_model: CreatorModel, works: Catalog) -> IntArray:
    """Whether each work has a title and a description that the model reads; a baseline reads as others do."""
    reads = text_model.reads or text_model.kept_columns
    return (text_model.parts_read(works) if reads else parts_of(works))[:, 1:]


def ways(photo: bool, text: bool) -> list[tuple[Reads, ...]]:
    """What of a question is read: all, and the text without the photo."""
    ways: list[tuple[Reads, ...]] = [("photo", "text")] if photo and text else [("photo",)] if photo else []
    return [*ways, ("text",)] if text else ways


def _probabilities(
    rows: IntArray,
    photo: Probabilities | None,
    text: Probabilities | None,
    fuse: Fuse | None,
    photos: IntArray,
    read: Mask,
) -> Probabilities:
    if photo is None or text is None or fuse is None:
        alone = text if photo is None else photo
        assert alone is not None
        return alone
    return fuse(rows, photo, text, photos, read)


def _by_featured(works: Catalog) -> Catalog:
    """Works with their featured photo alone."""
    held = {name: photos[:1] for name, photos in works.held.items()}
    return replace(works, table=works.table.with_columns(pl.col("photos").list.head(1)), held=held)


def _with_texts(works: Catalog, title: pl.Expr, description: pl.Expr) -> Catalog:
    return replace(works, table=works.table.with_columns(title=title, description=description))


def _first(text: pl.Expr, share: int) -> pl.Expr:
    """The first characters of a text, one at least."""
    return text.str.slice(0, pl.max_horizontal(text.str.len_chars() // share, pl.lit(1)))
