"""Catalogs of photos at addresses: the same as of photos on disk, and what can't be fetched costs itself only."""

import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pytest
from tests.catalogs import QUICK_PHOTO, tiny_catalog
from tests.command import run
from tests.photo_server import PhotoServer, certificate_for, photo_server
from tests.s3_server import put_objects, s3_server

import sakka
from sakka.catalog.build import build_catalog
from sakka.catalog.works import Catalog
from sakka.errors import CatalogError, MissingPartError
from sakka.evaluation.figures import results
from sakka.evaluation.plan import Plan, make_plan
from sakka.evaluation.run import run_experiment
from sakka.files import canonical_json
from sakka.models.folder import save_model
from sakka.models.registry import make_model
from sakka.networks.encoders import photo_encoders
from sakka.networks.features import photo_features
from sakka.pages.write_report import report_of
from sakka.remote.fetcher import Fetching

QUICK = {"silent_s": 0.5, "file_s": 20.0, "first_wait_s": 0.01, "tries": 4}


@pytest.fixture(autouse=True)
def _nothing_fetched_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sakka.remote.cache.cache_folder", lambda: folder / "cache")


@pytest.fixture
def works(folder: Path) -> Catalog:
    return tiny_catalog(folder / "shop", creators=2, works=7)


@pytest.fixture
def photos(works: Catalog, folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "shop").iterdir()}


@pytest.fixture
def server(photos: dict[str, bytes]) -> Iterator[PhotoServer]:
    with photo_server({**photos, "page": b"<html>not a photo</html>"}) as running:
        yield running


def table(works: Catalog, folder: Path, start: str, others: Mapping[str, str] | None = None) -> Path:
    """The works as a shop's table; photos start at an address, those of some ids are others."""
    rows = [
        {"id": work.id, "creator": work.creator, "title": work.title, "photo": start + work.photos[0]} for work in works
    ]
    frame = pl.DataFrame([{**row, "photo": (others or {}).get(row["id"], row["photo"])} for row in rows])
    frame.write_csv(folder / "works.csv")
    return folder / "works.csv"


@pytest.mark.slow
def test_a_catalog_and_its_results_are_the_same_from_disk_from_s3_and_over_https_whatever_fails_on_the_way(
    works: Catalog, photos: dict[str, bytes], folder: Path, monkeypatch: pytest.MonkeyPatch, few_steps: None
) -> None:
    certificate, authority = certificate_for("127.0.0.1", folder)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    (encoder,), found = photo_encoders("lite0", "float32"), []
    with ExitStack() as servers:
        put_objects(servers.enter_context(s3_server(monkeypatch)), "shop", photos)
        https = servers.enter_context(photo_server(photos, certificate))
        from_there = {
            "": None,  # on disk
            "s3://shop/": Fetching(("s3://shop",)),
            f"{https.address}/rough/": Fetching((f"127.0.0.1:{https.port}",), **QUICK),
        }
        for number, (start, fetch) in enumerate(from_there.items()):
            source, built = table(works, folder, start), folder / str(number)
            build_catalog(source, folder=built, fetch=fetch, photo_root=folder / "shop")
            read = Catalog.read(built)
            assert read.problems.height == 0
            layout = run_experiment(read, folder / f"run-{number}", plan(read))
            told = canonical_json(results(report_of(layout.folder).every_table))
            with monkeypatch.context() as patch:  # computed anew each time
                patch.setenv("SAKKA_CACHE", str(folder / f"cache-{number}"))
                features, _ = photo_features(read.take(range(2)), encoder)
            found.append(((built / "works.parquet").read_bytes(), features.tobytes(), told))
    assert sum(https.asked.values()) > len(photos)  # some had to be asked for again
    assert found == found[:1] * 3


def plan(works: Catalog) -> Plan:
    settings = {"photo-lite0": {**QUICK_PHOTO, "dtype": "float32"}}
    return make_plan(works, ["photo-lite0", "dummy"], settings=settings, inner_folds=1, outer_folds=1)


