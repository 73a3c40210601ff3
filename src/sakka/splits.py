"""Division of works into folds: nested 5 x 5, stratified by creator (the paper's section 3.3).

The works of each creator are divided 4:1 into a part to learn from and a test part, rotated, so that every work is
tested once (5 outer folds). The part to learn from is divided again 4:1 into training and validation parts, rotated
(5 inner folds). Each of the 25 pairs trains one model of a kind.

The works are laid out creator by creator, shuffled within each, and dealt to the folds in turn like cards. So the
folds' sizes, and each creator's share of them, differ by one work at most. The deal starts from the works' ids, not
from their rows: the same works in another order get the same folds.

With fewer than 7 works a creator would be missing from some part: of 6 works the largest test part takes 2, and 4
can't fill 5 validation parts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sakka.errors import SplitError
from sakka.files import writing_whole

if TYPE_CHECKING:
    from sakka.works import Catalog

IntArray = npt.NDArray[np.int64]
OUTER_FOLDS = 5
INNER_FOLDS = 5
MIN_WORKS = 7
TEST = -1


@dataclass(frozen=True)
class Fold:
    """One division of a catalog's rows: no row stands in two parts.

    Attributes:
        outer: Which outer fold is the test part, from 0.
        inner: Which inner fold is the validation part, from 0.
        train: Rows to learn from, ascending.
        validation: Rows to choose weights and thresholds on, ascending.
        test: Rows to judge on, ascending.
    """

    outer: int
    inner: int
    train: IntArray
    validation: IntArray
    test: IntArray


@dataclass(frozen=True)
class Splits:
    """Every work's place in the nested folds.

    Attributes:
        kind: The way of dividing: `random`, `grouped` or `temporal`.
        seed: The seed it was drawn with.
        outer: Shape (n_works,): the outer fold that tests the work.
        inner: Shape (n_works, n_outer): the work's inner fold within each outer fold, `TEST` where it is tested.
    """

    kind: str
    seed: int
    outer: IntArray
    inner: IntArray

    def folds(self, inner_folds: int = INNER_FOLDS) -> list[Fold]:
        """Give the folds in order: for each outer fold, its first `inner_folds` inner folds."""
        return [self.fold(outer, inner) for outer in range(self.inner.shape[1]) for inner in range(inner_folds)]

    def fold(self, outer: int, inner: int) -> Fold:
        """Give the fold that tests outer fold `outer` and validates on its inner fold `inner`."""
        places = self.inner[:, outer]
        return Fold(
            outer=outer,
            inner=inner,
            train=np.flatnonzero((places != TEST) & (places != inner)),
            validation=np.flatnonzero(places == inner),
            test=np.flatnonzero(self.outer == outer),
        )


def nested_splits(works: "Catalog", *, seed: int, kind: str = "random") -> Splits:
    """Divide a catalog's works into nested folds, stratified by creator.

    Args:
        works: The works; each has a creator.
        seed: Another seed gives other folds.
        kind: The way of dividing; known are the keys of `KINDS`.

    Raises:
        SplitError: `kind` is unknown, a work has no creator, or a creator has fewer than `MIN_WORKS` works.
    """
    if kind not in KINDS:
        raise SplitError(f"no way of dividing is called {kind!r}; known are {', '.join(KINDS)}")
    if seed < 0:
        raise SplitError(f"the seed is {seed}, expected 0 or more")
    check_enough_works(works)
    outer, inner = KINDS[kind](works, seed)
    return Splits(kind=kind, seed=seed, outer=outer, inner=inner)


def check_enough_works(works: "Catalog", minimum: int = MIN_WORKS) -> None:
    """Refuse works that can't be divided so that every creator is in every part of every fold.

    Raises:
        SplitError: There are no works, one has no creator, or a creator has fewer than `minimum` works.
    """
    places = works.creator_indices()
    if len(places) == 0:
        raise SplitError("0 works can't be divided into folds; build a catalog with works in it")
    if (places < 0).any():
        work = works.ids[int(np.flatnonzero(places < 0)[0])]
        raise SplitError(f"work {work!r} has no creator, so it can't be judged; leave it out of the catalog")
    counts = np.bincount(places)
    few = np.flatnonzero(counts < minimum)
    if len(few):
        least = int(few[counts[few].argmin()])
        raise SplitError(
            f"creator {works.creators[least]!r} has {counts[least]} works, expected {minimum} or more "
            f"({len(few)} of {len(counts)} creators have fewer); "
            f"build the catalog with `--min-works {minimum}` or higher"
        )


def deal(places: IntArray, generator: np.random.Generator, folds: int) -> IntArray:
    """Deal works to folds so that the folds, and each creator's share of them, differ by one work at most.

    Args:
        places: Each work's creator as an index, shape (n_works,).
        generator: Shuffles the works of each creator.
        folds: How many folds.

    Returns:
        Each work's fold, shape (n_works,).
    """
    order = np.lexsort((generator.permutation(len(places)), places))  # creator by creator, shuffled within
    dealt = np.empty(len(places), dtype=np.int64)
    dealt[order] = (np.arange(len(places)) + generator.integers(folds)) % folds
    return dealt


def _random(works: "Catalog", seed: int) -> tuple[IntArray, IntArray]:
    by_id = np.array(sorted(range(len(works)), key=works.ids.__getitem__), dtype=np.int64)
    places = works.creator_indices()[by_id]
    outer = np.empty(len(places), dtype=np.int64)
    inner = np.full((len(places), OUTER_FOLDS), TEST, dtype=np.int64)
    outer[by_id] = deal(places, np.random.default_rng((seed, 0)), OUTER_FOLDS)
    for fold in range(OUTER_FOLDS):
        learning = outer[by_id] != fold
        dealt = deal(places[learning], np.random.default_rng((seed, 1, fold)), INNER_FOLDS)
        inner[by_id[learning], fold] = dealt
    return outer, inner


KINDS: dict[str, Callable[["Catalog", int], tuple[IntArray, IntArray]]] = {"random": _random}


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
