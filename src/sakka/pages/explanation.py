"""An explanation as one HTML page: the photo with its map, the words marked, the nearest works as evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from sakka.catalog.works import Work
from sakka.explain.evidence import Evidence
from sakka.explain.explanation import Explanation
from sakka.pages.explanation_sentences import explanation_sentences, factor_of
from sakka.pages.thumbnails import picture_data, thumbnail
from sakka.words import normalise

TEMPLATES = Path(__file__).parent / "templates"
STEPS = 5  # how many strengths a word's mark has

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "why": "Why {creator}",
        "photo": "The photo",
        "photo note": "Orange speaks for {creator}, purple for {against}; the denser, the more. Whole lines bound what "
        "speaks most for {creator}, broken lines what speaks most for {against}.",
        "text": "The text",
        "text note": "Orange words speak for {creator}, purple ones for {against}. A factor is what a word does to the "
        "odds.",
        "evidence": "The nearest works of {creator}",
        "evidence note": "By the features that the model reads. A near-identical work says little about a hand.",
        "near": "near-identical",
        "likeness": "likeness",
        "word": "word",
        "factor": "odds",
        "no photo": "no photo",
        "original": "the photo as it is",
    },
    "ja": {
        "why": "{creator}と判定した理由",
        "photo": "写真",
        "photo note": "橙色は{creator}を、紫色は{against}を示す部分で、濃いほど強く示しています。"
        "実線は{creator}を、破線は{against}を最も強く示す部分の縁です。",
        "text": "文章",
        "text note": "橙色の言葉は{creator}を、紫色の言葉は{against}を示しています。"
        "倍率は、その言葉がオッズを何倍にするかです。",
        "evidence": "{creator}の最も近い作品",
        "evidence note": "モデルが読み取る特徴による近さです。ほぼ同一の作品は、作風の手がかりにはなりにくいものです。",
        "near": "ほぼ同一",
        "likeness": "近さ",
        "word": "言葉",
        "factor": "オッズ",
        "no photo": "写真なし",
        "original": "元の写真",
    },
}


@dataclass(frozen=True)
class Passage:
    """A piece of a text: a word with its strength (-5 to 5) and factor, or what stands between two words (0, "")."""

    text: str
    strength: int
    factor: str


def explanation_page(
    explanation: Explanation,
    work: Work,
    evidence: Sequence[Evidence] = (),
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
    names = {"creator": explanation.creator, "against": explanation.against}
    return (
        environment()
        .get_template("explanation.html")
        .render(
            language=language,
            texts={key: text.format(**names) for key, text in TEXTS[language].items()},
            sentences=explanation_sentences(explanation, language),
            photo=None if photo is None else picture_data(photo, 720),
            heat_map=None if heat_map is None else png_data(heat_map),
            title=passages(explanation, normalise(work.title), "title"),
            description=passages(explanation, normalise(work.description), "description"),
            words=[(text, factor_of(share), share > 0) for text, share in _table(explanation)],
            evidence=[
                (each, None if path is None else thumbnail(path))
                for each, path in zip(evidence, pictures or [None] * len(evidence), strict=True)
            ],
        )
    )


def passages(explanation: Explanation, text: str, field: str) -> list[Passage]:
    """Cut a field's text, in NFKC, into its words and what stands between them."""
    most = max((abs(word.share) for word in explanation.words), default=0.0)
    found: list[Passage] = []
    place = 0
    for word in sorted((each for each in explanation.words if each.field == field), key=lambda each: each.start):
        if word.start > place:
            found.append(Passage(text[place : word.start], 0, ""))
        strength = round(STEPS * word.share / most) if most else 0
        found.append(Passage(word.text, strength, factor_of(word.share)))
        place = max(place, word.stop)
    return [*found, Passage(text[place:], 0, "")] if place < len(text) else found


def _table(explanation: Explanation) -> list[tuple[str, float]]:
    against = explanation.strongest_words(6, speaking_for=False)
    return [*explanation.strongest_words(10), *against[::-1]]


def png_data(content: bytes) -> str:
    """A PNG file's bytes as a `data:` URI."""
    import base64

    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def environment() -> Environment:
    """What renders the templates: every value is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
