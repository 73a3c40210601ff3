"""Statistics of a catalog: those in the first row of the paper's table 1, and more."""

from dataclasses import asdict, dataclass

import numpy as np

from sakka.catalog.works import Catalog


@dataclass(frozen=True)
class Statistics:
    """How many works there are and how they are distributed over the creators.

    Attributes:
        works: All of them.
        creators: Those who have at least one work.
        most: Works of the creator who has most; 0 in an empty catalog, as are the following.
        fewest: Works of the creator who has fewest.
        deviation: Population standard deviation (divided by n) of the works per creator.
        mean: Works per creator.
        median: Works per creator.
        photos: Of all works.
        with_photo: Share of works that have a photo, 0 to 1.
        with_text: Share of works that have a title or a description, 0 to 1.
        dated: Share of works whose date is known, 0 to 1.
    """

    works: int
    creators: int
    most: int
    fewest: int
    standard_deviation: float
    mean: float
    median: float
    photos: int
    with_photo: float
    with_text: float
    dated: float

    def as_dict(self) -> dict[str, int | float]:
        """The figures by name."""
        return asdict(self)


def statistics_of(catalog: Catalog) -> Statistics:
    """Count a catalog's works; a work whose creator is unknown counts among the works only.

    >>> from sakka.catalog.works import Work
    >>> works = [Work("a", creator="Mori"), Work("b", creator="Mori"), Work("c", creator="Hara")]
    >>> found = statistics_of(Catalog.from_works(works))
    >>> found.works, found.creators, found.most, found.fewest, found.standard_deviation
    (3, 2, 2, 1, 0.5)
    """
    per_creator = catalog.table["creator"].drop_nulls().value_counts()["count"].to_numpy()
    if len(per_creator) == 0:
        per_creator = np.zeros(1, dtype=np.int64)
    works = len(catalog)
    return Statistics(
        works=works,
        creators=len(catalog.creators),
        most=int(per_creator.max()),
        fewest=int(per_creator.min()),
        standard_deviation=float(per_creator.std()),
        mean=float(per_creator.mean()),
        median=float(np.median(per_creator)),
        photos=int(catalog.photo_counts.sum()),
        with_photo=float(catalog.has_photo.mean()) if works else 0.0,
        with_text=float(catalog.has_text.mean()) if works else 0.0,
        dated=1 - catalog.table["created_at"].null_count() / works if works else 0.0,
    )
