"""A text cut where its words spoke for or against a creator, for pages that mark the words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sakka.explain.explanation import Explanation
from sakka.explain.words import WordShare
from sakka.words import normalise

STEPS = 5


@dataclass(frozen=True)
class Passage:
    """A piece of a text.

    Attributes:
        text: The piece.
        strength: -5 to 5: how strongly it spoke against (below 0) or for the creator (above 0), beside the
            explanation's strongest word; 0 for what stands between words.
    """

    text: str
    strength: int


def passages_of(explanation: Explanation, text: str, field: str) -> tuple[Passage, ...]:
    """Cut the text of a field, `title` or `description`, into passages; together they are the text in NFKC."""
    strongest = max((abs(word.share) for word in explanation.words), default=0.0)
    return passages(text, [word for word in explanation.words if word.field == field], strongest)


def passages(text: str, words: Sequence[WordShare], strongest: float) -> tuple[Passage, ...]:
    """Cut a text into passages.

    Args:
        text: The text.
        words: Its words with their shares.
        strongest: The share, without its sign, that has full strength.

    >>> passages("blue cup", [WordShare("blue", 2.0, "title", 0, 4), WordShare("cup", -1.0, "title", 5, 8)], 2.0)
    (Passage(text='blue', strength=5), Passage(text=' ', strength=0), Passage(text='cup', strength=-2))
    """
    return tuple(_pieces(normalise(text), sorted(words, key=lambda word: word.start), strongest))


def _pieces(text: str, words: Sequence[WordShare], strongest: float) -> Iterator[Passage]:
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
