"""An ONNX file that was looked through before onnxruntime sees it: its bytes, its SHA-256, what it reads and gives.

What is refused: other files (zips, pickles, what is cut off), files over a limit, another SHA-256 than the description
has, operators that do not belong to ONNX's standard (they would be code of somebody's own) or that repeat, draw by
chance or keep a state, functions of the file's own, data in files outside of its folder.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sakka.errors import ModelError
from sakka.files import canonical_json
from sakka.networks.onnx.description import Description, description_path
from sakka.networks.onnx.files import read_bytes
from sakka.networks.onnx.graph import OnnxContents, read_contents

MOST_BYTES = 2 << 30  # protobuf reads no more in one piece; also of all other files together
KIND = "an ONNX file"
OTHER_FILES = {
    b"PK\x03\x04": "a zip archive",
    b"\x80": "a pickle",
    b"\x1f\x8b": "a gzip file",
    b"\x89HDF": "an HDF5 file",
}
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
REFUSED_OPERATORS = {
    "Loop": "repeats without a limit",
    "Scan": "repeats without a limit",
    "SequenceMap": "repeats without a limit",
    "RandomNormal": "draws by chance",
    "RandomNormalLike": "draws by chance",
    "RandomUniform": "draws by chance",
    "RandomUniformLike": "draws by chance",
    "Bernoulli": "draws by chance",
    "Multinomial": "draws by chance",
}


@dataclass(frozen=True)
class CheckedFile:
    """An ONNX file with what belongs to it.

    Attributes:
        path: Where it stands.
        content: Its bytes; these are run, whatever becomes of the file.
        contents: What stands in it.
        external: The names of the other files that it has data in.
    """

    path: Path
    content: bytes
    contents: OnnxContents
    external: tuple[str, ...]


def checked_file(path: Path, description: Description, most_bytes: int = MOST_BYTES) -> CheckedFile:
    """Read an ONNX file and look through it.

    Args:
        path: The file.
        description: What stands beside it.
        most_bytes: How large it may be; all its other files together may be as large.

    Raises:
        ModelError: It can't be read, is another file than the description has, or may not be run.
    """
    content = read_bytes(path, most_bytes, KIND)
    for start, kind in OTHER_FILES.items():
        if content.startswith(start):
            raise ModelError(f"{path} is {kind}, expected {KIND}; export the network with torch.onnx.export")
    _check_sha256(path, path.name, hashlib.sha256(content).hexdigest(), description.sha256)
    try:
        contents = read_contents(memoryview(content))
    except ValueError as error:
        raise ModelError(
            f"{path} is no ONNX file, or is cut off ({error}); copy it again from where it came"
        ) from error
    problem = next(_refusals(contents), None)
    if problem:
        raise ModelError(f"{path} {problem}")
    external = tuple(sorted(contents.external))
    _check_files(path, external, description, most_bytes)
    return CheckedFile(path, content, contents, external)


def joined_sha256(description: Description) -> str:
    """The SHA-256 that stands for all files of a network: the ONNX file's own where it is alone."""
    if not description.files:
        return description.sha256
    return hashlib.sha256(canonical_json({"": description.sha256, **description.files}).encode()).hexdigest()


def checked_beside(path: Path, name: str, description: Description, most_bytes: int) -> bytes:
    """The bytes of another file that belongs to an ONNX file.

    Args:
        path: The ONNX file.
        name: The other file's, relative to the folder of the first.
        description: Has its SHA-256.
        most_bytes: How large it may be.

    Raises:
        ModelError: It lies outside of the folder, can't be read, or is another file than the description has.
    """
    content = read_bytes(_inside_folder(path, name), most_bytes, "a file that the network needs")
    if name not in description.files:
        raise ModelError(
            f"{description_path(path)} has no SHA-256 of {name}, which {path.name} needs; write it under files: "
            f'"{name}": "{hashlib.sha256(content).hexdigest()}"'
        )
    _check_sha256(path, name, hashlib.sha256(content).hexdigest(), description.files[name])
    return content


def _check_sha256(path: Path, name: str, found: str, expected: str) -> None:
    if found != expected:
        raise ModelError(
            f"{path.parent / name} has the SHA-256 {found}, {description_path(path).name} says {expected[:16]}...; "
            "take the file that was described, or describe this one if you trust it"
        )


def _refusals(contents: OnnxContents) -> Iterator[str]:
    for domain, operator in sorted(contents.operators):
        if domain not in DOMAINS:
            yield f"has the custom operator {domain[:60]}:{operator[:60]}; export it with the operators of ONNX"
        if operator in REFUSED_OPERATORS:
            yield f"has the operator {operator}, which {REFUSED_OPERATORS[operator]}; export it without"
    if contents.functions:
        yield f"defines {contents.functions} functions of its own; inline them with onnx.inliner"
    if contents.sparse:
        yield "has sparse tensors; export it with dense ones"
    if contents.training:
        yield "has a part for training; export it for inference"


def _check_files(path: Path, external: tuple[str, ...], description: Description, most_bytes: int) -> None:
    left = most_bytes
    for name in external:
        left -= len(checked_beside(path, name, description, left))


def _inside_folder(path: Path, name: str) -> Path:
    """The path of a file in the ONNX file's folder or below, symbolic links followed."""
    parts = PurePosixPath(name).parts
    folder = path.parent.resolve()
    try:
        found = (folder / name).resolve()  # raises where links go round
        is_inside = found.is_relative_to(folder)
    except (OSError, RuntimeError, ValueError):
        is_inside = False
    # A name with a * is onnxruntime's own for data in its memory.
    if not parts or name.startswith(("/", "*")) or ".." in parts or "\\" in name or "\0" in name or not is_inside:
        raise ModelError(
            f"{path} has data in {name[:100]!r}, which is not in its folder; put all files of a network into one folder"
        )
    return path.parent / name
