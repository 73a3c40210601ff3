"""Answers as JSON: one function for what `--json` prints, what the API serves and what is written to folders."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import numpy as np

DIGITS = 6  # of a float after the point
PLAIN, FLOATS, LISTS = (str, int, bool), (float, np.floating), (list, tuple, np.ndarray)  # not unions: those are slower


def as_json(answer: Any) -> Any:
    """An answer as JSON can hold it: dataclasses by field name, floats rounded to six digits, dates in ISO 8601.

    A field whose metadata says `{"shown": False}` is left out: where a photo stands on this machine is not told.

    Raises:
        TypeError: It holds something else, such as a path of this machine.

    >>> from sakka.models.identification import Candidate
    >>> as_json((Candidate("Mori", 0.12345678),))
    [{'creator': 'Mori', 'probability': 0.123457}]
    """
    if answer is None or isinstance(answer, PLAIN):
        return answer
    if isinstance(answer, FLOATS):
        return round(float(answer), DIGITS)
    if isinstance(answer, date):
        return answer.isoformat()
    if is_dataclass(answer):
        return {
            each.name: as_json(getattr(answer, each.name))
            for each in fields(answer)
            if each.metadata.get("shown", True)
        }
    if isinstance(answer, Mapping):
        return {str(name): as_json(value) for name, value in answer.items()}
    if isinstance(answer, LISTS):
        return [as_json(each) for each in answer]
    raise TypeError(f"got {type(answer).__name__}; expected dataclasses, numbers, texts, dates, or lists of them")
