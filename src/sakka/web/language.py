"""Japanese or English: which one a reader wants.

The reader's choice (`?lang=`, kept in a cookie) comes first, then the browser's languages in their order, then English.
"""

from fastapi import Request

from sakka.pages.language import LANGUAGES

DEFAULT = "en"
COOKIE = "sakka-lang"


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
