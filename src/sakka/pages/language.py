"""The catalogue of texts, in Japanese and in English: all that a page, an explanation or a description says.

    texts = texts_in("en")
    texts("works", n=1)   # "1 work"

One file a language, `texts/en.json` and `texts/ja.json`, with the same keys and the same values in braces. A whole
number takes its thousands apart by `{n:,}`, and its plural by `{n:# work|# works}`: one form, or the other with the
number for #.
"""

import json
from functools import cache
from pathlib import Path

LANGUAGES = {"ja": "日本語", "en": "English"}
TEXTS = Path(__file__).parent / "texts"


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


@cache
def texts_in(language: str) -> Texts:
    """The texts of a language, `en` or `ja`, read once."""
    return Texts(language)
