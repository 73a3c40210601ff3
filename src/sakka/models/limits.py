"""How sure is sure enough: the limits between the three answers, for what a work offers.

A title says less than a photo, one photo less than several, and ten characters less than six hundred, so each view v
(a photo, several photos, a title, a photo and a title ...) has limits of its own. With f a work's probabilities, and p
the p-value of its being by a known creator (`conformal.py`), the answer is

    none of the known creators    where p is at most the false-refusal rate a, 5 % where no other is chosen, and the set
                                  of possible creators at coverage 1 - a is not everybody
    named                         else, where the highest probability is p_v or more
    not sure enough               else

Where p is small and everybody is possible, the work says too little to tell anything by, such as a title of words that
the model has never met: a known creator's work that said so little would have so small a p as well.

They are learned (`learning_limits.py`) on works that were held out, asked with all they have, and with only their
title, description or photo:

    p_v   the least probability, a half or more, from which 95 in 100 of the works were named correctly, one wrong name
          more counted in; there may be none
    T_v   the temperature (`calibration.py`) that f is taken at: what is learned on whole texts is too sure of titles

A view of too few held-out works has no limits (`learning_limits.py`): no work is said to be by none of the known
creators, and a creator is named from `NAMED_WITHOUT_LIMITS` on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from sakka.arrays import DoubleArray, IntArray
from sakka.catalog.works import Catalog
from sakka.models.identification import FALSE_REFUSALS, NAMED_WITHOUT_LIMITS, Answer, Basis

View = Literal[
    "photo",
    "title",
    "description",
    "title and description",
    "photo and title",
    "photo and description",
    "photo, title and description",
    "photos",
    "photos and title",
    "photos and description",
    "photos, title and description",
]

SEVERAL = 2  # stands for so many photos and more

VIEWS: Mapping[tuple[int, int, int], View] = MappingProxyType(
    {
        (1, 0, 0): "photo",
        (0, 1, 0): "title",
        (0, 0, 1): "description",
        (0, 1, 1): "title and description",
        (1, 1, 0): "photo and title",
        (1, 0, 1): "photo and description",
        (1, 1, 1): "photo, title and description",
        (SEVERAL, 0, 0): "photos",
        (SEVERAL, 1, 0): "photos and title",
        (SEVERAL, 0, 1): "photos and description",
        (SEVERAL, 1, 1): "photos, title and description",
    }
)
"""The view by how many photos a work has, two for two and more, and whether it has a title and a description."""


@dataclass(frozen=True)
class ViewLimits:
    """The limits of one view.

    Attributes:
        works: How many held-out works they were learned on.
        temperature: T_v.
        named_from: p_v; None where no probability is sure enough.
    """

    works: int
    temperature: float
    named_from: float | None

    def answer(
        self,
        probability: float,
        p_value: float | None,
        false_refusals: float = FALSE_REFUSALS,
        *,
        everyone_possible: bool = False,
    ) -> Answer:
        """The answer to a work.

        Args:
            probability: Of the first candidate.
            p_value: Of the work's being by a known creator; None where it has none.
            false_refusals: The share of the known creators' works that may be said to be by none of them.
            everyone_possible: Whether the work rules out none of the creators.

        >>> limits = ViewLimits(200, 1.0, named_from=0.7)
        >>> [limits.answer(*each) for each in ((0.8, 0.3), (0.6, 0.2), (0.4, 0.04))]
        ['named', 'not sure enough', 'none of the known creators']
        >>> limits.answer(0.1, 0.04, everyone_possible=True)
        'not sure enough'
        """
        if p_value is not None and p_value <= false_refusals and not everyone_possible:
            return "none of the known creators"
        named = self.named_from is not None and probability >= self.named_from
        return "named" if named else "not sure enough"


def views_of(parts: IntArray) -> list[View | None]:
    """What each work offers of what is read; None where that is nothing.

    Args:
        parts: How many photos each work has, and whether it has a title and a description, as `parts_of` or a model's
            `parts_read` says.

    >>> views_of(np.array([[1, 1, 0], [3, 1, 0], [0, 0, 0]]))
    ['photo and title', 'photos and title', None]
    """
    return [VIEWS.get((min(photos, SEVERAL), title, description)) for photos, title, description in parts.tolist()]


def parts_of(works: Catalog) -> IntArray:
    """How many photos each work has, and whether it has a title and a description (0 or 1), shape (n_works, 3)."""
    return np.column_stack([works.photo_counts, works.text_parts])


def text_amounts(works: Catalog) -> DoubleArray:
    """log(1 + m) with m the characters of each work's text, shape (n_works,)."""
    return np.log1p([len(text.strip()) for text in works.texts])


def decide(
    limits: ViewLimits | None,
    is_read: bool,
    probability: float,
    p_value: float | None,
    false_refusals: float = FALSE_REFUSALS,
    *,
    everyone_possible: bool = False,
) -> tuple[Answer, Basis]:
    """The answer to a work and what it rests on.

    Args:
        limits: Those of what the work offers; None where none were learned.
        is_read: Whether the model reads anything of the work.
        probability: Of the first candidate.
        p_value: Of the work's being by a known creator; None where it has none.
        false_refusals: The share of the known creators' works that may be said to be by none of them.
        everyone_possible: Whether the work rules out none of the creators.

    >>> decide(None, True, 0.89, None), decide(None, False, 0.95, None)
    (('not sure enough', 'no threshold'), ('not sure enough', 'nothing read'))
    """
    if not is_read:
        return "not sure enough", "nothing read"
    if limits is None:
        return "named" if probability >= NAMED_WITHOUT_LIMITS else "not sure enough", "no threshold"
    answer = limits.answer(probability, p_value, false_refusals, everyone_possible=everyone_possible)
    return answer, "threshold"


def limits_in_words(limits: Mapping[View, ViewLimits]) -> str:
    """From which probability on a creator is named, in one line.

    >>> limits_in_words({"photo": ViewLimits(80, 1.0, 0.71), "title": ViewLimits(75, 1.3, None)})
    'a creator is named from 71 % (photo), never (title); learned on 75 to 80 held-out works'
    >>> limits_in_words({})
    'a creator is named from 90 %: too few works to learn how sure is sure enough'
    """
    if not limits:
        percent = 100 * NAMED_WITHOUT_LIMITS
        return f"a creator is named from {percent:.0f} %: too few works to learn how sure is sure enough"
    shown = [
        f"{'never' if each.named_from is None else f'from {100 * each.named_from:.0f} %'} ({view})"
        for view, each in limits.items()
    ]
    works = [each.works for each in limits.values()]
    many = f"{min(works):,}" if min(works) == max(works) else f"{min(works):,} to {max(works):,}"
    return f"a creator is named {', '.join(shown)}; learned on {many} held-out works"
