"""One small index that the tests of this folder share; a test that changes it takes a copy."""

import shutil
from pathlib import Path

import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog

from sakka.catalog.works import Catalog
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.search.index import Index


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """36 works by 6 creators; the first of each has no photo."""
    return tiny_catalog(tmp_path_factory.mktemp("photos"), works=6, without_photo=1)


@pytest.fixture(scope="session")
def model_folder(works: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model fitted on the works."""
    folder = tmp_path_factory.mktemp("model") / "model"
    save_model(FusedModel(photo_settings=QUICK_PHOTO).fit(works), folder)
    return folder


@pytest.fixture(scope="session")
def built(works: Catalog, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of the works."""
    folder = tmp_path_factory.mktemp("index") / "index"
    Index.build(folder, works, model_folder)
    return folder


@pytest.fixture
def index(built: Path) -> Index:
    """The index, to ask."""
    return Index.open(built)


@pytest.fixture
def own_index(built: Path, folder: Path) -> Index:
    """A copy of the index, to change."""
    shutil.copytree(built, folder / "index")
    return Index.open(folder / "index")
