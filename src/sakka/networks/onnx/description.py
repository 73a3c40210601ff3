"""The JSON file beside an ONNX file: what the network reads, which outputs are wanted, and whose weights it has.

For photos, `siglip.onnx.json` beside `siglip.onnx`:

    {
      "kind": "photo",
      "input_px": 224,                          side of the squares that it reads
      "pixel_range": 1,                         a colour goes from 0 to this: 1 or 255 ...
      "mean": [0.5, 0.5, 0.5],                  ... then this is subtracted ...
      "scale": [0.5, 0.5, 0.5],                 ... and it is divided by this
      "outputs": [{"name": "last_hidden_state", "pooling": "mean+std", "prefix_tokens": 1}],
      "licence": "Apache-2.0",
      "sha256": "...",                          of the ONNX file
      "files": {"siglip.onnx_data": "..."},     the SHA-256 of every other file that belongs to it, if there is any
      "widths": [768, 768],                     blocks of the vector that count alike; one block where it is left out
      "number": "float32"                       of the vectors in the cache; float16 takes half the room
    }

For texts, with a `tokenizer.json` of the package tokenizers beside it:

    {
      "kind": "text", "outputs": [{"name": "last_hidden_state", "pooling": "mean"}], "max_tokens": 512,
      "prefix": "query: ", "normalise": true, "licence": "MIT", "sha256": "...", "files": {"tokenizer.json": "..."}
    }

Every problem of a file is said at once.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypeVar, get_args

from sakka.errors import ModelError
from sakka.files import canonical_json
from sakka.networks.onnx.files import read_bytes

Kind = Literal["photo", "text"]
Pooling = Literal["vector", "cls", "mean", "std", "mean+std"]
T = TypeVar("T")
Colours: TypeAlias = tuple[float, float, float]

MOST_JSON_BYTES = 1 << 20
MOST_PX = 2048
MOST_TOKENS = 8192
MOST_OUTPUTS = 256
MOST_VALUES = 65_536  # of a vector
MOST_SHOWN = 60  # characters of a value in a message
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Output:
    """An output that is read.

    Attributes:
        name: Its name in the network.
        pooling: `vector` takes one vector a photo as it is, `cls` the first token; the others are statistics over
            tokens, or over the positions of a map.
        prefix_tokens: How many tokens stand before those of the photo's parts; statistics leave them out.
    """

    name: str
    pooling: Pooling
    prefix_tokens: int = 0


@dataclass(frozen=True)
class Description:
    """What the JSON beside an ONNX file says.

    Attributes:
        kind: Whether the network reads photos or texts.
        outputs: What is read of it, in this order.
        licence: Of its weights.
        sha256: Of the ONNX file.
        files: The SHA-256 of each other file that belongs to it, by its name relative to the ONNX file's folder.
        widths: The blocks of a vector; None: one.
        number: The number format of the vectors.
        input_px: For photos: the side of the squares.
        pixel_range: For photos: what a colour goes up to.
        mean: For photos: what is subtracted from red, green and blue.
        scale: For photos: what they are divided by then.
        prefix: For texts: what stands before each.
        max_tokens: For texts: how many tokens are read of one.
        normalise: For texts: whether a vector is given the length 1.
    """

    kind: Kind
    outputs: tuple[Output, ...]
    licence: str
    sha256: str
    files: Mapping[str, str] = field(default_factory=dict)
    widths: tuple[int, ...] | None = None
    number: Literal["float16", "float32"] = "float32"
    input_px: int = 0
    pixel_range: int = 255
    mean: Colours = (0.0, 0.0, 0.0)
    scale: Colours = (1.0, 1.0, 1.0)
    prefix: str = ""
    max_tokens: int = 512
    normalise: bool = False

    def names(self) -> list[str]:
        """The names of the outputs that are read, each once: several things may be taken of one."""
        return list(dict.fromkeys(output.name for output in self.outputs))

    def of_each(self, given: Sequence[T]) -> list[T]:
        """What belongs to each of `outputs`, from what belongs to each of `names()`."""
        by_name = dict(zip(self.names(), given, strict=True))
        return [by_name[output.name] for output in self.outputs]

    def reading(self) -> str:
        """What decides about the vectors besides the files, in one form for one meaning."""
        named = {name: value for name, value in vars(self).items() if name not in ("licence", "sha256", "files")}
        return canonical_json({**named, "outputs": [vars(output) for output in self.outputs]})


def description_path(file: Path) -> Path:
    """Where the description of an ONNX file stands: `siglip.onnx.json` beside `siglip.onnx`."""
    return file.with_name(f"{file.name}.json")


def read_description(file: Path, kind: Kind) -> Description:
    """Read what stands beside an ONNX file.

    Args:
        file: The ONNX file.
        kind: What it must be for.

    Raises:
        ModelError: There is no description, or it has problems; all are named.
    """
    path = description_path(file)
    if not path.exists():
        raise ModelError(
            f"there is no {path}; a network needs a description beside it: input_px, pixel_range, mean, scale, "
            "outputs, licence and sha256, see docs/guides/own-network.md"
        )
    try:
        content = json.loads(read_bytes(path, MOST_JSON_BYTES, "a JSON file"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is no JSON ({error}); expected an object with input_px, outputs and so on") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} holds {type(content).__name__}, expected an object with input_px, outputs and so on")
    problems = _problems(content, kind)
    if problems:
        raise ModelError(f"{path} can't be used: {'; '.join(problems)}; mend it, see docs/guides/own-network.md")
    return _described(content)


Check: TypeAlias = Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _are_colours(value: Any, *, zero: bool) -> bool:
    return (
        isinstance(value, list) and len(value) == 3 and all(_is_number(each) and (zero or each > 0) for each in value)
    )


def _is_output(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= {"name", "pooling", "prefix_tokens"}
        and isinstance(value.get("name"), str)
        and value.get("pooling") in get_args(Pooling)
        and _is_whole(value.get("prefix_tokens", 0), 0, 1024)
    )


def _are_outputs(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MOST_OUTPUTS and all(map(_is_output, value))


def _are_files(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) and SHA256.fullmatch(each) for each in value.values())


def _are_widths(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_whole(each, 1, MOST_VALUES) for each in value)


_OUTPUTS = f'a list of {{"name": NAME, "pooling": POOLING}} with a pooling of {", ".join(get_args(Pooling))}'
_ANY: Mapping[str, tuple[Check, str, bool]] = MappingProxyType(
    {
        "kind": (lambda value: value in get_args(Kind), "photo or text", False),
        "outputs": (_are_outputs, _OUTPUTS, True),
        "licence": (lambda value: isinstance(value, str), "the licence of the weights", True),
        "sha256": (lambda value: isinstance(value, str) and bool(SHA256.fullmatch(value)), "64 characters", True),
        "files": (_are_files, "an object of file names with their SHA-256", False),
        "number": (lambda value: value in ("float16", "float32"), "float16 or float32", False),
        "widths": (_are_widths, "a list of whole numbers that sum to a vector's size", False),
    }
)
_OF_PHOTOS: Mapping[str, tuple[Check, str, bool]] = MappingProxyType(
    {
        "input_px": (lambda value: _is_whole(value, 8, MOST_PX), f"a whole number of 8 to {MOST_PX}", True),
        "pixel_range": (lambda value: value in (1, 255) and _is_number(value), "1 or 255", True),
        "mean": (lambda value: _are_colours(value, zero=True), "three numbers: red, green, blue", True),
        "scale": (lambda value: _are_colours(value, zero=False), "three numbers above 0: red, green, blue", True),
        "layout": (lambda value: value == "NCHW", "NCHW", False),
    }
)
_OF_TEXTS: Mapping[str, tuple[Check, str, bool]] = MappingProxyType(
    {
        "max_tokens": (lambda value: _is_whole(value, 8, MOST_TOKENS), f"a whole number of 8 to {MOST_TOKENS}", True),
        "prefix": (lambda value: isinstance(value, str) and len(value) <= 200, "at most 200 characters", False),
        "normalise": (lambda value: isinstance(value, bool), "true or false", False),
    }
)
"""Each field: the check of its value, what is expected in words, and whether it must be there."""


def _problems(content: dict[str, Any], kind: Kind) -> list[str]:
    known = {**_ANY, **(_OF_PHOTOS if kind == "photo" else _OF_TEXTS)}
    problems = []
    if content.get("kind", "photo") != kind and content.get("kind") in get_args(Kind):
        return [f"it describes a network of kind {content['kind']}, expected {kind}"]
    for name, (check, expected, compulsory) in known.items():
        if name not in content and compulsory:
            problems.append(f"{name} is missing, expected {expected}")
        elif name in content and not check(content[name]):
            problems.append(f"{name} is {_shown(content[name])}, expected {expected}")
    unknown = sorted(set(content) - set(known))
    if unknown:
        problems.append(f"{_shown(unknown[0])} is no field; known are {', '.join(known)}")
    return problems


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def _described(content: dict[str, Any]) -> Description:
    taken = {name: value for name, value in content.items() if name not in ("layout", "kind")}
    taken["outputs"] = tuple(Output(**output) for output in content["outputs"])
    for name, make in (("mean", float), ("scale", float), ("widths", int)):
        if name in content:
            taken[name] = tuple(map(make, content[name]))
    return Description(kind=content.get("kind", "photo"), **taken)
