"""What all tests share: an own empty cache, no way out to the network, and one thread of PyTorch's a process."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch and LightGBM start; two test processes share two cores
settings.register_profile("sakka", deadline=None)  # a loaded machine is no fault of an example
settings.load_profile("sakka")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAKKA_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("LC_ALL", "C.UTF-8")  # whatever this machine's language is, commands speak English
        yield


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """`sakka serve` lets PyTorch use all cores; every test after it would take twenty times as long as with one."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


@pytest.fixture(scope="module")
def few_steps() -> Iterator[None]:
    """Dense heads take a sixth of their least steps, for tests of what is done with a head, not of how it learns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sakka.models.linear_head.dense.LEAST_STEPS", 100)
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of the test's own."""
    return tmp_path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start long tests first, so that no process is left with one when the other is done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
