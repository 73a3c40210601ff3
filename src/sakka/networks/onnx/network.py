"""A network from an ONNX file: described, checked, tried and loaded once, and run by any number of threads."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray
from sakka.errors import MissingPartError, ModelError
from sakka.networks.encoders import without_cached
from sakka.networks.onnx.checked_file import MOST_BYTES, CheckedFile, checked_beside, checked_file, joined_sha256
from sakka.networks.onnx.description import Description, Kind, read_description
from sakka.networks.onnx.pooling import pooled, pooled_size
from sakka.networks.onnx.runtime import make_session
from sakka.networks.onnx.trial import MOST_ERROR_CHARACTERS, Shape, kept_shapes, try_network, usual_trial

MOST_NAMES = 8  # in a message
FLOAT, UINT8, INT64, FLOAT16 = 1, 2, 7, 10  # in onnx.proto3
UNCHANGED = (255, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0)
TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
NUMBERS: dict[int, type[np.float32 | np.float16 | np.uint8]] = {FLOAT: np.float32, UINT8: np.uint8, FLOAT16: np.float16}


@dataclass(frozen=True)
class Loaded:
    """A network that can be run.

    Attributes:
        session: onnxruntime's.
        inputs: The names of its inputs.
        number: What its first input reads.
    """

    session: Any
    inputs: tuple[str, ...]
    number: type[np.float32 | np.float16 | np.uint8 | np.int64]


_LOADING = Lock()
_LOADED: "WeakValueDictionary[tuple[str, str], Loaded]" = WeakValueDictionary()
"""What is loaded, by file and SHA-256: models of a process share a network, and let go of it with the last of them."""


class OnnxNetwork:
    """An ONNX file with its description.

    Attributes:
        path: The file.
        description: What stands beside it, or is said in its place.
        sha256: Of all its files, as the description has them; what is loaded is compared with it.
    """

    def __init__(
        self, path: Path, kind: Kind, most_bytes: int = MOST_BYTES, description: Description | None = None
    ) -> None:
        """Read the description; the network itself is read when it is wanted.

        Args:
            path: The ONNX file.
            kind: What it reads.
            most_bytes: How large it may be; all its other files together may be as large.
            description: Used in the place of the JSON file beside it.

        Raises:
            ModelError: The description is not there or can't be used.
            MissingPartError: onnxruntime is not installed.
        """
        try:
            import onnxruntime  # noqa: F401
        except ImportError as error:
            raise MissingPartError("onnxruntime, which runs ONNX files,", "onnx", error) from error
        self.path = path
        self.description: Description = read_description(path, kind) if description is None else description
        self.sha256 = joined_sha256(self.description)
        self._most_bytes = most_bytes

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to load it for itself."""
        return without_cached(self)

    @cached_property
    def shapes(self) -> list[Shape]:
        """The shapes of the outputs that are read, for one photo or text."""
        kept = kept_shapes(self.sha256, self.description)
        if kept is not None and len(kept) == len(self.description.outputs):
            return kept
        return self._tried(self._checked())

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return sum(pooled_size(*pair) for pair in zip(self.description.outputs, self.shapes, strict=True))

    @cached_property
    def loaded(self) -> Loaded:
        """The network, loaded when it is first used, from the bytes that were checked."""
        key = (str(self.path.absolute()), self.sha256)
        with _LOADING:
            if (shared := _LOADED.get(key)) is not None:
                return shared
            file = self._checked()
            if kept_shapes(self.sha256, self.description) is None:
                self._tried(file)
            session = make_session(file.content, str(file.path.parent.resolve()))
            first = file.contents.inputs[0]
            found = Loaded(
                session, tuple(each.name for each in file.contents.inputs), NUMBERS.get(first.number, np.int64)
            )
            _LOADED[key] = found
            return found

    def beside(self, name: str) -> bytes:
        """The bytes of another file that belongs to the network.

        Raises:
            ModelError: It is not there, or is another one than the description has.
        """
        return checked_beside(self.path, name, self.description, self._most_bytes)

    def vector(self, feeds: dict[str, npt.NDArray[Any]]) -> FloatArray:
        """What is read of the network's outputs for one photo or text, float32, shape (size,).

        Args:
            feeds: What each input is given; its first size is 1.

        Raises:
            ModelError: The network fails, or gives another number of values than in its trial or what is no number.
        """
        outputs = self.description.outputs
        given = self._run(feeds)
        sizes = [pooled_size(output, each.shape) for output, each in zip(outputs, given, strict=True)]
        if sum(sizes) != self.size or 0 in sizes:
            raise ModelError(
                f"{self.path} gave {sum(sizes):,} values of an input and {self.size:,} in its trial; export it again"
            )
        with np.errstate(all="ignore"):  # what is no number is refused below
            vector = np.concatenate([pooled(output, each) for output, each in zip(outputs, given, strict=True)])
            finite = np.isfinite(vector.astype(self.number)).all()
        if not finite:
            raise ModelError(
                f"{self.path} gave values that are no numbers, or too large for {self.description.number}; "
                "check mean, scale and pixel_range"
            )
        return vector

    @property
    def number(self) -> type[np.float16] | type[np.float32]:
        """The number format of its vectors."""
        return np.float16 if self.description.number == "float16" else np.float32

    def _run(self, feeds: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        session = self.loaded.session
        try:
            given: list[npt.NDArray[Any]] = session.run(self.description.names(), feeds)
        except Exception as error:  # onnxruntime's own have no common class
            reason = " ".join(str(error).split())[:MOST_ERROR_CHARACTERS]
            raise ModelError(
                f"{self.path} can't be run on a {self.description.kind} ({reason}); export it again"
            ) from error
        return self.description.of_each(given)

    def _tried(self, file: CheckedFile) -> list[Shape]:
        photo = self.description.kind == "photo"
        side = self.description.input_px
        shapes: tuple[Shape, ...] = ((1, 3, side, side),) * 2 if photo else ((1, 8), (1, 16))
        trial = usual_trial(file, self.description, shapes, 255 if photo else 1)
        return try_network(file, self.sha256, self.description, trial)

    def _checked(self) -> CheckedFile:
        file = checked_file(self.path, self.description, self._most_bytes)
        photo = self.description.kind == "photo"
        problem = _photo_problem(file, self.description) if photo else _text_problem(file)
        if problem:
            raise ModelError(f"{self.path} {problem}")
        names = [output.name for output in file.contents.outputs]
        for output in self.description.outputs:
            if output.name not in names:
                known = ", ".join(name[:60] for name in names[:MOST_NAMES])
                raise ModelError(f"{self.path} has no output {output.name[:60]!r}; it has {known or 'none'}")
        return file


def _photo_problem(file: CheckedFile, description: Description) -> str:
    """Why a network can't read photos; empty where it can."""
    inputs = file.contents.inputs
    if len(inputs) != 1:
        names = ", ".join(each.name[:60] for each in inputs[:MOST_NAMES]) or "none"
        return f"has {len(inputs)} inputs ({names}), expected one, the photos; export the part that reads photos"
    (photos,) = inputs
    if photos.number not in NUMBERS:
        return f"reads {_format_name(photos.number)}, expected float32, float16 or uint8; export it for one of them"
    if photos.number == UINT8 and (description.pixel_range, *description.mean, *description.scale) != UNCHANGED:
        return "reads colours of 0 to 255 as they are; describe it with pixel_range 255, means of 0 and scales of 1"
    side_px = description.input_px
    wanted = (1, 3, side_px, side_px)
    shape = wanted if photos.shape is None else photos.shape
    if len(shape) != 4 or any(size not in (None, want) for size, want in zip(shape, wanted, strict=True)):
        found = ", ".join("any" if size is None else str(size) for size in shape)
        return (
            f"reads photos of shape ({found}), expected (any or 1, 3, {side_px}, {side_px}): photos one by one, "
            "colours first, input_px of its description; mend that, or export it again"
        )
    return ""


def _text_problem(file: CheckedFile) -> str:
    """Why a network can't read texts; empty where it can."""
    inputs = file.contents.inputs
    names = [each.name for each in inputs]
    if "input_ids" not in names or not set(names) <= set(TEXT_INPUTS):
        found = ", ".join(name[:60] for name in names[:MOST_NAMES]) or "none"
        return f"has the inputs {found}; expected input_ids and, of {', '.join(TEXT_INPUTS[1:])}, those that it needs"
    if any(each.number != INT64 or (each.shape is not None and len(each.shape) != 2) for each in inputs):
        return "reads token numbers in another form than int64 of shape (texts, tokens); export it again"
    return ""


def _format_name(number: int) -> str:
    names = {0: "no tensor", 7: "int64", 6: "int32", 8: "texts", 9: "truth values", 11: "float64"}
    return names.get(number, f"the number format {number} of ONNX")
