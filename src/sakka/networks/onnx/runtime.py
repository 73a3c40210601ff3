"""onnxruntime with the settings that sakka runs it with; also a program that tries a network in a process of its own.

The settings: one thread, since sakka's workers share the cores by photos (`engines/threads.py`); operators that give
the same bytes every time; no custom operators; ONNX files only, not onnxruntime's own format; constants that are
computed beforehand and all memory that the networks of a process use, within limits.

As a program (`python -I runtime.py`) it reads a line of JSON, a `Trial`, and the network's bytes from standard input,
feeds the network within limits of memory and time, and prints the shapes that it gave as JSON. It imports nothing of
sakka, so that it starts fast. A network that ends the process, or fills the memory, has ended or filled that one.

Source: https://onnxruntime.ai/docs/api/python/api_summary.html; the keys are those of
onnxruntime_session_options_config_keys.h
"""

import json
import resource
import sys
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

MOST_FOLDED_BYTES = 64 << 20  # of a constant that is computed beforehand: the largest weights of usual networks
MOST_MEMORY_BYTES = 8 << 30  # of all networks in a process, their weights among it
TRIAL_MEMORY_BYTES = 4 << 30  # besides what the weights take
TRIAL_SECONDS = 120
NUMBERS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}


@dataclass(frozen=True)
class Trial:
    """How a network is tried.

    Attributes:
        folder: Where its other files lie.
        outputs: The outputs that are wanted.
        shapes: The shapes of the inputs in turn; the network is run with each, on zeros first.
        most: The numbers that it is fed with after that go from 0 to this.
        memory_bytes: The process's memory.
        seconds: Of processor time.
    """

    folder: str
    outputs: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    most: int
    memory_bytes: int
    seconds: int = TRIAL_SECONDS

    def line(self) -> bytes:
        """As a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


def make_session(content: bytes, folder: str, *, within_limits: bool = True) -> Any:
    """An `onnxruntime.InferenceSession`.

    Args:
        content: The ONNX file's bytes.
        folder: Where its other files lie.
        within_limits: Whether it shares the memory of a limited size with the other networks of the process.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # what goes wrong is raised too
    entries = {
        "session.load_model_format": "ONNX",
        "session.model_external_initializers_file_folder_path": folder,
        "optimization.constant_folding_max_output_size_in_bytes": str(MOST_FOLDED_BYTES),
    }
    if within_limits:
        _limit_memory()
        entries["session.use_env_allocators"] = "1"
    for key, value in entries.items():
        options.add_session_config_entry(key, value)
    # A fallback would print what went wrong and try the same once more.
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(content, options, providers=providers, enable_fallback=False)


@lru_cache(maxsize=1)
def _limit_memory() -> None:
    """Let all networks of the process share memory of a limited size."""
    import onnxruntime as ort

    where = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    as_asked = 1  # kSameAsRequested: not twice what is there
    ort.create_and_register_allocator(
        where, ort.OrtArenaCfg({"max_mem": MOST_MEMORY_BYTES, "arena_extend_strategy": as_asked})
    )


def feeds(session: Any, shape: tuple[int, ...], most: int) -> dict[str, Any]:
    """What a network is tried with, by input; every input gets the same numbers."""
    values = np.arange(int(np.prod(shape))).reshape(shape) % (most + 1)
    return {each.name: values.astype(NUMBERS.get(each.type, np.int64)) for each in session.get_inputs()}


def main() -> None:
    """Try the network that comes in on standard input."""
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        resource.setrlimit(resource.RLIMIT_AS, (asked["memory_bytes"],) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"],) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        pass  # a system without such limits, or with narrower ones
    try:
        session = make_session(sys.stdin.buffer.read(), asked["folder"], within_limits=False)
        turns = [(shape, asked["most"] if turn else 0) for turn, shape in enumerate(asked["shapes"])]
        given = [session.run(asked["outputs"], feeds(session, *turn)) for turn in turns]
        answer: dict[str, Any] = {"shapes": [[np.shape(each) for each in outputs] for outputs in given]}
    except Exception as error:  # noqa: BLE001  whatever it is, the caller says it in a line
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
