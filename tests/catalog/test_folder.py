"""A folder per creator as a source."""

from pathlib import Path

import pytest
from PIL import Image

from sakka import build_catalog
from sakka.catalog.sources import ReadOptions, kind_of
from sakka.catalog.sources.folder import read_folder
from sakka.errors import CatalogError


def photos(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (number, 0, 0)).save(path)


def test_a_photo_is_a_work_and_a_folder_of_photos_is_one_too(folder: Path) -> None:
    photos(folder, "森/b.jpg", "森/a.png", "原/皿/10.jpg", "原/皿/2.jpg", "原/皿/裏/1.jpg", "原/c.JPG")
    works = list(build_catalog(folder))
    assert [(work.id, work.creator, work.title, work.photos) for work in works] == [
        ("原/c.JPG", "原", "", ("原/c.JPG",)),
        ("原/皿", "原", "", ("原/皿/2.jpg", "原/皿/10.jpg")),
        ("原/皿/裏", "原", "", ("原/皿/裏/1.jpg",)),
        ("森/a.png", "森", "", ("森/a.png",)),
        ("森/b.jpg", "森", "", ("森/b.jpg",)),
    ]


def test_what_systems_leave_behind_is_passed_over_and_a_photo_of_another_kind_is_listed(folder: Path) -> None:
    photos(folder, "Mori/a.jpg", ".trash/b.jpg", "Mori/.hidden.jpg", "__MACOSX/Mori/._a.jpg", "loose.jpg")
    for name in ("Mori/Thumbs.db", "Mori/.DS_Store", "Mori/notes.txt", "Mori/phone.heic"):
        (folder / name).write_bytes(b"x")
    catalog = build_catalog(folder)
    assert catalog.ids == ["Mori/a.jpg"]
    assert catalog.problems.select("id", "reason", "left_out").rows() == [
        ("loose.jpg", "no creator", True),
        ("Mori/phone.heic", "photo of another kind", False),
        ("Mori/phone.heic", "nothing to read", True),
    ]


def test_names_that_macos_takes_apart_are_one_creator_with_those_it_does_not(folder: Path) -> None:
    photos(folder, "ガラス/a.jpg", "ガラス/b.jpg")
    assert build_catalog(folder).creators == ("ガラス",)


def test_a_folder_is_recognised_by_photos_in_folders(folder: Path) -> None:
    with pytest.raises(CatalogError, match="folder of unknown kind"):
        kind_of(folder)
    photos(folder, "loose.jpg")
    with pytest.raises(CatalogError, match="folder of unknown kind"):
        kind_of(folder)
    photos(folder, "Mori/a.jpg")
    assert kind_of(folder) == "folder"
    with pytest.raises(CatalogError, match="has no columns; leave out"):
        read_folder(folder, ReadOptions(keep=("price",)))
