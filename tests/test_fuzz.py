"""A few rounds of each fuzz target; `make fuzz` does as many as it has time for."""

import pytest
from tests.fuzz import TARGETS, one_round

ROUNDS = {"photos": 600, "tables": 60, "models": 100, "requests": 100}


@pytest.mark.parametrize("target", TARGETS)
def test_changed_bytes_get_an_answer_or_our_own_error(target: str) -> None:
    with TARGETS[target]() as read:
        for number in range(ROUNDS[target]):
            one_round(target, read, 0, number)
