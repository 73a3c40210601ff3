"""Text encoders of a few lines in place of pretrained ones, offered as an installed package would offer them."""

import zlib
from collections.abc import Sequence
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest

from sakka.arrays import Features
from sakka.networks import encoders
from sakka.networks.encoders import TextEncoder

CONCEPTS = (("くじら", "whale"), ("猫", "cat"), ("桜", "cherry blossom"), ("月", "moon"), ("革", "leather"))


class Letters(TextEncoder):
    """How often each of 32 kinds of characters stands in a text."""

    name, key, size, sha256 = "letters", "letters-1", 32, "1" * 64  # type: ignore[assignment]
    read: list[str]

    def __init__(self) -> None:
        self.read = []

    def load(self) -> None:
        pass

    def vectors(self, texts: Sequence[str]) -> Features:
        self.read += texts
        kinds = [[zlib.crc32(character.encode()) % self.size for character in text] for text in texts]
        return np.stack([np.bincount(each, minlength=self.size) for each in kinds]).astype(np.float32)


class Glossary(TextEncoder):
    """Which of five things a text names, in Japanese or in English; a sixth value is the same for all."""

    name, key, size, sha256 = "glossary", "glossary-1", 6, "2" * 64  # type: ignore[assignment]

    def load(self) -> None:
        pass

    def vectors(self, texts: Sequence[str]) -> Features:
        named = [[any(word in text.lower() for word in words) for words in CONCEPTS] for text in texts]
        return np.array([[*each, 0.1] for each in named], dtype=np.float32)


def offer_text_encoders(patch: pytest.MonkeyPatch, **changed: str) -> None:
    """Let an installed package offer both; `changed` names a function for an encoder in the place of its own."""
    functions = {"letters": "Letters", "glossary": "Glossary", **changed}
    points = [EntryPoint(name, f"{__name__}:{each}", encoders.TEXT_GROUP) for name, each in functions.items()]
    patch.setattr(encoders, "entry_points", lambda group: EntryPoints(points).select(group=group))


class OtherLetters(Letters):
    """The same by other weights."""

    key, sha256 = "letters-2", "3" * 64  # type: ignore[assignment]


class OtherGlossary(Glossary):
    """The same by other weights."""

    key, sha256 = "glossary-2", "4" * 64  # type: ignore[assignment]


def missing() -> TextEncoder:
    """An encoder whose package is gone."""
    raise ImportError("No module named 'glossary'")
