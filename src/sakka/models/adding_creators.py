"""Models that take a creator in, or out, without being fitted again (`models/new_columns.py` has the formulas)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import IntArray, Mask, Probabilities
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import READ_IN_WORDS, CreatorModel, ModelParts
from sakka.models.new_columns import Columns, Kept, grow


class GrowingModel(CreatorModel, ABC):
    """A model that takes a creator in, or out, without being fitted again.

    Attributes:
        works_: After `fit`: how many works of each creator were learned from, shape (n_creators,).
    """

    works_: IntArray

    def add_creators(self, works: Catalog) -> None:
        """Learn the creators of some works; they become the last columns, in the order of their names.

        The works of the known creators are not needed.

        Raises:
            ModelError: A work has no creator, its creator is known already, none of a creator's works has what the
                model reads, or creators can't be added.
            PhotoError: A photo can't be read.
        """
        added = new_creators(works, self.creators_)
        self.check_can_add()
        readable = works.take(np.flatnonzero(self.can_read(works))).creators
        for creator in added:
            if creator not in readable:
                raise ModelError(
                    f"the model reads {READ_IN_WORDS[self.reads][0]}, and the works of {creator!r} have none; "
                    "give one that has"
                )
        self._add(works, added)

    @abstractmethod
    def remove_creator(self, creator: str) -> None:
        """Forget a creator.

        Raises:
            ModelError: It is not known, or is the only one.
        """

    @abstractmethod
    def check_can_add(self) -> None:
        """Refuse where creators can't be added.

        Raises:
            ModelError: No works of the known creators were kept.
        """

    @abstractmethod
    def forget_works(self) -> None:
        """Let go of what was kept of single works; creators can be removed but no longer added then."""

    @abstractmethod
    def _add(self, works: Catalog, added: Sequence[str]) -> None:
        """Learn the creators `added`, of whom these works are; a creator may have nothing that is read here."""


class GrowingHead(GrowingModel):
    """A linear softmax on features that grows by columns.

    Attributes:
        kept_: After `fit`: the works that stand for the known creators; None where nothing was kept.
        shares_: After `fit`: each creator's share of the works learned from, shape (n_creators,).
    """

    kept_: Kept | None
    shares_: Probabilities

    def _add(self, works: Catalog, added: Sequence[str]) -> None:
        """Learn the new creators' columns; those of the known creators stay."""
        assert self.kept_ is not None
        creators = (*self.creators_, *added)
        labels = works.creator_indices(creators)
        features, able = self._features_to_keep(works)
        columns, self.kept_ = grow(
            self._columns(),
            self.kept_,
            features[able],
            labels[able],
            read=self._features_to_read,
            n_new=len(added),
            penalty=self._penalty_of_columns(),
        )
        self._set_columns(columns)
        self._set_works(np.append(self.works_, np.bincount(labels)[len(self.creators_) :]))
        self.creators_ = creators

    def remove_creator(self, creator: str) -> None:
        """Forget a creator.

        Raises:
            ModelError: It is not known, or is the only one.
        """
        place = place_of(creator, self.creators_)
        if self._has_columns():
            self._set_columns(self._columns().without(place))
        self.kept_ = None if self.kept_ is None else self.kept_.without(place)
        self._set_works(np.delete(self.works_, place))
        self.creators_ = tuple(each for each in self.creators_ if each != creator)

    def check_can_add(self) -> None:
        """Refuse where creators can't be added.

        Raises:
            ModelError: No works of the known creators were kept.
        """
        if self.kept_ is None:
            raise ModelError(
                f"the model {self.name} has kept no works of its creators, so none can be added; fit it again"
            )

    def forget_works(self) -> None:
        """Let go of what was kept of single works; creators can be removed but no longer added then."""
        self.kept_ = None

    def _set_works(self, works: IntArray) -> None:
        self.works_ = works
        self.shares_ = (works / max(1, works.sum())).astype(np.float32)

    def _growth_tensors(self) -> dict[str, npt.NDArray[Any]]:
        return {"works": self.works_, **({} if self.kept_ is None else self.kept_.tensors())}

    def _restore_growth(self, parts: ModelParts, n_features: int) -> None:
        self._set_works(parts.tensors["works"])
        self.kept_ = Kept.from_tensors(parts.tensors, n_features)

    @abstractmethod
    def _features_to_keep(self, works: Catalog) -> tuple[Any, Mask]:
        """The works' features as they are kept, and which works have any."""

    @abstractmethod
    def _features_to_read(self, kept: Any) -> Any:
        """Turn features as they are kept into those that the softmax reads."""

    @abstractmethod
    def _columns(self) -> Columns:
        """The fitted columns."""

    @abstractmethod
    def _set_columns(self, columns: Columns) -> None:
        """Take over other columns."""

    @abstractmethod
    def _has_columns(self) -> bool:
        """Say whether there was anything to fit columns on."""

    @abstractmethod
    def _penalty_of_columns(self) -> float:
        """The penalty that the columns were fitted with."""


def growing(model: CreatorModel) -> GrowingModel:
    """A model as one that grows.

    Raises:
        ModelError: It can't.
    """
    if not isinstance(model, GrowingModel):
        raise ModelError(
            f"the model {model.name} can't take a creator in or out without being fitted again; "
            "fit it again with `sakka fit`"
        )
    return model


def new_creators(works: Catalog, known: Sequence[str]) -> tuple[str, ...]:
    """The creators of some works, sorted.

    Raises:
        ModelError: There are no works, a work has no creator, or a creator is known already.
    """
    if len(works) == 0:
        raise ModelError("got 0 works, expected at least one work by each new creator")
    for work in works:
        if work.creator is None:
            raise ModelError(f"work {work.id!r} has no creator; give each work's creator")
        if work.creator in known:
            raise ModelError(
                f"the creator {work.creator!r} is known already; remove it first with `sakka creators remove` "
                "to learn it from other works"
            )
    return works.creators


def place_of(creator: str, known: Sequence[str]) -> int:
    """The column of a creator that is to be removed.

    Raises:
        ModelError: The creator is not known, or is the only one.
    """
    if creator not in known:
        raise ModelError(f"no creator is called {creator!r} among the {len(known):,} known; see `sakka creators list`")
    if len(known) == 1:
        raise ModelError(f"{creator!r} is the only creator of the model; a model needs at least one")
    return list(known).index(creator)
