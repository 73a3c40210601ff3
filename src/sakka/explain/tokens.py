"""The words of a work's text with where they stand in its title and its description.

The words are those that the text models read (`words.py`): MeCab's where there is Japanese script, Unicode
words elsewhere. Case is ignored in reading and kept in showing; a character may become several when its case is
dropped (ß, ss), so positions are carried from one form of the text to the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog, Work
from sakka.words import normalise, words_of

TITLE, DESCRIPTION = "title", "description"


@dataclass(frozen=True)
class Token:
    """A word and its position.

    Attributes:
        text: The word in NFKC, in its own case.
        field: `title` or `description`.
        start: Where it starts in the field's text in NFKC, in characters.
        stop: Where it ends.
    """

    text: str
    field: str
    start: int
    stop: int


@dataclass(frozen=True)
class TokenizedText:
    """A text in words.

    Attributes:
        text: Title and description as a model reads them, in NFKC.
        tokens: First the words, in order; then what stands in no word, such as a combining mark without a letter.
        padded_tokens: For each character of the text with its case ignored, every run of blanks made one and a blank
            before and after it: the token that it belongs to; -1 for a blank.
    """

    text: str
    tokens: tuple[Token, ...]
    padded_tokens: IntArray


def tokenized(title: str, description: str) -> TokenizedText:
    """A work's text as tokens.

    >>> [(token.text, token.field, token.start) for token in tokenized("Rose garden", "a rose").tokens]
    [('Rose', 'title', 0), ('garden', 'title', 5), ('a', 'description', 0), ('rose', 'description', 2)]
    """
    (whole,) = Catalog.from_works([Work("", title=title, description=description)]).texts
    text = normalise(whole)
    first = len(normalise(title)) + 1 if title else 0  # where the description starts
    sizes = [len(character.casefold()) for character in text]
    origin = np.repeat(np.arange(len(text)), sizes)
    folded = text.casefold()
    spans = list(_spans(folded))
    owner = np.full(len(folded), -1, dtype=np.int64)
    for number, (start, stop) in enumerate(spans):
        owner[start:stop] = number
    for start, stop in list(_left_over(folded, owner)):
        owner[start:stop] = len(spans)
        spans.append((start, stop))
    tokens = tuple(_token(text, first, int(origin[start]), int(origin[stop - 1]) + 1) for start, stop in spans)
    return TokenizedText(text, tokens, owner_of_padded(folded, owner))


def owner_of_padded(folded: str, owner: IntArray) -> IntArray:
    """The owner of each character once blanks are made one and put at both ends; -1 for a blank.

    >>> owner_of_padded("a  b", np.array([0, -1, -1, 1])).tolist()
    [-1, 0, -1, 1, -1]
    """
    owners = [-1]
    for character, own in zip(folded, owner.tolist(), strict=True):
        if not character.isspace():
            owners.append(own)
        elif owners[-1] != -1:
            owners.append(-1)
    if owners[-1] != -1:
        owners.append(-1)
    return np.array(owners, dtype=np.int64)


def _token(text: str, first: int, start: int, stop: int) -> Token:
    """A token by its position in the whole text, of which the description starts at `first`."""
    if start < first:
        return Token(text[start:stop], TITLE, start, stop)
    return Token(text[start:stop], DESCRIPTION, start - first, stop - first)


def _spans(folded: str) -> Iterator[tuple[int, int]]:
    """Start and end of each word: the words are pieces of the text, in order."""
    position = 0
    for word in words_of(folded):
        start = folded.index(word, position)
        position = start + len(word)
        yield start, position


def _left_over(folded: str, owner: IntArray) -> Iterator[tuple[int, int]]:
    """Each run of characters that are neither blank nor in a word."""
    start = None
    for position, character in enumerate(folded + " "):
        outside = position < len(folded) and owner[position] < 0 and not character.isspace()
        if outside and start is None:
            start = position
        elif not outside and start is not None:
            yield start, position
            start = None
