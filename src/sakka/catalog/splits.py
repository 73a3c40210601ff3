"""Splits of works into folds: nested 5 x 5, stratified by creator (the paper's section 3.3).

The works of each creator are divided 4:1 into a part to learn from and a test part, rotated, so that every work is
tested once (5 outer folds). The part to learn from is divided again 4:1 into training and validation parts, rotated
(5 inner folds). Each of the 25 pairs trains one model of a kind.

The works are laid out creator by creator, shuffled within each, and dealt to the folds in turn like cards. So the
folds' sizes, and each creator's share of them, differ by one work at most. The deal starts from the works' ids, not
from their rows: the same works in another order get the same folds.

With fewer than 7 works a creator would be missing from some part: of 6 works the largest test part takes 2, and 4
can't fill 5 validation parts.

Two more kinds of split flatter less. `grouped` deals whole groups of near-identical works (`copies/`), the largest
first, each to the fold that has fewest works of the group's creators: a relisted work never stands on both sides.
`temporal` learns from each creator's past and tests on the same creator's future: the last two fifths of the creator's
works, by date, are cut into 5 windows. Outer fold k tests window k and learns from what is older. The same cut is
made within that older part: inner fold j validates on the window that is j-th from its end and trains on what is older
still. Works of one day are never parted, and no date of a test part is as old as one that was learned from.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sakka.arrays import IntArray, Mask
from sakka.errors import SplitError
from sakka.files import writing_whole

if TYPE_CHECKING:
    from sakka.catalog.works import Catalog

OUTER_FOLDS = 5
INNER_FOLDS = 5
MIN_WORKS = 7
RANDOM, GROUPED, TEMPORAL = "random", "grouped", "temporal"
KINDS = (RANDOM, GROUPED, TEMPORAL)
TEST = -1
UNUSED = -2
GOLDEN = 0.6180339887498949
EARLIER = 0.6
"""Temporal: the share of a creator's works that is older than the first window."""


@dataclass(frozen=True)
class Fold:
    """One split of a catalog's rows; no row is in two parts.

    Attributes:
        outer: Which outer fold is the test part, from 0.
        inner: Which inner fold is the validation part, from 0.
        train: Rows to learn from, ascending.
        validation: Rows to choose weights and thresholds on, ascending.
        test: Rows to evaluate on, ascending.
    """

    outer: int
    inner: int
    train: IntArray
    validation: IntArray
    test: IntArray


@dataclass(frozen=True)
class Splits:
    """Every work's part in the nested folds.

    Attributes:
        kind: The kind of split: `random`, `grouped` or `temporal`.
        seed: The seed it was drawn with.
        outer: Shape (n_works,): the outer fold that tests the work, `TEST` (-1) where none does.
        inner: Shape (n_works, n_outer): the work's inner fold within each outer fold, `TEST` where it is tested and
            `UNUSED` where it is in no part; temporal: how many windows from the latest, 5 for what is older.
    """

    kind: str
    seed: int
    outer: IntArray
    inner: IntArray

    def folds(self, inner_folds: int = INNER_FOLDS) -> list[Fold]:
        """The folds in order: for each outer fold, its first `inner_folds` inner folds."""
        return [self.fold(outer, inner) for outer in range(self.inner.shape[1]) for inner in range(inner_folds)]

    def fold(self, outer: int, inner: int) -> Fold:
        """The fold that tests outer fold `outer` and validates on its inner fold `inner`."""
        inners = self.inner[:, outer]
        train = inners > inner if self.kind == TEMPORAL else (inners >= 0) & (inners != inner)
        return Fold(
            outer=outer,
            inner=inner,
            train=np.flatnonzero(train),
            validation=np.flatnonzero(inners == inner),
            test=np.flatnonzero(self.outer == outer),
        )


def nested_splits(works: "Catalog", *, seed: int, kind: str = "random", groups: IntArray | None = None) -> Splits:
    """Split a catalog's works into nested folds, stratified by creator.

    `evaluation.usable_works` finds the groups and leaves out the works that a kind of split can't use.

    Args:
        works: The works; each has a creator.
        seed: Another seed gives other folds.
        kind: The kind of split, one of `KINDS`.
        groups: Grouped: each work's group as a number, shape (n_works,).

    Raises:
        SplitError: `kind` is unknown, a work has no creator, a creator has fewer than `MIN_WORKS` works, or (temporal)
            the dates don't suffice.
    """
    if kind not in KINDS:
        raise SplitError(f"no split is called {kind!r}; known are {', '.join(KINDS)}")
    if seed < 0:
        raise SplitError(f"the seed is {seed}, expected 0 or more")
    check_enough_works(works)
    if kind == GROUPED:
        outer, inner = _grouped(works, seed, groups)
    else:
        outer, inner = _random(works, seed) if kind == RANDOM else _temporal(works)
    return Splits(kind=kind, seed=seed, outer=outer, inner=inner)