def test_the_list_of_photos_has_their_addresses_and_the_files_move_with_the_catalog(
    works: Catalog, server: PhotoServer, photos: dict[str, bytes], folder: Path
) -> None:
    names = [work.photos[0] for work in works]
    source = table(works, folder, f"{server.address}/ok/", {works.ids[0]: f"shop/{names[0]}"})
    built = build_catalog(source, folder=folder / "first", fetch=[f"127.0.0.1:{server.port}"])
    assert built.info["fetched_from"] == [f"127.0.0.1:{server.port}"]
    listed = pl.read_parquet(folder / "first" / "photos.parquet")
    assert listed.rows()[0][2:5] == (f"shop/{names[0]}", None, None)
    assert (
        listed.rows()[1:]
        == [
            (work.id, 0, None, f"{server.address}/ok/{name}", '"one"', len(photos[name]), work.photos_sha256[0])
            for work, name in zip(built, names, strict=True)
        ][1:]
    )
    (folder / "first").rename(folder / "moved")
    Catalog.read(folder / "moved").write(folder / "copied")
    shutil.rmtree(folder / "moved")
    copied = Catalog.read(folder / "copied")
    assert [path.read_bytes() for path in copied.photo_paths if path] == [photos[name] for name in names]
    assert pl.read_parquet(folder / "copied" / "photos.parquet").equals(listed)
    copied.take([0, 1]).write(folder / "copied")
    assert len(list((folder / "copied" / "fetched").glob("*/*"))) == 1


def test_what_can_not_be_fetched_or_is_no_photo_costs_itself_and_the_next_one_is_taken(
    works: Catalog, server: PhotoServer, folder: Path
) -> None:
    good = works.table["photos"][0][0]
    start = server.address
    listed = {
        "missing": f"{start}/missing/a|{start}/ok/{good}",
        "page": f"{start}/ok/page|{start}/ok/{good}|{start}/ok/later.png",
        "elsewhere": "https://other.example/a.jpg|ftp://other.example/b.jpg",
        "alone": f"{start}/missing/b",
    }
    rows = [{"id": name, "creator": "Mori", "title": "", "photo": photo} for name, photo in listed.items()]
    rows[2]["title"] = "moon"
    pl.DataFrame(rows).write_csv(folder / "works.csv")
    host = f"127.0.0.1:{server.port}"
    built = build_catalog(folder / "works.csv", photos_per_work=1, fetch=Fetching((host,), **QUICK))
    assert [work.id for work in built] == ["missing", "page", "elsewhere"]
    assert built.photo_counts.tolist() == [1, 1, 0]
    assert built.photo_paths[0] == built.photo_paths[1]
    assert server.asked["/ok/later.png"] == 0
    assert sorted(built.problems.select("id", "reason", "detail").rows()) == [
        ("alone", "nothing to read", "neither title nor description nor a photo that can be read"),
        ("alone", "photo can't be fetched", f"{start}/missing/b: the server answers 404"),
        ("elsewhere", "photo can't be fetched", "https://other.example/a.jpg: other.example is not among the hosts to "
         "fetch from; name it too where you trust it"),
        ("elsewhere", "photo is an address", "ftp://other.example/b.jpg: only https://, http://, s3:// and gs:// are "
         "fetched; download it and give the file's path"),
        ("missing", "photo can't be fetched", f"{start}/missing/a: the server answers 404"),
        ("page", "photo of another kind", f"{start}/ok/page is an HTML or XML file; expected a photo (JPEG, PNG, "
         "WebP, GIF or BMP); save it as one of those"),
    ]  # fmt: skip


