"""A text encoder from a hub: `hf:REPOSITORY@COMMIT`.

    v = pooled(network(tokens(prompt + text))),  v / |v| where the repository says so

The tokenizer is `tokenizer.json` of the package tokenizers. A text passes the network alone, without padding: its bytes
don't depend on the texts beside it, and no mask is needed.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from sakka.arrays import Features
from sakka.errors import ModelError
from sakka.networks.encoders import TextEncoder
from sakka.networks.hub.architecture import architecture, network, one_line
from sakka.networks.hub.files import HubFiles, hub_files
from sakka.networks.hub.revision import named_revision
from sakka.networks.hub.text_reading import TextReading, text_reading
from sakka.networks.tokenizer import TOKENIZER, Tokenizer

VERSION = "tokens1"  # changes when the vector of the same text does


class HubTextEncoder(TextEncoder):
    """A network of a hub that reads texts; its files are fetched when something of it is wanted first.

    Attributes:
        revision: The repository and its commit.
        reads: What its texts are: passages, or queries for which passages are looked for.
    """

    def __init__(self, what: str, reads: Literal["passage", "query"] = "passage") -> None:
        """Name a network.

        Args:
            what: `REPOSITORY@COMMIT`.
            reads: What its texts are.

        Raises:
            ModelError: It names no repository, or no commit.
        """
        self.revision = named_revision(what)
        self.name = str(self.revision)
        self.reads = reads

    @property
    def key(self) -> str:
        """Repository, files (they say how texts are read) and what its texts are."""
        return f"hf-{self.revision.file_name}-{self.sha256[:16]}-{self.reads}-{VERSION}"

    @property
    def size(self) -> int:
        """How many values a vector has."""
        return int(self._described.hidden_size)

    @property
    def sha256(self) -> str:
        """Of the list of its files: settings, tokenizer and weights."""
        return self._files.sha256

    @property
    def licence(self) -> str:
        """As its repository says."""
        return self._files.licence

    def load(self) -> None:
        """Load tokenizer and weights.

        Raises:
            WeightsError: They can't be fetched, or their bytes were changed.
            ModelError: The network can't be made of them, or reads no texts.
            MissingPartError: huggingface_hub, tokenizers or transformers is not installed.
        """
        _ = self._network, self._tokenizer

    def vectors(self, texts: Sequence[str]) -> Features:
        """The texts' vectors, float32, shape (n, size); zeros for a text without tokens.

        Raises:
            ModelError: The network fails.
        """
        table: Features = np.zeros((len(texts), self.size), dtype=np.float32)
        prompt = self._reading.query if self.reads == "query" else self._reading.passage
        for vector, text in zip(table, texts, strict=True):
            tokens = self._tokenizer.tokens(text, prompt)
            if tokens:
                vector[:] = self._vector(tokens).numpy()
        return table

    def of_queries(self) -> "HubTextEncoder":
        """The same for queries, whose vectors are near those of the passages that answer them."""
        return HubTextEncoder(f"{self.revision.repository}@{self.revision.commit}", "query")

    @cached_property
    def _files(self) -> HubFiles:
        return hub_files(self.revision, "text")

    @cached_property
    def _reading(self) -> TextReading:
        return text_reading(self._files)

    @cached_property
    def _described(self) -> Any:
        return architecture(self._files, "text")[0]

    @cached_property
    def _network(self) -> nn.Module:
        return network(self._files, "text")

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        if TOKENIZER not in self._files.files:
            raise ModelError(f"{self.name} has no {TOKENIZER}; choose a repository with one")
        content = (self._files.folder / TOKENIZER).read_bytes()
        return Tokenizer(content, self._reading.most_tokens, f"{TOKENIZER} of {self.name}", "hub")

    def _vector(self, tokens: Sequence[int]) -> torch.Tensor:
        reading, given = self._network, torch.tensor([tokens])
        try:
            with torch.inference_mode():
                outputs = reading(input_ids=given, attention_mask=torch.ones_like(given), return_dict=True)
                return _pooled(outputs.last_hidden_state[0], self._reading)
        except Exception as error:
            raise ModelError(
                f"{self.name} can't read a text of {len(tokens)} tokens ({one_line(error)}); choose another network"
            ) from error


def _pooled(layer: torch.Tensor, reading: TextReading) -> torch.Tensor:
    """A text's vector from its tokens, shape (n_tokens, size)."""
    vector = layer.mean(dim=0) if reading.tokens == "mean" else layer[0 if reading.tokens == "first" else -1]
    return nn.functional.normalize(vector, dim=0) if reading.normalises else vector
