"""Accounts that change hands, found among long honest careers: false alarms, found, and works until it is found.

    python -m studies handovers --market CATALOG [--from 0] [--creators 80] [--rounds 10] [--watched 4] [--seed 0]
    python -m studies handovers --paintings CATALOG [--rounds 10] [--watched 4] [--seed 0]

The market is a catalog that `sakka catalog build market` wrote (that of the study `paper_size`, say); of its creators,
in an order drawn by chance, those from `--from` on make a catalog of `--creators` accounts of 30 to 40 works, one of
each group of near-identical ones. Accounts are made anew in each round:

- honest: works of one creator. The market's creators don't develop, so their works are taken in any order;
- developing: the share of works drawn from a second creator grows evenly from 0 to a half, or to 1, over the career: as
  slow and as far as a maker can come;
- changing hands: the first works of one creator, the later ones of another, from a place in the middle half on;
- changing pictures: the photos alone are another creator's from there on, the texts stay.

Of the creators one in 25 begins an account of each kind but honest, and another one goes on with it; each of the rest
has an honest one. The paintings have years; the honest accounts are real careers as they are, and one painter in ten is
gone on with by another. Each account is measured along axes learned from the others of its round, and calibrated on
them, as in an audit. Windows, axes and scale were chosen on the first 80 creators (`--from 0`) and on paintings.

For the delay an account is watched from the beginning: looked at after each work, as far as it is there, with the scale
of its round. A delay is the number of works after the change when it is first reported; n counts the accounts.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from sakka.arrays import IntArray
from sakka.audit.change_point import usual_scale
from sakka.audit.handovers import (
    FALSE_ALARMS,
    FEWEST,
    SIDE,
    Change,
    CreatorCoordinates,
    Dates,
    StyleCoordinates,
    change_in,
    dated_accounts,
    readings_of,
    views_of,
)
from sakka.catalog.works import Catalog
from studies.figures import Figure

MODELS = ("photo-lite0", "text-linear")
WORKS_OF_ONE = 40  # of the market, the first by date from a place drawn by chance
LENGTHS = 30, 40
OTHERS = ("developing by half", "developing altogether", "changing hands", "changing pictures")
LEVELS = (0.001, 0.002, 0.005, 0.01, 0.05)
WATCHED = 24  # works after the change that are waited for
MOST_OF_PAINTER = 100
SHARE = 0.04  # of the creators, for each kind


@dataclass(frozen=True)
class Account:
    """An account that was made.

    Attributes:
        kind: `honest`, or one of `OTHERS`.
        photos: The rows whose photos its works have, in the order of their dates.
        texts: The rows whose texts they have.
        after: How many works stand before the change; None where the maker stays.
    """

    kind: str
    photos: IntArray
    texts: IntArray
    after: int | None = None


@dataclass(frozen=True)
class Round:
    """A catalog of accounts that were made, as an audit sees it."""

    accounts: list[Account]
    rows: list[IntArray]
    when: Dates
    views: list[CreatorCoordinates]
    changes: list[Change | None]
    scale: float

    def p_value(self, change: Change | None) -> float:
        """The p-value of a change among these accounts; 1 where there are too few works."""
        return 1.0 if change is None else float(np.exp(-change.surprise / self.scale))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--market", type=Path, help="the catalog of a simulated market")
    parser.add_argument("--paintings", type=Path, help="a catalog of paintings with years")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first creator of the market")
    parser.add_argument("--creators", type=int, default=80, help="how many creators of the market")
    parser.add_argument("--rounds", type=int, default=10, help="how often accounts are made")
    parser.add_argument("--watched", type=int, default=4, help="in how many rounds accounts are watched")
    parser.add_argument("--seed", type=int, default=0)


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Make accounts, look for changes and count."""
    if asked.market is not None:
        works, own = market_works(asked.market, asked.first, asked.creators)
        readings = readings_of(works, MODELS)
        generator = np.random.default_rng((asked.seed, asked.first))
        rounds = [looked_at(readings, market_accounts(own, generator), None, number) for number in range(asked.rounds)]
        yield from rates("market", rounds)
        yield from delays("market", rounds[: asked.watched])
    if asked.paintings is not None:
        works, own, when = dated_paintings(asked.paintings)
        readings = readings_of(works, MODELS)
        generator = np.random.default_rng(asked.seed)
        rounds = [looked_at(readings, spliced_careers(own, generator), when, number) for number in range(asked.rounds)]
        yield from rates("paintings", rounds)
        yield from delays("paintings", rounds[: asked.watched])


