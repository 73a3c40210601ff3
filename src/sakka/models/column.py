"""A work's creator by vectors that the catalog already holds (`catalog/vectors.py`), with a linear softmax on them.

`photo-column:NAME` reads the kept column NAME in the place of the photo, `text-column:NAME` in that of the text: so it
is fused, and its limits are learned for what it stands for. Neither photos nor texts are needed. An upload has no such
column; a work of a catalog has it, and so has a row of a table.

`fit` refuses a cell that is no vector. Of a work that is asked about it costs the vector only, as any other field that
can't be used.
"""

from functools import cache
from typing import ClassVar

import numpy as np

from sakka.arrays import Features, IntArray, Mask
from sakka.catalog.vectors import Vectors, read_vectors
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.dense_model import DenseModel
from sakka.models.registry import COLUMN
from sakka.models.work_reader import Modality, Reads


class ColumnModel(DenseModel):
    """A linear softmax on vectors that the catalog holds.

    Attributes:
        penalty: The weight of the squared weights, beside the mean loss of a work.
        seed: Draws the order in which the heads see the works.
    """

    column: ClassVar[str]
    _size: int | None = None

    @property
    def reads(self) -> tuple[Reads, ...]:
        """Neither photos nor texts."""
        return ()

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """The column that it reads."""
        return (self.column,)

    def features(self, works: Catalog) -> tuple[Features, Mask]:
        """The works' vectors, and which works have one that can be used."""
        found = self._vectors(works)
        return found.values, found.there

    def features_to_learn_from(self, works: Catalog) -> tuple[Features, Mask]:
        """The works' vectors, and which works have one.

        Raises:
            ModelError: No work has one, or a work's can't be used.
        """
        found = read_vectors(works, self.column)
        for row, held in found.unusable.items():
            raise ModelError(f"work {works.ids[row]!r} has {held}; mend it in the source, or leave the work out")
        if not found.there.any():
            raise ModelError(self.why_unreadable(works))
        return found.values, found.there

    def can_read(self, works: Catalog) -> Mask:
        """Say of each work whether it has a vector."""
        return self._vectors(works).there

    def parts_read(self, works: Catalog) -> IntArray:
        """A vector counts as the photo, or as the title and the description, by what it stands for."""
        stands_for = np.array([self.modality == "photo", self.modality == "text", self.modality == "text"])
        parts: IntArray = (self.can_read(works)[:, None] & stands_for).astype(np.int64)
        return parts

    def unusable(self, works: Catalog) -> dict[int, str]:
        """What a cell of the column holds instead of a vector, by the work's row."""
        return dict(self._vectors(works).unusable)

    def why_unreadable(self, works: Catalog) -> str:
        """Why no work has a vector."""
        if self.column not in works.kept:
            kept = ", ".join(works.kept) or "none"
            return (
                f"the catalog has not kept the column {self.column!r} (kept: {kept}); build it again with "
                f"`keep=[{self.column!r}]`"
            )
        if self.can_read(works).any():
            return ""
        return f"no work of the catalog has a vector in the column {self.column!r}"

    def read_in_words(self) -> tuple[str, str]:
        """The column, and who has it."""
        return (
            f"only the column {self.column!r}",
            "a work of a catalog or of a table that has the column, which an upload has not",
        )

    def expect_size(self, size: int) -> None:
        """Be told how long the vectors are."""
        self._size = size

    def _vectors(self, works: Catalog) -> Vectors:
        head = vars(self).get("head_")
        return read_vectors(works, self.column, self._size if head is None else head.n_features)


@cache
def column_model(reads: Modality, column: str) -> type[ColumnModel]:
    """The model on a kept column; its name is `photo-column:COLUMN` or `text-column:COLUMN`.

    Args:
        reads: In whose place the vectors stand: `photo` or `text`.
        column: The column's name.

    Raises:
        ModelError: The name is empty.
    """
    if not column:
        raise ModelError(f"{reads}-{COLUMN} names no column; expected {reads}-{COLUMN}NAME")
    named = {"name": f"{reads}-{COLUMN}{column}", "modality": reads, "column": column, "__doc__": ColumnModel.__doc__}
    return type("ColumnModel", (ColumnModel,), named)
