"""The language of the command line: English as it stands in the code, or the Japanese of it.

    use_language("ja")
    said("3 works added")   # "3点を追加しました"

The library says everything in English and knows of no language. `texts/*.json` hold the Japanese of help, labels and
notes, `pages/texts/errors.ja.json` that of errors, which pages tell too (`translations.py` says how). Each is looked up
when it is printed; what is not known stays English, and a test holds that nothing is.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from sakka.errors import SakkaError
from sakka.pages.language import LANGUAGES, errors_file
from sakka.translations import Translations

TEXTS = Path(__file__).parent / "texts"
OPTION = "--language"
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
    return line[: len(line) - len(text)] + (_translations().of(text, said) or text)


@cache
def _translations() -> Translations:
    return Translations(japanese_texts())


def japanese_texts(name: str = "*") -> dict[str, str]:
    """The Japanese of every text by its English, or of those of one file."""
    every: dict[str, str] = {}
    for path in [*sorted(TEXTS.glob(f"{name}.json")), *([errors_file("ja")] if name in ("*", "errors") else [])]:
        every |= json.loads(path.read_text(encoding="utf-8"))
    return every
