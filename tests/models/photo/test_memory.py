import os
import sys

import numpy as np
import pytest

from sakka.models.photo.memory import HUGE_PAGES, kept_memory, use_huge_pages

PAGES = 64 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's count of page faults")
def test_freed_memory_is_used_again_inside_the_block_and_given_back_after_it() -> None:
    import resource

    def faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        np.empty(PAGES, dtype=np.uint8)[::4096] = 1
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    anew = faults()
    if anew < PAGES // (2 << 20):
        pytest.skip("this system does not count page faults: new memory caused too few")
    with kept_memory():
        faults()
        again = faults()
    assert again < anew / 4
    assert faults() > again * 5


def test_huge_pages_are_asked_for_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HUGE_PAGES, "0")
    use_huge_pages()
    assert os.environ[HUGE_PAGES] == "0"
    monkeypatch.delenv(HUGE_PAGES)
    use_huge_pages()
    assert os.environ[HUGE_PAGES] == "1"