def test_a_build_that_ended_early_goes_on_where_it_was(works: Catalog, server: PhotoServer, folder: Path) -> None:
    source = table(works, folder, f"{server.address}/ok/", {works.ids[-1]: f"{server.address}/missing/a"})
    settings = {"folder": folder / "catalog", "fetch": [f"127.0.0.1:{server.port}"]}
    with pytest.raises(CatalogError, match="problems in 1 of 14 rows: 1 photo can't be fetched"):
        build_catalog(source, strict=True, **settings)
    assert not (folder / "catalog" / "fetched").exists()
    assert len(build_catalog(table(works, folder, f"{server.address}/ok/"), **settings)) == len(works)
    assert {path: count for path, count in server.asked.items() if count > 1} == {}


def test_photos_stay_when_a_catalog_is_written_anew_that_no_longer_knows_where_they_came_from(
    works: Catalog, server: PhotoServer, folder: Path
) -> None:
    host = f"127.0.0.1:{server.port}"
    addressed = table(works, folder, f"{server.address}/ok/")
    build_catalog(addressed, folder=folder / "catalog", fetch=Fetching([host]))
    read = Catalog.read(folder / "catalog")
    Catalog.from_works(list(read)).write(folder / "catalog")
    again = Catalog.read(folder / "catalog")
    assert [path.is_file() for path in again.photos if path is not None] == [True] * int(works.has_photo.sum())