def check_enough_works(works: "Catalog", minimum: int = MIN_WORKS) -> None:
    """Refuse works that can't be divided so that every creator is in every part of every fold.

    Raises:
        SplitError: There are no works, one has no creator, or a creator has fewer than `minimum` works.
    """
    labels = works.creator_indices()
    if len(labels) == 0:
        raise SplitError("0 works can't be divided into folds; build a catalog with works in it")
    if (labels < 0).any():
        work = works.ids[int(np.flatnonzero(labels < 0)[0])]
        raise SplitError(f"work {work!r} has no creator, so it can't be evaluated; leave it out of the catalog")
    counts = np.bincount(labels)
    few = np.flatnonzero(counts < minimum)
    if len(few):
        least = int(few[counts[few].argmin()])
        raise SplitError(
            f"creator {works.creators[least]!r} has {counts[least]} works, expected {minimum} or more "
            f"({len(few)} of {len(counts)} creators have fewer); "
            f"build the catalog with `min_works={minimum}` or higher"
        )


def deal(labels: IntArray, generator: np.random.Generator, folds: int) -> IntArray:
    """Deal works to folds so that the folds, and each creator's share of them, differ by one work at most.

    Args:
        labels: Each work's creator as an index, shape (n_works,).
        generator: Shuffles the works of each creator.
        folds: How many folds.

    Returns:
        Each work's fold, shape (n_works,).
    """
    order = np.lexsort((generator.permutation(len(labels)), labels))  # creator by creator, shuffled within
    dealt = np.empty(len(labels), dtype=np.int64)
    dealt[order] = (np.arange(len(labels)) + generator.integers(folds)) % folds
    return dealt


def _random(works: "Catalog", seed: int) -> tuple[IntArray, IntArray]:
    by_id = np.array(sorted(range(len(works)), key=works.ids.__getitem__), dtype=np.int64)
    labels = works.creator_indices()[by_id]
    outer = np.empty(len(labels), dtype=np.int64)
    inner = np.full((len(labels), OUTER_FOLDS), TEST, dtype=np.int64)
    outer[by_id] = deal(labels, np.random.default_rng((seed, 0)), OUTER_FOLDS)
    for fold in range(OUTER_FOLDS):
        learning = outer[by_id] != fold
        dealt = deal(labels[learning], np.random.default_rng((seed, 1, fold)), INNER_FOLDS)
        inner[by_id[learning], fold] = dealt
    return outer, inner


def _grouped(works: "Catalog", seed: int, groups: IntArray | None) -> tuple[IntArray, IntArray]:
    if groups is None or len(groups) != len(works):
        got = "none" if groups is None else f"{len(groups)}"
        raise SplitError(f"the grouped split needs a group for each of the {len(works)} works, got {got}")
    by_id = np.array(sorted(range(len(works)), key=works.ids.__getitem__), dtype=np.int64)
    labels = works.creator_indices()[by_id]
    codes = _by_first_appearance(groups[by_id])
    outer = np.empty(len(labels), dtype=np.int64)
    inner = np.full((len(labels), OUTER_FOLDS), TEST, dtype=np.int64)
    dealt = deal_groups(labels, codes, np.random.default_rng((seed, 0)), OUTER_FOLDS)
    outer[by_id] = dealt
    for fold in range(OUTER_FOLDS):
        learning = dealt != fold
        generator = np.random.default_rng((seed, 1, fold))
        inner[by_id[learning], fold] = deal_groups(labels[learning], codes[learning], generator, INNER_FOLDS)
    return outer, inner


def deal_groups(labels: IntArray, groups: IntArray, generator: np.random.Generator, folds: int) -> IntArray:
    """Deal whole groups to folds, the largest first, each to the fold with fewest works of the group's creators.

    Args:
        labels: Each work's creator as an index, shape (n_works,).
        groups: Each work's group, shape (n_works,).
        generator: Decides between groups of one size and between folds that are equal.
        folds: How many folds.

    Returns:
        Each work's fold, shape (n_works,).
    """
    order = np.lexsort((generator.permutation(len(groups)), groups))
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    members = np.split(order, starts[1:])
    shuffled = generator.permutation(len(members))
    ranked = sorted(shuffled.tolist(), key=lambda number: -len(members[number]))
    of_creator = np.zeros((int(labels.max(initial=0)) + 1, folds), dtype=np.int64)
    of_all = np.zeros(folds, dtype=np.int64)
    turns = generator.permutation(folds)
    dealt = np.empty(len(labels), dtype=np.int64)
    for number in ranked:
        rows = members[number]
        own = of_creator[labels[rows]].sum(axis=0)
        fold = int(np.lexsort((turns, of_all, own))[0])
        dealt[rows] = fold
        np.add.at(of_creator[:, fold], labels[rows], 1)
        of_all[fold] += len(rows)
    return dealt


