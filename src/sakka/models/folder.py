"""A saved model: a folder of JSON, safetensors and such with a manifest; loading it runs nothing from it.

    MODEL/
      manifest.json         the SHA-256 of every other file, and of itself
      model.json            name, settings, creators, values
      tensors.safetensors   arrays
      texts/NAME.txt        long texts (LightGBM's own format)
      files/NAME            other bytes that run nothing (skops's format of scikit-learn's classifiers)
      CHILD/                a fitted model inside this one, the same layout without a manifest

Why a manifest: pickles run code, and even "safe" loaders of them were bypassed (CVE-2025-1550, CVE-2025-32434). Here
the architecture is rebuilt from sakka's own code and any changed byte is refused.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from sakka.errors import ModelError, ModelFolderError
from sakka.files import (
    alone_in,
    canonical_json,
    opened_folder,
    read_with_checksum,
    sha256_of,
    why_not_a_folder,
    with_checksum,
    write_json,
    writing_whole_folder,
)
from sakka.models.base import CreatorModel, ModelParts
from sakka.models.registry import make_model
from sakka.remote.copies import reading
from sakka.remote.folder import Bucket, RemoteFolder, is_hidden, is_safe
from sakka.remote.lock import RemoteLock
from sakka.remote.writing import send_folder, temporary_folder

Model = TypeVar("Model", bound=CreatorModel)
Tensors = dict[str, npt.NDArray[Any]]

FORMAT_VERSION = 4
CHILD_NAME = re.compile(r"[a-z0-9_-]+")
FILE_NAME = re.compile(r"[a-z0-9_-]+\.[a-z]+")
UNREADABLE = (
    OSError, LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError, SafetensorError,
)  # fmt: skip
"""What reading raises where a file is not what it should be; torch has RuntimeError for shapes that do not fit."""


@dataclass(frozen=True)
class ModelLayout:
    """Where the files of a saved model stand in its folder."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """The list of files with their SHA-256."""
        return self.folder / "manifest.json"

    @property
    def description(self) -> Path:
        """Name, settings, creators and values."""
        return self.folder / "model.json"

    @property
    def tensors(self) -> Path:
        """The arrays."""
        return self.folder / "tensors.safetensors"

    def text(self, name: str) -> Path:
        """A long text by name."""
        return self.folder / "texts" / f"{name}.txt"

    def file(self, name: str) -> Path:
        """Other bytes by name."""
        if not FILE_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a file in a model")
        return self.folder / "files" / name

    def child(self, name: str) -> "ModelLayout":
        """A model inside this one."""
        return ModelLayout(self.folder / name)


def save_model(model: CreatorModel, folder: Path | str) -> None:
    """Write a fitted model as `folder`, whole, replacing what stood there.

    Args:
        model: The model.
        folder: The folder, or an address in a bucket.

    Raises:
        ModelFolderError: `folder` exists and is not a saved model, or the model is not fitted.
    """
    if not hasattr(model, "creators_"):
        raise ModelFolderError(f"the model {model.name} is not fitted; call fit(works) before save_model")
    check_can_hold_model(folder)
    with _alone_at(folder, waits=True):
        _save(model, folder)


@contextmanager
def changing_model(folder: Path | str) -> Iterator[CreatorModel]:
    """A saved model, which is saved again when the block ends without an error; others are kept out until then.

    Args:
        folder: The folder, or an address in a bucket.

    Raises:
        ModelFolderError: The folder is no saved model, can't be read or written, or another process is at work there.
    """
    if RemoteFolder.of(folder) is None:
        _check_is_model(ModelLayout(Path(folder)))
    with _alone_at(folder, waits=False):
        model = load_model(folder)
        yield model
        _save(model, folder)


@contextmanager
def _alone_at(folder: Path | str, *, waits: bool) -> Iterator[None]:
    if (remote := RemoteFolder.of(folder)) is not None:
        with RemoteLock(Bucket(remote)):
            yield
        return
    path = Path(folder).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(path, path.with_name(f".{path.name}.lock"), ModelFolderError, waits=waits):
        yield


def _save(model: CreatorModel, folder: Path | str) -> None:
    if (remote := RemoteFolder.of(folder)) is not None:
        with temporary_folder() as local:
            _save(model, local / "model")
            send_folder(local / "model", remote, ModelLayout(local).manifest.name, _named_at(remote))
        return
    with writing_whole_folder(Path(folder)) as part:
        _write_parts(model, ModelLayout(part))
        files = {name: sha256_of(part / name) for name in _files_in(part)}
        content = {"format": FORMAT_VERSION, "model": model.name, "files": files}
        write_json(ModelLayout(part).manifest, with_checksum(content))


def _named_at(remote: RemoteFolder) -> list[str]:
    """The files of the model that stands at an address; none where there is none that could be read."""
    there = Bucket(remote).content(ModelLayout(Path()).manifest.name)
    try:
        return [] if there is None else [name for name in json.loads(there[0])["files"] if is_safe(name)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def check_can_hold_model(folder: Path | str) -> None:
    """Refuse a folder that holds something other than a saved model, before any long work is done.

    Raises:
        ModelFolderError: `folder` is a file, or has files in it and no manifest.
    """
    if (remote := RemoteFolder.of(folder)) is not None:
        top, folders = Bucket(remote).top_files()
        names = {each.name for each in top if not is_hidden(each.name)}
        if (names or folders) and not {"manifest.json", "model.json"} & names:
            raise ModelFolderError(f"{remote.address} holds files and is not a saved model; choose another folder")
        return
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ModelFolderError(f"{folder} is a file, expected a folder for the model; choose another name")
    if folder.is_dir() and any(folder.iterdir()) and not ModelLayout(folder).manifest.is_file():
        raise ModelFolderError(f"{folder} exists and is not a saved model; choose another folder or remove it")


@overload
def load_model(folder: Path | str, *, mapped: bool = False) -> CreatorModel: ...
@overload
def load_model(folder: Path | str, kind: type[Model], *, mapped: bool = False) -> Model: ...
def load_model(folder: Path | str, kind: type[CreatorModel] = CreatorModel, *, mapped: bool = False) -> CreatorModel:
    """Read a saved model after its manifest is checked; nothing in the folder is run.

    Args:
        folder: What `save_model` wrote, or the address of it.
        kind: The class that the model must be of.
        mapped: Whether its arrays are mapped from their files, for processes that share them; the files may be renamed
            and removed then, but not written over.

    Raises:
        ModelFolderError: The folder is no saved model, is damaged, was changed or is of another version.
        ModelError: It holds a model of another class.
    """
    with reading(folder, ModelFolderError) as local:
        model = _loaded(local, mapped=mapped)
    if not isinstance(model, kind):
        raise ModelError(f"{folder} holds a {model.name} model, expected {kind.name}")
    return model


def _loaded(folder: Path, *, mapped: bool) -> CreatorModel:
    """The model in a folder: all of it from the folder that stands there at one moment."""
    _check_is_model(ModelLayout(folder))
    while True:
        with _opened(folder) as (path, still_there):
            try:
                return _SavedFiles(folder, path, mapped=mapped).model()
            except ModelFolderError:
                if still_there():
                    raise


@contextmanager
def _opened(folder: Path) -> Iterator[tuple[Path, Callable[[], bool]]]:
    try:
        with opened_folder(folder) as opened:
            yield opened
    except OSError as error:
        raise ModelFolderError(f"{folder} can't be read ({error.strerror})") from error


def _write_parts(model: CreatorModel, layout: ModelLayout) -> None:
    parts = model._export()
    layout.folder.mkdir(exist_ok=True)
    description = {
        "name": model.name,
        "settings": model.settings(),
        "creators": list(model.creators_),
        "values": parts.values,
        "texts": sorted(parts.texts),
        **({"files": sorted(parts.files)} if parts.files else {}),
        "children": sorted(parts.children),
    }
    layout.description.write_text(canonical_json(description), encoding="utf-8")
    tensors = {name: np.ascontiguousarray(array) for name, array in parts.tensors.items()}
    layout.tensors.write_bytes(save_tensors(tensors))
    for name, text in parts.texts.items():
        layout.text(name).parent.mkdir(exist_ok=True)
        layout.text(name).write_text(text, encoding="utf-8", newline="")
    for name, content in parts.files.items():
        layout.file(name).parent.mkdir(exist_ok=True)
        layout.file(name).write_bytes(content)
    for name, child in parts.children.items():
        _write_parts(child, layout.child(name))


class _SavedFiles:
    """The files of a saved model: each is read once, and is what the manifest says.

    Args:
        folder: What messages call the folder.
        opened: Where it is read.
        mapped: As `load_model` has it.
    """

    def __init__(self, folder: Path, opened: Path, *, mapped: bool) -> None:
        self.folder, self.opened, self.mapped = folder, opened, mapped
        self.sums: dict[str, str] = {}
        self._unread: set[str] = set()

    def model(self) -> CreatorModel:
        """The model.

        Raises:
            ModelFolderError: It can't be read.
        """
        layout = ModelLayout(self.opened)
        try:
            content = layout.manifest.read_bytes()
            manifest = read_with_checksum(content.decode())
            version, self.sums = int(manifest["format"]), dict(manifest["files"])
            found = _files_in(self.opened)
        except UNREADABLE as error:
            raise self._changed("manifest.json is not as written") from error
        if version != FORMAT_VERSION:
            raise ModelFolderError(
                f"{self.folder} has format {version}, expected {FORMAT_VERSION}; fit and save the model again"
            )
        for name in sorted({*found} ^ {*self.sums}):
            raise self._changed(f"{name} is {'new' if name in found else 'missing'}")
        self._unread = {*found}
        model = self._read_parts(layout)
        for name in sorted(self._unread):
            self._read(self.opened / name)
        model.manifest_sha256_ = hashlib.sha256(content).hexdigest()
        return model

    def _read_parts(self, layout: ModelLayout) -> CreatorModel:
        try:
            return self._model_in(layout)
        except UNREADABLE as error:
            said = " ".join(str(error).split()) if type(error) is ValueError else repr(error)
            folder = self.folder / layout.folder.relative_to(self.opened)
            raise ModelFolderError(f"{folder} can't be read as a model ({said}); fit and save it again") from error

    def _model_in(self, layout: ModelLayout) -> CreatorModel:
        description = json.loads(self._read(layout.description), parse_constant=_no_number)
        model = make_model(description["name"], **description["settings"])
        model.creators_ = tuple(description["creators"])
        parts = ModelParts(
            tensors=_numbers(self._tensors(layout.tensors)),
            values=description["values"],
            texts={name: self._read(layout.text(name)).decode() for name in description["texts"]},
            files={name: self._read(layout.file(name)) for name in description.get("files", ())},
            children={name: self._read_parts(layout.child(_child_name(name))) for name in description["children"]},
        )
        model._restore(parts)
        return model

    def _read(self, path: Path) -> bytes:
        name = self._named(path)
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != self.sums[name]:
            raise self._changed(f"the sha256 of {name} is not the one in manifest.json")
        return content

    def _tensors(self, path: Path) -> Tensors:
        if not self.mapped or not path.is_file():
            return dict(load_tensors(self._read(path)))
        from sakka.networks.mapped import mapped_tensors

        with path.open("rb") as file:
            opened = Path(f"/proc/self/fd/{file.fileno()}")
            same = opened if opened.exists() else path
            if sha256_of(same) != self.sums[self._named(path)]:
                self._read(path)
            return mapped_tensors(same)

    def _named(self, path: Path) -> str:
        name = path.relative_to(self.opened).as_posix()
        self._unread.discard(name)
        return name

    def _changed(self, change: str) -> ModelFolderError:
        return ModelFolderError(
            f"{self.folder} was changed since it was saved: {change}; "
            "fit and save the model again, or copy it again from where it came"
        )


def _numbers(tensors: Tensors) -> Tensors:
    """Arrays of which each value is a number.

    Raises:
        ValueError: One is none, or is infinite; an empty partition of creators alone has a centre at minus infinity.
    """
    for name, array in tensors.items():
        numbers = array[array != -np.inf] if name == "lists.centres" else array
        if array.dtype.kind == "f" and not np.isfinite(numbers).all():
            raise ValueError(f"the array {name} has a value that is no number")
    return tensors


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _child_name(name: str) -> str:
    if not CHILD_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a model inside another")
    return name


def _check_is_model(layout: ModelLayout) -> None:
    if trouble := why_not_a_folder(layout.folder):
        raise ModelFolderError(f"{trouble}; expected a model's folder, as `save_model` writes it")
    if not layout.manifest.is_file():
        raise ModelFolderError(
            f"{layout.folder} is not a saved model: no manifest.json in it; make one with `save_model`"
        )


def _files_in(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in files if path != folder / "manifest.json")
