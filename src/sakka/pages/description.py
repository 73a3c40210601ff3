"""Descriptions as HTML pages that need nothing else, in Japanese or in English."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sakka.catalog.works import Catalog, Work
from sakka.describe.creator import CreatorDescription
from sakka.describe.typical import Shown
from sakka.describe.work import WorkDescription
from sakka.pages.description_sentences import colour_names, creator_sentences, work_sentences
from sakka.pages.explanation import ShownPhotos
from sakka.pages.formats import probability
from sakka.pages.rendering import render
from sakka.pages.thumbnails import Card, card
from sakka.photos.data_uris import data_uri

if TYPE_CHECKING:
    from PIL import Image


def creator_page(found: CreatorDescription, works: Catalog, language: str = "en") -> str:
    """The page of a creator."""
    paths = works.photo_paths

    def cards(shown: Sequence[Shown]) -> list[Card]:
        chances = ("" if each.probability is None else probability(each.probability) for each in shown)
        return [card(each.work, chance, paths[each.row]) for each, chance in zip(shown, chances, strict=True)]

    return render(
        "description_creator.html",
        language,
        found=found,
        sentences=creator_sentences(found, language),
        colours=colour_names(found.palette, language),
        objects=[(each.japanese if language == "ja" else each.english, each.share) for each in found.objects or ()],
        related=[(each.creator, each.probability) for each in found.related_creators],
        typical=cards(found.typical),
        unusual=cards(found.unusual),
    )


def work_page(
    found: WorkDescription, photos: "Sequence[Image.Image]", heat_map: bytes | None, language: str = "en"
) -> str:
    """The page of a work with its photos and the map over one of them; None without a photo."""
    return render(
        "description_work.html",
        language,
        found=found,
        sentences=work_sentences(found, language),
        creators=[(each.creator, each.probability) for each in found.identification.candidates],
        colours=colour_names(found.palette, language),
        photos=ShownPhotos.of(photos, found.explanation),
        heat_map=None if heat_map is None else data_uri(heat_map, "image/png"),
        copies=[_card(work) for work in found.near_identical],
        kindred=[_card(kin.work) for kin in found.similar_works],
    )


def _card(work: Work) -> Card:
    return card(work, work.creator or "", Path(work.photos[0]) if work.photos else None)