def _by_first_appearance(groups: IntArray) -> IntArray:
    """Number groups in the order in which they appear, so that the numbers given don't matter."""
    _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    order: IntArray = np.argsort(np.argsort(first))[codes].astype(np.int64)
    return order


def _temporal(works: "Catalog") -> tuple[IntArray, IntArray]:
    usable = dated_enough(works)
    if not usable.all():
        work = works.ids[int(np.flatnonzero(~usable)[0])]
        raise SplitError(
            f"{int((~usable).sum())} works can't be divided by time, such as {work!r}: they have no date, or their "
            "creator has too few dates; leave them out"
        )
    labels, dates = works.creator_indices(), _dates(works)
    outer = _windows(labels, dates)
    empty = np.flatnonzero(np.bincount(outer + 1, minlength=OUTER_FOLDS + 1) == 0)
    if len(empty):
        raise SplitError(
            f"no work falls in window {empty[0]} of {OUTER_FOLDS}: the {len(works)} works have too few different dates "
            "to be divided by time; choose another split"
        )
    inner = np.full((len(labels), OUTER_FOLDS), UNUSED, dtype=np.int64)
    for fold in range(OUTER_FOLDS):
        inner[outer == fold, fold] = TEST
        past = outer < fold
        windows = _windows(labels[past], dates[past])
        inner[past, fold] = np.where(windows < 0, INNER_FOLDS, INNER_FOLDS - 1 - windows)
    return outer, inner


def dated_enough(works: "Catalog") -> Mask:
    """Say which works can be divided by time, shape (n_works,).

    A work needs a date. Its creator needs `MIN_WORKS` dated works, at least one of them in a test window, and at
    least one that is older than every window of the first fold's own past, so that each model has seen the creator.
    """
    labels, dates = works.creator_indices(), _dates(works)
    dated = (dates >= 0) & (labels >= 0)
    outer = np.full(len(labels), UNUSED, dtype=np.int64)
    outer[dated] = _windows(labels[dated], dates[dated])
    first_past = outer == TEST
    oldest = np.zeros(len(labels), dtype=np.bool_)
    oldest[first_past] = _windows(labels[first_past], dates[first_past]) == TEST
    n_creators = int(labels.max(initial=0)) + 1
    counts = [np.bincount(labels[mask], minlength=n_creators) for mask in (dated, outer >= 0, oldest)]
    divisible = (counts[0] >= MIN_WORKS) & (counts[1] > 0) & (counts[2] > 0)
    usable: Mask = dated & divisible[labels]
    return usable


def _windows(labels: IntArray, dates: IntArray) -> IntArray:
    """Each work's window within its creator's last two fifths, 0 to 4 from old to new; -1 for what is older.

    Works of one date share the window of the first of them.
    """
    order = np.lexsort((dates, labels))
    label, date = labels[order], dates[order]
    new_creator = np.diff(label, prepend=-1) != 0
    starts = np.flatnonzero(new_creator)
    sizes = np.diff(np.append(starts, len(label)))
    first_of_date = new_creator | (np.diff(date, prepend=-1) != 0)
    rank = np.maximum.accumulate(np.where(first_of_date, np.arange(len(label)), 0)) - np.repeat(starts, sizes)
    # Creators with few works have none in some window: a phase of each creator's own makes it another one for each.
    share = (rank + (0.5 + GOLDEN * label) % 1) / np.repeat(sizes, sizes)
    width = (1 - EARLIER) / OUTER_FOLDS
    windows = np.empty(len(label), dtype=np.int64)
    windows[order] = np.clip(np.floor((share - EARLIER) / width + 1e-9), -1, OUTER_FOLDS - 1)
    return windows


def _dates(works: "Catalog") -> IntArray:
    """Each work's day, counted from the year 1, shape (n_works,); -1 where it is unknown."""
    return np.array([-1 if day is None else day.toordinal() for day in works.table["created_at"]], dtype=np.int64)


def write_splits(splits: Splits, path: Path) -> None:
    """Write the folds as Parquet: columns `outer`, `inner_0`, `inner_1` ...; kind and seed as metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"outer": splits.outer}
    columns |= {f"inner_{fold}": splits.inner[:, fold] for fold in range(splits.inner.shape[1])}
    table = pa.table(columns).replace_schema_metadata({"kind": splits.kind, "seed": str(splits.seed)})
    with writing_whole(path) as part:
        pq.write_table(table, part)


def read_splits(path: Path) -> Splits:
    """Read the folds that `write_splits` wrote.

    Raises:
        SplitError: The file is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        columns = [table[f"inner_{fold}"].to_numpy() for fold in range(table.num_columns - 1)]
        return Splits(
            kind=metadata["kind"],
            seed=int(metadata["seed"]),
            outer=table["outer"].to_numpy().astype(np.int64),
            inner=np.stack(columns, axis=1).astype(np.int64),
        )
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise SplitError(f"{path} can't be read as folds ({error}); run the experiment in a new folder") from error
