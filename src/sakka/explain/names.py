"""A creator by name, with the nearest names where there is none of that name."""

from collections.abc import Sequence
from difflib import get_close_matches

from sakka.errors import ModelError

MOST_NAMES = 3


def place_of(creators: Sequence[str], name: str) -> int:
    """A creator's place among the creators; upper and lower case count alike where only one name fits.

    Raises:
        ModelError: There is no such creator; the nearest names are named.

    >>> place_of(["Mori", "Sato"], "sato")
    1
    """
    if name in creators:
        return list(creators).index(name)
    alike = [place for place, known in enumerate(creators) if known.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    folded = {known.casefold(): known for known in creators}
    near = [folded[found] for found in get_close_matches(name.casefold(), list(folded), n=MOST_NAMES, cutoff=0.5)]
    meant = f"did you mean {' or '.join(near)}?" if near else f"it is none of the {len(creators):,} creators"
    raise ModelError(f"no creator is called {name!r}; {meant}")
