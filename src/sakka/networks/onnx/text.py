"""`onnx:FILE` for texts: a text's vector from a network and a tokenizer that the user brings.

The tokenizer is a `tokenizer.json` of the package tokenizers beside the ONNX file. A text passes the network alone,
without padding, so that its vector does not depend on the texts beside it, and statistics over its tokens need no mask.

    v = pooled(network(tokens(prefix + text))),  v / |v| where the description says `normalise`
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import Features, FloatArray
from sakka.networks.encoders import TextEncoder
from sakka.networks.onnx.checked_file import MOST_BYTES
from sakka.networks.onnx.network import OnnxNetwork
from sakka.networks.tokenizer import TOKENIZER, Tokenizer


class OnnxTextEncoder(TextEncoder):
    """Turns texts into vectors with an ONNX file, the description and the tokenizer beside it.

    Attributes:
        name: `onnx:` and the file.
        network: The network.
    """

    def __init__(self, file: Path | str, most_bytes: int = MOST_BYTES) -> None:
        """Read the description of a network; network and tokenizer are loaded when they are first used.

        Args:
            file: The ONNX file; `description.py` says what stands beside it.
            most_bytes: How large the file may be; all its other files together may be as large.

        Raises:
            ModelError: The description is not there or can't be used.
            MissingPartError: onnxruntime is not installed.
        """
        self.name = f"onnx:{file}"
        self.network = OnnxNetwork(Path(file), "text", most_bytes)

    @cached_property
    def key(self) -> str:
        """What the vectors depend on besides the text: the files and how they are read."""
        described = hashlib.sha256(self.network.description.reading().encode()).hexdigest()
        return f"onnx-text-{self.sha256[:16]}-{described[:12]}"

    @property
    def size(self) -> int:
        """How many values a vector has; the first time the network is tried for it."""
        return self.network.size

    @property
    def sha256(self) -> str:
        """Of the network's files and its tokenizer."""
        return self.network.sha256

    @property
    def licence(self) -> str:
        """Of its weights."""
        return self.network.description.licence

    def load(self) -> None:
        """Check and load network and tokenizer; does nothing where they are loaded.

        Raises:
            ModelError: One is not the file that was described, or can't be used.
        """
        _ = self.network.loaded, self._tokenizer

    def vectors(self, texts: Sequence[str]) -> Features:
        """The texts' vectors, float32, shape (n, size); zeros for a text without tokens.

        Raises:
            ModelError: The network can't be run, or gives what is no number.
        """
        table = np.zeros((len(texts), self.size), dtype=np.float32)
        for row, text in enumerate(texts):
            tokens = self._tokenizer.tokens(text, self.network.description.prefix)
            if tokens:
                table[row] = self._vector(tokens)
        return table

    def _vector(self, tokens: Sequence[int]) -> FloatArray:
        numbers = np.array([tokens], dtype=np.int64)
        each: dict[str, npt.NDArray[Any]] = {
            "input_ids": numbers,
            "attention_mask": np.ones_like(numbers),
            "token_type_ids": np.zeros_like(numbers),
        }
        vector = self.network.vector({name: each[name] for name in self.network.loaded.inputs})
        length = float(np.linalg.norm(vector))
        return vector / length if self.network.description.normalise and length else vector

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        where = str(self.network.path.with_name(TOKENIZER))
        return Tokenizer(self.network.beside(TOKENIZER), self.network.description.max_tokens, where, "onnx")
