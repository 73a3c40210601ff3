"""What a model answers to works of which only a part is given: how many of each answer, and how many are correct.

The works are asked about as they are and once in each view (`models/limits.py`): with their photo alone, their title
alone and so on, each view with the works that have all of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sakka.arrays import DoubleArray, IntArray, Mask
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel
from sakka.models.confidence import confidence
from sakka.models.limits import SEVERAL, VIEWS, parts_of

AS_THEY_ARE = "all they have"
LEAST_ASKED = 20


@dataclass(frozen=True)
class ViewOutcome:
    """What a model answers to works in one view, each array of shape (n_works,).

    Attributes:
        rows: Which works.
        confidence: How much each looks like a known creator's work: its p-value, or minus the entropy of the
            probabilities where the model has learned none for one of the works.
        has_p_values: Whether it is the p-value.
        refused: Whether it is said to be by none of the known creators.
        named: Whether a creator is named.
        correct: Whether the first candidate is the creator.
        highest: The first candidate's probability.
    """

    rows: IntArray
    confidence: DoubleArray
    has_p_values: bool
    refused: Mask
    named: Mask
    correct: Mask
    highest: DoubleArray


def outcomes_by_view(model: CreatorModel, works: Catalog) -> dict[str, ViewOutcome]:
    """The outcomes in each view that a model can read of `LEAST_ASKED` works or more.

    Args:
        model: A fitted model.
        works: Works that it was not fitted on; a creator that it does not know is never named correctly.
    """
    return {
        view: _outcome(model, asked, rows)
        for view, rows, asked in works_by_view(works)
        if len(rows) >= LEAST_ASKED and model.can_read(asked).all()
    }


def works_by_view(works: Catalog) -> Iterator[tuple[str, IntArray, Catalog]]:
    """Each view's name, the rows of the works that have all of it, and these works with the rest left out.

    >>> from sakka import Work
    >>> [view for view, rows, _ in works_by_view(Catalog.from_works([Work("a", title="桜")])) if len(rows)]
    ['all they have', 'title']
    """
    yield AS_THEY_ARE, (rows := np.flatnonzero(works.has_photo | works.has_text)), works.take(rows)
    there = parts_of(works)
    for parts, view in VIEWS.items():
        rows = np.flatnonzero((there >= np.array(parts)).all(axis=1))
        left_out = {
            name: pl.lit("", dtype=works.table.schema[name])
            for name, given in zip(("title", "description"), parts[1:], strict=True)
            if not given
        }
        if parts[0] < SEVERAL:
            left_out["photos"] = pl.col("photos").list.head(parts[0])
        asked = works.take(rows)
        yield view, rows, replace(asked, table=asked.table.with_columns(**left_out))


def _outcome(model: CreatorModel, asked: Catalog, rows: IntArray) -> ViewOutcome:
    probabilities = model.predict_proba(asked)
    p_values = model.p_values(asked, probabilities)
    decided = np.array([answer for answer, _ in model.decide(asked, probabilities, p_values)])
    has_p_values = None not in p_values
    return ViewOutcome(
        rows,
        np.array(p_values, dtype=np.float64) if has_p_values else confidence(probabilities),
        has_p_values,
        decided == "none of the known creators",
        decided == "named",
        probabilities.argmax(axis=1) == asked.creator_indices(model.creators_),
        probabilities.max(axis=1).astype(np.float64),
    )
