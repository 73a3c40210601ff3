"""Which works an experiment can use under a kind of split, and the folds that it splits them into."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from sakka.arrays import Mask
from sakka.catalog.splits import (
    GROUPED,
    KINDS,
    MIN_WORKS,
    RANDOM,
    TEMPORAL,
    Splits,
    check_enough_works,
    dated_enough,
    nested_splits,
)
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.errors import SplitError
from sakka.fragments import counted

LEFT_OUT = "left_out_by_the_split"


@dataclass(frozen=True)
class UsableWorks:
    """The works that a kind of split can use.

    Attributes:
        works: The catalog of them; its `info` says under `LEFT_OUT` what the split left out.
        left_out: What the split left out, in words -> how many works; empty where nothing was.
        few_creators: How many creators were left out before, whatever the split, for fewer than `MIN_WORKS` works.
        few_works: How many works these have.
    """

    works: Catalog
    left_out: Mapping[str, int]
    few_creators: int = 0
    few_works: int = 0


def usable_works(works: Catalog, kind: str) -> UsableWorks:
    """Leave out the works that a kind of split can't use; a catalog of usable works stays as it is.

    Every split leaves out the creators with fewer than 7 works. `random` uses all others. `grouped` leaves out the
    creators with fewer than 7 groups of near-identical works, `temporal` the works without a date and the creators with
    too few dates (see `splits.dated_enough`).

    Raises:
        SplitError: `kind` is unknown, a work has no creator, or no work is left.
    """
    if kind not in KINDS:
        raise SplitError(f"no split is called {kind!r}; known are {', '.join(KINDS)}")
    check_enough_works(works, minimum=0)
    enough = with_enough_works(works)
    few_creators = len(works.creators) - len(enough.creators)
    return replace(_usable(enough, kind), few_creators=few_creators, few_works=len(works) - len(enough))


def few_in_words(creators: int, works: int) -> str:
    """Which creators are not evaluated for their few works.

    >>> few_in_words(12, 31)
    '12 creators with fewer than 7 works (31 works) are not evaluated'
    """
    return (
        f"{counted(creators, 'creator')} with fewer than {MIN_WORKS} works ({counted(works, 'work')}) "
        f"{'is' if creators == 1 else 'are'} not evaluated"
    )


def with_enough_works(works: Catalog) -> Catalog:
    """The works of the creators who have `MIN_WORKS` or more; the catalog itself where all have.

    Raises:
        SplitError: Fewer than two creators are left.
    """
    labels = works.creator_indices()
    counts = np.bincount(labels)
    enough = counts[labels] >= MIN_WORKS
    if enough.all():
        return works
    left = int((counts >= MIN_WORKS).sum())
    if left < 2:
        raise SplitError(
            f"{left or 'none'} of {len(counts):,} creators has {MIN_WORKS} works or more (the most is "
            f"{counts.max():,}); expected two such creators to tell apart; add works to the catalog"
        )
    return works.take(np.flatnonzero(enough))


def _usable(works: Catalog, kind: str) -> UsableWorks:
    """Leave out what one kind of split can't use."""
    if kind == RANDOM:
        return UsableWorks(works, {})
    masks: dict[str, Mask] = {}
    if kind == GROUPED:
        masks["of creators with fewer than 7 groups of near-identical works"] = ~_groups_enough(works)
    elif kind == TEMPORAL:
        dated = works.table["created_at"].is_not_null().to_numpy()
        masks = {"without a date": ~dated, "of creators with too few dated works": dated & ~dated_enough(works)}
    left_out = {reason: int(mask.sum()) for reason, mask in masks.items() if mask.any()}
    if not left_out:
        return UsableWorks(works, {})
    kept = np.flatnonzero(~np.logical_or.reduce(list(masks.values())))
    if len(kept) == 0:
        told = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        raise SplitError(f"the {kind} split can use none of the {len(works):,} works ({told}); choose another split")
    some = works.take(kept)
    creators = len(works.creators) - len(some.creators)
    left_out |= {"creators without a work left": creators} if creators else {}
    return UsableWorks(replace(some, info={**works.info, LEFT_OUT: left_out}), left_out)


def split_works(works: Catalog, kind: str, seed: int) -> Splits:
    """Split works into nested folds; for `grouped` their near-identical works are found first.

    Raises:
        SplitError: The works can't be split that way; see `usable_works`.
        PhotoError: A photo can't be read.
    """
    groups = near_identical(works).groups if kind == GROUPED else None
    return nested_splits(works, seed=seed, kind=kind, groups=groups)


def _groups_enough(works: Catalog) -> Mask:
    labels = works.creator_indices()
    pairs = np.unique(np.stack([labels, near_identical(works).groups], axis=1), axis=0)
    enough: Mask = np.bincount(pairs[:, 0])[labels] >= MIN_WORKS
    return enough
