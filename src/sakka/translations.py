"""English texts and what they are in another language: looked up by their words, whatever is filled in.

    japanese = Translations({"{n:} works by {creator}": "{creator}の作品{n}点"})
    japanese.of("3 works by Mori", said=str)   # "Moriの作品3点"

What is said is written in English where it arises. Tables hold the translation of each text by its English, with named
values in braces; a text is found by its words where it has no values, else by what stands between them. A value is
carried over as it stands; in the translation `{reason:said}` is a text of its own that is looked up too, `{parts:list}`
several, and `{works:n}` the number in it ("3 works" -> "3"). In the English `{works:n}` stands for a number only.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from string import Formatter

BETWEEN = re.compile("(, | and |; )")
NUMBER = re.compile(r"\d(?:[\d,.:-]*\d)?")
VALUE = {"": ".+?", "n": f"-?{NUMBER.pattern}"}
"""What a value of the English may be: any text, or a number or a date (`{works:n}`)."""
ADDED = r"(?:; .*|, as .*| \(.*)?"  # what may follow a value at once, such as "; did you mean Mori?"
Say = Callable[[str], str]


class Template:
    """An English text with named values, and its translation.

    Attributes:
        english: The English, such as "{works} works".
        translated: The translation of it.
    """

    def __init__(self, english: str, translated: str) -> None:
        self.english, self.translated = english, translated
        self._parts = [(part, name, form) for part, name, form, _ in Formatter().parse(english)]
        self._longest = max((part for part, _, _ in self._parts), key=len)
        self.letters = sum(len(part) for part, _, _ in self._parts)

    def values(self, text: str) -> dict[str, str] | None:
        """The values by name where a text is this one; None where it is another."""
        if self._longest not in text:
            return None
        found = self._pattern.fullmatch(text)
        return None if found is None else dict(zip(self.names, found.groups(), strict=True))

    @property
    def names(self) -> list[str]:
        """The names of the values, in the order of the English."""
        return [name for _, name, _ in self._parts if name is not None]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        written = ""
        for at, (part, name, form) in enumerate(self._parts):
            slot = ADDED if at and not part else VALUE[form or ""]
            written += re.escape(part) + (f"({slot})" if name is not None else "")
        return re.compile(written, re.DOTALL)

    def filled(self, values: Mapping[str, str], said: Say) -> str:
        """The translation with values in place; `said` translates those that are texts."""
        written = ""
        for part, name, form, _ in Formatter().parse(self.translated):
            value = values[name] if name is not None else ""
            if form == "n":
                value = (NUMBER.search(value) or [value])[0]
            elif form == "list":
                value = "、".join(map(said, _known_parts(BETWEEN.split(value), said)))
            written += part + (said(value) if form == "said" else value)
        return written


class Translations:
    """The translations of texts by their English."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        every = [Template(*each) for each in texts.items()]
        self._whole = {each.english.format(): each.translated.format() for each in every if not each.names}
        self._templates = sorted((each for each in every if each.names), key=lambda each: -each.letters)

    def of(self, text: str, said: Say) -> str | None:
        """A text translated; None where it is not known.

        Args:
            text: The English.
            said: Translates a value that is a text of its own, and leaves it where it is not known.
        """
        if text in self._whole:
            return self._whole[text]
        for template in self._templates:  # the most exact first
            if (found := template.values(text)) is not None:
                return template.filled(found, said)
        return None


def _known_parts(pieces: list[str], said: Say) -> Iterator[str]:
    """The parts of a list that was split at every comma and "and": each is the shortest known text."""
    at = 0
    while at < len(pieces):
        ends = range(at + 1, len(pieces) + 1, 2)
        end = next((end for end in ends if said(part := "".join(pieces[at:end])) != part), at + 1)
        yield "".join(pieces[at:end])
        at = end + 1
