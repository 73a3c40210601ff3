"""Finding works with the index: what is like a work, what words describe, what is kindred."""

from dataclasses import dataclass

from sakka.works import Work


@dataclass(frozen=True)
class Found:
    """A work that was found.

    Attributes:
        work: The work.
        same_maker: The probability that it has the maker of what was asked with; None where that was words.
        score: How well it fits; comparable within one answer only.
        folded: Ids of near-identical works that it stands for.
    """

    work: Work
    same_maker: float | None
    score: float
    folded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Near:
    """What is near a work.

    Attributes:
        same: Works of its creator.
        kindred: Works by others.
        ranked: Whether the creator's works come by their nearness; False: in the catalog's order.
    """

    same: tuple[Found, ...] = ()
    kindred: tuple[Found, ...] = ()
    ranked: bool = True
