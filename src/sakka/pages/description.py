"""Descriptions as HTML pages that need nothing else, in Japanese or in English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sakka.catalog.works import Catalog, Work
from sakka.describe.creator import CreatorDescription
from sakka.describe.palette import Swatch
from sakka.describe.typical import Shown
from sakka.describe.work import WorkDescription
from sakka.pages.description_sentences import creator_sentences, work_sentences
from sakka.pages.explanation import environment, png_data
from sakka.pages.explanation_sentences import percent_of
from sakka.pages.thumbnails import picture_data, thumbnail

if TYPE_CHECKING:
    from PIL import Image

PHOTO_PX = 720

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "words": "Words that set the creator apart",
        "words note": "Ordered by how surely; beside each, in how many of the creator's works it stands, and in how "
        "many of the others'.",
        "word": "word",
        "of works": "of the works",
        "of others": "of others'",
        "surety": "z",
        "palette": "Colours",
        "objects": "What the photos show",
        "typical": "Most typical works",
        "unusual": "Most unusual works",
        "kindred by style": "Kindred creators, by style",
        "kindred by model": "Kindred creators, by whom the model takes the works for",
        "candidates": "Who made it",
        "why": "Why",
        "copies": "Near-identical works",
        "kindred works": "Kindred works by others",
        "no photo": "no photo",
    },
    "ja": {
        "words": "特徴的な言葉",
        "words note": "確かな順に並べています。右は、その言葉がある作品の割合（この作家と、ほかの作家）です。",
        "word": "言葉",
        "of works": "この作家",
        "of others": "ほかの作家",
        "surety": "z値",
        "palette": "色",
        "objects": "写真に写っているもの",
        "typical": "最も典型的な作品",
        "unusual": "最も異色の作品",
        "kindred by style": "作風の近い作家",
        "kindred by model": "モデルが取り違えやすい作家",
        "candidates": "作家の判定",
        "why": "理由",
        "copies": "ほぼ同一の作品",
        "kindred works": "ほかの作家の近い作品",
        "no photo": "写真なし",
    },
}


@dataclass(frozen=True)
class Card:
    """A work as the page shows it.

    Attributes:
        title: Its title, or its id.
        note: What stands below: a creator, a probability.
        picture: A `data:` URI; None without a photo.
    """

    title: str
    note: str
    picture: str | None


def creator_page(found: CreatorDescription, works: Catalog, language: str = "en") -> str:
    """The page of a creator."""
    paths = works.photo_paths

    def cards(shown: Sequence[Shown]) -> list[Card]:
        return [
            Card(
                each.work.title or each.work.id,
                "" if each.probability is None else percent_of(each.probability),
                _picture(paths[each.row]),
            )
            for each in shown
        ]

    return (
        environment()
        .get_template("description_creator.html")
        .render(
            language=language,
            texts=TEXTS[language],
            creator=found.creator,
            sentences=creator_sentences(found, language),
            words=found.words,
            palette=_colours(found.palette, language),
            objects=[(each.japanese if language == "ja" else each.english, each.share) for each in found.objects or ()],
            typical=cards(found.typical),
            unusual=cards(found.unusual),
            kindred=found.kindred,
            kindred_title=TEXTS[language]["kindred by style" if found.kindred_by_style else "kindred by model"],
        )
    )


def work_page(found: WorkDescription, photo: "Image.Image | None", heat_map: bytes | None, language: str = "en") -> str:
    """The page of a work; `photo` and the map over it are None without a photo."""
    return (
        environment()
        .get_template("description_work.html")
        .render(
            language=language,
            texts=TEXTS[language],
            title=found.work.title or found.identification.candidates[0].creator,
            sentences=work_sentences(found, language),
            candidates=[
                (each.creator, each.probability, percent_of(each.probability))
                for each in found.identification.candidates
            ],
            photo=None if photo is None else picture_data(photo, PHOTO_PX),
            heat_map=None if heat_map is None else png_data(heat_map),
            palette=_colours(found.palette, language),
            copies=[_work_card(work) for work in found.copies],
            kindred=[_work_card(kin.work) for kin in found.kindred],
        )
    )


def _colours(palette: Sequence[Swatch], language: str) -> list[tuple[str, float, str]]:
    return [
        (swatch.hex, swatch.share, swatch.name.japanese if language == "ja" else swatch.name.english)
        for swatch in palette
    ]


def _work_card(work: Work) -> Card:
    return Card(work.title or work.id, work.creator or "", _picture(Path(work.photos[0]) if work.photos else None))


def _picture(path: Path | None) -> str | None:
    return None if path is None else thumbnail(path)
