"""A dossier in words: which of two photos came first, and what each cue says, for the page and for `findings.csv`.

Everything is made of what `findings.json` holds, so that the page that is served says the same as the one that is
written. A page may be shown to both creators: whom it names it names by the photo, never as a person's fault, and the
other is cleared in as many words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sakka.copies.direction.verdict import direction_model
from sakka.pages.formats import date_words, percent
from sakka.pages.language import Texts

DOSSIER_COLUMNS = ("came_first", "came_first_error_rate")
SHOWN = 0.15
"""How much of the log-odds a cue must add to be said at all: what is smaller is mostly chance."""
STRONG, SOME = 1.5, 0.4
TOGETHER: Mapping[str, tuple[str, ...]] = {
    "beyond": ("beyond",),
    "frame": ("frame",),
    "scale": ("scale",),
    "detail": ("detail", "fine"),
    "coarse": ("coarse",),
    "traces": ("blocks", "lattice"),
    "missing": ("missing",),
    "tones": ("tones", "grey", "clipped"),
    "marks": ("marks",),
    "manner": ("manner",),
}
"""What is said in one sentence: the cues that it goes by."""


@dataclass(frozen=True)
class CueSentence:
    """What one cue says.

    Attributes:
        text: In plain words.
        speaks_for: The creator whose photo it makes the earlier one; empty where it hardly counts.
        strength: `strong`, `some` or `none`.
    """

    text: str
    speaks_for: str
    strength: str


@dataclass(frozen=True)
class DossierWords:
    """A dossier as pages say it.

    Attributes:
        headline: The verdict.
        cleared: What it means for each of the two.
        certainty: How often such a verdict is wrong, or why there is none.
        cues: What each cue says, the weightiest first.
        hints: Days and metadata, which don't count.
    """

    headline: str
    cleared: str
    certainty: str
    cues: tuple[CueSentence, ...]
    hints: tuple[str, ...]


def dossier_words(dossier: Mapping[str, Any], texts: Texts) -> DossierWords:
    """Say a dossier in a language.

    Args:
        dossier: As `findings.json` holds it.
        texts: Of the language.
    """
    first, second = dossier["creators"]
    earlier = dossier["came_first"]
    if earlier is None:
        headline, cleared = texts("dossier_open"), texts("dossier_open_clears", first=first, second=second)
        certainty = texts("dossier_because_" + dossier["reason"].replace(" ", "_"))
    else:
        later = second if earlier == first else first
        headline = texts("dossier_first", first=earlier, second=later)
        cleared = texts("dossier_clears", first=earlier, second=later)
        model = direction_model()
        rate = percent(dossier["error_rate"])
        certainty = texts("dossier_rate", rate=rate, n=model.given, wrong=model.wrong)
    return DossierWords(headline, cleared, certainty, _cues(dossier, texts), tuple(_hints(dossier, texts)))


def dossier_sentence(dossier: Mapping[str, Any], texts: Texts) -> str:
    """The verdict and how sure it is, in a line; arguments as in `dossier_words`."""
    words = dossier_words(dossier, texts)
    return texts("sentences", first=words.headline, second=words.certainty)


def dossier_cells(dossier: Mapping[str, Any] | None) -> tuple[str, str]:
    """The cells of `DOSSIER_COLUMNS`: whose photo came first, or "can't tell"; nothing without a dossier."""
    if dossier is None:
        return "", ""
    return dossier["came_first"] or "can't tell", rate_cell(dossier["error_rate"])


def rate_cell(rate: float | None) -> str:
    """An error rate as a cell; nothing where there is none."""
    return "" if rate is None else f"{rate:.4f}"


def _cues(dossier: Mapping[str, Any], texts: Texts) -> tuple[CueSentence, ...]:
    found: list[tuple[float, CueSentence]] = []
    for key, names in TOGETHER.items():
        pairs = [dossier["cues"][name] for name in names if name in dossier["cues"]]
        counts = sum(weighed for _, weighed in pairs)
        if abs(counts) >= SHOWN:
            found.append((-abs(counts), _cue(key, counts, dossier["creators"], texts)))
    return tuple(sentence for _, sentence in sorted(found, key=lambda each: each[0]))


def _cue(key: str, counts: float, creators: Sequence[str], texts: Texts) -> CueSentence:
    """What was seen and for whom it speaks; weights aren't negative, so that both have one sign."""
    more, less = creators if counts > 0 else creators[::-1]
    strength = "strong" if abs(counts) >= STRONG else "some" if abs(counts) >= SOME else "none"
    return CueSentence(texts(f"dossier_cue_{key}", more=more, less=less), more if strength != "none" else "", strength)


def _hints(dossier: Mapping[str, Any], texts: Texts) -> list[str]:
    creators = dossier["creators"]
    listed = [None if each is None else datetime.fromisoformat(each) for each in dossier["listed"]]
    said = [texts("dossier_mirrored")] if dossier["mirrored"] else []
    dated = [
        texts("dossier_listed", name=name, date=date_words(when, texts))
        for name, when in zip(creators, listed, strict=True)
        if when is not None
    ]
    said += [*dated, texts("dossier_listed_note" if dated else "dossier_no_dates")]
    for name, notes in zip(creators, dossier["metadata"], strict=True):
        if notes:
            said.append(texts("dossier_metadata", name=name, notes=texts.join(list(notes))))
    return said
