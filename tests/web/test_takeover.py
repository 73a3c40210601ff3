"""A model or an index that is replaced on disk answers without a restart, and no request fails meanwhile."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.web.servers import Folders

from sakka.catalog.works import Catalog, Work
from sakka.models.folder import load_model, save_model
from sakka.models.fused import FusedModel
from sakka.search.index import Index
from sakka.web.engine import Engine
from sakka.web.settings import Settings
from sakka.web.snapshot import Snapshot

Serve = Callable[[Settings], httpx.Client]
PATIENCE_S = 20.0


@pytest.fixture
def own(folders: Folders, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings over a model and an index of the test's own, which are looked at often."""
    monkeypatch.setattr("sakka.web.takeover.LOOK_EVERY_S", 0.05)
    for name in ("model", "index"):
        shutil.copytree(getattr(folders, name), folder / name)
    return replace(settings, model=folder / "model", index=folder / "index")


def put_in_place(new: Path, old: Path) -> None:
    """Replace a folder as a shell would: two renames, and what was there is removed."""
    old.rename(old.with_suffix(".before"))
    new.rename(old)
    shutil.rmtree(old.with_suffix(".before"))


def until(client: httpx.Client, name: str, value: int) -> None:
    """Wait until `/health` says so."""
    until_s = time.monotonic() + PATIENCE_S
    while client.get("/health").json()[name] != value:
        assert time.monotonic() < until_s, f"{name} never became {value}"
        time.sleep(0.02)


@contextmanager
def asking(client: httpx.Client, photo: bytes, work_id: str) -> Iterator[Counter[int]]:
    """Identify, find and search all the while, three at a time; gives the answers' statuses."""
    statuses: Counter[int] = Counter()
    ended = threading.Event()
    requests: list[tuple[str, dict[str, object]]] = [
        ("/v1/identify", {"files": {"photo": ("x", photo)}, "data": {"title": "linen button"}}),
        ("/v1/similar", {"json": {"like": [work_id], "count": 3}}),
        ("/v1/search", {"json": {"words": "linen button"}}),
    ]

    def ask(path: str, body: dict[str, object]) -> None:
        while not ended.is_set():
            statuses[client.post(path, **body).status_code] += 1  # type: ignore[arg-type]

    threads = [threading.Thread(target=ask, args=request) for request in requests]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def test_no_request_fails_while_index_and_model_are_replaced(
    serve: Serve, own: Settings, folder: Path, photo: bytes
) -> None:
    client = serve(own)
    shutil.copytree(folder / "index", folder / "index-2")
    Index.open(folder / "index-2").add(Catalog.from_works([Work("one more", "creator 01", "linen button")]))
    model = load_model(own.model, FusedModel)
    model.remove_creator(model.creators_[-1])
    save_model(model, folder / "model-2")
    works, creators = (client.get("/health").json()[name] for name in ("works", "creators"))
    with asking(client, photo, first_id(client)) as statuses:
        put_in_place(folder / "index-2", folder / "index")
        put_in_place(folder / "model-2", folder / "model")
        until(client, "works", works + 1)
        until(client, "creators", creators - 1)
        answered = statuses.total()
        until_s = time.monotonic() + PATIENCE_S
        while statuses.total() < answered + 3 and time.monotonic() < until_s:
            time.sleep(0.02)
    assert set(statuses) == {200}
    assert client.get("/v1/works/one more").json()["creator"] == "creator 01"


def first_id(client: httpx.Client) -> str:
    creator = client.get("/v1/creators").json()["creators"][0]["name"]
    found: str = client.get(f"/v1/creators/{creator}").json()["shown"][0]["id"]
    return found


def test_a_broken_model_is_refused_with_one_line_and_the_old_one_stays(
    serve: Serve, own: Settings, folder: Path, photo: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(own)
    before = client.post("/v1/identify", files={"photo": ("x", photo)}).json()
    shutil.copytree(folder / "model", folder / "broken")
    (folder / "broken" / "model.json").write_text("{}")
    put_in_place(folder / "broken", folder / "model")
    until_s = time.monotonic() + PATIENCE_S
    while 'sakka_takeovers_total{result="refused"} 1.0' not in client.get("/metrics").text:
        assert time.monotonic() < until_s
        time.sleep(0.02)
    time.sleep(0.3)  # some more looks, that say nothing
    (line,) = [record.getMessage() for record in caplog.records if record.name == "sakka.web"]
    assert "is refused, and the old one goes on answering" in line
    assert "model.json is not the one in manifest.json" in line
    assert client.post("/v1/identify", files={"photo": ("x", photo)}).json() == before


def test_a_snapshot_answers_whatever_becomes_of_the_index(own: Settings, folder: Path) -> None:
    works = len(Index.open(folder / "index").catalog())
    (folder / ".index.1234.served").mkdir()
    (folder / ".index.1234.served" / "lock").touch()  # of a process that was killed
    snapshot = Snapshot(folder / "index")
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".index.")) == [
        Path(snapshot.address).parent.name
    ]
    opened = Index.open(snapshot.address)
    Index.open(folder / "index").remove(opened.catalog().ids[:3])
    shutil.rmtree(folder / "index")
    assert len(opened.catalog()) == len(opened) == works
    snapshot.close()
    assert not list(folder.glob(".index.*"))


def test_an_index_that_can_not_be_linked_is_opened_where_it_stands(folder: Path) -> None:
    snapshot = Snapshot("s3://bucket/index")
    assert snapshot.address == "s3://bucket/index"
    snapshot.close()


def test_links_that_can_not_be_locked_leave_nothing_behind(
    own: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    snapshot = Snapshot(own.index or "")
    assert snapshot.address == (folder / "index").resolve()
    snapshot.close()
    assert not list(folder.glob(".index.*"))


def test_a_model_that_can_not_be_warmed_up_leaves_nothing_behind(
    serve: Serve, own: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_engine: Engine) -> None:
        raise RuntimeError("out of memory")

    client = serve(own)
    (links,) = folder.glob(".index.*")
    monkeypatch.setattr(Engine, "warm_up", fail)
    shutil.copytree(folder / "model", folder / "model-2")
    put_in_place(folder / "model-2", folder / "model")
    until_s = time.monotonic() + PATIENCE_S
    while 'sakka_takeovers_total{result="refused"} 1.0' not in client.get("/metrics").text:
        assert time.monotonic() < until_s
        time.sleep(0.02)
    assert list(folder.glob(".index.*")) == [links]
