"""`sakka serve` from its start to its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.command import run
from tests.decoder_processes import processes_of
from tests.web.servers import Folders

from sakka.catalog.works import Catalog, Work
from sakka.errors import ServeError
from sakka.models.folder import save_model
from sakka.models.fused import FusedModel
from sakka.web.serving import listening
from sakka.web.settings import Settings


def refused(arguments: list[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    code, out, error = run(["serve", *arguments], monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert error.startswith("sakka: ")
    assert error.count("\n") == 1
    return error


def test_what_can_not_be_served_is_told_in_one_line(
    folders: Folders, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SAKKA_KEY", raising=False)
    model = ["--port", "0", folders.model]
    cases: list[tuple[list[object], str]] = [
        (["--port", "0", folder], "is not a saved model"),
        ([*model, "--catalog", folder], "is not a catalog"),
        ([*model, "--catalog", folders.catalog, "--audit", folder], "is not an audit"),
        ([*model, "--index", folder], "is not an index"),
        ([*model, "--index", folder / "nowhere"], "there is no folder"),
        ([*model, "--host", "0.0.0.0"], "needs a key"),
        ([*model, "--key", "short"], "16 or more"),
        ([*model, "--host", "198.51.100.1", "--key", "x" * 16], "can't listen"),
        ([*model, "--host", "no such host", "--key", "x" * 16], "no address"),
        ([*model, "--limit", "seconds=0"], "expected NAME=NUMBER"),
        ([*model, "--limit", "speed=9"], "upload_bytes"),
    ]
    for arguments, words in cases:
        assert words in refused(arguments, monkeypatch, capsys)


def test_a_server_that_still_loads_is_not_ended_by_a_hangup(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hang_up(_settings: Settings) -> None:
        signal.raise_signal(signal.SIGHUP)
        raise ServeError("still loading")

    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, lambda number, _frame: heard.append(number))
    try:
        monkeypatch.setattr("sakka.web.app.create_app", hang_up)
        assert "still loading" in refused(["--port", "0", folders.model], monkeypatch, capsys)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert not heard


def test_an_index_of_other_works_or_of_another_model_is_refused(
    folders: Folders, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works = Catalog.read(folders.catalog)
    works.take(range(20)).write(folder / "few")
    index: list[object] = ["--port", "0", "--index", folders.index]
    words = refused([*index, folders.model, "--catalog", folder / "few"], monkeypatch, capsys)
    assert "is an index of other works: 52 of its 72 works" in words
    others = (Work(str(number), creator=f"another {number % 2}", title="linen leather") for number in range(8))
    save_model(FusedModel().fit(Catalog.from_works(others)), folder / "model")
    words = refused([*index, folder / "model"], monkeypatch, capsys)
    assert "is the index of another model: 0 of the 2 creators" in words


def test_a_port_that_is_taken_is_told_in_one_line(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert "give another --port" in refused([folders.model, "--port", port], monkeypatch, capsys)


@pytest.mark.parametrize(
    "findings",
    [
        "{}", "[1]", "[{}]", "not JSON", '[{"kind": "wrong creator", "score": "x", "works": [], "beside": []}]',
        json.dumps([{"kind": "wrong creator", "score": 1, "works": ["elsewhere"], "beside": [], "evidence": []}]),
    ],
)  # fmt: skip
def test_an_audit_that_is_none_or_of_other_works_is_refused(
    findings: str,
    folders: Folders,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "findings.json").write_text(findings, encoding="utf-8")
    arguments: list[object] = [folders.model, "--port", "0", "--catalog", folders.catalog, "--audit", folder]
    why = "an audit of other works" if "elsewhere" in findings else "is not an audit"
    assert why in refused(arguments, monkeypatch, capsys)


@pytest.mark.parametrize("part", ["python_multipart", "uvicorn"])
def test_a_missing_part_is_named_with_what_brings_it(
    part: str, folders: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, part, None)
    words = refused(["--port", "0", folders.model], monkeypatch, capsys)
    assert part in words
    assert "[web]' adds it" in words


def test_a_server_says_where_it_is_loads_anew_on_sighup_and_ends_on_ctrl_c(folders: Folders) -> None:
    command = [str(Path(sys.executable).parent / "sakka"), "serve", str(folders.model), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        assert said.startswith("serving on http://127.0.0.1:")
        base = said.split()[2]
        assert httpx.get(base + "health", timeout=60).json()["works"] == 0
        decoders = processes_of(process.pid)
        process.send_signal(signal.SIGHUP)
        until_s = time.monotonic() + 30
        while 'sakka_takeovers_total{result="taken over"} 1.0' not in httpx.get(base + "metrics", timeout=60).text:
            assert time.monotonic() < until_s
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert decoders
    assert not any(Path(f"/proc/{each}").exists() for each in decoders)


def test_answers_are_sent_at_once_and_not_held_back_for_the_next_packet() -> None:
    with listening(Settings(model=Path("model"), port=0)) as sock:
        assert sock.proto == socket.IPPROTO_TCP  # what asyncio goes by when it sets TCP_NODELAY
