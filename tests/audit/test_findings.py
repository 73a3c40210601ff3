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

from sakka.audit.predictions import OutOfFoldPredictions, out_of_fold_predictions
from sakka.audit.run import audit_catalog
from sakka.audit.same_person import same_person
from sakka.audit.shared_photos import shared_photos
from sakka.audit.wrong_creator import wrong_creators
from sakka.catalog.works import Catalog, Work
from sakka.copies.groups import EVIDENCE_SCHEMA, NearIdentical, near_identical
from sakka.errors import CatalogError
from sakka.pages.audit import write_audit

MODELS = ("text-linear",)


def answers_of(rows: list[list[float]], labels: list[int], creators: tuple[str, ...]) -> OutOfFoldPredictions:
    table = np.array(rows, dtype=np.float32)
    return OutOfFoldPredictions(creators, np.array(labels), table, {"text": table})


def near_of(pairs: list[tuple[int, int]], works: Catalog) -> NearIdentical:
    rows = [(*pair, "photo", 0.99, 0, 0) for pair in pairs]
    evidence = pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row")
    return NearIdentical(evidence, len(works), works.creator_indices())


def listed(names: list[str]) -> Catalog:
    return Catalog.from_works(Work(str(row), name, photos=(f"{row}.png",)) for row, name in enumerate(names))


def test_a_work_is_reported_where_another_creator_is_as_sure_as_for_his_own() -> None:
    table = [[0.9, 0.1], [0.02, 0.98], [0.05, 0.95], [0.15, 0.85], [0.97, 0.03]]
    found = wrong_creators(answers_of(table, [0, 1, 1, 0, 1], ("a", "b")), least=0.5)
    # usual for b: (0.98 + 0.95 + 0.03) / 3 = 0.653; usual for a: (0.9 + 0.15) / 2 = 0.525
    assert [(each.rows, each.creators) for each in found] == [((4,), ("b", "a")), ((3,), ("a", "b"))]
    assert found[0].score == pytest.approx(0.94)
    assert wrong_creators(answers_of(table, [0, 1, 1, 0, 1], ("a", "b")), least=0.95) == []


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
    assert wrong_creators(answers, least=0.2)[0].rows == (0,)


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
    rows = list(csv.DictReader(io.StringIO((folder / "audit" / "findings.csv").read_text())))
    assert len(rows) == len(written) == len(found.findings)
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
