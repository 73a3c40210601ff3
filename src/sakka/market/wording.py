"""A creator's way of writing, and the title and description of a work in it.

A voice is drawn like a style: each trait from the creator's own stream or their school's. A text follows its voice
except where chance lets it stray, more often the more difficult the market is. What the title leaves out of motif,
material and colour the description names, so a search for the facts of a work can find it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sakka.market import phrases
from sakka.market.chance import Chance
from sakka.market.plan import WorkPlan, second_accounts
from sakka.market.settings import LARGEST_MARKET, MarketSettings
from sakka.market.style import Traits
from sakka.market.vocabulary import ACCENTS, COLOURS, KINDS, MATERIALS, MOTIFS, Term

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}  # NFKC takes it back


@dataclass(frozen=True)
class Voice:
    """What is common to the texts of one creator.

    Attributes:
        shop: The name the creator sells under.
        manner: Index into `phrases.MANNERS`.
        wording: Which of a term's words the creator uses: a number added to the term's place.
        titles: Templates, the favourite first; likewise the other tuples.
        decoration: Signs before and after the title.
        facts_first: Whether the size stands before the sentences.
        separator: What stands between sentences.
        wordiness: The share of optional sentences that are written.
        title_accent: How an accent is added to the title.
    """

    shop: str
    manner: int
    wording: int
    titles: tuple[str, ...]
    openings: tuple[str, ...]
    bodies: tuple[tuple[str, ...], ...]
    accents: tuple[tuple[str, ...], ...]
    uses: tuple[tuple[str, ...], ...]
    sizes: tuple[str, ...]
    care: tuple[tuple[str, ...], ...]
    shipping: tuple[tuple[str, ...], ...]
    closings: tuple[str, ...]
    tags: tuple[str, ...]
    me: str
    decoration: tuple[str, str]
    facts_first: bool
    separator: str
    wordiness: float
    title_accent: str


def shop_name(settings: MarketSettings, person: int, account: int = 0) -> str:
    """The name of an account: different for every person, and for the two accounts of one.

    A second account that can be told by its name has the first one's in full-width letters.
    """
    if account and second_accounts(settings)[person] == "name":
        return shop_name(settings, person).upper().translate(FULL_WIDTH)
    stems, forms = phrases.SHOP_STEMS, phrases.SHOP_FORMS
    names = len(stems) * (len(stems) - 1) * len(forms)
    place = ((person + account * LARGEST_MARKET) * 7919 + settings.seed * 104_729) % names  # 7919 has no factor of it
    pair, form = divmod(place, len(forms))
    step, first = divmod(pair, len(stems))
    return forms[form].format(a=stems[first], b=stems[(first + 1 + step) % len(stems)])


@lru_cache(maxsize=4096)
def voice_of(settings: MarketSettings, person: int, account: int = 0) -> Voice:
    """A creator's way of writing; a second account writes as the first does, under its own name."""
    traits = Traits(settings, person)
    title, manner, frame, body = (traits.next(trait) for trait in ("title", "manner", "frame", "body"))
    notes, endings = traits.next("notes"), traits.next("endings")
    return Voice(
        shop=shop_name(settings, person, account),
        manner=manner.favour((0, 1, 2)),
        wording=manner.favour((0, 1, 2)),
        titles=title.some(phrases.TITLES, 4),
        openings=frame.some(phrases.OPENINGS, 4),
        bodies=body.some(phrases.BODIES, 4),
        accents=body.some(phrases.ACCENT_SENTENCES, 2),
        uses=body.some(phrases.USES, 4),
        sizes=notes.some(phrases.SIZES, 2),
        care=notes.some(phrases.CARE, 4),
        shipping=endings.some(phrases.SHIPPING, 3),
        closings=endings.some(phrases.CLOSINGS, 3),
        tags=endings.some(phrases.TAGS, endings.whole(0, 4)),
        me=manner.pick(phrases.SELVES),
        decoration=title.pick(phrases.DECORATIONS),
        facts_first=frame.happens(0.3),
        separator=frame.pick(phrases.SEPARATORS),
        wordiness=frame.between(0.25, 0.75),
        title_accent=title.pick(phrases.TITLE_ACCENTS),
    )


