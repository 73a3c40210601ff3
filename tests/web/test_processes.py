"""Several processes answer at one address, with one rate, one store of answers and one copy of the model's arrays."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from tests.decoder_processes import processes_of, waited_for
from tests.web.servers import Folders
from uvicorn.config import STARTUP_FAILURE

from sakka.models.folder import load_model
from sakka.networks.extractor import PhotoExtractor
from sakka.networks.mapped import use_mapped_weights
from sakka.web.common import Common, Shared
from sakka.web.processes import _app_of_process
from sakka.web.rate import RateLimiter
from sakka.web.settings import Limits, Settings


@contextmanager
def served(*arguments: object) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """`sakka serve` on a free port; gives its address and its first process."""
    command = [str(Path(sys.executable).parent / "sakka"), "serve", *map(str, arguments), "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        try:
            yield said.split()[2] if said else "", process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def children(process: "subprocess.Popen[str]") -> list[int]:
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    return [int(pid) for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def sockets_of(process: "subprocess.Popen[str]") -> list[int]:
    """How many sockets each process has open."""
    folders = [Path(f"/proc/{each}/fd") for each in children(process)]
    return [sum(is_socket(each) for each in folder.iterdir()) for folder in folders]


def is_socket(descriptor: Path) -> bool:
    """Whether a descriptor of a process is a socket; one that was closed meanwhile is none."""
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except FileNotFoundError:
        return False


def connections_taken(base: str, process: "subprocess.Popen[str]") -> list[int]:
    """How many of 24 connections that come at once each process takes."""
    address, before = urlsplit(base), sockets_of(process)
    with ExitStack() as held:
        for _ in range(24):
            held.enter_context(socket.create_connection((address.hostname, address.port)))
        until(lambda: sum(sockets_of(process)) >= sum(before) + 24)
        return [now - then for now, then in zip(sockets_of(process), before, strict=True)]


def mapped_files(pid: int) -> set[str]:
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    except OSError:  # it has just ended
        lines = []
    return {Path(line.split()[-1]).name for line in lines if line.endswith(".safetensors")}


def until(true: Callable[[], object]) -> None:
    until_s = time.monotonic() + 120  # five processes start one after the other
    while not true():
        assert time.monotonic() < until_s
        time.sleep(0.05)


@pytest.mark.slow
def test_two_processes_answer_as_one(folders: Folders, folder: Path, photo: bytes) -> None:
    own = folder / "model"
    shutil.copytree(folders.model, own)
    with served(own, "--processes", 2) as (base, process):
        until(lambda: both_have_loaded(process))
        until(lambda: min(connections_taken(base, process)) >= 4)  # of 24, as soon as both answer
        asked = httpx.post(base, files={"photo": ("x", photo)}, headers={"accept": "text/html"})
        pages = [httpx.get(base + asked.headers["location"][1:]).status_code for _ in range(6)]  # a connection each
        assert pages == [200] * 6
        process.send_signal(signal.SIGHUP)
        until(lambda: 'sakka_takeovers_total{result="taken over"} 2.0' in metrics(base))
        counted = re.findall(r'sakka_requests_total\{.*route="/answers/\{token\}".*\} (.*)', metrics(base))
        assert counted == ["6.0"]
        in_place = own / "manifest.json"
        in_place.rename(own / "manifest.before")
        decoders = [processes_of(each) for each in children(process)]
        assert all(decoders)
        os.kill(children(process)[1], signal.SIGKILL)
        assert waited_for(lambda: not any(Path(f"/proc/{each}").exists() for each in decoders[1]))
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert "is not a saved model" in next(line for line in lines if line.startswith("sakka: "))  # of a third one
        assert {httpx.get(base + "health").status_code for _ in range(6)} == {200}
        (own / "manifest.before").rename(in_place)
        until(lambda: both_have_loaded(process))
        until(lambda: "sakka_requests_in_flight 1.0" in metrics(base))  # no part of what was killed
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert "Traceback" not in process.stderr.read()
    assert waited_for(lambda: not any(Path(f"/proc/{each}").exists() for each in decoders[0]))


def both_have_loaded(process: "subprocess.Popen[str]") -> bool:
    """Whether two processes have mapped the heads and two networks."""
    return [len(mapped_files(each)) for each in children(process)] == [3, 3]


def metrics(base: str) -> str:
    return httpx.get(base + "metrics").text


def test_what_can_not_be_served_is_said_and_ends_the_process(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        _app_of_process(Settings(folder, processes=2), Shared.make(folder))
    assert ended.value.code == STARTUP_FAILURE
    assert "is not a saved model" in capsys.readouterr().err


def test_mapped_weights_give_the_same_bytes(folders: Folders, photo: bytes) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    own, shared = (PhotoExtractor("efficientnet_lite0", "bfloat16") for _ in range(2))
    use_mapped_weights(shared)
    assert np.array_equal(own.vectors(pixels), shared.vectors(pixels))
    models = [load_model(folders.model, mapped=mapped) for mapped in (False, True)]
    tensors = [model.photo_model_._export().tensors for model in models]  # type: ignore[attr-defined]
    assert all(np.array_equal(tensors[0][name], tensors[1][name]) for name in tensors[0])


def test_a_rate_and_answers_are_one_for_all_processes(folder: Path) -> None:
    shared, limits = Shared.make(folder), Limits(requests_a_minute=4)
    one, other = Common.of_parent(shared, limits), Common.of_parent(shared, limits)
    assert [each.limiter.wait_s("192.0.2.1") == 0 for each in (one, other, one)] == [True, True, False]
    assert other.answers.get("nothing") is None


def test_of_many_requests_at_once_to_several_limiters_of_one_file_as_many_pass_as_may(folder: Path) -> None:
    RateLimiter.make_file(folder / "rates")
    limiters = [RateLimiter(1.0, 100.0, lambda: 0.0, folder / "rates") for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda number: limiters[number % 4].wait_s("192.0.2.1"), range(400)))
    assert waits.count(0) == 100
