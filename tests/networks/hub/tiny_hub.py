"""A hub on the loopback interface: as much of the hub's protocol as huggingface_hub speaks to fetch files.

    GET  /api/models/REPOSITORY/revision/REVISION    what there is: sizes, SHA-256 of weights, git's names of the rest
    HEAD /REPOSITORY/resolve/COMMIT/FILE             size, ETag, commit
    GET  /REPOSITORY/resolve/COMMIT/FILE             the bytes

Source: https://huggingface.co/docs/hub/api, and what huggingface_hub reads of the answers
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Repository:
    """A repository with one commit.

    Attributes:
        files: The files by name.
        refusal: Status and error code that every question about it is answered with.
        sent: What a file's bytes are replaced by when they are sent.
    """

    files: Mapping[str, bytes]
    refusal: tuple[int, str] | None = None
    sent: dict[str, bytes] = field(default_factory=dict)


class TinyHub(ThreadingHTTPServer):
    """The hub.

    Attributes:
        repositories: By name.
        requests: The path of every request so far.
        tokens: What came as `Authorization`.
        agents: What came as `User-Agent`.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []
        self.tokens: list[str | None] = []
        self.agents: list[str] = []

    @property
    def address(self) -> str:
        """For `HF_ENDPOINT`."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def tiny_hub() -> Iterator[TinyHub]:
    """A hub that answers while the block lasts; nothing listens there after it."""
    with TinyHub() as hub:
        thread = Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: TinyHub

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.server.requests.append(path)
        self.server.tokens.append(self.headers.get("Authorization"))
        self.server.agents.append(self.headers.get("User-Agent", ""))
        owner, name, kind, revision, *rest = path.removeprefix("/api/models").strip("/").split("/") + [""] * 4
        repository = self.server.repositories.get(f"{owner}/{name}")
        if repository is None:
            self._send(404, {"X-Error-Code": "RepoNotFound"})
        elif repository.refusal:
            status, code = repository.refusal
            self._send(status, {"X-Error-Code": code} if code else {})
        elif revision not in (COMMIT, "main", ""):
            self._send(404, {"X-Error-Code": "RevisionNotFound"})
        elif kind == "resolve":
            self._send_file(repository, "/".join(rest).rstrip("/"))
        else:
            self._send(200, {"Content-Type": "application/json"}, json.dumps(_listed(repository)).encode())

    def _send_file(self, repository: Repository, name: str) -> None:
        content = repository.files[name]
        if self.command == "GET":
            content = repository.sent.get(name, content)
        self._send(200, {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}, content)

    def _send(self, status: int, headers: Mapping[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


def _listed(repository: Repository) -> dict[str, Any]:
    return {
        "id": "tiny",
        "sha": COMMIT,
        "cardData": {"license": "apache-2.0"},
        "siblings": [_sibling(name, content) for name, content in repository.files.items()],
    }


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    listed: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git}
    if name.endswith(".safetensors"):
        listed["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return listed
