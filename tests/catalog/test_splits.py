from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sakka.catalog.splits import MIN_WORKS, TEST, Splits, dated_enough, nested_splits, read_splits, write_splits
from sakka.catalog.works import Catalog, Work
from sakka.errors import SplitError

counts_of_works = st.lists(st.integers(MIN_WORKS, 40), min_size=1, max_size=12)


def catalog(counts: list[int]) -> Catalog:
    works = [
        Work(f"{place}-{number}", f"creator {place}") for place, count in enumerate(counts) for number in range(count)
    ]
    return Catalog.from_works(works)


@given(counts_of_works, st.integers(0, 1000))
@settings(max_examples=40)
def test_a_work_never_sits_in_two_parts_and_every_work_is_tested_once(counts: list[int], seed: int) -> None:
    splits = nested_splits(catalog(counts), seed=seed)
    tested = np.zeros(sum(counts), dtype=int)
    for fold in splits.folds():
        rows = np.concatenate([fold.train, fold.validation, fold.test])
        assert sorted(rows) == list(range(sum(counts)))
        tested[fold.test] += 1
    assert (tested == 5).all()


@given(counts_of_works, st.integers(0, 1000))
@settings(max_examples=40)
def test_every_creator_is_in_every_part_of_every_fold(counts: list[int], seed: int) -> None:
    works = catalog(counts)
    labels = works.creator_indices()
    for fold in nested_splits(works, seed=seed).folds():
        for rows in (fold.train, fold.validation, fold.test):
            assert len(np.unique(labels[rows])) == len(counts)


@given(counts_of_works, st.integers(0, 1000))
@settings(max_examples=40)
def test_folds_and_each_creators_share_of_them_differ_by_one_work_at_most(counts: list[int], seed: int) -> None:
    works = catalog(counts)
    labels = works.creator_indices()
    splits = nested_splits(works, seed=seed)
    assert np.ptp(np.bincount(splits.outer, minlength=5)) <= 1
    for creator in range(len(counts)):
        assert np.ptp(np.bincount(splits.outer[labels == creator], minlength=5)) <= 1
    for outer in range(5):
        learning = splits.inner[:, outer] != TEST
        assert np.ptp(np.bincount(splits.inner[learning, outer], minlength=5)) <= 1


def test_the_inner_folds_validate_each_work_to_learn_from_once() -> None:
    splits = nested_splits(catalog([10, 13]), seed=3)
    for outer in range(5):
        rows = np.concatenate([splits.fold(outer, inner).validation for inner in range(5)])
        assert sorted(rows) == list(np.flatnonzero(splits.outer != outer))


def test_the_order_of_the_rows_changes_nothing() -> None:
    works = catalog([9, 20, 31])
    order = np.random.default_rng(0).permutation(len(works))
    splits, shuffled = nested_splits(works, seed=5), nested_splits(works.take(order), seed=5)
    np.testing.assert_array_equal(shuffled.outer, splits.outer[order])
    np.testing.assert_array_equal(shuffled.inner, splits.inner[order])


def test_the_seed_decides() -> None:
    works = catalog([50, 50])
    first, again, other = (nested_splits(works, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.inner, again.inner)
    assert (first.outer != other.outer).any()


def test_two_works_of_a_creator_meet_in_a_fold_as_often_as_chance_has_it() -> None:
    meetings = [np.diff(nested_splits(catalog([25]), seed=seed).outer[:2])[0] == 0 for seed in range(400)]
    assert np.mean(meetings) == pytest.approx(4 / 24, abs=0.06)


def test_a_creator_with_too_few_works_is_refused_by_name() -> None:
    with pytest.raises(SplitError, match=r"creator 'creator 1' has 6 works, expected 7 or more.*`min_works=7`"):
        nested_splits(catalog([20, 6, 7]), seed=0)
    nested_splits(catalog([20, 7]), seed=0)


@pytest.mark.parametrize(
    ("works", "arguments", "message"),
    [
        (Catalog.from_works([]), {"seed": 0}, "0 works"),
        (Catalog.from_works([Work("a")] + [Work(str(n), "c") for n in range(9)]), {"seed": 0}, "'a' has no creator"),
        (catalog([9]), {"seed": 0, "kind": "alphabetical"}, "alphabetical"),
        (catalog([9]), {"seed": -1}, "-1"),
    ],
)
def test_what_cannot_be_divided_is_refused(works: Catalog, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SplitError, match=message):
        nested_splits(works, **arguments)  # type: ignore[arg-type]


def test_written_folds_are_read_back(folder: Path) -> None:
    splits = nested_splits(catalog([9, 12]), seed=4)
    write_splits(splits, folder / "splits.parquet")
    again = read_splits(folder / "splits.parquet")
    assert isinstance(again, Splits)
    assert (again.kind, again.seed) == ("random", 4)
    np.testing.assert_array_equal(again.outer, splits.outer)
    np.testing.assert_array_equal(again.inner, splits.inner)


@pytest.mark.parametrize("content", [None, b"", b"PAR1 is not enough", b"\xff" * 100])
def test_a_damaged_file_of_folds_is_refused(folder: Path, content: bytes | None) -> None:
    path = folder / "splits.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SplitError, match=r"splits\.parquet can't be read"):
        read_splits(path)


@given(counts_of_works, st.integers(0, 1000), st.integers(2, 6))
@settings(max_examples=30)
def test_near_identical_works_never_stand_on_two_sides(counts: list[int], seed: int, largest: int) -> None:
    works = catalog(counts)
    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(sum(counts)), generator.integers(1, largest + 1, sum(counts)))[: sum(counts)]
    splits = nested_splits(works, seed=seed, kind="grouped", groups=groups)
    tested = np.zeros(sum(counts), dtype=int)
    for fold in splits.folds():
        parts = [set(groups[rows]) for rows in (fold.train, fold.validation, fold.test)]
        assert parts[0].isdisjoint(parts[1] | parts[2])
        assert parts[1].isdisjoint(parts[2])
        assert len(fold.train) + len(fold.validation) + len(fold.test) == sum(counts)
        tested[fold.test] += 1
    assert (tested == 5).all()