def test_the_command_line_fetches_from_hosts_that_are_named_only(
    works: Catalog,
    server: PhotoServer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    build = ["catalog", "build", table(works, folder, f"{server.address}/ok/"), "-o", folder / "catalog"]
    for options, said in (
        (["--fetch"], "--fetch is given without --fetch-host HOST"),
        (["--fetch-host", "shop.example"], "--fetch-host is given without --fetch"),
        (["--fetch", "--fetch-host", "http://shop.example"], "'http://shop.example' is no host to fetch from"),
    ):
        code, _, error = run([*build, *options], monkeypatch, capsys)
        assert (code, said in error) == (2, True)
    host = f"127.0.0.1:{server.port}"
    code, _, _ = run(build, monkeypatch, capsys)
    assert code == 0
    assert server.asked == {}
    _, printed, _ = run(["catalog", "problems", folder / "catalog"], monkeypatch, capsys)
    assert f"fetched with `sakka catalog build --fetch-host {host}`; or download it" in " ".join(printed.split())
    code, printed, _ = run([*build, "--fetch", "--fetch-host", host], monkeypatch, capsys)
    assert code == 0
    assert f"14, 1.0 a work with photo; fetched from {host}" in " ".join(printed.split())


def test_paths_that_start_at_an_address_are_fetched_from_there_and_from_nowhere_else(
    works: Catalog, server: PhotoServer, folder: Path
) -> None:
    root = f"{server.address}/ok"
    elsewhere = f"{server.address}/missing/a"
    source = table(works, folder, "", {works.ids[0]: elsewhere, works.ids[1]: "../../missing/a"})
    built = build_catalog(source, folder=folder / "catalog", photo_root=Path(root))
    here = build_catalog(table(works, folder, "shop/"), folder=folder / "here")
    assert [work.photos_sha256 for work in built][2:] == [work.photos_sha256 for work in here][2:]
    assert [row[3:5] for row in sorted(built.problems.rows())] == [
        ("photo is an address", f"{elsewhere}: fetched with `fetch=['127.0.0.1:{server.port}']`; or download it and "
         "give the file's path"),
        ("photo outside the folder", f"../../missing/a: not below {root}/; write paths that start there"),
    ]  # fmt: skip
    assert {path.split("/")[1] for path in server.asked} == {"ok"}
    assert built.info["fetched_from"] == [f"{root}/"]
    with pytest.raises(CatalogError, match=r"photo paths can't start at ftp://shop.example; expected s3://BUCKET/"):
        build_catalog(source, photo_root="ftp://shop.example")


def test_a_photo_that_is_the_same_a_day_later_is_not_sent_again(
    works: Catalog, server: PhotoServer, photos: dict[str, bytes], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, fetch = table(works, folder, f"{server.address}/folder/"), [f"127.0.0.1:{server.port}"]
    first = build_catalog(source, fetch=fetch)
    sent = dict(server.sent)
    other = works.photos[0].name  # type: ignore[union-attr]
    server.photos[other] = photos[works.photos[1].name]  # type: ignore[union-attr]
    assert build_catalog(source, fetch=fetch).fingerprint() == first.fingerprint()
    assert dict(server.sent) == sent
    monkeypatch.setattr("sakka.remote.cache.time.time", lambda: time.time_ns() / 1e9 + 25 * 3600)
    later = build_catalog(source, fetch=fetch)
    assert later.table["photos_sha256"].to_list()[0] == first.table["photos_sha256"].to_list()[1]
    assert {path for path, count in server.sent.items() if count != sent[path]} == {f"/folder/{other}"}
    assert all(count == 2 for count in server.asked.values())


def test_identify_fetches_what_a_table_or_a_person_names_and_answers_as_for_files(
    works: Catalog,
    server: PhotoServer,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save_model(make_model("photo-lite0", **QUICK_PHOTO, dtype="float32").fit(works), folder / "model")
    host, answers = f"127.0.0.1:{server.port}", []
    bad = {works.ids[3]: f"{server.address}/missing/a"}
    for start, options in (
        ("shop/", []),
        (f"{server.address}/ok/", ["--fetch", "--fetch-host", host]),
        ("", ["--photo-root", f"{server.address}/ok"]),
    ):
        source, output = table(works, folder, start, bad), folder / "answers.csv"
        code, _, error = run(["identify", folder / "model", source, "-o", output, *options], monkeypatch, capsys)
        assert (code, error) == (0, "")
        answers.append(pl.read_csv(output).rows())
    assert answers[1][:3] + answers[1][4:] == answers[0][:3] + answers[0][4:]
    assert answers[2] == answers[0]
    assert answers[1][3][-1] == f"photo can't be fetched: {bad[works.ids[3]]}: the server answers 404"
    one = ["identify", folder / "model", "--json", "--photo"]
    names = [work.photos[0] for work in works]
    code, printed, _ = run([*one, f"{server.address}/ok/{names[0]}", "--fetch"], monkeypatch, capsys)
    assert (code, printed) == run([*one, folder / "shop" / names[0]], monkeypatch, capsys)[:2]
    code, _, error = run([*one, f"{server.address}/missing/a", "--fetch"], monkeypatch, capsys)
    assert (code, error) == (2, f"sakka: {server.address}/missing/a: the server answers 404\n")


@pytest.mark.parametrize(("part", "start"), [("httpcore2", "https://shop.example/"), ("obstore", "s3://shop/")])
def test_a_missing_package_is_one_line_that_says_what_to_install(
    works: Catalog, folder: Path, monkeypatch: pytest.MonkeyPatch, part: str, start: str
) -> None:
    for name in ("web", "buckets"):
        monkeypatch.delitem(sys.modules, f"sakka.remote.{name}", raising=False)
    monkeypatch.setitem(sys.modules, part, None)
    with pytest.raises(MissingPartError, match=rf"{part}, which photos at .*\[remote\]' adds it"):
        build_catalog(table(works, folder, start), fetch=["shop.example", "s3://shop"])


def test_addresses_are_fetched_where_a_caller_named_them_only_and_never_by_the_server() -> None:
    package = Path(sakka.__file__).parent
    fetching = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"sakka\.remote\.(fetcher|copies|folder|lock|writing)", path.read_text(encoding="utf-8"))
    }
    assert {path for path in fetching if not path.startswith("remote/")} == {
        "catalog/build.py",  # photos of hosts that are named beside the table
        "catalog/folder.py",
        "catalog/photo_files.py",
        "catalog/remote_photos.py",  # photos of a catalog, from the folder that it was read from
        "cli/audit.py",
        "cli/describe.py",
        "cli/experiment.py",
        "cli/output.py",
        "cli/question.py",  # the photo of an address that a person typed
        "cli/unknown_creators.py",
        "evaluation/open_run.py",
        "evaluation/run.py",
        "models/folder.py",
    }
