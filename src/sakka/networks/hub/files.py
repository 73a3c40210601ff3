"""The files of a hub's network on this machine: fetched once, known by their SHA-256 from then on.

    cache_folder()/hub/REPOSITORY/COMMIT/USE/      USE: photo or text
      fetched.json                                 the SHA-256 of each file, and the licence
      config.json, model.safetensors ...

Only settings as JSON and weights as safetensors are fetched (or ONNX, which is looked through before it is run, see
`networks/onnx`): none of them brings code. A pickle (`.bin`, `.pt`, `.pth`) can,
and the repository's own Python too. What the hub announces (size, SHA-256, git's name) is checked when a file comes.
Later nothing is asked of the hub, and a file whose bytes were changed is refused.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sakka.errors import ModelError, WeightsError
from sakka.files import canonical_json, sha256_of, write_json, writing_whole_folder
from sakka.networks.hub.connection import Contents, ListedFile, contents_of, download, page
from sakka.networks.hub.revision import Revision

Json = TypeVar("Json", dict[str, Any], list[Any])
FETCHED = "fetched.json"
ONNX = ("onnx/vision_model.onnx", "vision_model.onnx", "onnx/model.onnx", "model.onnx")
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
PICKLE = re.compile(r"\.(bin|pt|pth|ckpt|pkl|pickle|h5|msgpack)$")
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "photo": ("config.json", "preprocessor_config.json", "processor_config.json"),
    "text": (
        "config.json",
        "tokenizer.json",
        "modules.json",
        "sentence_bert_config.json",
        "config_sentence_transformers.json",
        "1_Pooling/config.json",
    ),
}
MOST_SETTINGS_BYTES, MOST_WEIGHTS_BYTES = 64 << 20, 6 << 30


@dataclass(frozen=True)
class HubFiles:
    """Files of a revision on this machine.

    Attributes:
        revision: Where they come from.
        folder: Where they stand.
        sha256s: The SHA-256 of each, by name.
        licence: As the repository says; empty where it says none.
    """

    revision: Revision
    folder: Path
    sha256s: tuple[tuple[str, str], ...]
    licence: str

    @property
    def files(self) -> dict[str, str]:
        """The SHA-256 of each, by name."""
        return dict(self.sha256s)

    @property
    def sha256(self) -> str:
        """Of the list of all files."""
        return hashlib.sha256(canonical_json(self.files).encode()).hexdigest()

    @property
    def onnx(self) -> Path | None:
        """The ONNX file that the network is; None where its weights are safetensors."""
        return next((self.folder / name for name in self.files if name in ONNX), None)

    def settings(self, name: str) -> dict[str, Any]:
        """What a JSON file says; empty where the repository has none of that name.

        Raises:
            ModelError: It is no JSON object.
        """
        return self._json(name, dict)

    def steps(self, name: str) -> list[Any]:
        """What a JSON file lists; empty where the repository has none of that name.

        Raises:
            ModelError: It is no JSON array.
        """
        return self._json(name, list)

    def _json(self, name: str, kind: type[Json]) -> Json:
        if name not in self.files:
            return kind()
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ModelError(
                f"{self.revision}: {name} can't be read as JSON ({error}); choose another commit"
            ) from error
        if not isinstance(found, kind):
            expected = "object" if kind is dict else "array"
            raise ModelError(f"{self.revision}: {name} is no JSON {expected}; choose another commit")
        return found

    def check(self) -> None:
        """Compare every file with what was fetched.

        Raises:
            WeightsError: One is missing or its bytes were changed.
        """
        for name, expected in self.files.items():
            path = self.folder / name
            found = sha256_of(path) if path.is_file() else "no file"
            if found != expected:
                raise WeightsError(
                    f"{path} has SHA-256 {found[:16]}, expected {expected[:16]} as it was fetched; remove "
                    f"{self.folder} to fetch it again"
                )


def hub_files(revision: Revision, use: str) -> HubFiles:
    """The files of a revision, fetched where they are not on this machine.

    Args:
        revision: The repository and its commit.
        use: `photo` or `text`.

    Raises:
        WeightsError: They can't be fetched, or what was kept can't be read.
        ModelError: The repository has no weights that can be read.
        MissingPartError: They are not here and huggingface_hub is not installed.
    """
    folder = revision.folder / use
    if not folder.is_dir():
        _fetch(revision, use, folder)
    try:
        kept = json.loads((folder / FETCHED).read_text(encoding="utf-8"))
        files = tuple((str(name), str(sha256)) for name, sha256 in kept["files"].items())
        return HubFiles(revision, folder, files, str(kept["licence"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise WeightsError(f"{folder} has no whole {FETCHED}; remove {folder} to fetch it again") from error


def _fetch(revision: Revision, use: str, folder: Path) -> None:
    found = contents_of(revision.repository, revision.commit)
    wanted = _wanted(revision, use, found)
    try:
        with writing_whole_folder(folder) as part:
            files = {name: _fetch_file(revision, name, found.files[name], part) for name in wanted}
            shutil.rmtree(part / ".cache", ignore_errors=True)  # what huggingface_hub notes of a download
            write_json(part / FETCHED, {"files": files, "licence": found.licence, "name": str(revision)})
    except OSError as error:
        raise WeightsError(
            f"{revision} can't be kept in {folder} ({error.strerror}); choose another folder with SAKKA_CACHE"
        ) from error


def _wanted(revision: Revision, use: str, found: Contents) -> list[str]:
    """The names of the files to fetch, within the limits."""
    settings = [name for name in SETTINGS[use] if name in found.files]
    weights = _weights(revision, use, list(found.files))
    for names, most in ((settings, MOST_SETTINGS_BYTES), (weights, MOST_WEIGHTS_BYTES)):
        n_bytes = sum(found.files[name].n_bytes for name in names)
        if n_bytes > most:
            raise ModelError(
                f"{revision}: {names[0]} and what belongs to it have {n_bytes:,} bytes, expected at most {most:,}; "
                "take a smaller network"
            )
    return [*settings, *weights]


def _weights(revision: Revision, use: str, names: list[str]) -> list[str]:
    """Safetensors; of a network for photos ONNX where there are none, with what belongs to it."""
    if WEIGHTS in names:
        return [WEIGHTS]
    shards = sorted(name for name in names if SHARD.fullmatch(name))
    if INDEX in names and shards:
        return [INDEX, *shards]
    for file in ONNX if use == "photo" else ():
        if file in names:
            return [name for name in (file, f"{file}_data", f"{file}.json") if name in names]
    pickles = [name for name in names if PICKLE.search(name)]
    got = f"its weights are {pickles[0]}, which can hold a program" if pickles else "it has no weights"
    raise ModelError(
        f"{revision}: {got}; expected {WEIGHTS}; choose a commit that has it (a pull request of the repository may) at "
        f"{page(revision.repository)}/discussions"
    )


def _fetch_file(revision: Revision, name: str, listed: ListedFile, folder: Path) -> str:
    """Fetch a file; gives its SHA-256."""
    path = download(revision.repository, revision.commit, name, listed.n_bytes, folder)
    sha256 = sha256_of(path)
    sound = path.stat().st_size == listed.n_bytes
    if listed.sha256 is not None:
        sound = sound and sha256 == listed.sha256
    elif listed.blob is not None:
        sound = sound and _blob(path) == listed.blob
    if not sound:
        raise WeightsError(f"{revision}: {name} came with other bytes than the hub announced; try again")
    return sha256


def _blob(path: Path) -> str:
    """The name that git has for a small file."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
