"""What a simulated market is made from: a few numbers, checked when they are given."""

from dataclasses import dataclass
from typing import Any

from sakka.errors import CatalogError

PAPER_CREATORS = 944
PAPER_WORKS = 109_685
PAPER_FEWEST = 50
PAPER_MOST = 4_367

LARGEST_MARKET = 20_000  # creators; a work's id has room for 32,768
MOST_WORKS_OF_ONE = 100_000  # a work's id has room for 131,072
SMALLEST_PHOTO_PX, LARGEST_PHOTO_PX = 64, 640
MOST_PHOTOS = 5  # of a listing
FEWEST_WORKS = 5  # below it no nested split is possible


@dataclass(frozen=True)
class MarketSettings:
    """The arguments of a simulated market; equal settings give equal bytes.

    Attributes:
        creators: How many people sell works.
        works: How many works the paper's rules of period and category leave; None for the paper's mean number a
            creator, which at 944 creators is 109,685 works.
        seed: Another seed gives other creators and other works.
        difficulty: From 0 to 1: raises the similarity of creators, the variation within one, and missing data.
        photo_px: Width and height of each photo in pixels.
        min_works: The fewest works a creator has; None to scale the paper's 50 with the mean number a creator.
        stray_share: Works added for the rules to remove (another category, or outside the period), against `works`.
        second_account_share: The share of creators who sell under two accounts.
        photos_per_work: The most photos of a listing, 1 to 5; the featured photo is the same with any number.

    Raises:
        CatalogError: A number is out of its range, or the works don't suffice for the creators.
    """

    creators: int = 60
    works: int | None = None
    seed: int = 0
    difficulty: float = 0.5
    photo_px: int = 224
    min_works: int | None = None
    stray_share: float = 0.03
    second_account_share: float = 0.05
    photos_per_work: int = 1

    def __post_init__(self) -> None:
        """Check the settings."""
        _expect_whole("creators", self.creators, 1, LARGEST_MARKET)
        _expect_whole("seed", self.seed, 0, 2**63 - 1)
        _expect_whole("photo_px", self.photo_px, SMALLEST_PHOTO_PX, LARGEST_PHOTO_PX)
        _expect_whole("photos_per_work", self.photos_per_work, 1, MOST_PHOTOS)
        _expect_share("difficulty", self.difficulty, 1.0)
        _expect_share("stray_share", self.stray_share, 0.5)
        _expect_share("second_account_share", self.second_account_share, 0.5)
        if self.works is not None:
            _expect_whole("works", self.works, 1, LARGEST_MARKET * PAPER_MOST)
        if self.min_works is not None:
            _expect_whole("min_works", self.min_works, 1, MOST_WORKS_OF_ONE)
        if self.total_works < self.creators * self.fewest_works:
            raise CatalogError(
                f"got {self.total_works:,} works for {self.creators:,} creators of at least {self.fewest_works} works, "
                f"expected {self.creators * self.fewest_works:,} or more; raise works or lower min_works"
            )

    @property
    def total_works(self) -> int:
        """The works that the rules of period and category leave."""
        return self.works if self.works is not None else round(PAPER_WORKS * self.creators / PAPER_CREATORS)

    @property
    def fewest_works(self) -> int:
        """The fewest works that any creator has."""
        if self.min_works is not None:
            return self.min_works
        scaled = PAPER_FEWEST * self.total_works * PAPER_CREATORS / (PAPER_WORKS * self.creators)
        return max(FEWEST_WORKS, round(scaled))


def _expect_whole(name: str, value: Any, smallest: int, largest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value <= largest:
        raise CatalogError(
            f"market setting {name} is {value!r}, expected a whole number from {smallest:,} to {largest:,}; change it"
        )


def _expect_share(name: str, value: Any, largest: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
        raise CatalogError(f"market setting {name} is {value!r}, expected a number from 0 to {largest:g}; change it")
