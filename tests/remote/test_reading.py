"""Catalogs and models at addresses, read: moto's S3 server and a web server on loopback."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.catalogs import tiny_catalog
from tests.photo_server import PhotoServer, photo_server
from tests.s3_server import put_objects, s3_server

from sakka.catalog.build import build_catalog
from sakka.catalog.works import Catalog
from sakka.errors import CatalogError, ModelFolderError, PhotoError, SakkaError
from sakka.models.dummy import DummyModel
from sakka.models.folder import load_model, save_model
from sakka.photos.by_sha256 import stored_path
from sakka.remote.copies import DESCRIPTIONS, at_hand

ONE = hashlib.sha256(b"1").hexdigest()
LONG = "x" * 300
TROUBLE = {
    "model2/manifest.json": b"{}",
    "list/manifest.json": b"[]",
    "both/manifest.json": json.dumps({"files": {"a": ONE, "a/b": ONE}}).encode(),
    "both/a": b"1",
    "both/a/b": b"1",
    "long/manifest.json": json.dumps({"files": {LONG: ONE}}).encode(),
    f"long/{LONG}": b"1",
}
"""What is no model, and models with names that no folder of this machine can have."""


def files_below(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by their names in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog whose photos were fetched, one whose photos lie in its own folder, and a model."""
    folder = tmp_path_factory.mktemp("made")
    works = tiny_catalog(folder / "within" / "photos", creators=2, works=3)
    save_model(DummyModel().fit(works), folder / "model")
    works.write(folder / "within")
    photos = files_below(folder / "within" / "photos")
    with pytest.MonkeyPatch.context() as patch, photo_server(photos) as server:
        patch.setenv("SAKKA_CACHE", str(folder / "cache"))
        lines = ["id,creator,title,photo"]
        lines += [f"{work.id},{work.creator},{work.title},{server.address}/ok/{work.photos[0]}" for work in works]
        (folder / "works.csv").write_text("\n".join(lines))
        build_catalog(folder / "works.csv", folder=folder / "fetched", fetch=[f"127.0.0.1:{server.port}"])
    return folder


@pytest.fixture(scope="module")
def bucket(made: Path) -> Iterator[str]:
    """The S3 server's address; its bucket `shop` has what was made."""
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as endpoint:
        names = ("within", "fetched", "model")
        objects = {f"{name}/{each}": content for name in names for each, content in files_below(made / name).items()}
        put_objects(
            endpoint, "shop", {**objects, "model2/manifest.json": b"{}", "list/manifest.json": b"[]", **TROUBLE}
        )
        yield endpoint


@pytest.fixture(scope="module")
def server(made: Path) -> Iterator[PhotoServer]:
    names = ("within", "fetched", "model")
    objects = {f"{name}/{each}": content for name in names for each, content in files_below(made / name).items()}
    with photo_server(objects) as running:
        yield running


@pytest.fixture(autouse=True)
def _cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKKA_CACHE", str(folder / "cache"))


@pytest.fixture(params=["s3", "http"])
def start(request: pytest.FixtureRequest, bucket: str, server: PhotoServer) -> str:
    return "s3://shop" if request.param == "s3" else f"{server.address}/folder"


@pytest.mark.parametrize("name", ["within", "fetched"])
def test_a_catalog_at_an_address_is_the_one_that_was_written_and_its_photos_come_when_they_are_read(
    made: Path, start: str, name: str, folder: Path
) -> None:
    there, here = Catalog.read(f"{start}/{name}/"), Catalog.read(made / name)
    assert there.fingerprint() == here.fingerprint()
    assert there.ids == here.ids
    assert not list((folder / "cache" / "fetched").glob("??/" + here.table["photos_sha256"][0][0]))
    one = there.take([1]).photos[0]
    assert one is not None
    assert one.read_bytes() == here.photos[1].read_bytes()
    assert [[photo.read_bytes() for photo in row] for row in there.every_photo] == [
        [photo.read_bytes() for photo in row] for row in here.every_photo
    ]


def test_a_model_at_an_address_is_loaded_and_fetched_once(made: Path, start: str, server: PhotoServer) -> None:
    works = Catalog.read(made / "within")
    expected = load_model(made / "model").predict_proba(works).tolist()
    server.sent.clear()
    for _ in range(2):
        assert load_model(Path(f"{start}/model")).predict_proba(works).tolist() == expected
    sizes = {f"/folder/model/{name}": len(content) for name, content in files_below(made / "model").items()}
    assert dict(server.sent) == ({} if start.startswith("s3") else sizes)


