"""An explanation as one HTML page: the photo with its map, the words marked, the nearest works as evidence."""

from collections.abc import Sequence
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

PHOTO_PX = 720
WORDS_FOR, WORDS_AGAINST = 8, 4


def explanation_page(
    explanation: Explanation,
    work: Work,
    evidence: Sequence[NearestWork] = (),
    *,
    photo: Image.Image | None = None,
    heat_map: bytes | None = None,
    pictures: Sequence[Path | None] = (),
    language: str = "en",
) -> str:
    """The page as HTML that needs nothing else.

    Args:
        explanation: The explanation.
        work: The work.
        evidence: The nearest works.
        photo: The work's photo; None without one.
        heat_map: The map over it as a PNG file's bytes.
        pictures: The photo of each work in `evidence`.
        language: `en` or `ja`.
    """
    texts = texts_in(language)
    photos = pictures or [None] * len(evidence)
    return render(
        "explanation.html",
        language,
        creator=explanation.creator,
        against=explanation.against,
        sentences=explanation_sentences(explanation, language),
        photo=None if photo is None else picture_data(photo, PHOTO_PX),
        heat_map=None if heat_map is None else data_uri(heat_map, "image/png"),
        title=passages_of(explanation, work.title, "title"),
        description=passages_of(explanation, work.description, "description"),
        words=_strongest(explanation),
        nearest=[card(each.work, _note(each, texts), path) for each, path in zip(evidence, photos, strict=True)],
    )


def _strongest(explanation: Explanation) -> list[tuple[str, float]]:
    against = explanation.strongest_words(WORDS_AGAINST, speaking_for=False)
    return [*explanation.strongest_words(WORDS_FOR), *against[::-1]]


def _note(evidence: NearestWork, texts: Texts) -> str:
    similarity = f"{texts('similarity')} {evidence.similarity:.2f}"
    return f"{similarity} · {texts('near_identical')}" if evidence.near_identical else similarity
