"""An explanation as one HTML page: the photo with its map, the words marked, the nearest works as evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sakka.catalog.works import Work
from sakka.explain.evidence import NearestWork
from sakka.explain.explanation import Explanation
from sakka.pages.explanation_sentences import explanation_sentences
from sakka.pages.language import Texts, texts_in
from sakka.pages.passages import passages_of
from sakka.pages.rendering import render
from sakka.pages.thumbnails import card
from sakka.photos.data_uris import data_uri, picture_data

PHOTO_PX, STRIP_PX = 720, 240
WORDS_FOR, WORDS_AGAINST = 8, 4


@dataclass(frozen=True)
class StripPhoto:
    """One of a work's photos as a page shows them side by side.

    Attributes:
        picture: A `data:` URI.
        share: Its share in nats; None where it is not read.
        marked: Whether the map is over it.
    """

    picture: str
    share: float | None
    marked: bool


@dataclass(frozen=True)
class ShownPhotos:
    """A work's photos as a page shows them.

    Attributes:
        large: The one that the map is over, else the featured one, as a `data:` URI; None without a photo.
        strip: All of them, the featured one first.
        number: The place of the large one from 1; None where the model does not compare several.
    """

    large: str | None
    strip: tuple[StripPhoto, ...]
    number: int | None

    @classmethod
    def of(cls, photos: Sequence[Image.Image], explanation: Explanation | None) -> "ShownPhotos":
        """Make it of the photos and of the explanation, where there is one."""
        shares = () if explanation is None else explanation.photo_shares
        chosen = 0 if explanation is None or explanation.photo is None else explanation.photo
        strip = [
            StripPhoto(
                picture_data(photo, STRIP_PX),
                shares[place] if place < len(shares) else None,
                place == chosen and len(shares) > 1,
            )
            for place, photo in enumerate(photos)
        ]
        large = picture_data(photos[chosen], PHOTO_PX) if photos else None
        return cls(large, tuple(strip), chosen + 1 if len(shares) > 1 else None)


def explanation_page(
    explanation: Explanation,
    work: Work,
    evidence: Sequence[NearestWork] = (),
    *,
    photos: Sequence[Image.Image] = (),
    heat_map: bytes | None = None,
    pictures: Sequence[Path | None] = (),
    language: str = "en",
) -> str:
    """The page as HTML that needs nothing else.

    Args:
        explanation: The explanation.
        work: The work.
        evidence: The nearest works.
        photos: The work's photos, the featured one first.
        heat_map: The map over the one that spoke most, as a PNG file's bytes.
        pictures: The photo of each work in `evidence`.
        language: `en` or `ja`.
    """
    texts = texts_in(language)
    paths = pictures or [None] * len(evidence)
    return render(
        "explanation.html",
        language,
        creator=explanation.creator,
        against=explanation.against,
        sentences=explanation_sentences(explanation, language),
        photos=ShownPhotos.of(photos, explanation),
        heat_map=None if heat_map is None else data_uri(heat_map, "image/png"),
        title=passages_of(explanation, work.title, "title"),
        description=passages_of(explanation, work.description, "description"),
        words=_strongest(explanation),
        nearest=[card(each.work, _note(each, texts), path) for each, path in zip(evidence, paths, strict=True)],
    )


def _strongest(explanation: Explanation) -> list[tuple[str, float]]:
    against = explanation.strongest_words(WORDS_AGAINST, speaking_for=False)
    return [*explanation.strongest_words(WORDS_FOR), *against[::-1]]


def _note(evidence: NearestWork, texts: Texts) -> str:
    similarity = f"{texts('similarity')} {evidence.similarity:.2f}"
    return f"{similarity} · {texts('near_identical')}" if evidence.near_identical else similarity
