"""Descriptions as JSON: what `--json` prints."""

from typing import Any

from sakka.as_json import as_json
from sakka.describe.creator import CreatorDescription
from sakka.describe.typical import Shown
from sakka.describe.work import WorkDescription
from sakka.pages.description_sentences import creator_sentences, work_sentences
from sakka.pages.explanation_json import explanation_json


def creator_json(found: CreatorDescription) -> dict[str, Any]:
    """A creator's description as JSON can hold it."""
    return {
        "creator": found.creator,
        "works": found.works,
        "others": found.others,
        "first": None if found.first is None else found.first.isoformat(),
        "last": None if found.last is None else found.last.isoformat(),
        "categories": [{"name": name, "works": n} for name, n in found.categories],
        "words": [{**vars(mark), "z": round(mark.z, 4)} for mark in found.words],
        "palette": [_swatch(each.hex, each.share, each.name.english, each.name.japanese) for each in found.palette],
        "objects": None if found.objects is None else [vars(each) for each in found.objects],
        "typical": [_shown(each) for each in found.typical],
        "unusual": [_shown(each) for each in found.unusual],
        "kindred": [{"creator": name, "probability": round(chance, 6)} for name, chance in found.kindred],
        "kindred_by_style": found.kindred_by_style,
        "sentences": {language: creator_sentences(found, language) for language in ("en", "ja")},
    }


def work_json(found: WorkDescription) -> dict[str, Any]:
    """A work's description as JSON can hold it."""
    return {
        "id": found.work.id,
        "identification": as_json(found.identification),
        "explanation": None if found.explanation is None else explanation_json(found.explanation),
        "palette": [_swatch(each.hex, each.share, each.name.english, each.name.japanese) for each in found.palette],
        "objects": None if found.objects is None else [vars(each) for each in found.objects],
        "copies": [{"id": work.id, "title": work.title, "creator": work.creator} for work in found.copies],
        "kindred": [
            {
                "id": kin.work.id,
                "title": kin.work.title,
                "creator": kin.work.creator,
                "likeness": round(kin.likeness, 6),
            }
            for kin in found.kindred
        ],
        "kindred_by_style": found.by_style,
        "sentences": {language: work_sentences(found, language) for language in ("en", "ja")},
    }


def _swatch(colour: str, share: float, english: str, japanese: str) -> dict[str, Any]:
    return {"colour": colour, "share": round(share, 4), "english": english, "japanese": japanese}


def _shown(shown: Shown) -> dict[str, Any]:
    probability = None if shown.probability is None else round(shown.probability, 6)
    return {"id": shown.work.id, "title": shown.work.title, "probability": probability}