def test_whole_groups_are_dealt_so_that_each_creators_folds_stay_alike() -> None:
    works = catalog([60, 90])
    groups = np.repeat(np.arange(50), 3)
    splits = nested_splits(works, seed=2, kind="grouped", groups=groups)
    for creator in range(2):
        assert np.ptp(np.bincount(splits.outer[works.creator_indices() == creator], minlength=5)) <= 3


def test_groups_of_one_work_are_dealt_as_evenly_as_works() -> None:
    works = catalog([23, 31])
    splits = nested_splits(works, seed=2, kind="grouped", groups=np.arange(54))
    for creator in range(2):
        assert np.ptp(np.bincount(splits.outer[works.creator_indices() == creator], minlength=5)) <= 1


def test_the_order_of_rows_and_the_numbers_of_groups_change_nothing() -> None:
    works = catalog([20, 31])
    groups = np.arange(51) // 2
    order = np.random.default_rng(0).permutation(51)
    splits = nested_splits(works, seed=5, kind="grouped", groups=groups)
    shuffled = nested_splits(works.take(order), seed=5, kind="grouped", groups=99 - groups[order])
    np.testing.assert_array_equal(shuffled.outer, splits.outer[order])
    np.testing.assert_array_equal(shuffled.inner, splits.inner[order])


def test_the_grouped_split_needs_groups() -> None:
    with pytest.raises(SplitError, match="a group for each of the 9 works, got none"):
        nested_splits(catalog([9]), seed=0, kind="grouped")


def dated(days: list[list[int | None]]) -> Catalog:
    start = datetime(2012, 1, 1)
    return Catalog.from_works(
        Work(f"{place}-{number}", f"creator {place}", created_at=None if day is None else start + timedelta(days=day))
        for place, own in enumerate(days)
        for number, day in enumerate(own)
    )


@given(st.lists(st.lists(st.integers(0, 60), min_size=12, max_size=40), min_size=1, max_size=5))
@settings(max_examples=40)
def test_what_is_judged_is_later_than_what_was_learned_from(days: list[list[int]]) -> None:
    works = dated([list(own) for own in days])
    works = works.take(np.flatnonzero(dated_enough(works)))
    try:
        folds = nested_splits(works, seed=0, kind="temporal").folds()
    except SplitError:  # by chance too few different dates
        return
    labels, when = works.creator_indices(), works.table["created_at"].to_numpy()
    for fold in folds:
        for creator in range(labels.max() + 1):
            train, validation, test = (
                when[rows[labels[rows] == creator]] for rows in (fold.train, fold.validation, fold.test)
            )
            assert len(train) > 0
            assert len(validation) == 0 or train.max() < validation.min()
            assert len(test) == 0 or max(train.max(), validation.max(initial=train.max())) < test.min()


def test_the_last_two_fifths_are_tested_in_five_windows() -> None:
    splits = nested_splits(dated([list(range(100))]), seed=0, kind="temporal")
    assert np.bincount(splits.outer + 1).tolist() == [60, 8, 8, 8, 8, 8]
    assert splits.fold(0, 0).test.tolist() == list(range(60, 68))
    last = splits.fold(4, 0)
    assert (last.train.tolist(), last.validation.tolist()) == (list(range(85)), list(range(85, 92)))
    earliest = splits.fold(4, 4)
    assert len(earliest.train) == 55
    assert earliest.validation.tolist() == list(range(55, 63))


def test_works_without_a_date_and_creators_of_one_day_are_named_as_unusable() -> None:
    works = dated([list(range(20)), [5] * 20, [None, *range(19)], [1, 2, 3, 4, 5, 6, *[None] * 9]])
    assert np.bincount(works.creator_indices()[dated_enough(works)], minlength=4).tolist() == [20, 0, 19, 0]
    with pytest.raises(SplitError, match="36 works can't be divided by time"):
        nested_splits(works, seed=0, kind="temporal")
