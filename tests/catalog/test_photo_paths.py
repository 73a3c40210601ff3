"""Photo paths from other systems, and those that lead nowhere good."""

import os
import unicodedata
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sakka.catalog.photo_paths import PhotoPaths, UnusablePath
from sakka.errors import PhotoError
from sakka.remote.addresses import AllowedHosts, FileAddress

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


@pytest.mark.parametrize(
    ("base", "written", "found"),
    [
        ("s3://shop/photos/", "花 1.jpg", "s3://shop/photos/花 1.jpg"),
        ("s3://shop/photos/", "a\\b//./1.jpg", "s3://shop/photos/a/b/1.jpg"),
        ("https://shop.example/p/", "100% ?#.jpg", "https://shop.example/p/100%25%20%3F%23.jpg"),
    ],
)
def test_where_paths_start_at_an_address_each_is_one_below_it(base: str, written: str, found: str) -> None:
    assert PhotoPaths(Path(), base=base).inside(written) == found


@given(
    written=st.text() | st.text("./\\aA:%2eE"), base=st.sampled_from(["s3://shop/photos/", "https://shop.example/p/"])
)
def test_no_path_leads_out_of_the_address_that_it_starts_at(written: str, base: str) -> None:
    try:
        found = PhotoPaths(Path(), base=base).inside(written)
    except UnusablePath:
        return
    assert found.startswith(base)
    with suppress(PhotoError):  # what is no address, or would lead out by a second decoding, is refused there
        parsed = FileAddress.parse(found)
        AllowedHosts.of_own([FileAddress.parse(f"{base}photo")]).check(parsed)
        assert ".." not in unquote(parsed.target).split("/")


@pytest.mark.parametrize("path", ["../a.jpg", "%2e%2e/a.jpg", "..%2Fa.jpg", "..\\a.jpg"])
def test_an_address_that_leads_out_of_the_one_that_was_typed_is_refused(path: str) -> None:
    own = AllowedHosts.of_own([FileAddress.parse("https://shop.example/p/photo")])
    own.check(FileAddress("https", "shop.example", 443, "/p/a.jpg"))
    with pytest.raises(PhotoError, match=r"shop.example is not among the hosts to fetch from"):
        own.check(FileAddress("https", "shop.example", 443, f"/p/{path}"))
    with pytest.raises(PhotoError):
        own.check(FileAddress("https", "shop.example", 443, "/other/a.jpg"))
    own.check(FileAddress("https", "shop.example", 443, "/other/a.jpg"), led_to=True)
