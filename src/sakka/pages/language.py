"""The catalogue of texts, in Japanese and in English: all that a page, an explanation or a description says.

    texts = texts_in("en")
    texts("works", n=1)   # "1 work"

One file a language, `texts/en.json` and `texts/ja.json`, with the same keys and the same values in braces. A whole
number takes its thousands apart by `{n:,}`, and its plural by `{n:# work|# works}`: one form, or the other with the
number for #.

What tables and plots say is English where they are made, and so is why something can't be done. `texts/tables.ja.json`
has the one in Japanese (`translations.py` says how), a sentence or a head at a time, `texts/errors.ja.json` the other.
"""

import json
import re
from functools import cache, cached_property
from pathlib import Path

from sakka.translations import Translations

LANGUAGES = {"ja": "日本語", "en": "English"}
TEXTS = Path(__file__).parent / "texts"
SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z“])")


class Texts:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts: dict[str, str] = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))

    def __call__(self, key: str, **values: object) -> str:
        """A text with its values in place; values that it has no place for are left out.

        Raises:
            KeyError: There is no such text, or it has a place for a value that is missing.
        """
        if key not in self._texts:
            raise KeyError(f"{self.language}.json has no text {key!r}; add it to every language in {TEXTS}")
        counted = {name: _Count(value) if isinstance(value, int) else value for name, value in values.items()}
        try:
            return self._texts[key].format(**counted)
        except KeyError as error:
            raise KeyError(f"the text {key!r} in {self.language}.json wants a value for {error}; give it") from error

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def said(self, english: str) -> str:
        """What a table or a plot says, in this language; what is not known, such as a name, stays as it is.

        >>> [texts_in("ja").said(each) for each in ("Log-loss is in nats.", "Photo (lite0)", "Mori")]
        ['対数損失の単位はナットです。', '写真（lite0）', 'Mori']
        """
        if self.language == "en":
            return english
        sentences = [self._tables.of(each, self.said) for each in SENTENCE.split(english)]
        whole = self._tables.of(english, self.said)
        return whole or ("".join(filter(None, sentences)) if all(sentences) else english)

    def error(self, english: str) -> str | None:
        """Why something can't be done, in this language; None where that is not known.

        >>> texts_in("ja").error("photo 2: the photo is empty; expected JPEG, PNG, WebP, GIF or BMP")
        '2枚目の写真: 写真が空です。JPEG、PNG、WebP、GIF、BMPの写真が必要です'
        """
        return english if self.language == "en" else self._errors.of(english, lambda each: self.error(each) or each)

    @cached_property
    def _errors(self) -> Translations:
        return Translations(json.loads(errors_file(self.language).read_text(encoding="utf-8")))

    @cached_property
    def _tables(self) -> Translations:
        return Translations(json.loads((TEXTS / f"tables.{self.language}.json").read_text(encoding="utf-8")))

    def join(self, parts: list[str]) -> str:
        """Parts of a sentence with the language's comma between them."""
        return self("comma").join(parts)


class _Count(int):
    """A whole number that a text can write with its noun.

    >>> f"{_Count(1):# work|# works}", f"{_Count(1200):# work|# works}", f"{_Count(1200):,}"
    ('1 work', '1,200 works', '1,200')
    """

    def __format__(self, form: str) -> str:
        if "|" not in form:
            return super().__format__(form)
        one, many = form.split("|")
        return (one if self == 1 else many).replace("#", super().__format__(","))


def errors_file(language: str) -> Path:
    """Where the errors of the library are in a language that is not English."""
    return TEXTS / f"errors.{language}.json"


@cache
def texts_in(language: str) -> Texts:
    """The texts of a language, `en` or `ja`, read once."""
    return Texts(language)


def page_name(language: str) -> str:
    """The file of a page that is written in every language.

    >>> page_name("en"), page_name("ja")
    ('index.html', 'index.ja.html')
    """
    return "index.html" if language == "en" else f"index.{language}.html"
