"""Which photos a listing has: the featured one, and after it up to four others.

Others are views of the same work by another camera, a detail, the packaging, and a size chart that sellers take from
one another: the same file, byte by byte, in listings of many creators. It is a trap, since it says nothing of the
work. A relisting shows the item's photos anew. Of a person whose two accounts sell the same items, listings of the
second account also show, among their further photos, featured photos of other items of the first.

With fewer photos a work, a listing has the first ones of those that it has with more.
"""

import math
from dataclasses import dataclass

from sakka.market.chance import Chance
from sakka.market.identity import WorkKey, chart_name, photo_name, work_id
from sakka.market.plan import WorkPlan, plan_work, second_accounts
from sakka.market.settings import MarketSettings
from sakka.market.sizes import works_of_people

FEATURED, ANGLE, DETAIL, PACKAGING, CHART, COPIED = "featured", "angle", "detail", "packaging", "size chart", "copied"
OF_THE_WORK = (FEATURED, ANGLE, DETAIL)
CHARTS = 3  # that go round in a market
COMMON_PACKAGINGS = 3
CHART_SHARE = 0.5  # of creators
PACKAGING_SHARE, OWN_PACKAGING_SHARE = 0.6, 0.6  # of creators, and of those
COPIED_SHARE = 0.25  # of further photos of a second account that shares items
SOURCES_TRIED = 8


@dataclass(frozen=True)
class PhotoHabits:
    """Which further photos a person takes.

    Attributes:
        packaging: What tells the packaging from others, None for no photo of it; of one's own or a common one.
        chart: Which size chart is used, from 0; None for none.
    """

    packaging: str | None
    chart: int | None


@dataclass(frozen=True)
class ListedPhoto:
    """One photo of a listing.

    Attributes:
        kind: What it shows; one of the names above.
        number: Its index among the listing's photos, from 0.
        copied: The listing whose featured photo it is, where it is copied.
        chart: Which size chart it is, where it is one.
    """

    kind: str
    number: int
    copied: WorkKey | None = None
    chart: int | None = None


def photo_habits(settings: MarketSettings, person: int) -> PhotoHabits:
    """Which further photos a person takes."""
    chance = Chance(settings.seed, "photo habits", person)
    chart = chance.favour(range(CHARTS)) if chance.happens(CHART_SHARE) else None
    if not chance.happens(PACKAGING_SHARE):
        return PhotoHabits(None, chart)
    own = chance.happens(OWN_PACKAGING_SHARE)
    return PhotoHabits(str(person) if own else f"common {chance.whole(1, COMMON_PACKAGINGS)}", chart)


def listed_photos(settings: MarketSettings, plan: WorkPlan) -> tuple[ListedPhoto, ...]:
    """The photos of a listing, the featured one first; none where it has none."""
    if not plan.has_photo:
        return ()
    share = Chance(settings.seed, "photos", *plan.key).share()
    count = math.ceil(
        settings.photos_per_work * math.sqrt(1.0 - share)
    )  # most have as many as they may have, or nearly
    return tuple(_photo(settings, plan, number) for number in range(count))


def _photo(settings: MarketSettings, plan: WorkPlan, number: int) -> ListedPhoto:
    if number == 0:
        return ListedPhoto(FEATURED, 0)
    if source := _copied(settings, plan, number):
        return ListedPhoto(COPIED, number, copied=source)
    habits = photo_habits(settings, plan.key.person)
    kinds = [ANGLE, ANGLE, ANGLE, DETAIL]
    kinds += [PACKAGING] if habits.packaging is not None else []
    kinds += [CHART] if habits.chart is not None else []
    chance = Chance(settings.seed, "photo kinds", plan.key.person, plan.item)
    kind = chance.some(kinds, len(kinds))[number - 1]
    return ListedPhoto(kind, number, chart=habits.chart if kind == CHART else None)


def _copied(settings: MarketSettings, plan: WorkPlan, number: int) -> WorkKey | None:
    """The listing of the first account whose featured photo a listing of the second shows; None for none."""
    person, chance = plan.key.person, Chance(settings.seed, "copied", *plan.key, number)
    shares_items = second_accounts(settings).get(person) == "photos" and plan.account == 1
    if not shares_items or not chance.happens(COPIED_SHARE):
        return None
    firsts = range(0, works_of_people(settings)[person], 2)
    tried = (plan_work(settings, WorkKey(person, chance.pick(firsts))) for _ in range(SOURCES_TRIED))
    return next((source.key for source in tried if source.has_photo and source.item != plan.item), None)


def listed_name(settings: MarketSettings, plan: WorkPlan, photo: ListedPhoto) -> str:
    """The path of a photo below the market's folder."""
    if photo.chart is not None:
        return chart_name(photo.chart)
    return photo_name(work_id(settings.seed, plan.key), photo.number)


def shown_item(settings: MarketSettings, plan: WorkPlan, photo: ListedPhoto) -> str:
    """The id of the first listing of the item that a photo shows; empty where it shows none."""
    if photo.copied is not None:
        plan = plan_work(settings, photo.copied)
    elif photo.kind not in OF_THE_WORK:
        return ""
    return work_id(settings.seed, WorkKey(plan.key.person, plan.item))
