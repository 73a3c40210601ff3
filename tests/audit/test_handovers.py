"""Changes of maker in rows of vectors that are drawn for it, and in a small catalog of texts with dates."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sakka.arrays import DoubleArray
from sakka.audit.change_point import StepScan, change_point, scaled, tail_rates, usual_scale
from sakka.audit.handovers import CreatorCoordinates, calibrated, change_in, dated_accounts, handovers
from sakka.audit.run import audit_catalog
from sakka.catalog.works import Catalog, Work
from sakka.pages.audit import write_audit

DAYS = np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]").astype("datetime64[us]")
BETWEEN = np.full(6, 4.0)
SPLITS = np.arange(5, 26)


def vectors(seed: int, n_works: int = 30) -> DoubleArray:
    return np.random.default_rng(seed).standard_normal((n_works, 6))


def log_density(works: DoubleArray, covariance: DoubleArray) -> float:
    _, logarithm = np.linalg.slogdet(2 * np.pi * covariance)
    return -float(logarithm + works @ np.linalg.solve(covariance, works)) / 2


def test_the_statistic_is_how_much_likelier_a_step_is_than_a_line() -> None:
    works, between = np.random.default_rng(0).standard_normal((8, 1)), np.array([2.0])
    time = np.sqrt(12) * (np.arange(8) / 7 - 0.5)
    step = (np.arange(8) >= 5) - 3 / 8
    one = np.eye(8) + 2 * (1 + np.outer(time, time))
    expected = log_density(works[:, 0], one + 4 * np.outer(step, step)) - log_density(works[:, 0], one)
    assert StepScan(8, between, np.array([5])).statistic(works)[0] == pytest.approx(expected)


def test_a_sudden_change_is_found_where_it_is_and_a_slow_one_as_large_surprises_little() -> None:
    works, far = vectors(1), np.full(6, 3.0)
    sudden = change_point(works + np.outer(np.arange(30) >= 17, far), BETWEEN, SPLITS)
    slow = change_point(works + np.outer(np.linspace(0, 1, 30), far), BETWEEN, SPLITS)
    assert sudden.after == 17
    assert sudden.surprise > 8
    assert slow.surprise < 4
    assert sudden.positions[:17].max() < sudden.positions[17:].min()


def test_works_of_one_maker_in_any_order_are_surprising_as_often_as_a_surprise_says() -> None:
    surprises = np.array([change_point(vectors(seed), BETWEEN, SPLITS).surprise for seed in range(40)])
    assert 0.6 < surprises.mean() < 1.6
    assert (surprises > np.log(100)).sum() <= 2


def test_a_surprise_weighs_less_where_other_accounts_of_the_catalog_are_as_surprising() -> None:
    quiet, stirred = np.full(90, 0.2), np.full(90, 4.0)
    assert usual_scale(quiet) == 1
    # 72 of 90 count, and the 18 above them as much as the last: (90 x 4 + 10 x 1.5) / (72 + 10)
    assert usual_scale(stirred) == pytest.approx(375 / 82)
    assert usual_scale(np.append(quiet, 50.0)) == 1


def test_the_scatter_of_works_that_follow_each_other_is_one_and_a_step_does_not_raise_it() -> None:
    works = vectors(2, 400)
    table, between = scaled(3 * works + np.outer(np.arange(400) >= 200, np.full(6, 9.0)), BETWEEN)
    assert np.diff(table, axis=0).std() == pytest.approx(np.sqrt(2), rel=0.05)
    assert between[0] == pytest.approx(4 / 9, rel=0.15)


def test_tail_rates_are_of_all_accounts_that_were_looked_at() -> None:
    assert tail_rates([0.001, 0.9, 0.004, 0.5]) == pytest.approx([0.004, 0.9, 0.008, 2 / 3])
    assert tail_rates([]) == []


def test_an_account_has_its_dated_works_in_order_and_near_identical_ones_once() -> None:
    labels, groups = np.zeros(20, dtype=np.int64), np.arange(20)
    when = DAYS[:20][::-1].copy()
    when[0] = np.datetime64("NaT")
    groups[5] = groups[6]  # 6 is older
    [rows] = dated_accounts(labels, when, groups)
    assert rows.tolist() == [row for row in range(19, 0, -1) if row != 5]
    assert dated_accounts(labels[:15], when[:15], groups[:15]) == []


def view_of(name: str, table: DoubleArray, there: bool = True) -> CreatorCoordinates:
    return CreatorCoordinates(name, table, np.tile(BETWEEN, (len(table), 1)), np.full(len(table), there))


def test_a_change_is_sought_in_what_is_there_and_says_where_it_was_seen() -> None:
    rows, step = np.arange(30), np.outer(np.arange(30) >= 12, np.full(6, 3.0))
    views = [view_of("photo", vectors(3) + step), view_of("text", vectors(4))]
    change = change_in(rows, DAYS[:30], views)
    assert change is not None
    assert change.after == 12
    assert change.shares["photo"] > 0.9
    without = change_in(rows, DAYS[:30], [view_of("photo", vectors(3), there=False), views[1]])
    assert without is not None
    assert list(without.shares) == ["text"]
    assert change_in(rows[:15], DAYS[:15], views) is None


def test_nothing_changes_within_one_day() -> None:
    views = [view_of("photo", vectors(3) + np.outer(np.arange(30) >= 12, np.full(6, 3.0)))]
    change = change_in(np.arange(30), np.repeat(DAYS[:3], 10), views)
    assert change is not None
    assert change.after in (10, 20)
    assert change_in(np.arange(30), np.repeat(DAYS[:1], 30), views) is None


def shops(n_creators: int = 14, n_works: int = 24) -> Catalog:
    """Creators with words of their own; from its 13th work on `shop 00` sells what another maker makes."""
    generator, works = np.random.default_rng(5), []
    for creator in range(n_creators):
        for number in range(n_works):
            maker = n_creators if creator == 0 and number >= 12 else creator
            words = [f"w{maker}{'abcdefgh'[int(place)]}" for place in generator.permutation(8)[:5]]
            common = [f"plain{int(place)}" for place in generator.integers(0, 12, size=3)]
            when = datetime(2020, 1, 1) + timedelta(days=10 * number)
            title = " ".join([*words, *common])
            works.append(Work(f"{creator}-{number}", f"shop {creator:02}", title=title, created_at=when))
    return Catalog.from_works(works)


def test_the_one_shop_that_changed_hands_is_reported_with_its_timeline() -> None:
    works = shops()
    [found] = handovers(works, np.arange(len(works)), ("text-linear",))
    assert found.creators == ("shop 00",)
    assert found.timeline is not None
    assert found.timeline.after == 12
    assert found.rows == (8, 9, 10, 11)
    assert found.beside == (12, 13, 14, 15)
    assert "fewer than 1 in 1,000 accounts" in found.evidence[1]
    assert found.error_rate is not None
    assert found.error_rate < 0.1
    assert found.evidence[0].startswith("From 2020-04-30 on")
    assert handovers(works, np.zeros(len(works), dtype=np.int64), ("text-linear",)) == []


def test_the_page_draws_the_timeline_in_both_languages(folder: Path) -> None:
    works = shops()
    audit = audit_catalog(works, models=("text-linear",))
    assert len(audit.of_kind("handover")) == 1
    page = write_audit(audit, works, folder / "en").read_text()
    assert 'aria-label="12 works before April 30, 2020 and 12 works from then on' in page
    assert page.count('<circle class="before"') == page.count('<circle class="after"') == 12
    japanese = write_audit(audit, works, folder / "ja", language="ja").read_text()
    assert "2020年4月30日以降" in japanese
    written = next(each for each in json.loads((folder / "en" / "findings.json").read_text()) if "timeline" in each)
    assert written["timeline"]["works"][:2] == ["0-0", "0-1"]
    assert written["timeline"]["after"] == 12
    assert len(written["timeline"]["positions"]) == 24


def test_calibrated_changes_keep_their_order() -> None:
    views = [view_of("photo", vectors(3))]
    changes = [change for seed in range(3) if (change := change_in(np.arange(30), DAYS[:30], views, seed)) is not None]
    found = calibrated(changes)
    assert [each.surprise for each in found] == [each.surprise for each in changes]
    assert all(0 < each.p_value <= 1 for each in found)
