"""Dossiers of shared photos: whose came first, what forbids a verdict, and the page that both may be shown."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from sakka.audit.copied import with_dossiers
from sakka.audit.findings import Finding
from sakka.audit.shared_photos import shared_photos
from sakka.catalog.works import Catalog, Work
from sakka.copies.groups import near_identical
from sakka.pages.audit import dossier_page, findings_csv
from sakka.pages.dossier import dossier_words
from sakka.pages.language import texts_in

EARLY, LATE = datetime(2019, 3, 1), datetime(2021, 5, 4)


@pytest.fixture
def works(folder: Path) -> list[Work]:
    """A photo of Abe's and, under Mori, what was made of it: grey, half as large, compressed much."""
    generator = np.random.default_rng(5)
    coarse = Image.fromarray(generator.integers(0, 256, (9, 9, 3), dtype=np.uint8)).resize((240, 240))
    photo = Image.fromarray((np.asarray(coarse) + generator.normal(0, 9, (240, 240, 3))).clip(4, 251).astype(np.uint8))
    photo.save(folder / "own.jpg", quality=94)
    ImageOps.grayscale(photo.resize((120, 120))).convert("RGB").save(folder / "copy.jpg", quality=40)
    return [
        Work("1", "Abe", photos=(str(folder / "own.jpg"),)),
        Work("2", "Mori", photos=(str(folder / "copy.jpg"),)),
    ]


def finding_of(works: list[Work], one_person: tuple[frozenset[str], ...] = ()) -> Finding:
    catalog = Catalog.from_works(works)
    near = near_identical(catalog)
    (found,) = with_dossiers(shared_photos(catalog, near), catalog, near, one_person, manner=False)
    return found


def test_the_photo_that_the_other_was_made_from_came_first_in_whatever_order_they_stand(works: list[Work]) -> None:
    for listed in (works, works[::-1]):
        found = finding_of(listed)
        written = found.as_json([each.id for each in listed])["dossier"]
        assert written["came_first"] == "Abe"
        assert 0 < written["error_rate"] < 0.5
        assert findings_csv([found.as_json([each.id for each in listed])], texts_in("en")).count(",Abe,0.") == 1


def test_days_that_contradict_forbid_a_verdict_and_days_that_agree_change_nothing(works: list[Work]) -> None:
    for days, reason in (((EARLY, LATE), ""), ((LATE, EARLY), "dates"), ((None, EARLY), "")):
        dated = [replace(work, created_at=day) for work, day in zip(works, days, strict=True)]
        decided = finding_of(dated).dossier.verdict  # type: ignore[union-attr]
        assert decided.reason == reason
        assert (decided.came_first is None) == bool(reason)
        assert (decided.error_rate is None) == bool(reason)


def test_a_third_creator_and_one_person_with_two_accounts_forbid_a_verdict(works: list[Work]) -> None:
    third = replace(works[0], id="3", creator="Sato")
    assert finding_of([*works, third]).dossier.verdict.reason == "many creators"  # type: ignore[union-attr]
    same = finding_of(works, (frozenset({"Abe", "Mori"}),))
    assert same.dossier.verdict.reason == "one person"  # type: ignore[union-attr]


def test_of_a_photo_in_many_works_of_one_creator_the_pair_that_is_compared_is_kept(works: list[Work]) -> None:
    found = finding_of([*(replace(works[0], id=f"own {number}") for number in range(9)), works[1]])
    assert len(found.rows) == 8
    assert found.dossier is not None
    assert set(found.dossier.rows) <= set(found.rows)
    assert found.dossier.creators == ("Abe", "Mori")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_names_the_one_and_clears_the_other_and_needs_nothing_else(works: list[Work], language: str) -> None:
    evil = "<b>Mori</b>"
    listed = [works[0], replace(works[1], creator=evil)]
    dossier = finding_of(listed).dossier
    assert dossier is not None
    page = dossier_page(dossier, Catalog.from_works(listed), language)
    words = dossier_words(dossier.as_json(["1", "2"]), texts_in(language))
    assert page.count('src="data:image/jpeg') == 2
    assert "<script" not in page
    assert evil not in page
    assert words.headline.startswith(
        "Abe’s photo came first" if language == "en" else "先にあったのはAbeさんの写真です"
    )
    assert all(cue.speaks_for in ("Abe", "") for cue in words.cues)


def test_every_reason_for_no_verdict_has_words(works: list[Work]) -> None:
    written = finding_of(works).as_json(["1", "2"])["dossier"]
    reasons = ("weak", "apart", "one file", "third", "contradict", "dates", "many creators", "one person")
    for language in ("en", "ja"):
        for reason in reasons:
            undecided = {**written, "came_first": None, "reason": reason, "error_rate": None}
            assert dossier_words(undecided, texts_in(language)).certainty
