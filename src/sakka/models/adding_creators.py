"""Models that take a creator in, or out, without being fitted again (`linear_head/adding.py` has the formulas)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from sakka.arrays import IntArray
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import CreatorModel


class ExtensibleModel(CreatorModel, ABC):
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
        added = _new_creators(works, self.creators_)
        self.check_can_add()
        readable = works.take(np.flatnonzero(self.can_read(works))).creators
        for creator in added:
            if creator not in readable:
                raise ModelError(
                    f"the model reads {self.read_in_words()[0]}, and the works of {creator!r} have none; "
                    "give one that has"
                )
        self._add(works, added)

    def remove_creator(self, creator: str) -> None:
        """Forget a creator.

        Raises:
            ModelError: It is not known or is the only one, or creators can't be removed.
        """
        if creator not in self.creators_:
            raise ModelError(
                f"no creator is called {creator!r} among the {len(self.creators_):,} known; see `model.creators_`"
            )
        if len(self.creators_) == 1:
            raise ModelError(f"{creator!r} is the only creator of the model; a model needs at least one")
        self._remove(self.creators_.index(creator))

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

    @abstractmethod
    def _remove(self, label: int) -> None:
        """Forget the creator of one column."""


def extensible(model: CreatorModel) -> ExtensibleModel:
    """The model, which takes creators in or out.

    Raises:
        ModelError: It does not.
    """
    if not isinstance(model, ExtensibleModel):
        raise ModelError(
            f"the model {model.name} can't take a creator in or out without being fitted again; "
            "fit it again on all works"
        )
    return model


def _new_creators(works: Catalog, known: Sequence[str]) -> tuple[str, ...]:
    """The creators of some works, sorted.

    Raises:
        ModelError: There are no works, a work has no creator, or its creator is known already.
    """
    if len(works) == 0:
        raise ModelError("got 0 works, expected at least one work by each new creator")
    for work in works:
        if work.creator is None:
            raise ModelError(f"work {work.id!r} has no creator; give each work's creator")
        if work.creator in known:
            raise ModelError(
                f"the creator {work.creator!r} is known already; to learn it from other works, remove it first with "
                f"`model.remove_creator({work.creator!r})`"
            )
    return works.creators
