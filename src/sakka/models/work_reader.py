"""What a model reads of a work: photos, texts, a vector that the catalog holds, and which works have what it reads."""

from abc import ABC
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from sakka.arrays import IntArray, Mask
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.limits import parts_of

if TYPE_CHECKING:
    pass

Modality = Literal["photo", "text", "labels", "both", "none"]
Reads = Literal["photo", "text"]

READ_BY: Mapping[Modality, tuple[Reads, ...]] = MappingProxyType(
    {"photo": ("photo",), "labels": ("photo",), "text": ("text",), "both": ("photo", "text"), "none": ()}
)
READ_IN_WORDS: Mapping[tuple[Reads, ...], tuple[str, str]] = MappingProxyType(
    {
        ("photo",): ("only photos", "a photo"),
        ("text",): ("only texts", "a title or a description"),
        ("photo", "text"): ("photos and texts", "a photo, a title or a description"),
    }
)
"""What a model reads, and what to give it."""


class WorkReader(ABC):
    """The side of a model that faces the works.

    Attributes:
        modality: What it reads of a work.
    """

    modality: ClassVar[Modality]

    @property
    def reads(self) -> tuple[Reads, ...]:
        """What it reads of a work: its photo, its text, both or neither."""
        return READ_BY[self.modality]

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """The kept columns of a catalog that it reads (`catalog/kept.py`)."""
        return ()

    @property
    def photos_read(self) -> int:
        """How many photos of a work it reads at most."""
        return 1 if "photo" in self.reads else 0

    def can_read(self, works: Catalog) -> Mask:
        """Say of each work whether it has anything that the model reads, shape (n_works,)."""
        has = {"photo": works.has_photo, "text": works.has_text}
        readable = np.zeros(len(works), dtype=np.bool_)
        for name in self.reads:
            readable |= has[name]
        return readable

    def parts_read(self, works: Catalog) -> IntArray:
        """How many photos of each work the model reads, and whether its title and description, shape (n_works, 3).

        A vector that the catalog holds counts as what it stands for.
        """
        reads_text = int("text" in self.reads)
        return np.minimum(parts_of(works), [self.photos_read, reads_text, reads_text])

    def unusable(self, works: Catalog) -> dict[int, str]:  # noqa: ARG002
        """What a work holds instead of what the model would read, by the work's row; empty where all can be read."""
        return {}

    def why_unreadable(self, works: Catalog) -> str:
        """Why the model can read nothing of any of the works; empty where it can, or reads nothing of a work at all."""
        if not self.reads or self.can_read(works).any():
            return ""
        return f"no work of the catalog has {' or '.join(f'a {name}' for name in self.reads)}"

    def read_in_words(self) -> tuple[str, str]:
        """What it reads, and what to give it."""
        return READ_IN_WORDS[self.reads]

    def check_photo_count(self, count: int) -> None:
        """Refuse more photos of one work than are read; a model that reads none takes one, as any other.

        Raises:
            ModelError: There are more.
        """
        most = max(1, self.photos_read)
        if count > most:
            raise ModelError(f"got {count} photos of one work, and the model reads {most} at most; leave some out")

    def check_can_read(self, work: Catalog) -> None:
        """Refuse a question that the model would answer by the creators' shares, for want of anything to read.

        Args:
            work: A catalog of one work.

        Raises:
            ModelError: The work has nothing that the model reads. A model that reads nothing of any refuses none.
        """
        if (self.reads or self.kept_columns) and not self.can_read(work)[0]:
            if held := self.unusable(work):
                raise ModelError(f"the work has {held[0]}; mend it in the source")
            has = "only a text" if work.has_text[0] else "only a photo" if work.has_photo[0] else "none"
            has = has if self.reads else "none"
            read, wanted = self.read_in_words()
            raise ModelError(f"the model reads {read}, and the work has {has}; give it {wanted}")
