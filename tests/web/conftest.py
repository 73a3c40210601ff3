"""A model of the tiny catalog, fitted once a test process, and servers over it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.web.servers import Folders, running

from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.search.index import Index
from sakka.web.settings import Limits, Settings

FREE = Limits(requests_a_minute=1_000_000)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The folders that a server is started with."""
    root = tmp_path_factory.mktemp("served")
    works = tiny_catalog(root / "photos", works=12)
    works.write(root / "catalog")
    save_model(FusedModel(photo_settings=QUICK_PHOTO).fit(works), root / "model")
    Index.build(root / "index", works, root / "model")
    return Folders(root / "model", root / "index", root / "catalog", root / "photos")


@pytest.fixture(scope="session")
def settings(folders: Folders) -> Settings:
    """Settings that let a test ask as often as it likes, on a free port."""
    return Settings(folders.model, folders.index, port=0, limits=FREE)


@pytest.fixture(scope="session")
def client(settings: Settings) -> Iterator[httpx.Client]:
    """Asks a server that all tests of the process share."""
    with running(settings) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Callable[[Settings], httpx.Client]]:
    """Starts a server of the test's own."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(running(settings))


@pytest.fixture(scope="session")
def photo(folders: Folders) -> bytes:
    """The photo of a work by `creator 01`."""
    return (folders.photos / "photo-01-003.png").read_bytes()
