"""What a network gives, found out in a process of its own before it is run in this one.

Reading a file does not tell how much memory a network takes or whether onnxruntime survives it. So a file that passed
its checks is run there first, within limits of memory and processor time (`runtime.py`), on zeros and on other numbers.
The shapes that it gave are kept:

    cache_folder()/onnx/KEY.json      KEY: SHA-256 of the files, of the description and of onnxruntime's version
"""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from sakka.cache import cache_folder
from sakka.errors import ModelError
from sakka.files import write_json
from sakka.networks.onnx import runtime
from sakka.networks.onnx.checked_file import CheckedFile
from sakka.networks.onnx.description import MOST_VALUES, Description, Output
from sakka.networks.onnx.pooling import expected_shapes, pooled_size
from sakka.networks.onnx.runtime import TRIAL_MEMORY_BYTES, Trial

Shape = tuple[int, ...]
WAITED_SECONDS = 600  # for a process that sleeps: its limit counts processor time only
MOST_ERROR_CHARACTERS = 300


def kept_shapes(sha256: str, description: Description) -> list[Shape] | None:
    """The shapes that a network gave in an earlier trial; None where none is kept."""
    try:
        content = json.loads(_kept_at(sha256, description).read_text(encoding="utf-8"))
        return [tuple(map(int, shape)) for shape in content["shapes"]]
    except (OSError, ValueError, LookupError, TypeError):
        return None


def try_network(file: CheckedFile, sha256: str, description: Description, trial: Trial) -> list[Shape]:
    """Run a network in a process of its own; the shapes of its outputs are kept.

    Args:
        file: The network.
        sha256: Of all its files.
        description: What stands beside it.
        trial: How it is tried.

    Raises:
        ModelError: It can't be run within the limits, or what it gives is not what the description says.
    """
    shapes = [description.of_each(turn) for turn in _tried(file, trial)]
    sizes = [sizes_of(file, description.outputs, turn) for turn in shapes]
    size, *others = (sum(turn) for turn in sizes)
    problem = ""
    if any(other != size for other in others):
        problem = f"of another size each time ({size:,}, {others[0]:,}); export it with fixed sizes"
    elif size > MOST_VALUES:
        problem = f"of {size:,} values, at most {MOST_VALUES:,} are read; pool its outputs"
    elif description.widths is not None and sum(description.widths) != size:
        problem = f"of {size:,} values, and its widths sum to {sum(description.widths):,}; mend the widths"
    if problem:
        raise ModelError(f"{file.path} gives vectors {problem}")
    write_json(_kept_at(sha256, description), {"file": file.path.name, "shapes": shapes[0]})
    return shapes[0]


def usual_trial(file: CheckedFile, description: Description, shapes: tuple[Shape, ...], most: int) -> Trial:
    """The trial of a network within the usual limits."""
    names = tuple(description.names())
    beside = sum((file.path.parent / name).stat().st_size for name in file.external)
    memory_bytes = TRIAL_MEMORY_BYTES + 3 * (len(file.content) + beside)
    return Trial(str(file.path.parent.resolve()), names, shapes, most, memory_bytes)


def sizes_of(file: CheckedFile, outputs: Sequence[Output], shapes: Sequence[Shape]) -> list[int]:
    """How many values are taken of each output.

    Raises:
        ModelError: One has a shape that its pooling does not read.
    """
    sizes = [pooled_size(*pair) for pair in zip(outputs, shapes, strict=True)]
    for output, shape, size in zip(outputs, shapes, sizes, strict=True):
        if not size:
            raise ModelError(
                f"{file.path} gives {output.name} of shape {shape}; {output.pooling} after {output.prefix_tokens} "
                f"prefix tokens reads {expected_shapes(output)}; choose another output or pooling"
            )
    return sizes


def _tried(file: CheckedFile, trial: Trial) -> list[list[Shape]]:
    program = [sys.executable, "-I", runtime.__file__]
    try:
        done = subprocess.run(
            program, input=trial.line() + file.content, capture_output=True, check=False, timeout=WAITED_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"{file.path} was not done after {WAITED_SECONDS} s; take a smaller network") from error
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ModelError(
            f"{file.path} ends onnxruntime ({name}) within {trial.memory_bytes >> 20:,} MiB and {trial.seconds} s; "
            "take another network"
        )
    answer = _answer(done.stdout)
    if "shapes" not in answer:
        reason = " ".join(str(answer.get("error", "it says nothing")).split())[:MOST_ERROR_CHARACTERS]
        raise ModelError(f"{file.path} can't be run by onnxruntime ({reason}); export it again")
    return [[tuple(shape) for shape in turn] for turn in answer["shapes"]]


def _answer(printed: bytes) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(printed)
    except ValueError:
        return {}
    return answer


def _kept_at(sha256: str, description: Description) -> Any:
    digest = hashlib.sha256(f"{sha256} {version('onnxruntime')} {description.reading()}".encode()).hexdigest()
    return cache_folder() / "onnx" / f"{digest}.json"
