"""Kept columns of works as people read them: figures, addresses, and everything else as text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sakka.catalog.kept import as_text, is_vector
from sakka.catalog.works import Work

MOST_FIGURES = 2
MOST_LINKS = 1
MOST_NUMBERS = 12  # of a list; a longer one is a vector, which nobody reads
_ADDRESS = re.compile(r"https?://[^\s/]\S*", re.IGNORECASE)


@dataclass(frozen=True)
class KeptFact:
    """What a work has in a kept column.

    Attributes:
        name: The column's name.
        text: What is shown.
        address: Where it leads; empty where it is no address.
    """

    name: str
    text: str
    address: str = ""


def kept_text(value: Any) -> str:
    """A kept value as text; a list's entries are separated by commas.

    >>> kept_text(1200), kept_text(("brooch", "felt")), kept_text(None)
    ('1200', 'brooch, felt', '')
    """
    text = as_text(value)
    return "" if text is None else ", ".join(text) if isinstance(text, list) else text


def figure_names(works: Sequence[Work]) -> list[str]:
    """The first kept columns that hold numbers in some of the works and nothing else in any."""
    names = dict.fromkeys(name for work in works for name in work.kept)
    values = {name: [work.kept[name] for work in works if work.kept.get(name) is not None] for name in names}
    return [name for name in names if values[name] and all(map(_is_number, values[name]))][:MOST_FIGURES]


def kept_facts(kept: Mapping[str, Any]) -> list[KeptFact]:
    """Everything that a work has in kept columns but vectors; an http address leads there."""
    return [
        KeptFact(name, kept_text(value), value if isinstance(value, str) and _ADDRESS.fullmatch(value) else "")
        for name, value in kept.items()
        if value is not None and not (is_vector(value) and len(value) > MOST_NUMBERS)
    ]


def card_facts(kept: Mapping[str, Any]) -> list[KeptFact]:
    """What fits on the card of a work: the first numbers, and the first address by its column's name."""
    figures = [KeptFact(name, kept_text(value)) for name, value in kept.items() if _is_number(value)]
    links = [each for each in kept_facts(kept) if each.address]
    return figures[:MOST_FIGURES] + links[:MOST_LINKS]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)
