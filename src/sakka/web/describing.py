"""Descriptions of creators, each made once: that reads many works, so it has a thread of its own and may come late."""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from sakka.describe.creator import CreatorDescription, describe_creator
from sakka.models.base import CreatorModel
from sakka.web.collection import Collection
from sakka.web.problems import Problem
from sakka.web.workers import Workers

if TYPE_CHECKING:
    from sakka.search.index import Index

MOST_KEPT = 200
MOST_COMPARED = 5000  # works by others that a creator's words are compared with
WAITING = 8
PATIENCE_S = 10


class Describer:
    """Describes creators of a collection; the latest descriptions are kept."""

    def __init__(self, collection: Collection, model: CreatorModel, index: "Index | None") -> None:
        self.collection, self.model, self.index = collection, model, index
        self.workers = Workers("sakka-describe", 1, WAITING, PATIENCE_S)
        self._kept: OrderedDict[str, CreatorDescription] = OrderedDict()
        self._lock = threading.Lock()

    async def describe(self, creator: str) -> CreatorDescription:
        """The description of a creator.

        Raises:
            Problem: It is not ready in time; it goes on being made, so asking again later is answered at once.
        """
        with self._lock:
            if creator in self._kept:
                self._kept.move_to_end(creator)
                return self._kept[creator]
        return await self.workers.run(lambda: self._make(creator))

    async def describe_if_ready(self, creator: str) -> CreatorDescription | None:
        """The description of a creator; None where it is not ready in time."""
        try:
            return await self.describe(creator)
        except Problem:
            return None

    def _make(self, creator: str) -> CreatorDescription:
        with self._lock:
            if creator in self._kept:  # another request asked for it meanwhile
                return self._kept[creator]
        works = self.collection.beside_others(creator, MOST_COMPARED)
        made = describe_creator(works, creator, self.model, self.index)
        with self._lock:
            self._kept[creator] = made
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return made
