import os
import subprocess
import sys

import pytest

from sakka.networks.memory import HUGE_PAGES, use_huge_pages

HUGE_PAGE_BYTES, ASKED_BYTES = 2 << 20, 64 << 20
COUNT_FAULTS = f"""
import resource

import numpy as np

from sakka.networks.memory import kept_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.empty({ASKED_BYTES}, dtype=np.uint8)[::4096] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

anew = faults()
with kept_memory():
    faults()
    again = faults()
print(anew, again, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's count of page faults")
def test_freed_memory_is_used_again_inside_the_block_and_given_back_after_it() -> None:
    # In a process of its own: one that has 64 MB free already asks for nothing anew.
    counted = subprocess.run([sys.executable, "-c", COUNT_FAULTS], check=True, capture_output=True, text=True)
    anew, again, after = (int(count) for count in counted.stdout.split())
    if anew < ASKED_BYTES // HUGE_PAGE_BYTES:
        pytest.skip("this system does not count page faults")
    assert again < anew / 4
    assert after > again * 5


def test_huge_pages_are_asked_for_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HUGE_PAGES, "0")
    use_huge_pages()
    assert os.environ[HUGE_PAGES] == "0"
    monkeypatch.delenv(HUGE_PAGES)
    use_huge_pages()
    assert os.environ[HUGE_PAGES] == "1"
