"""The language of the command line: English as it stands in the code, or the Japanese of it.

    use_language("ja")
    said("3 works added")   # "3点を追加しました"

Everything is written in English where it arises, in the library too, which knows of no language: help, labels, notes,
errors. `texts/*.json` hold the Japanese of each text by its English, with named values in braces, and `said` looks a
text up when it is printed: by its words where it has no values, else by what stands between them. A value is carried
over as it stands; in the Japanese, `{reason:said}` is a text of its own that is looked up too, `{parts:list}` several,
and `{works:n}` the number in it ("3 works" -> "3"). What is not known stays English; a test holds that nothing is.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from string import Formatter

from sakka.errors import SakkaError
from sakka.pages.language import LANGUAGES

TEXTS = Path(__file__).parent / "texts"
OPTION = "--language"
BETWEEN = re.compile("(, | and |; )")
NUMBER = re.compile(r"\d(?:[\d,.:-]*\d)?")
VALUE = {"": ".+?", "n": f"-?{NUMBER.pattern}"}
"""What a value of the English may be: any text, or a number or a date (`{works:n}`)."""
ADDED = r"(?:; .*|, as .*| \(.*)?"  # what may follow a value at once, such as "; did you mean Mori?"
_used = "en"


def use_language(language: str) -> None:
    """Say everything in a language, `en` or `ja`, from now on."""
    global _used
    _used = language


def language() -> str:
    """The language that everything is said in."""
    return _used


def language_asked_for(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The language by `--language`, else by the environment, and the words of the command line without that option.

    Args:
        words: What was typed.
        environment: The environment variables: the first of LC_ALL, LC_MESSAGES and LANG that is set says it.

    Raises:
        SakkaError: There is no such language.

    >>> language_asked_for(["fit", "--language", "ja", "shop"], {})
    ('ja', ['fit', 'shop'])
    >>> language_asked_for(["fit"], {"LANG": "ja_JP.UTF-8"})
    ('ja', ['fit'])
    """
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    found, left = "ja" if locale.startswith("ja") else "en", list(words)
    end = left.index("--") if "--" in left else len(left)
    for at in reversed(range(end)):
        name, equals, value = left[at].partition("=")
        if name == OPTION:
            asked = value if equals else (left[at + 1 : at + 2] or [""])[0]
            if asked not in LANGUAGES:
                raise SakkaError(f"got {OPTION} {asked}, expected {' or '.join(LANGUAGES)}")
            found, left = asked, left[:at] + left[at + (1 if equals else 2) :]
    return found, left


def said(text: str) -> str:
    """A text in the language of the command line; each of its lines for itself, without the blanks before it."""
    return "\n".join(map(_line, text.split("\n"))) if _used == "ja" else text


def listed(parts: Iterable[str]) -> str:
    """Texts in the language of the command line, one after the other."""
    return ("、" if _used == "ja" else "; ").join(map(said, parts))


def _line(line: str) -> str:
    text = line.lstrip(" ")
    return line[: len(line) - len(text)] + _in_japanese(text)


def _in_japanese(text: str) -> str:
    whole, templates = _texts()
    if text in whole:
        return whole[text]
    for template in templates:
        if (found := template.values(text)) is not None:
            return template.filled(found)
    return text


class Template:
    """An English text with named values, and its Japanese.

    Attributes:
        english: The English, such as "{works} works".
        japanese: The Japanese of it.
    """

    def __init__(self, english: str, japanese: str) -> None:
        self.english, self.japanese = english, japanese
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

    def filled(self, values: Mapping[str, str]) -> str:
        """The Japanese with values in place."""
        written = ""
        for part, name, form, _ in Formatter().parse(self.japanese):
            value = values[name] if name is not None else ""
            if form == "n":
                value = (NUMBER.search(value) or [value])[0]
            elif form == "list":
                value = "、".join(map(said, _known_parts(BETWEEN.split(value))))
            written += part + (said(value) if form == "said" else value)
        return written


def _known_parts(pieces: list[str]) -> Iterator[str]:
    """The parts of a list that was split at every comma and "and": each is the shortest known text."""
    at = 0
    while at < len(pieces):
        ends = range(at + 1, len(pieces) + 1, 2)
        end = next((end for end in ends if said(part := "".join(pieces[at:end])) != part), at + 1)
        yield "".join(pieces[at:end])
        at = end + 1


@cache
def _texts() -> tuple[dict[str, str], list[Template]]:
    """Texts without values, and those with values, the longest first."""
    every = [Template(english, japanese) for english, japanese in japanese_texts().items()]
    whole = {each.english.format(): each.japanese.format() for each in every if not each.names}
    return whole, sorted((each for each in every if each.names), key=lambda each: -each.letters)


def japanese_texts(name: str = "*") -> dict[str, str]:
    """The Japanese of every text by its English, or of those of one file."""
    every: dict[str, str] = {}
    for path in sorted(TEXTS.glob(f"{name}.json")):
        every |= json.loads(path.read_text(encoding="utf-8"))
    return every
