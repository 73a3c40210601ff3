"""Which texts say an answer, on every page and in every sentence.

>>> from sakka.models.identification import Candidate, Identification
>>> unsure = Identification("not sure enough", "threshold", (Candidate("Mori", 0.4),))
>>> answer_key(unsure), reason_key(unsure), candidates_key(unsure)
('answer_not_sure_enough', 'answer_not_sure_enough_threshold', 'others')
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sakka.models.identification import CreatorSet, Identification


def answer_key(found: "Identification") -> str:
    """The text of the answer itself."""
    return f"answer {found.answer}".replace(" ", "_")


def reason_key(found: "Identification") -> str:
    """The text of why a creator is not named."""
    return f"answer {found.answer} {found.basis}".replace(" ", "_")


def candidates_key(found: "Identification") -> str:
    """The heading of the candidates."""
    if found.basis == "nothing read":
        return "most_works"
    return "nearest" if found.answer == "none of the known creators" else "others"


def possible_key(found: "CreatorSet", known: int) -> str:
    """The text of which creators are possible, of so many known ones.

    >>> from sakka.models.identification import CreatorSet
    >>> [possible_key(CreatorSet(0.95, size, ("Mori", "Sato")[:size]), 40) for size in (0, 2, 7, 40)]
    ['possible_none', 'possible_few', 'possible_many', 'possible_any']
    """
    if not found.size:
        return "possible_none"
    if found.size == known > 1:
        return "possible_any"
    return "possible_few" if found.size == len(found.creators) else "possible_many"
