"""Photo paths from other systems, and those that lead nowhere good."""

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sakka.catalog.photo_paths import PhotoPaths, UnusablePath

DECOMPOSED = unicodedata.normalize("NFD", "ガラス")


@pytest.fixture
def root(folder: Path) -> Path:
    for name in ("images/a.jpg", f"images/{DECOMPOSED}.jpg", "images/IMG_1.JPG", "é/ガ.png", "Two.jpg", "two.JPG"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / r"odd\name.jpg").touch()
    return folder.resolve()


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (r"images\a.jpg", "images/a.jpg"),
        (r".\images\..\images\a.jpg", "images/a.jpg"),
        ("images/ガラス.jpg", f"images/{DECOMPOSED}.jpg"),
        (r"Images\img_1.jpg", "images/IMG_1.JPG"),
        ("e\u0301/カ\u3099.PNG", "é/ガ.png"),
        ("Two.jpg", "Two.jpg"),
        ("two.jpg", "two.jpg"),  # two files could be meant: neither is taken
        (r"odd\name.jpg", r"odd\name.jpg"),  # a file of that very name
        (r"images\absent.jpg", "images/absent.jpg"),
        ("absent/a.jpg", "absent/a.jpg"),
        ("images/a.jpg/b.jpg", "images/a.jpg/b.jpg"),
    ],
)
def test_a_photo_is_found_as_the_system_that_wrote_its_path_would(root: Path, written: str, found: str) -> None:
    assert PhotoPaths(root).inside(written) == found


def test_an_absolute_path_and_a_file_address_serve_within_the_folder(root: Path) -> None:
    paths = PhotoPaths(root)
    for written in (str(root / "images/a.jpg"), f"file://{root}/images/a.jpg", f"{root}/IMAGES/A.jpg"):
        assert paths.inside(written) == "images/a.jpg"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("https://example.org/a.jpg", "photo is an address"),
        ("//example.org/a.jpg", "photo outside the folder"),
        ("../a.jpg", "photo outside the folder"),
        (r"..\..\a.jpg", "photo outside the folder"),
        (r"C:\images\a.jpg", "photo outside the folder"),
        (r"\\server\share\a.jpg", "photo outside the folder"),
        ("/etc/passwd", "photo outside the folder"),
    ],
)
def test_what_lies_outside_is_refused_with_its_reason(root: Path, written: str, reason: str) -> None:
    with pytest.raises(UnusablePath) as error:
        PhotoPaths(root).inside(written)
    assert error.value.reason == reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.text() | st.text("./\\aA:iｉガ"))
def test_no_path_leads_out_of_the_folder(root: Path, written: str) -> None:
    try:
        found = PhotoPaths(root).inside(written.replace("\0", ""))
    except UnusablePath:
        return
    assert Path(os.path.normpath(root / found)).is_relative_to(root)
