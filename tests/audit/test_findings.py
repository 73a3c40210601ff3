"""What an audit finds, on small tables that can be counted by hand and on a small catalog."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.catalogs import tiny_catalog

from sakka.arrays import DoubleArray
from sakka.audit.error_rates import error_rates, reported
from sakka.audit.predictions import OutOfFoldPredictions, out_of_fold_predictions
from sakka.audit.run import audit_catalog
from sakka.audit.same_person import same_person
from sakka.audit.shared_photos import shared_photos
from sakka.audit.wrong_creator import wrong_creators
from sakka.catalog.works import Catalog, Work
from sakka.copies.groups import EVIDENCE_SCHEMA, NearIdentical, near_identical
from sakka.errors import CatalogError, SakkaError
from sakka.pages.audit import CSV_COLUMNS, write_audit

MODELS = ("text-linear",)


def answers_of(rows: list[list[float]], labels: list[int], creators: tuple[str, ...]) -> OutOfFoldPredictions:
    table, folds = np.array(rows, dtype=np.float32), np.arange(len(rows)) % 5
    return OutOfFoldPredictions(creators, np.array(labels), table, {"text": table}, folds)


def error_rates_of(answers: OutOfFoldPredictions) -> DoubleArray:
    return error_rates([each.astype(np.float64) for each in answers.alone.values()], answers.labels, answers.folds).own


def near_of(pairs: list[tuple[int, int]], works: Catalog) -> NearIdentical:
    rows = [(*pair, "photo", 0.99, 0, 0) for pair in pairs]
    evidence = pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row")
    return NearIdentical(evidence, len(works), works.creator_indices())


def listed(names: list[str]) -> Catalog:
    return Catalog.from_works(Work(str(row), name, photos=(f"{row}.png",)) for row, name in enumerate(names))


def hundred(moved: dict[int, int], *, alike: float = 0.02) -> OutOfFoldPredictions:
    """A hundred works of four creators who are told apart well, some of them under another one.

    Args:
        moved: The row of a work -> the creator whom it stands under.
        alike: How much of the first creator's works the models give to the second, in every second work.
    """
    made = np.arange(100) // 25
    table = np.full((100, 4), 0.02) + 0.92 * np.eye(4)[made]
    table[:25:2, 1] = alike
    labels = made.copy()
    labels[list(moved)] = list(moved.values())
    return answers_of((table / table.sum(axis=1, keepdims=True)).tolist(), labels.tolist(), ("a", "b", "c", "d"))


def test_works_under_a_wrong_creator_are_reported_with_whom_they_look_like() -> None:
    found = wrong_creators(hundred({3: 2, 60: 0}), 0.2)
    assert {(each.rows, each.creators) for each in found} == {((3,), ("c", "a")), ((60,), ("a", "c"))}
    assert all(each.error_rate == pytest.approx(1 - each.score) and each.error_rate < 0.2 for each in found)


def test_a_work_that_looks_like_one_whom_its_creator_is_often_taken_for_is_less_sure_to_be_wrong() -> None:
    rates = error_rates_of(hundred({30: 0, 60: 0}, alike=1.0))
    assert rates[60] < 0.1 < rates[30]


def test_works_of_accounts_of_one_person_and_works_told_of_before_are_left_out() -> None:
    answers = hundred({3: 2, 60: 1})
    assert [each.rows for each in wrong_creators(answers, 0.2, accounts=[("c", "a", "unknown")])] == [(60,)]
    assert [each.rows for each in wrong_creators(answers, 0.2, elsewhere=[60])] == [(3,)]
    assert wrong_creators(answers, 0.2, accounts=[("a", "b"), ("b", "c"), ("d", "a")]) == []


def test_the_most_works_are_reported_whose_mean_error_rate_is_the_stated_one() -> None:
    rates = np.array([0.3, 0.0, 0.1, 0.8, 0.02])
    assert reported(rates, 0.11).tolist() == [1, 4, 2, 0]  # mean 0.105
    assert reported(rates, 0.05).tolist() == [1, 4, 2]  # mean 0.04
    assert reported(rates[[0, 3]], 0.2).tolist() == []


def test_a_rate_that_is_none_is_refused(folder: Path) -> None:
    for rate in (0.0, 1.0, -0.1):
        with pytest.raises(SakkaError, match="above 0 and below 1"):
            audit_catalog(spoiled(folder / f"{rate}"), models=MODELS, fdr=rate)


def test_a_photo_of_two_creators_is_one_finding_and_of_one_creator_none() -> None:
    works = listed(["a", "a", "b", "b", "c"])
    found = shared_photos(works, near_of([(0, 1), (1, 2), (0, 2)], works))
    assert [(each.creators, each.rows) for each in found] == [(("a", "b"), (0, 1, 2))]
    assert shared_photos(works, near_of([(0, 1), (2, 3)], works)) == []


def test_three_shared_photos_make_one_person_and_one_photo_three_times_does_not() -> None:
    works = listed(["a"] * 6 + ["b"] * 6)
    assert [each.creators for each in same_person(works, near_of([(0, 6), (1, 7), (2, 8)], works), None)] == [
        ("a", "b")
    ]
    assert same_person(works, near_of([(0, 6), (0, 7), (0, 8)], works), None) == []


def test_a_chart_that_two_creators_took_from_one_page_accuses_neither() -> None:
    works = Catalog.from_works(Work(str(row), "ab"[row % 2], photos=(f"{row}.png", f"{row}-2.png")) for row in range(8))
    pairs = [(0, 1), (2, 3), (4, 5)]
    for photos, count in (((1, 1), 0), ((0, 1), 1), ((1, 0), 1)):
        rows = [(*pair, "photo", 0.99, *photos) for pair in pairs]
        evidence = pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row")
        near = NearIdentical(evidence, len(works), works.creator_indices())
        assert len(shared_photos(works, near)) == 3 * count
        assert len(same_person(works, near, None)) == count


def test_two_pictures_of_one_work_that_two_creators_have_are_two_findings() -> None:
    works = Catalog.from_works(Work(str(row), "abc"[row], photos=(f"{row}.png", f"{row}-2.png")) for row in range(3))
    rows = [(0, 1, "photo", 0.99, 0, 0), (0, 2, "photo", 0.98, 1, 0)]
    near = NearIdentical(pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row"), 3, works.creator_indices())
    assert [each.creators for each in shared_photos(works, near)] == [("a", "b"), ("a", "c")]


def test_names_are_compared_without_case_and_width() -> None:
    works = listed(["Atelier Mori", "ＡＴＥＬＩＥＲ・Mori", "Hara"])
    found = same_person(works, near_of([], works), None)
    assert [set(each.creators) for each in found] == [{"Atelier Mori", "ＡＴＥＬＩＥＲ・Mori"}]


def test_creators_that_models_take_for_each_other_are_one_person_and_one_sided_confusion_is_not() -> None:
    works = listed(["a", "b", "c"])
    both = answers_of([[0.5, 0.4, 0.1], [0.4, 0.5, 0.1], [0.4, 0.1, 0.5]], [0, 1, 2], ("a", "b", "c"))
    found = same_person(works, near_of([], works), both)
    assert [each.creators for each in found] == [("a", "b")]
    assert found[0].score == pytest.approx(2 * 0.4 / 0.9)


def spoiled(folder: Path) -> Catalog:
    """Thirty works by three creators; one work of the first stands under the second."""
    works = list(tiny_catalog(folder / "photos", creators=3, works=14))
    works[0] = replace(works[0], creator=works[1].creator)
    return Catalog.from_works(works, photo_root=folder / "photos")


def test_a_work_is_never_learned_from_and_neither_is_a_near_identical_one(folder: Path) -> None:
    works = spoiled(folder)
    answers = out_of_fold_predictions(works, near_identical(works).groups, models=MODELS)
    assert answers.fused.shape == (42, 3)
    np.testing.assert_allclose(answers.fused.sum(axis=1), 1, atol=1e-5)
    assert error_rates_of(answers).argmin() == 0


def test_an_audit_finds_a_copy_and_writes_a_page_that_needs_nothing_else(folder: Path) -> None:
    works = spoiled(folder)
    thief = Work("copy", "creator 02", title="桜", photos=next(iter(works)).photos)
    works = Catalog.from_works([*works, thief], photo_root=works.photo_root)
    found = audit_catalog(works, models=MODELS)
    assert (0, 42) in [each.rows for each in found.of_kind("shared photo")]
    page = write_audit(found, works, folder / "audit")
    text = page.read_text()
    assert "<script" not in text
    assert 'src="data:image/jpeg' in text
    written = json.loads((folder / "audit" / "findings.json").read_text())
    rows = list(csv.DictReader(io.StringIO((folder / "audit" / "findings.csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == len(written) == len(found.findings)
    assert tuple(rows[0]) == CSV_COLUMNS
    japanese = write_audit(found, works, folder / "ja", "ja").read_text()
    assert "点に、ほぼ同一の写真があります" in japanese
    assert "have a near-identical photo" not in japanese
    write_audit(audit_catalog(works, models=MODELS), works, folder / "again")
    assert (folder / "again" / "index.html").read_bytes() == page.read_bytes()


def test_names_from_the_catalog_are_escaped(folder: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    works = Catalog.from_works([Work("1", evil.upper()), Work("2", evil)])
    found = audit_catalog(works)
    page = write_audit(found, works, folder).read_text()
    assert len(found.of_kind("one person")) == 1
    assert evil not in page
    assert evil.upper() not in page


def test_works_without_a_creator_cannot_be_audited() -> None:
    with pytest.raises(CatalogError, match="each have a creator"):
        audit_catalog(Catalog.from_works([Work("1", "a"), Work("2")]))
