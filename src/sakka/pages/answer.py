"""Which texts say an answer, on every page and in every sentence.

>>> from sakka.models.identification import Candidate, Identification
>>> unsure = Identification("not sure enough", "threshold", (Candidate("Mori", 0.4),))
>>> answer_key(unsure), reason_key(unsure), candidates_key(unsure)
('answer_not_sure_enough', 'answer_not_sure_enough_threshold', 'others')
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sakka.models.identification import Identification


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
