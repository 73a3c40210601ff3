"""Catalogs, models and runs at addresses, written: moto's S3 server on loopback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.catalogs import tiny_catalog
from tests.command import run
from tests.s3_server import s3_server

from sakka.catalog.build import build_catalog
from sakka.catalog.works import Catalog
from sakka.errors import CatalogError, ModelFolderError, RunError, SakkaError
from sakka.evaluation.plan import Plan, make_plan
from sakka.evaluation.run import run_experiment
from sakka.models.dummy import DummyModel
from sakka.models.folder import load_model, save_model
from sakka.pages.write_report import write_report
from sakka.remote.folder import Bucket, RemoteFolder
from sakka.remote.lock import LOCK, RemoteLock
from sakka.remote.writing import send_finished, working_in


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client of an S3 server."""
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as endpoint:
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        yield client
        client.close()


@pytest.fixture
def objects(client: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> "Objects":
    """An empty bucket `shop`, and a machine that has nothing in its cache."""
    monkeypatch.setenv("SAKKA_CACHE", str(folder / "cache"))
    found = Objects(client)
    client.create_bucket(Bucket="shop")
    for key in found.written(""):
        client.delete_object(Bucket="shop", Key=key)
    return found


class Objects:
    """What a bucket has."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def keys(self, below: str = "") -> list[str]:
        return [each["Key"] for each in self._listed(below)]

    def written(self, below: str) -> dict[str, object]:
        """When each was written last."""
        return {each["Key"]: each["LastModified"] for each in self._listed(below)}

    def content(self, key: str) -> bytes:
        content: bytes = self.client.get_object(Bucket="shop", Key=key)["Body"].read()
        return content

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket="shop", Key=key, Body=content)

    def _listed(self, below: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.list_objects_v2(Bucket="shop", Prefix=below).get("Contents", [])
        return found


@pytest.fixture
def works(folder: Path) -> Catalog:
    return tiny_catalog(folder / "shop", creators=2, works=7)


def table(works: Catalog, folder: Path) -> Path:
    lines = ["id,creator,title,photo", *(f"{each.id},{each.creator},{each.title},{each.photos[0]}" for each in works)]
    (folder / "shop" / "works.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "shop" / "works.csv"


def test_a_catalog_in_a_bucket_has_its_photos_with_it_and_its_table_is_the_same(
    works: Catalog, objects: Objects, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = table(works, folder)
    here = build_catalog(source, folder=folder / "catalog")
    built = build_catalog(source, folder="s3://shop/catalog")
    assert objects.content("catalog/works.parquet") == (folder / "catalog" / "works.parquet").read_bytes()
    photos = objects.written("catalog/fetched/")
    assert len(photos) == len({photo.read_bytes() for photo in here.photos if photo is not None})
    here.take(range(10)).write("s3://shop/catalog")
    left = objects.written("catalog/fetched/")
    assert left == {key: at for key, at in photos.items() if key in left}  # none was sent again
    assert len(left) < len(photos)
    for path in works.photo_paths:  # as another machine has it
        assert path is not None
        path.unlink()
    monkeypatch.setenv("SAKKA_CACHE", str(folder / "other"))
    there = Catalog.read("s3://shop/catalog")
    assert [work.photos_sha256 for work in there] == [work.photos_sha256 for work in built][:10]
    there.write(folder / "copied")
    monkeypatch.setenv("SAKKA_CACHE", str(folder / "third"))
    copied = Catalog.read(folder / "copied")
    assert all(photo is not None and photo.is_file() and folder / "copied" in photo.parents for photo in copied.photos)


def test_a_catalog_that_fails_leaves_its_list_of_problems_and_an_older_one_stays(
    works: Catalog, objects: Objects, folder: Path
) -> None:
    (folder / "shop" / "bad.csv").write_text("id,creator,title\n1,,moon\n", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"listed in s3://shop/bad/problems.parquet"):
        build_catalog(folder / "shop" / "bad.csv", folder="s3://shop/bad")
    assert objects.keys("bad/") == ["bad/problems.parquet"]
    objects.put("other/notes.txt", b"mine")
    with pytest.raises(CatalogError, match=r"s3://shop/other holds notes.txt but no catalog.json"):
        build_catalog(table(works, folder), folder="s3://shop/other")
    with pytest.raises(SakkaError, match="can be read only"):
        build_catalog(table(works, folder), folder="https://shop.example/catalog")


def test_a_model_in_a_bucket_is_replaced_whole_and_nothing_else_is_touched(works: Catalog, objects: Objects) -> None:
    save_model(DummyModel().fit(works), "s3://shop/model")
    first = json.loads(objects.content("model/manifest.json"))
    objects.put("model/texts/old.txt", b"of the first model")
    objects.put("model/notes.txt", b"mine")
    first["files"]["texts/old.txt"] = "0" * 64
    objects.put("model/manifest.json", json.dumps(first).encode())
    save_model(DummyModel().fit(works.take(range(3))), "s3://shop/model")
    assert load_model("s3://shop/model").predict_proba(works).shape == (len(works), len(works.take(range(3)).creators))
    assert "model/texts/old.txt" not in objects.keys("model/")
    assert objects.content("model/notes.txt") == b"mine"
    objects.put("other/notes.txt", b"mine")
    with pytest.raises(ModelFolderError, match="s3://shop/other holds files and is not a saved model"):
        save_model(DummyModel().fit(works), "s3://shop/other")


def plan(works: Catalog) -> Plan:
    return make_plan(works, ["dummy"], inner_folds=1, outer_folds=4)


def test_a_run_in_a_bucket_goes_on_where_another_machine_was_and_gives_the_same_results(
    works: Catalog, objects: Objects, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = write_report(run_experiment(works, folder / "run", plan(works)).folder).parent / "results.json"
    begun: list[Path] = []

    def interrupted(local: Path) -> None:
        begun.append(local)
        if len(begun) == 3:
            raise KeyboardInterrupt
        send_finished(local)

    with monkeypatch.context() as patch:
        patch.setattr("sakka.evaluation.run.send_finished", interrupted)
        with pytest.raises(KeyboardInterrupt), working_in("s3://shop/run", RunError, goes_on=True) as local:
            run_experiment(works, local, plan(works))
    assert len(objects.keys("run/predictions/")) == 3
    before = objects.written("run/predictions/")
    monkeypatch.setenv("SAKKA_CACHE", str(folder / "other"))
    with working_in("s3://shop/run", RunError, goes_on=True) as local:
        write_report(run_experiment(works, local, plan(works)).folder)
    after = objects.written("run/predictions/")
    assert {key: after[key] for key in before} == before
    assert len(after) == 4
    assert objects.content("run/report/results.json") == expected.read_bytes()
    assert "run/.lock" not in objects.keys("run/")


def owner(objects: Objects, **changed: object) -> None:
    found = json.loads(objects.content("run/.lock"))
    objects.put("run/.lock", json.dumps({**found, **changed}).encode())


def test_a_run_in_a_bucket_has_one_owner_who_is_named_and_replaced_when_dead(objects: Objects, folder: Path) -> None:
    bucket = Bucket(RemoteFolder("s3://shop/run"))
    with RemoteLock(bucket):
        with pytest.raises(SakkaError, match=f"process {os.getpid()} on .* is at work in s3://shop/run; wait until"):
            RemoteLock(bucket).__enter__()
        owner(objects, machine="another", process=1, alive=time.time() - 299)
        with pytest.raises(RunError, match="process 1 on "), working_in("s3://shop/run", RunError, goes_on=True):
            pass
        owner(objects, alive=time.time() - 301)
        with RemoteLock(bucket):
            pass
    assert objects.keys("run/") == []
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    with RemoteLock(bucket):
        owner(objects, process=int(dead.stdout))
        with RemoteLock(bucket):
            pass


def test_a_lock_with_times_and_numbers_that_can_not_be_holds_nobody_up(objects: Objects) -> None:
    bucket = Bucket(RemoteFolder("s3://shop/run"))
    with RemoteLock(bucket):
        owner(objects, since=1e30)
        with pytest.raises(SakkaError, match=r"^somebody is at work in s3://shop/run"):
            RemoteLock(bucket).__enter__()
        owner(objects, process=10**30)  # of this machine
        with RemoteLock(bucket):
            owner(objects, machine="another", alive=time.time() + 301)
            with RemoteLock(bucket):
                pass
    objects.put("run/.lock", b'{"alive": 1, "machine": "m", "process": 1e400}')
    with pytest.raises(SakkaError, match=r"run/.lock is not a lock of sakka's; remove it"):
        RemoteLock(bucket).__enter__()


class LostAnswers(Bucket):
    """A bucket that writes, and whose answers get lost, every second time."""

    sent = 0

    def send(self, file: Path | bytes, name: str, *, mode: Any = "overwrite") -> tuple[str | None, str | None]:
        answer = super().send(file, name, mode=mode)
        self.sent += 1
        if self.sent % 2 == 0:
            raise SakkaError("the connection was cut")
        return answer


def test_an_owner_whose_renewal_is_answered_by_nobody_stays_the_owner(objects: Objects) -> None:
    with RemoteLock(LostAnswers(RemoteFolder("s3://shop/run"))) as lock:
        with pytest.raises(SakkaError, match="the connection was cut"):
            lock.check()
        for _ in range(2):
            lock.check()
    assert objects.keys("run/") == []


def _stopped(objects: Objects) -> None:
    with working_in("s3://shop/run", RunError, goes_on=True) as local:
        owner(objects, alive=time.time() - 301)  # as after a long stop of the process
        with RemoteLock(Bucket(RemoteFolder("s3://shop/run"))):
            (local / "plan.json").write_text("{}")
            with pytest.raises(SakkaError, match="s3://shop/run was taken over by another process"):
                send_finished(local)


def test_who_was_stopped_and_replaced_meanwhile_sends_nothing_though_no_renewal_has_told_it(objects: Objects) -> None:
    with pytest.raises(RunError, match="s3://shop/run was taken over by another process"):
        _stopped(objects)
    assert objects.keys("run/") == []


def test_a_lock_or_a_manifest_that_is_too_large_is_not_read(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sakka.remote.folder.MOST_CONTENT_BYTES", 999)
    objects.put("run/.lock", b" " * 1000)
    with pytest.raises(SakkaError, match=r"s3://shop/run/.lock has 1,000 bytes, expected 999 at most"):
        RemoteLock(Bucket(RemoteFolder("s3://shop/run"))).__enter__()


def _replaced(objects: Objects) -> None:
    with working_in("s3://shop/run", RunError, goes_on=True) as local:
        objects.put(f"run/{LOCK}", b"of another")
        (local / "plan.json").write_text("{}")
        time.sleep(0.3)


def test_who_was_replaced_sends_nothing_more(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sakka.remote.lock.RENEWED_S", 0.05)
    with pytest.raises(RunError, match="s3://shop/run was taken over by another process"):
        _replaced(objects)
    assert objects.keys("run/") == ["run/.lock"]


def test_an_object_that_stands_for_a_folder_is_no_file_in_it(works: Catalog, objects: Objects) -> None:
    for name in ("catalog/", "model/", "run/"):
        objects.put(name, b"")
    works.write("s3://shop/catalog")
    save_model(DummyModel().fit(works), "s3://shop/model")
    with working_in("s3://shop/run", RunError, goes_on=True) as local:
        assert list(local.iterdir()) == []
    assert list(Bucket(RemoteFolder("s3://shop/run")).files()) == []


def test_a_run_with_names_that_no_folder_here_can_have_is_refused_in_one_line(objects: Objects) -> None:
    objects.put("run/" + "x" * 300, b"1")
    with pytest.raises(RunError, match=r"^s3://shop/run can't be copied \(File name too long\); check the disk"):
        working_in("s3://shop/run", RunError, goes_on=True).__enter__()


def test_what_is_written_to_in_a_run_changes_nothing_in_the_cache(objects: Objects, folder: Path) -> None:
    objects.put("run/plan.json", b"{}")
    with working_in("s3://shop/run", RunError, goes_on=True) as local, (local / "plan.json").open("a") as file:
        file.write("\n")
    assert [path.read_bytes() for path in (folder / "cache" / "fetched").glob("??/*")] == [b"{}"]
    assert objects.content("run/plan.json") == b"{}\n"


def test_a_catalog_takes_no_run_s_place(works: Catalog, objects: Objects, folder: Path) -> None:
    objects.put("run/plan.json", b"{}")
    objects.put("run/catalog.json", b"{}")
    with pytest.raises(CatalogError, match=r"^s3://shop/run is a run; choose another folder"):
        works.write("s3://shop/run")
    assert objects.keys("run/") == ["run/catalog.json", "run/plan.json"]
    (folder / "run").mkdir()
    (folder / "run" / "plan.json").write_text("{}")
    with pytest.raises(CatalogError, match=r"run is a run; choose another folder"):
        works.write(folder / "run")


@pytest.mark.parametrize("name", ["manifest.json", "plan.json", "catalog.json"])
def test_a_report_takes_the_place_of_nothing_else(
    name: str, works: Catalog, objects: Objects, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works.write("s3://shop/catalog")
    objects.put(f"out/{name}", b"{}")
    for command in ("audit", "unknown-creators"):
        code, _, error = run(f"{command} s3://shop/catalog -o s3://shop/out".split(), monkeypatch, capsys)
        assert (code, error) == (2, f"sakka: s3://shop/out has {name}; choose another folder for a report\n")
    assert objects.keys("out/") == [f"out/{name}"]


def _failing_report() -> None:
    with working_in("s3://shop/out", SakkaError) as local:
        (local / "findings.json").write_text("[]")
        raise KeyboardInterrupt


def test_of_a_report_that_fails_nothing_is_sent(objects: Objects) -> None:
    with pytest.raises(KeyboardInterrupt):
        _failing_report()
    assert objects.keys("out/") == []


@pytest.mark.parametrize("name", ["manifest.json", "catalog.json"])
def test_a_folder_that_is_no_run_is_not_fetched_to_go_on(name: str, objects: Objects, folder: Path) -> None:
    objects.put(f"other/{name}", b"{}")
    with pytest.raises(RunError, match=f"s3://shop/other has {name}; choose another folder for a run"):
        working_in("s3://shop/other", RunError, goes_on=True).__enter__()
    assert not list((folder / "cache").glob("fetched/??/*"))


def test_two_builds_to_one_address_do_not_mix(works: Catalog, objects: Objects) -> None:
    fitted = DummyModel().fit(works)
    works.write("s3://shop/out")
    save_model(fitted, "s3://shop/model")
    before = objects.written("")
    with RemoteLock(Bucket(RemoteFolder("s3://shop/out"))), RemoteLock(Bucket(RemoteFolder("s3://shop/model"))):
        with pytest.raises(CatalogError, match="is at work in s3://shop/out; wait until"):
            works.take([0]).write("s3://shop/out")
        with pytest.raises(SakkaError, match="is at work in s3://shop/model; wait until"):
            save_model(fitted, "s3://shop/model")
    assert objects.written("") == before
    objects.put("new/.lock", json.dumps({"alive": 0, "machine": "another", "process": 1}).encode())  # of a dead one
    works.write("s3://shop/new")
    assert Catalog.read("s3://shop/new").ids == works.ids


def test_what_a_run_has_no_more_goes_before_what_is_new_comes(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.put("run/plan.json", b"{}")
    objects.put("run/old", b"")
    send, there = Bucket.send, {}

    def sending(bucket: Bucket, file: Path | bytes, name: str, **settings: Any) -> tuple[str | None, str | None]:
        there[name] = objects.keys("run/")
        return send(bucket, file, name, **settings)

    with working_in("s3://shop/run", RunError, goes_on=True) as local:
        (local / "old").unlink()
        (local / "new").write_bytes(b"")
        monkeypatch.setattr(Bucket, "send", sending)
    assert "run/old" not in there["new"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("tune {} -o s3://shop/out --model text-linear", "s3://shop/out is an address; give --output a path"),
        ("catalog problems {} -o s3://shop/out.csv", "s3://shop/out.csv is an address; give --output a path"),
        ("identify {} works.csv -o s3://shop/out.csv", "s3://shop/out.csv is an address; give --output a path"),
        ("fit {} -o https://shop.example/out", "https://shop.example/out can be read only"),
        ("experiment {} -o s3://nothing/out", "s3://nothing/out can't be read: "),
        ("audit {} -o s3://shop", "s3://shop is no address of a folder: expected s3://BUCKET/NAME"),
    ],
)
def test_what_can_not_be_written_to_is_said_before_the_computing(
    objects: Objects, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, why: str
) -> None:
    code, _, error = run(command.format("catalog").split(), monkeypatch, capsys)
    assert code == 2
    assert error.startswith(f"sakka: {why}")
    assert error.count("\n") == 1