def market_works(folder: Path, first: int, creators: int) -> tuple[Catalog, list[IntArray]]:
    """Some creators' works in a market, and the rows of each."""
    works = Catalog.read(folder)
    group = dict(pl.read_parquet(folder / "market" / "truth.parquet").select("id", "group").iter_rows())
    labels, when = works.creator_indices(), works.table["created_at"].to_numpy()
    generator, order, chosen = np.random.default_rng(0), np.argsort(when, kind="stable"), []
    for creator in generator.permutation(len(works.creators)):
        own = order[labels[order] == creator]
        start = int(generator.integers(len(own) - WORKS_OF_ONE + 1))
        chosen.append(own[start : start + WORKS_OF_ONE])
    chosen = chosen[first : first + creators]
    works = works.take(np.concatenate(chosen))
    groups = np.unique([group[each] for each in works.ids], return_inverse=True)[1]
    return works, dated_accounts(works.creator_indices(), works.table["created_at"].to_numpy(), groups)


def market_accounts(own: list[IntArray], generator: np.random.Generator) -> list[Account]:
    """Accounts of the works of a market's creators, `SHARE` of the creators for each kind of `OTHERS`."""
    order, each = generator.permutation(len(own)), max(1, round(SHARE * len(own)))
    kinds = [kind for kind in OTHERS for _ in range(each)]
    seconds, firsts = order[: len(kinds)], order[len(kinds) :]  # who is second has no account besides
    made = []
    for place, creator in enumerate(firsts):
        first = generator.permutation(own[creator])
        size = min(int(generator.integers(LENGTHS[0], LENGTHS[1] + 1)), len(first))
        if place >= len(kinds):
            made.append(Account("honest", first[:size], first[:size]))
            continue
        second = generator.permutation(own[seconds[place]])
        size = min(size, len(second))
        at = int(generator.integers(size // 4, size - size // 4 + 1))
        until = {"developing by half": 0.5, "developing altogether": 1.0}.get(kinds[place])
        later = np.arange(size) >= at if until is None else generator.random(size) < np.linspace(0, until, size)
        photos = np.where(later, second[:size], first[:size])
        texts = first[:size] if kinds[place] == "changing pictures" else photos
        made.append(Account(kinds[place], photos, texts, at if until is None else None))
    return made


def dated_paintings(folder: Path) -> tuple[Catalog, list[IntArray], Dates]:
    """The paintings with a year, at most `MOST_OF_PAINTER` of each painter, the rows of each, and the years."""
    works = Catalog.read(folder)
    labels, dated = works.creator_indices(), works.table["created_at"].is_not_null().to_numpy()
    generator = np.random.default_rng(0)
    chosen = [np.flatnonzero((labels == creator) & dated) for creator in range(len(works.creators))]
    works = works.take(np.sort(np.concatenate([generator.permutation(each)[:MOST_OF_PAINTER] for each in chosen])))
    when = works.table["created_at"].to_numpy()
    return works, dated_accounts(works.creator_indices(), when, np.arange(len(works))), when


def spliced_careers(own: list[IntArray], generator: np.random.Generator) -> list[Account]:
    """Painters' careers as they are, and one account in ten that a second painter has gone on with."""
    order, each = generator.permutation(len(own)), max(1, len(own) // 10)
    made = [Account("honest", own[painter], own[painter]) for painter in order[2 * each :]]
    for painter, other in zip(order[:each], order[each : 2 * each], strict=True):
        share = generator.uniform(0.3, 0.9, size=2)
        before = own[painter][: max(SIDE + 3, int(share[0] * len(own[painter])))]
        later = own[other][-max(SIDE + 3, int(share[1] * len(own[other]))) :]
        rows = np.concatenate([before, later])
        made.append(Account("changing hands", rows, rows, len(before)))
    return made


def looked_at(readings: list[StyleCoordinates], accounts: list[Account], when: Dates | None, seed: int) -> Round:
    """What an audit finds in a catalog of accounts; without dates each work has a day of its own."""
    photos, texts = (np.concatenate([getattr(each, side) for each in accounts]) for side in ("photos", "texts"))
    sizes = [len(each.photos) for each in accounts]
    rows = np.split(np.arange(len(photos)), np.cumsum(sizes)[:-1])
    labels = np.repeat(np.arange(len(accounts)), sizes)
    taken = [(each, photos if each.name == "photo" else texts) for each in readings]
    views = views_of(
        [StyleCoordinates(each.name, each.coordinates[at], each.there[at]) for each, at in taken], labels, seed
    )
    days = np.arange(len(photos)).astype("datetime64[D]").astype("datetime64[us]")
    if when is not None:
        for account, own in zip(accounts, rows, strict=True):
            days[own] = days[own] if account.after is not None else when[account.photos]
    changes = [change_in(own, days[own], views, seed) for own in rows]
    scale = usual_scale(np.array([each.surprise for each in changes if each is not None]))
    return Round(accounts, rows, days, views, changes, scale)


def rates(where: str, rounds: list[Round]) -> Iterator[Figure]:
    """The share of the accounts of each kind that is reported at each level."""
    p_values: dict[str, list[float]] = defaultdict(list)
    errors: dict[str, list[int]] = defaultdict(list)
    for each in rounds:
        for account, change in zip(each.accounts, each.changes, strict=True):
            p_values[account.kind].append(each.p_value(change))
            if account.after is not None and change is not None and each.p_value(change) <= FALSE_ALARMS:
                errors[account.kind].append(abs(change.after - account.after))
    yield Figure.over(f"{where}, rounds", "scale of surprises", [each.scale for each in rounds], len(rounds))
    for kind, found in p_values.items():
        for level in LEVELS:
            share = float((np.array(found) <= level).mean())
            spread = (share * (1 - share) / len(found)) ** 0.5
            yield Figure(f"{where}, {kind}", f"reported at {level:g}", share, len(found), spread)
        if errors[kind]:
            yield Figure(f"{where}, {kind}", "median error of the date, works", float(np.median(errors[kind])))


def delays(where: str, rounds: list[Round]) -> Iterator[Figure]:
    """How many works after a change it is found, and how many honest accounts are ever reported meanwhile."""
    waited: list[float] = []
    early = 0
    honest: list[bool] = []
    for each in rounds:
        for account, rows in zip(each.accounts, each.rows, strict=True):
            if account.kind == "changing hands" and account.after is not None:
                before = any(_reported(each, rows[:size]) for size in range(FEWEST, account.after, 3))
                early += before
                sizes = range(max(FEWEST, account.after + SIDE), min(len(rows), account.after + WATCHED) + 1)
                waited.append(next((size - account.after for size in sizes if _reported(each, rows[:size])), np.inf))
            elif account.kind == "honest" and (where != "market" or len(honest) < 25 * len(rounds)):
                honest.append(any(_reported(each, rows[:size]) for size in range(FEWEST, len(rows) + 1, 3)))
    found = np.array(waited)
    row = f"{where}, watched from the beginning"
    yield Figure(row, "found", float(np.isfinite(found).mean()), len(found))
    if np.isfinite(found).any():
        yield Figure(row, "median delay where found, works", float(np.median(found[np.isfinite(found)])))
        for works in (8, 12, 16):
            yield Figure(row, f"found within {works} works", float((found <= works).mean()))
    yield Figure(row, "reported before it changed", early / max(1, len(found)))
    yield Figure(f"{where}, honest accounts watched", "ever reported", float(np.mean(honest)), len(honest))


def _reported(each: Round, rows: IntArray) -> bool:
    return each.p_value(change_in(rows, each.when[rows], each.views)) <= FALSE_ALARMS
