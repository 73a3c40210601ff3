"""A creator by name, with the nearest names where there is none of that name."""

from collections.abc import Sequence
from difflib import get_close_matches

from sakka.errors import ModelError

MOST_NAMES = 3


def label_of(creators: Sequence[str], name: str) -> int:
    """A creator's label among the creators; case is ignored where only one name fits.

    Raises:
        ModelError: There is no such creator; the nearest names are named.

    >>> label_of(["Mori", "Sato"], "sato")
    1
    """
    if name in creators:
        return list(creators).index(name)
    alike = [label for label, known in enumerate(creators) if known.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    folded = {known.casefold(): known for known in creators}
    near = [folded[found] for found in get_close_matches(name.casefold(), list(folded), n=MOST_NAMES, cutoff=0.5)]
    meant = f"did you mean {' or '.join(near)}?" if near else f"expected one of the {len(creators):,} creators"
    raise ModelError(f"no creator is called {name!r}; {meant}")
