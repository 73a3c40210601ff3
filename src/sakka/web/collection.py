"""The works that can be shown, by id and by creator; a photo's place on disk comes from here and from nowhere else."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sakka.catalog.works import Catalog, Work


class Collection:
    """A catalog made ready to be looked up in.

    Attributes:
        works: The catalog.
        creators: Each creator with the number of works, the one with most works first.
    """

    def __init__(self, works: Catalog) -> None:
        self.works = works
        self._rows = {each: row for row, each in enumerate(works.ids)}
        self._by_creator: dict[str, list[int]] = {}
        for row, creator in enumerate(works.table["creator"]):
            if creator is not None:
                self._by_creator.setdefault(creator, []).append(row)
        self._has_photo = works.has_photo.tolist()
        by_size = sorted(self._by_creator.items(), key=lambda pair: (-len(pair[1]), pair[0]))
        self.creators: dict[str, int] = {creator: len(rows) for creator, rows in by_size}
        self.categories: tuple[str, ...] = tuple(sorted({each for each in works.table["category"].unique() if each}))

    def __len__(self) -> int:
        return len(self.works)

    def work(self, work_id: str) -> Work | None:
        """A work; None where there is none of that id."""
        row = self._rows.get(work_id)
        return None if row is None else self.at([row])[0]

    def at(self, rows: Iterable[int]) -> list[Work]:
        """The works at some rows."""
        return list(self.works.take(list(rows)))

    def rows_of(self, ids: Iterable[str]) -> list[int]:
        """The rows of works of some ids; ids that are not there are left out."""
        return [self._rows[each] for each in ids if each in self._rows]

    def catalog_of(self, ids: Iterable[str]) -> Catalog:
        """The works of some ids as a catalog; ids that are not there are left out."""
        return self.works.take(self.rows_of(ids))

    def works_of(self, creator: str, start: int = 0, count: int = 24) -> list[Work]:
        """Some of a creator's works in the catalog's order; none where the creator is not there."""
        return self.at(self._by_creator.get(creator, [])[start : start + count])

    def shown_work(self, creator: str) -> Work:
        """The work that stands for a creator: the first that has a photo, else the first."""
        rows = self._by_creator[creator]
        return self.at([next((row for row in rows if self._has_photo[row]), rows[0])])[0]

    def beside_others(self, creator: str, most: int) -> Catalog:
        """A creator's works, and of the others' at most so many, sampled, and always the same."""
        mine = self._by_creator.get(creator, [])
        others = np.setdiff1d(np.arange(len(self.works)), mine)
        drawn = np.random.default_rng(0).permutation(others)[:most]
        return self.works.take(np.sort(np.concatenate([np.asarray(mine, dtype=np.int64), drawn])))

    def some(self, count: int, seed: int) -> list[Work]:
        """Some works with photos, no two by one creator while there are enough creators."""
        generator = np.random.default_rng(seed)
        creators = list(self._by_creator)
        chosen: list[Work] = []
        for place in generator.permutation(len(creators)):
            rows = self._by_creator[creators[place]]
            work = self.at([rows[int(generator.integers(len(rows)))]])[0]
            if work.photos:
                chosen.append(work)
            if len(chosen) == count:
                break
        return chosen

    def photo_path(self, work: Work, number: int) -> Path | None:
        """Where a work's photo stands; None where the work has no photo of that number."""
        if not 0 <= number < len(work.photos):
            return None
        if (row := self._rows.get(work.id)) is not None:
            self.works.take([row]).fetch_photos()  # from where the catalog was read, if that was an address
        return (self.works.photo_root or Path()) / work.photos[number]