def test_messages_about_a_folder_at_an_address_speak_of_the_address(start: str) -> None:
    with pytest.raises(CatalogError, match=f"{start}/model is not a catalog: expected works.parquet and catalog.json"):
        Catalog.read(f"{start}/model")
    with pytest.raises(ModelFolderError, match=f"{start}/within is not a saved model: no manifest.json in it"):
        load_model(f"{start}/within")


def test_a_folder_whose_files_are_not_those_that_it_names_is_refused(
    made: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sakka.remote.copies.WAIT_S", 0.0)
    with photo_server({f"model/{name}": content for name, content in files_below(made / "model").items()}) as server:
        server.photos["model/model.json"] += b" "
        with pytest.raises(
            ModelFolderError, match=r"is not whole: model.json is not the one that its description names"
        ):
            load_model(f"{server.address}/folder/model")
        del server.photos["model/model.json"]
        with pytest.raises(
            ModelFolderError, match=r"is not whole: model.json is not the one that its description names"
        ):
            load_model(f"{server.address}/folder/model")


def test_a_photo_that_is_not_the_recorded_one_is_refused(made: Path) -> None:
    objects = {f"fetched/{name}": content for name, content in files_below(made / "fetched").items()}
    photos = {name: b"another" for name in objects if name.startswith("fetched/fetched/")}
    with photo_server({**objects, **photos}) as server:
        there = Catalog.read(f"{server.address}/folder/fetched")
        with pytest.raises(PhotoError, match="is not the photo that the catalog was built with"):
            there.every_photo  # noqa: B018


def catalog_with(made: Path, sha256: str | None, path: str | None, root: str | None = None) -> dict[str, bytes]:
    """The files of a catalog whose photos all have one SHA-256 and one path."""
    files = files_below(made / "within")
    digest, listed_path = pl.lit(sha256, dtype=pl.String()), pl.lit(path, dtype=pl.String())
    tables = {
        "photos.parquet": pl.read_parquet(files["photos.parquet"]).with_columns(sha256=digest, path=listed_path),
        "works.parquet": pl.read_parquet(files["works.parquet"]).with_columns(photos_sha256=pl.concat_list(digest)),
    }
    written: dict[str, bytes] = {}
    for name, table in tables.items():
        buffer = io.BytesIO()
        table.write_parquet(buffer)
        written[name] = buffer.getvalue()
    info = {**json.loads(files["catalog.json"]), "photo_root": root}
    info["works_sha256"] = hashlib.sha256(written["works.parquet"]).hexdigest()
    info["photos_file_sha256"] = hashlib.sha256(written["photos.parquet"]).hexdigest()
    del info["sha256"], info["problems_sha256"]
    return {"catalog.json": json.dumps(info).encode(), **written}


@pytest.mark.parametrize("sha256", ["../private.jpg", "/dev/zero", "a\0b", "A" * 64, "0" * 64 + "\n"])
def test_what_is_no_sha256_is_no_path_to_a_file_of_the_reader(made: Path, folder: Path, sha256: str) -> None:
    (folder / "cache").mkdir()
    (folder / "cache" / "private.jpg").write_bytes(b"private")
    described = {"works_sha256": sha256, "photos_file_sha256": sha256}
    files = {
        **{f"photos/{name}": content for name, content in catalog_with(made, sha256, None).items()},
        "tables/catalog.json": json.dumps(described).encode(),
        "model/manifest.json": json.dumps({"files": {"a": sha256}}).encode(),
    }
    with photo_server(files) as server:
        with pytest.raises(CatalogError, match="a photo is listed under what is no SHA-256"):
            Catalog.read(f"{server.address}/folder/photos")
        with pytest.raises(CatalogError, match="has something else for the SHA-256 of a table; build it again"):
            Catalog.read(f"{server.address}/folder/tables")
        with pytest.raises(ModelFolderError, match="is no manifest of a model"):
            load_model(f"{server.address}/folder/model")
    with pytest.raises(PhotoError, match=r"as a SHA-256, expected 64 digits"):
        stored_path(folder, sha256)


@pytest.mark.parametrize("root", [None, "/", "."])
def test_a_catalog_at_an_address_names_no_file_of_the_reader(made: Path, folder: Path, root: str | None) -> None:
    private = folder / "private.jpg"
    private.write_bytes(b"private")
    digest = hashlib.sha256(b"public").hexdigest()
    objects = {
        **{f"unknown/{name}": content for name, content in catalog_with(made, None, str(private), root).items()},
        **{f"known/{name}": content for name, content in catalog_with(made, digest, str(private), root).items()},
        f"known/fetched/{digest[:2]}/{digest}": b"public",
    }
    with photo_server(objects) as server:
        absent = Catalog.read(f"{server.address}/folder/unknown")
        assert absent.every_photo == [()] * len(absent)
        assert absent.fingerprint() != Catalog.read(made / "within").fingerprint()
        there = Catalog.read(f"{server.address}/folder/known")
        assert {path.read_bytes() for path in there.photo_paths if path} == {b"public"}


def test_a_catalog_of_an_older_version_is_not_read_from_an_address(made: Path) -> None:
    files = catalog_with(made, None, None)
    files["catalog.json"] = json.dumps({**json.loads(files["catalog.json"]), "version": 3}).encode()
    with photo_server(files) as server, pytest.raises(CatalogError, match="has version 3, which is not read from an"):
        Catalog.read(f"{server.address}/folder")


def test_a_photo_in_the_cache_that_is_damaged_is_fetched_again(
    made: Path, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [path.read_bytes() for path in Catalog.read(made / "fetched").photo_paths if path]
    there = Catalog.read(f"{start}/fetched")
    first = next(path for path in there.photo_paths if path)
    first.write_bytes(b"half")
    monkeypatch.setattr("sakka.remote.cache._whole", set())  # as another process
    again = Catalog.read(f"{start}/fetched")
    assert [path.read_bytes() for path in again.photo_paths if path] == expected


def test_a_copy_that_is_damaged_is_made_anew_though_the_cache_is_in_use(made: Path, start: str) -> None:
    copied = at_hand(f"{start}/model") / "model.json"
    with copied.open("r+b") as file:
        file.write(b"XXXX")
    assert (at_hand(f"{start}/model") / "model.json").read_bytes() == (made / "model" / "model.json").read_bytes()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("s3://shop/absent", "there is no folder s3://shop/absent; check the address and the endpoint"),
        ("s3://nothing/model", "s3://nothing/model can't be read: "),
        ("s3://shop/list", "s3://shop/list/manifest.json is not the JSON object that was expected"),
        ("s3://shop/model2", "s3://shop/model2/manifest.json is no manifest of a model"),
        ("s3://shop/both", "s3://shop/both can't be copied to the cache ("),
        ("s3://shop/long", "s3://shop/long can't be copied to the cache (File name too long); check the disk"),
        ("s3://shop", "s3://shop is no address of a folder: expected s3://BUCKET/NAME"),
        ("ftp://shop/model", "ftp://shop/model is no address of a folder: expected s3://BUCKET/NAME"),
        ("https://me:secret@shop/model", "https://shop/model is no address of a folder: the address can't be"),
        ("https://me:a/secret@shop/model", "https://shop/model is no address of a folder: "),
        ("https://me:a#secret@shop/model", "https://shop/model is no address of a folder: "),
        ("https://me:a?secret@b@shop/model", "https://shop/model is no address of a folder: "),
        ("s3://me:a/secret@shop/model", "s3://shop/model is no address of a folder: "),
        ("https://shop/model?secret", "https://shop/model is no address of a folder: "),
    ],
)
def test_what_is_no_folder_of_sakka_is_refused_in_one_line(bucket: str, address: str, why: str) -> None:
    with pytest.raises(SakkaError) as caught:
        load_model(address)
    assert str(caught.value).startswith(why)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_server_that_leads_elsewhere_or_never_ends_is_refused_and_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    few = replace(DESCRIPTIONS, most_bytes=1 << 16)
    monkeypatch.setattr("sakka.remote.copies.DESCRIPTIONS", few)
    with photo_server({"catalog.json": b"http://169.254.169.254/latest/meta-data/"}) as server:
        for name, why in (
            ("to", "169.254.169.254 is not among the hosts to fetch from; name it too where you trust it"),
            ("endless", "more than the 65,536 bytes that it may have"),
        ):
            with pytest.raises(CatalogError) as caught:
                Catalog.read(f"{server.address}/{name}")
            assert str(caught.value) == f"{server.address}/{name}/catalog.json: {why}"
        assert server.sent["/endless/catalog.json"] < 1 << 24
    assert not list((folder / "cache" / "fetched").glob("??/*"))
