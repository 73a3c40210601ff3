"""Japanese or English: which one a reader wants, and the page's texts in it (`texts/en.json`, `texts/ja.json`).

The reader's choice (`?lang=`, kept in a cookie) comes first, then the browser's languages in their order, then English.
"""

import json
from functools import cache
from pathlib import Path

from fastapi import Request

LANGUAGES = {"ja": "日本語", "en": "English"}
DEFAULT = "en"
COOKIE = "sakka-lang"
TEXTS = Path(__file__).parent / "texts"


class Texts:
    """The page's texts in one language: `texts("key", n=3)`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts: dict[str, str] = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))

    def __call__(self, key: str, **values: object) -> str:
        """A text with its values in place.

        Raises:
            KeyError: There is no text of that name.
        """
        return self._texts[key].format(**values)

    def __contains__(self, key: str) -> bool:
        return key in self._texts


@cache
def texts_in(language: str) -> Texts:
    """The texts of a language, read once."""
    return Texts(language)


def language_of(request: Request) -> str:
    """The language that a request wants, `ja` or `en`."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    return accepted(request.headers.get("accept-language", ""))


def accepted(header: str) -> str:
    """The language of `LANGUAGES` that an Accept-Language header likes best.

    >>> accepted("fr, ja;q=0.7, en;q=0.8"), accepted("ja-JP"), accepted("de")
    ('en', 'ja', 'en')
    """
    best, liking = DEFAULT, 0.0
    for part in header.split(","):
        tag, _, quality = part.strip().partition(";")
        try:
            value = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and value > liking:
            best, liking = language, value
    return best