def text_of(settings: MarketSettings, plan: WorkPlan) -> tuple[str, str]:
    """The title and the description of a work; the description is empty where the listing has none.

    A relisting repeats the text of the first listing, in one of three with a sentence changed.
    """
    item = Chance(settings.seed, "text", plan.key.person, plan.item)
    again = plan.item != plan.key.number
    changed = Chance(settings.seed, "text", *plan.key) if again else item
    writer = _Writer(settings, plan, item)
    title = writer.title()
    if not plan.has_description:
        return title, ""
    return title, writer.description(title, frame=changed)


class _Writer:
    """Writes the text of one work, drawing from one stream of chance."""

    def __init__(self, settings: MarketSettings, plan: WorkPlan, chance: Chance) -> None:
        self.voice = voice_of(settings, plan.key.person, plan.account)
        self.chance = chance
        self.wander = 0.05 + 0.6 * settings.difficulty
        self.plan = plan
        self.facts = {
            "motif": self._word(MOTIFS[plan.motif]),
            "material": self._word(MATERIALS[plan.material]),
            "colour": self._word(COLOURS[plan.colour]),
            "second": self._word(COLOURS[plan.second_colour]),
            "accent": self._word(ACCENTS[plan.accent]) if plan.accent else "",
            "kind": KINDS[plan.kind].words[0],
            "shop": self.voice.shop,
            "me": self.voice.me,
            "width": str(plan.width_mm),
            "height": str(plan.height_mm),
            "w": f"{plan.width_mm / 10:g}",
            "h": f"{plan.height_mm / 10:g}",
        }

    def title(self) -> str:
        """Write the title: it always names the motif."""
        template = self._choose(self.voice.titles, phrases.TITLES, self.chance)
        if self.plan.accent and self.chance.happens(0.4):
            template += self.voice.title_accent
        before, after = self.voice.decoration if not self.chance.happens(self.wander) else ("", "")
        return before + self._fill(template) + after

    def description(self, title: str, frame: Chance) -> str:
        """Write the description: it names material and colour, and the motif where it speaks of it."""
        voice, chance = self.voice, self.chance
        body = [self._sentence(voice.bodies, phrases.BODIES, chance)]
        if self.plan.accent:
            body.append(self._sentence(voice.accents, phrases.ACCENT_SENTENCES, chance))
        if chance.happens(voice.wordiness):
            body.append(self._sentence(voice.uses, phrases.USES, chance))
        size = [self._fill(self._choose(voice.sizes, phrases.SIZES, chance))] if chance.happens(0.7) else []
        notes = []
        if frame.happens(voice.wordiness):
            notes.append(self._sentence(voice.care, phrases.CARE, frame))
        if frame.happens(voice.wordiness):
            notes.append(self._sentence(voice.shipping, phrases.SHIPPING, frame))
        opening, closing = self._opening(frame), self._closing(frame)
        middle = size + body if voice.facts_first else body + size
        return voice.separator.join(part for part in [*opening, *middle, *notes, *closing] if part != title)

    def _opening(self, frame: Chance) -> list[str]:
        if not frame.happens(self.voice.wordiness):
            return []
        return [self._fill(self._choose(self.voice.openings, phrases.OPENINGS, frame))]

    def _closing(self, frame: Chance) -> list[str]:
        closing = []
        if frame.happens(self.voice.wordiness):
            closing.append(self._fill(self._choose(self.voice.closings, phrases.CLOSINGS, frame)))
        if self.voice.tags and frame.happens(0.5):
            closing.append(" ".join(frame.some(self.voice.tags, frame.whole(1, len(self.voice.tags)))))
        return closing

    def _word(self, term: Term) -> str:
        """The creator's usual word for a thing, or now and then another."""
        place = self.voice.wording if not self.chance.happens(self.wander) else self.chance.whole(0, 2)
        return term.words[place % len(term.words)]

    def _choose(self, usual: Sequence[str], all_of_them: Sequence[str], chance: Chance) -> str:
        return chance.pick(all_of_them) if chance.happens(self.wander) else chance.favour(usual)

    def _sentence(self, usual: Sequence[Sequence[str]], everything: Sequence[Sequence[str]], chance: Chance) -> str:
        chosen = chance.pick(everything) if chance.happens(self.wander) else chance.favour(usual)
        manner = chance.whole(0, 2) if chance.happens(self.wander / 3) else self.voice.manner
        return self._fill(chosen[manner])

    def _fill(self, template: str) -> str:
        return template.format_map(self.facts)
