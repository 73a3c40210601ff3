"""The works that a reader has picked: their ids in a cookie, so that nothing of it is kept on the server."""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote, unquote

from fastapi import Request

from sakka.web.problems import Problem

COOKIE = "sakka-picks"
BETWEEN = "!"  # an id holds none once it is quoted
MOST_PICKS = 100
MOST_COOKIE_CHARACTERS = 3800  # of the 4,096 that every browser keeps
Change = Literal["add", "remove", "clear"]


def picks_of(request: Request) -> tuple[str, ...]:
    """The ids of the works that a reader has picked, in the order of picking."""
    said = request.cookies.get(COOKIE, "")[:MOST_COOKIE_CHARACTERS]
    return tuple(dict.fromkeys(unquote(each) for each in said.split(BETWEEN) if each))[:MOST_PICKS]


def with_change(picks: Sequence[str], do: Change, ids: Sequence[str]) -> tuple[str, ...]:
    """Picks after works were added, taken out, or all were.

    Raises:
        Problem: There would be more than are kept.

    >>> with_change(("a", "b"), "add", ["c", "a"]), with_change(("a", "b"), "remove", ["a"])
    (('a', 'b', 'c'), ('b',))
    """
    if do == "clear":
        return ()
    if do == "remove":
        return tuple(each for each in picks if each not in ids)
    own = tuple(dict.fromkeys((*picks, *ids)))
    if len(own) > MOST_PICKS or len(written(own)) > MOST_COOKIE_CHARACTERS:
        raise Problem(422, f"got {len(own)} picks, more than are kept at a time; save them and take some out first")
    return own


def written(picks: Sequence[str]) -> str:
    """Picks as the cookie holds them."""
    return BETWEEN.join(quote(each, safe="") for each in picks)
