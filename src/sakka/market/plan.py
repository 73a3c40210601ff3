"""The plan of one work: what it is, when it was listed, under which account, and what is missing from its listing.

A plan depends on the settings, the person and the number of the work only. Works with the same group are one item
listed several times: the later listing takes the plan of the first, and its photo with a slightly different crop.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from sakka.market.chance import Chance
from sakka.market.identity import WorkKey
from sakka.market.settings import MarketSettings
from sakka.market.sizes import works_of_people
from sakka.market.style import Style, style_of
from sakka.market.vocabulary import (
    ACCENTS,
    COLOUR_OF_MATERIAL,
    COLOURS,
    MATERIALS,
    MOTIFS,
    OTHER_CATEGORIES,
    PAPER_CATEGORY,
)

PERIOD_START = datetime(2012, 4, 3, 11, 3)
PERIOD_END = datetime(2019, 9, 1, 23, 31)
BEFORE = datetime(2011, 6, 1)
AFTER = datetime(2020, 8, 31)
RELISTED_SHARE = 0.12
SHARED_PHOTO_SHARE = 0.7  # of the works of an account that sells the same items under another name


@dataclass(frozen=True)
class WorkPlan:
    """What one listed work is.

    Attributes:
        key: Person and number.
        item: The number of the first listing of the same item; equal to the key's number for a first listing.
        account: 0 for the creator's first account, 1 for the second.
        motif: Name of the motif.
        material: Name of the material.
        colour: Name of the main colour.
        second_colour: Name of the second colour.
        accent: Name of the accent; None for none.
        kind: "brooch" or "corsage".
        width_mm: Width of the work.
        height_mm: Height of the work.
        price: Price in yen.
        created_at: When it was listed.
        category: The category it was listed under.
        has_photo: Whether the listing has a photo.
        has_description: Whether the listing has a description.
    """

    key: WorkKey
    item: int
    account: int
    motif: str
    material: str
    colour: str
    second_colour: str
    accent: str | None
    kind: str
    width_mm: int
    height_mm: int
    price: int
    created_at: datetime
    category: str
    has_photo: bool
    has_description: bool


@lru_cache(maxsize=8)
def second_accounts(settings: MarketSettings) -> dict[int, str]:
    """How a person's second account can be recognised: "name" (spelled otherwise) or "photos" (shared).

    Only people with works enough for two accounts of the smallest size have one.
    """
    sizes = works_of_people(settings)
    able = [person for person, size in enumerate(sizes) if size >= 2 * settings.fewest_works + 2]
    share = settings.second_account_share
    count = max(1, round(share * settings.creators)) if share > 0 else 0
    chosen = sorted(Chance(settings.seed, "second accounts").some(able, count))
    return {person: ("name", "photos")[place % 2] for place, person in enumerate(chosen)}


def stray_works(settings: MarketSettings, person: int) -> int:
    """How many works of a person the rules of period and category remove."""
    wanted = works_of_people(settings)[person] * settings.stray_share
    return int(wanted + Chance(settings.seed, "strays", person).share())


def plan_work(settings: MarketSettings, key: WorkKey) -> WorkPlan:
    """Plan one work of one person."""
    chance = Chance(settings.seed, "listing", *key)
    account = key.number % 2 if key.person in second_accounts(settings) else 0
    item = _item(settings, key, account)
    plan = _plan_item(settings, WorkKey(key.person, item))
    missing = 0.004 + 0.04 * settings.difficulty
    plan = replace(
        plan,
        key=key,
        account=account,
        created_at=_later(plan.created_at, chance) if item != key.number else plan.created_at,
        has_photo=not chance.happens(missing),
        has_description=not chance.happens(2 * missing),
    )
    return _stray(plan, chance) if key.number >= works_of_people(settings)[key.person] else plan


def _item(settings: MarketSettings, key: WorkKey, account: int) -> int:
    """The number of the first listing of the work's item."""
    chance = Chance(settings.seed, "relisting", *key)
    if account and second_accounts(settings)[key.person] == "photos" and chance.happens(SHARED_PHOTO_SHARE):
        return _item(settings, WorkKey(key.person, key.number - 1), 0)
    step = 2 if key.person in second_accounts(settings) else 1  # within one account
    earlier = key.number // step
    if earlier and chance.happens(RELISTED_SHARE):
        recent = min(earlier, 40)
        return _item(settings, WorkKey(key.person, key.number - step * chance.whole(1, recent)), account)
    return key.number


def _plan_item(settings: MarketSettings, key: WorkKey) -> WorkPlan:
    chance = Chance(settings.seed, "item", *key)
    style = style_of(settings, key.person)
    wander = 0.03 + 0.22 * settings.difficulty  # how often a work leaves the creator's habits
    motif = chance.pick(tuple(MOTIFS)) if chance.happens(wander) else chance.favour(style.motifs)
    material = chance.pick(tuple(MATERIALS)) if chance.happens(wander) else chance.favour(style.materials)
    colour, second = _colours(chance, style, material, wander)
    width = chance.whole(22, 64)
    return WorkPlan(
        key=key,
        item=key.number,
        account=0,
        motif=motif,
        material=material,
        colour=colour,
        second_colour=second,
        accent=_accent(chance, style, material, wander),
        kind="corsage" if motif in ("flower", "rose", "daisy") and chance.happens(0.35) else "brooch",
        width_mm=width,
        height_mm=round(width * chance.between(0.75, 1.35)),
        price=chance.whole(8, 60) * 100,
        created_at=_moment(chance, PERIOD_START, PERIOD_END),
        category=PAPER_CATEGORY,
        has_photo=True,
        has_description=True,
    )


def _colours(chance: Chance, style: Style, material: str, wander: float) -> tuple[str, str]:
    colour = chance.pick(tuple(COLOURS)) if chance.happens(wander) else chance.favour(style.palette)
    second = chance.pick([name for name in style.palette if name != colour] or ["ivory"])
    if material == "pearls":
        return chance.pick(("white", "ivory", "pink")), second
    if material == "wood":
        return chance.pick(("brown", "beige")), second
    return COLOUR_OF_MATERIAL.get(material, colour), second


def _accent(chance: Chance, style: Style, material: str, wander: float) -> str | None:
    if not chance.happens(style.accent_share):
        return None
    accent = chance.pick(tuple(ACCENTS)) if chance.happens(wander) else chance.favour(style.accents)
    return None if (material, accent) in (("pearls", "pearl"), ("beads", "bead")) else accent


def _moment(chance: Chance, start: datetime, end: datetime) -> datetime:
    minutes = int((end - start).total_seconds() // 60)
    return start + timedelta(minutes=chance.whole(0, minutes))


def _later(first: datetime, chance: Chance) -> datetime:
    return min(PERIOD_END, first + timedelta(minutes=chance.whole(60, 150 * 24 * 60)))


def _stray(plan: WorkPlan, chance: Chance) -> WorkPlan:
    """Put a work where one of the rules removes it: another category, or before or after the period."""
    fate = chance.whole(0, 2)
    if fate == 0:
        return replace(plan, category=chance.pick(OTHER_CATEGORIES))
    early, late = (BEFORE, PERIOD_START - timedelta(minutes=1)), (PERIOD_END + timedelta(minutes=1), AFTER)
    return replace(plan, created_at=_moment(chance, *(early if fate == 1 else late)))
