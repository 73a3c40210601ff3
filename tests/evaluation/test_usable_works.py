"""Works and folds under each way of dividing."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import tiny_catalog

from sakka.catalog.works import Catalog, Work
from sakka.errors import SplitError
from sakka.evaluation.plan import make_plan
from sakka.evaluation.run import run_experiment
from sakka.evaluation.usable_works import LEFT_OUT, split_works, usable_works

BLURB = "A brooch of felt with a bird, sewn by hand and filled with wool, about four centimetres wide"


def letters(seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("abcdefghijklmnop"), 60))


def listed(creators: int = 3, works: int = 14) -> Catalog:
    """Every second work repeats the text of the one before; the last creator has no dates."""
    start = datetime(2015, 1, 1)
    return Catalog.from_works(
        Work(
            f"{creator}-{number:02}",
            f"creator {creator}",
            description=letters(100 * creator + number // 2),
            created_at=None if creator == creators - 1 else start + timedelta(days=number),
        )
        for creator in range(creators)
        for number in range(works)
    )


def test_works_of_one_group_share_their_fold() -> None:
    works = listed()
    splits = split_works(works, "grouped", seed=0)
    assert (splits.outer[::2] == splits.outer[1::2]).all()
    assert (splits.inner[::2] == splits.inner[1::2]).all()
    assert not (
        split_works(works, "random", seed=0).outer[::2] == split_works(works, "random", seed=0).outer[1::2]
    ).all()


def test_creators_with_too_few_groups_are_left_out_with_a_count() -> None:
    few = Catalog.from_works([*listed(), *(Work(f"z{number}", "z", description=BLURB) for number in range(9))])
    found = usable_works(few, "grouped")
    assert found.left_out == {
        "of creators with fewer than 7 groups of near-identical works": 9,
        "creators without a work left": 1,
    }
    assert found.works.info[LEFT_OUT] == found.left_out
    assert usable_works(found.works, "grouped").left_out == {}


@pytest.mark.parametrize("split", ["random", "grouped", "temporal"])
def test_creators_with_too_few_works_are_left_out_of_every_split(split: str) -> None:
    few = [Work(f"z{number}", f"z{number // 6}", title=str(number)) for number in range(9)]
    found, without = (usable_works(Catalog.from_works(works), split) for works in ([*listed(), *few], listed()))
    assert (found.few_creators, found.few_works, found.left_out) == (2, 9, without.left_out)
    assert found.works.fingerprint() == without.works.fingerprint()
    assert (without.few_creators, without.few_works) == (0, 0)


def test_one_creator_with_enough_works_is_not_told_from_anyone() -> None:
    works = [Work(str(number), "a" if number else "b", title=str(number)) for number in range(9)]
    with pytest.raises(SplitError, match=r"1 of 2 creators has 7 works or more \(the most is 8\)"):
        usable_works(Catalog.from_works(works), "random")


def test_works_without_a_date_are_left_out_with_a_count() -> None:
    found = usable_works(listed(), "temporal")
    assert found.left_out == {"without a date": 14, "creators without a work left": 1}
    assert len(found.works) == 28


def test_a_split_that_no_work_can_be_used_for_is_refused() -> None:
    undated = Catalog.from_works(Work(str(number), "a", title=str(number)) for number in range(9))
    with pytest.raises(SplitError, match=r"temporal split can use none of the 9 works \(9 without a date\)"):
        usable_works(undated, "temporal")
    with pytest.raises(SplitError, match="'sorted'; known are random, grouped, temporal"):
        usable_works(undated, "sorted")


@pytest.mark.parametrize("split", ["grouped", "temporal"])
def test_an_experiment_runs_under_each_split_and_resumes_to_the_same_bytes(folder: Path, split: str) -> None:
    works = tiny_catalog(folder / "photos", creators=3, works=12)
    plan = make_plan(works, ["dummy"], split=split, inner_folds=2)
    layout = run_experiment(works, folder / "run", plan)
    before = layout.prediction("dummy", 3, 1).read_bytes()
    layout.prediction("dummy", 3, 1).unlink()
    run_experiment(works, folder / "run", plan)
    assert layout.prediction("dummy", 3, 1).read_bytes() == before
    outer = np.unique(split_works(usable_works(works, split).works, split, 0).outer)
    assert outer.tolist() == [*([-1] if split == "temporal" else []), 0, 1, 2, 3, 4]
