"""The market's listings as a table: texts, dates, categories, and the truth about each work. Draws no photo."""

from collections.abc import Iterator

import polars as pl

from sakka.market.identity import WorkKey, work_id
from sakka.market.listed_photos import listed_name, listed_photos, shown_item
from sakka.market.plan import plan_work, stray_works
from sakka.market.settings import MarketSettings
from sakka.market.sizes import works_of_people
from sakka.market.wording import shop_name, text_of
from sakka.progress import track

LISTING_COLUMNS = ("id", "creator", "title", "description", "category", "created_at", "image")
TRUTH_COLUMNS = ("id", "person", "group", "motif", "material", "colour", "kinds", "shows")
BETWEEN_PHOTOS = "|"
_SCHEMA = {
    **dict.fromkeys(LISTING_COLUMNS, pl.String()),
    "person": pl.Int64(),
    **dict.fromkeys(TRUTH_COLUMNS[2:], pl.String()),
}


def market_listings(settings: MarketSettings) -> pl.DataFrame:
    """Every listing of the market with its truth, in the order of the ids.

    Returns:
        One row a work: the columns of `listings.csv` (all text; an absent photo or description is empty), then
        `person` (number of the creator), `group` (id of the first listing of the same item), `motif`, `material` and
        `colour` (names in `vocabulary`), and of each photo, separated by bars as in `image`, `kinds` (see
        `listed_photos`) and `shows` (the group of what it shows; nothing for a packaging and a size chart).
    """
    total = sum(works_of_people(settings)) + sum(stray_works(settings, person) for person in range(settings.creators))
    rows = list(track(_rows(settings), "listings", total=total))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("id")


def _rows(settings: MarketSettings) -> Iterator[tuple[str | int, ...]]:
    for person, works in enumerate(works_of_people(settings)):
        for number in range(works + stray_works(settings, person)):
            yield _row(settings, WorkKey(person, number))


def _row(settings: MarketSettings, key: WorkKey) -> tuple[str | int, ...]:
    plan = plan_work(settings, key)
    identifier = work_id(settings.seed, key)
    title, description = text_of(settings, plan)
    photos = listed_photos(settings, plan)
    return (
        identifier,
        shop_name(settings, key.person, plan.account),
        title,
        description,
        plan.category,
        plan.created_at.isoformat(sep=" "),
        BETWEEN_PHOTOS.join(listed_name(settings, plan, photo) for photo in photos),
        key.person,
        work_id(settings.seed, WorkKey(key.person, plan.item)),
        plan.motif,
        plan.material,
        plan.colour,
        BETWEEN_PHOTOS.join(photo.kind for photo in photos),
        BETWEEN_PHOTOS.join(shown_item(settings, plan, photo) for photo in photos),
    )
