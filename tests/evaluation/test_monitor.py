"""Monitoring what a model states of its answers: shares counted by hand, a change with its day, verdicts."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.catalogs import vector_catalog
from tests.title_model import SaysItsTitle

from sakka.as_json import as_json
from sakka.catalog.works import Catalog, Work
from sakka.errors import CatalogError
from sakka.evaluation.exchangeability import UNKNOWN
from sakka.evaluation.monitor import Monitoring, monitor_table
from sakka.evaluation.observed_shares import AnsweredWork, MissedPart, missed_parts
from sakka.models import candidates as candidates_module
from sakka.models.candidate_model import CandidateModel
from sakka.models.fused import FusedModel
from sakka.models.limits import View

START = datetime(2026, 1, 1)


def works_of(*rows: tuple[str, str, int | None]) -> Catalog:
    """Works of a creator, a title and a day after the first."""
    return Catalog.from_works(
        Work(f"work {number}", creator or None, title, created_at=None if day is None else START + timedelta(days=day))
        for number, (creator, title, day) in enumerate(rows)
    )


def figures(found: Monitoring, part: str = "known creators") -> dict[str, tuple[int, int]]:
    return {each.measure: (each.count, each.works) for each in found.shares if each.part == part}


def test_what_was_observed_is_counted_beside_what_is_stated() -> None:
    rows = [
        ("Mori", "Mori 0.91", 0),  # named, and right
        ("Mori", "Sato 0.97", 1),  # named, and wrong; (3 + 1) / 101 is below 0.05, so the 95 % set is without Mori
        ("Sato", "Sato 0.6", 2),  # not sure enough, and right
        ("Sato", "Sato 0.5", 3),  # refused: its p-value is 0.04
        ("Tanaka", "Sato 0.8", 4),  # named, of a creator whom the model doesn't know
        ("", "Sato 0.8", 5),
    ]
    found = monitor_table(SaysItsTitle(named_from=0.7), works_of(*rows))
    assert (
        figures(found)
        == figures(found, "title")
        == {
            "90 % sets": (3, 4),
            "95 % sets": (3, 4),
            "99 % sets": (4, 4),
            "named correctly": (1, 2),
            "refused": (1, 4),
            "first correct": (2, 4),
        }
    )
    assert figures(found, "unknown creators") == {"refused": (0, 1), "named": (1, 1)}
    assert (found.works, found.unknown_works, found.unknown_creators, found.without_creator) == (5, 1, ("Tanaka",), 1)
    assert (found.order, found.first, found.last) == ("date", START, START + timedelta(days=4))
    assert found.shares[5].stated == pytest.approx((0.91 + 0.97 + 0.6 + 0.5) / 4)
    assert [(each.part, each.count, each.works) for each in found.calibration] == [
        ("50 to 60 %", 0, 1), ("60 to 70 %", 1, 1), ("90 to 100 %", 1, 2)
    ]  # fmt: skip
    assert found.holds
    assert found.verdict == "The 95 % sets held for 3 of 4 works, and there is no alarm."


def rows_like_the_held_out_ones(count: int) -> list[tuple[str, str, int | None]]:
    own = (37 * np.arange(count) % 100 + 1) / 100
    return [("Mori", f"Mori {value:.2f}", day) for day, value in enumerate(own)]


def test_a_change_is_found_with_its_day_whatever_the_order_of_the_table() -> None:
    rows = rows_like_the_held_out_ones(100) + [("Mori", "Sato 1.0", day) for day in range(100, 120)]
    found = monitor_table(SaysItsTitle(), works_of(*rows[::-1]))
    alarm = found.known.alarm
    assert alarm is not None
    assert alarm.since_date == START + timedelta(days=100)
    assert (alarm.since, alarm.since_id, alarm.coverage) == (101, "work 19", 0.95)
    assert 101 < alarm.raised < 110
    assert (alarm.works, alarm.held, alarm.missed) == (20, 0, ())
    assert not found.holds
    assert found.verdict == "The 95 % sets held for 0 of 20 works since 2026-04-11: fit the model anew."
    assert found.over_time[0].part == "2026-01-01 to 2026-01-20"
    assert [each.works for each in found.over_time] == [20] * 6
    assert as_json(found)["known"]["alarm"]["since_date"] == "2026-04-11T00:00:00"


def test_works_like_the_held_out_ones_raise_no_alarm() -> None:
    found = monitor_table(SaysItsTitle(), works_of(*rows_like_the_held_out_ones(300)))
    assert found.known.alarm is None
    assert found.known.evidence < 2
    assert figures(found)["95 % sets"] == (288, 300)


def test_works_by_unknown_creators_are_tested_with_the_others_and_named_as_the_reason() -> None:
    rows = rows_like_the_held_out_ones(60) + [("Tanaka", "Mori 0.6", day) for day in range(60, 80)]
    found = monitor_table(SaysItsTitle(), works_of(*rows))
    assert found.known.alarm is None
    assert found.everyone.alarm is not None
    assert found.everyone.alarm.missed == (MissedPart("unknown creators", "Tanaka", 20, 20),)
    assert found.verdict == (
        "The 95 % sets held for 0 of 20 works since 2026-03-02, some of them by creators whom the model doesn't know: "
        "add these creators, or fit the model anew."
    )
    assert not found.holds


def test_a_work_without_a_date_leaves_all_in_the_order_of_the_table_and_is_left_out_since_a_date() -> None:
    rows = [("Mori", "Mori 0.9", 9), ("Mori", "Mori 0.9", None), ("Mori", "Mori 0.9", 2), ("", "Mori 0.9", None)]
    found = monitor_table(SaysItsTitle(), works_of(*rows))
    assert (found.order, found.first, found.works) == ("table", None, 3)
    assert found.over_time[0].part == "work 1 to work 3"
    assert monitor_table(SaysItsTitle(), works_of(*rows), since=START + timedelta(days=3)).works == 1


def test_named_works_that_are_often_wrong_are_a_verdict_of_their_own() -> None:
    rows: list[tuple[str, str, int | None]] = [("Mori", "Mori 0.8", 0), ("Mori", "Sato 0.8", 1)] * 20
    found = monitor_table(SaysItsTitle(named_from=0.7), works_of(*rows))
    assert found.known.alarm is None
    assert found.verdict == (
        "The 95 % sets held for 40 of 40 works, and there is no alarm; "
        "20 of 40 named works were correct, where 95 in 100 are stated: fit the model anew."
    )
    assert not found.holds


def test_sets_that_hold_too_seldom_without_a_change_are_in_the_verdict_too() -> None:
    rows: list[tuple[str, str, int | None]] = [("Mori", f"Mori {0.97 if day % 6 else 0.06}", day) for day in range(300)]
    found = monitor_table(SaysItsTitle(), works_of(*rows))
    assert figures(found)["90 % sets"] == (250, 300)
    assert found.known.alarm is None
    assert found.verdict.endswith("250 of 300 90 % sets held, where 90 in 100 are stated: fit the model anew.")
    assert not found.holds


def test_a_model_that_states_no_sets_says_so_and_the_rest_is_counted() -> None:
    found = monitor_table(SaysItsTitle(held_out=0), works_of(("Mori", "Mori 0.95", 0)))
    assert figures(found) == {"first correct": (1, 1)}
    assert (found.known.works, found.known.evidence, found.holds) == (0, 1.0, True)
    assert found.verdict.startswith("The model states no sets")


@pytest.mark.parametrize("candidates", [True, False])
def test_sets_are_counted_as_the_answers_give_them_with_all_of_their_creators(
    candidates: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CandidateModel, "fewest", 2)
    monkeypatch.setattr(candidates_module, "FIRST", 3)
    model = FusedModel("photo-column:clip", candidates=candidates).fit(vector_catalog(creators=30, works=12))
    works = vector_catalog(creators=31, works=4, without=2)
    found, answers = monitor_table(model, works), model.identify(works, 40)
    assert any(each.size == 30 for answer in answers for each in answer.sets) is candidates
    asked = [pair for pair in zip(answers, works.table["creator"], strict=True) if pair[1] in model.creators_]
    for at, coverage in enumerate(("90 %", "95 %")):
        held = [creator in answer.sets[at].creators for answer, creator in asked if answer.sets]
        assert figures(found)[f"{coverage} sets"] == (sum(held), len(held))
    first = [answer.candidates[0].creator == creator for answer, creator in asked]
    assert figures(found)["first correct"] == (sum(first), len(first))


def test_a_table_without_creators_is_refused(folder: Path) -> None:
    (folder / "new.csv").write_text("id,title,hand\n1,Mori 0.9,Mori\n")
    with pytest.raises(CatalogError, match=r'name the column with `columns={"creator": COLUMN}`'):
        monitor_table(SaysItsTitle(), folder / "new.csv")


def answered(creator: str, view: View, holds: bool, count: int) -> list[AnsweredWork]:
    label = UNKNOWN if creator == "Tanaka" else 0
    return [AnsweredWork("a", creator, label, None, view, "named", "threshold", 0.9, True, 0.9, {0.95: holds})] * count


def test_the_parts_that_stand_out_have_half_of_the_misses_too_many_and_more_than_their_share_of_the_works() -> None:
    works = (
        answered("Mori", "photo", True, 50) + answered("Sato", "title", True, 45) + answered("Sato", "title", False, 5)
    )
    assert missed_parts(works, 0.95) == ()  # as many as is stated
    works += answered("Abe", "photo", False, 10)  # 15 of 110, which are 9.5 too many; 9.5 of them Abe's
    assert missed_parts(works, 0.95) == (MissedPart("creator", "Abe", 10, 10),)
    works += answered("Tanaka", "title", False, 20)  # 19 of 28.5 too many, and 21.5 among 70 of 130 works with a title
    assert missed_parts(works, 0.95) == (MissedPart("unknown creators", "Tanaka", 20, 20),)
    evenly = [
        work for creator in "ABCDEFGH" for holds in (True, False) for work in answered(creator, "photo", holds, 5)
    ]
    assert missed_parts(evenly, 0.95) == ()
