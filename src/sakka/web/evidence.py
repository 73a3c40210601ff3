"""The evidence of an answer as the page shows it: words with their strength, and a map over the photo."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PIL import Image

from sakka.explain.explanation import Explanation
from sakka.explain.words import WordShare
from sakka.pages.heat_map import mapped
from sakka.web.uploads import as_jpeg
from sakka.words import normalise

STEPS = 5


@dataclass(frozen=True)
class Passage:
    """A piece of a text.

    Attributes:
        text: The piece.
        strength: -5 to 5: how strongly it spoke against (below 0) or for the creator (above 0), beside the text's
            strongest word.
    """

    text: str
    strength: int


@dataclass(frozen=True)
class Evidence:
    """Why a creator was named.

    Attributes:
        creator: The creator.
        against: The runner-up.
        title: The title in passages.
        description: The description in passages.
        words: The words that spoke most for the creator, the strongest first.
        heat_map: A JPEG of the map over the photo; None without a photo.
        photo_part: The photo's part of what photo and text said together, 0 to 1; None where there is one of them only.
    """

    creator: str
    against: str
    title: tuple[Passage, ...]
    description: tuple[Passage, ...]
    words: tuple[str, ...]
    heat_map: bytes | None
    photo_part: float | None


def evidence_of(found: Explanation, title: str, description: str, photo: Image.Image | None) -> Evidence:
    """Make evidence of an explanation.

    Args:
        found: The explanation of the work.
        title: The work's title as it was given.
        description: Its description.
        photo: Its photo; None without one.
    """
    strongest = max((abs(word.share) for word in found.words), default=0.0)
    drawn = None if photo is None or found.regions is None else as_jpeg(mapped(photo, found.regions))
    photo_size, text_size = abs(found.photo_share), abs(found.text_share)
    both = drawn is not None and bool(found.words) and photo_size + text_size > 0
    return Evidence(
        creator=found.creator,
        against=found.against,
        title=passages(title, [word for word in found.words if word.field == "title"], strongest),
        description=passages(description, [word for word in found.words if word.field == "description"], strongest),
        words=tuple(word for word, _ in found.strongest_words()),
        heat_map=drawn,
        photo_part=photo_size / (photo_size + text_size) if both else None,
    )


def passages(text: str, words: Sequence[WordShare], strongest: float) -> tuple[Passage, ...]:
    """Cut a text into passages; together they are the text in NFKC.

    Args:
        text: The text.
        words: Its words with their shares, in order.
        strongest: The share, without its sign, that has full strength.

    >>> passages("blue cup", [WordShare("blue", 2.0, "title", 0, 4), WordShare("cup", -1.0, "title", 5, 8)], 2.0)
    (Passage(text='blue', strength=5), Passage(text=' ', strength=0), Passage(text='cup', strength=-2))
    """
    return tuple(_pieces(normalise(text), words, strongest))


def _pieces(text: str, words: Iterable[WordShare], strongest: float) -> Iterable[Passage]:
    place = 0
    for word in words:
        if word.start > place:
            yield Passage(text[place : word.start], 0)
        if word.stop > max(place, word.start):
            strength = round(STEPS * word.share / strongest) if strongest else 0
            yield Passage(text[max(place, word.start) : word.stop], strength)
        place = max(place, word.stop)
    if place < len(text):
        yield Passage(text[place:], 0)
