"""Whether what a model states of its answers holds for works whose creator has become known since it was fitted.

A model's sets hold the right creator as often as they say where works asked about are drawn as the works were that it
held out. Time, new fashions, other photographers and works by creators whom it doesn't know break that. Here works with
known creators are asked about as any others are, and counted beside what is stated (`observed_shares.py`). In the order
in which they came they are tested for a change (`exchangeability.py`): first those by creators whom the model knows,
then all, as no set holds the others.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.works import Catalog
from sakka.errors import CatalogError
from sakka.evaluation.exchangeability import UNKNOWN, SequentialTest, WorksSoFar, sequential_test
from sakka.evaluation.observed_shares import (
    BY_KNOWN,
    SETS,
    AnsweredWork,
    MissedPart,
    ObservedShare,
    calibration_shares,
    missed_parts,
    observed_shares,
    shares_over_time,
)
from sakka.fragments import counted
from sakka.models.asked_table import AskedTable, of_catalog, open_table
from sakka.models.base import CreatorModel
from sakka.models.candidates import FirstCandidates
from sakka.models.conformal import ConformalScores
from sakka.models.folder import load_model
from sakka.models.identification import COVERAGE
from sakka.models.identified import AskedWork, shown_works
from sakka.models.limits import View, views_of
from sakka.progress import track


@dataclass(frozen=True)
class CoverageAlarm:
    """That works differ from the held-out ones, so that sets miss more creators than is stated.

    Attributes:
        since: The number of the work from which on they do, in their order, from 1; an estimate.
        since_id: What that work is called.
        since_date: Its date; None where works are not in order of date.
        raised: The number of the work at which the alarm was raised.
        raised_id: What that work is called.
        raised_date: Its date.
        coverage: Of which sets most were missed beside what is stated.
        works: How many works came since, up to the last one, that have such a set.
        held: Of how many of these it holds the creator.
        missed: The parts of them that stand out; none where no view and no creator does.
    """

    since: int
    since_id: str
    since_date: datetime | None
    raised: int
    raised_id: str
    raised_date: datetime | None
    coverage: float
    works: int
    held: int
    missed: tuple[MissedPart, ...]

    @property
    def is_short(self) -> bool:
        """Whether the sets held for fewer of these works than is stated; else works changed and the sets still held."""
        return self.held < self.coverage * self.works

    @property
    def since_in_words(self) -> str:
        """The date of the work from which on works differ, or its number."""
        return f"work {self.since:,}" if self.since_date is None else f"{self.since_date:%Y-%m-%d}"


@dataclass(frozen=True)
class StreamTest:
    """What betting against the works in their order came to.

    Attributes:
        works: How many works were tested.
        evidence: The most that a stake of 1 was turned into, up to the alarm; of works like the held-out ones at most
            one stream in 100 ever gets to 100.
        alarm: What was found where it got there.
    """

    works: int
    evidence: float
    alarm: CoverageAlarm | None


@dataclass(frozen=True)
class Monitoring:
    """Whether what a model states holds for works whose creator has become known.

    Attributes:
        holds: Whether all does that is stated: there is no alarm, and no interval over all works by known creators, of
            sets, named or refused works, is beyond it.
        verdict: The same in a sentence or two.
        works: How many works were asked about.
        first: The date of the first; None where one has none.
        last: The date of the last.
        order: Whether they were tested in the order of their dates, or, where one has none, of the table.
        unread: Works of which nothing could be read; they are left out, as those without a creator are.
        without_creator: Works without a creator.
        unknown_works: Works by creators whom the model does not know.
        unknown_creators: These, those with the most works first.
        shares: What is stated and what was observed, of all works and by view.
        calibration: How many first candidates were correct, by their probability.
        over_time: How often the sets held, in parts of the works in their order.
        known: The test of the works by creators whom the model knows.
        everyone: That of all works; the same where there are no others.
    """

    holds: bool
    verdict: str
    works: int
    first: datetime | None
    last: datetime | None
    order: Literal["date", "table"]
    unread: int
    without_creator: int
    unknown_works: int
    unknown_creators: tuple[str, ...]
    shares: tuple[ObservedShare, ...]
    calibration: tuple[ObservedShare, ...]
    over_time: tuple[ObservedShare, ...]
    known: StreamTest
    everyone: StreamTest


def monitor_table(
    model: CreatorModel | Path | str, table: AskedTable | Catalog | Path | str, *, since: datetime | None = None
) -> Monitoring:
    """Check what a model states of its answers on works whose creator has become known since it was fitted.

    Args:
        model: A fitted model, or a saved model's folder.
        table: The works, as `open_table` gives them, or what it opens, or a catalog; none that the model was fitted on.
        since: The first date; works before it, or without one, are left out. None: all works.

    Raises:
        SakkaError: The model or the table can't be read, or no work that can has a creator.
    """
    model = model if isinstance(model, CreatorModel) else load_model(model)
    asked, photo_root = _asked(model, table)
    wanted = [each for each in asked if since is None or _is_since(each, since)]
    named = [each for each in wanted if each.work and each.work.creator]
    works = list(_answered(model, track(named, "monitoring", total=len(named)), photo_root))
    if not works:
        raise CatalogError(_why_nothing(wanted, named, since))
    order: Literal["date", "table"] = "date" if all(each.created_at for each in works) else "table"
    if order == "date":
        works.sort(key=lambda each: each.created_at or datetime.min)
    return _monitoring(model.held_out_scores, works, order, len(wanted) - len(named), len(named) - len(works))


def _why_nothing(wanted: Sequence[AskedWork], named: Sequence[AskedWork], since: datetime | None) -> str:
    """Why there is no work to check a model on."""
    if named:
        return f"of {counted(len(named), 'work')} with a creator nothing could be read"
    if wanted:
        return 'no work of the table has a creator; name the column with `columns={"creator": COLUMN}`'
    if since is not None:
        return f"no work of the table is dated {since:%Y-%m-%d} or later; give an earlier date"
    return "the table holds no works; expected works whose creator has become known"


def _asked(model: CreatorModel, table: AskedTable | Catalog | Path | str) -> tuple[Iterable[AskedWork], Path | None]:
    """The works of a table with what the model reads of them, and the folder that their photos' paths start at."""
    if isinstance(table, Catalog):
        return of_catalog(table, model.kept_columns), table.photo_root
    table = (table if isinstance(table, AskedTable) else open_table(table)).for_model(model)
    return table.read(), table.photo_root


def _is_since(asked: AskedWork, since: datetime) -> bool:
    return asked.work is not None and asked.work.created_at is not None and asked.work.created_at >= since


def _answered(model: CreatorModel, asked: Iterable[AskedWork], photo_root: Path | None) -> Iterator[AnsweredWork]:
    """What the model says of works, each with a creator; those are left out of which nothing can be read."""
    columns, held_out = {creator: column for column, creator in enumerate(model.creators_)}, model.held_out_scores
    for some, works in shown_works(model, asked, photo_root):
        creators = [(each.work and each.work.creator) or "" for each in some]
        labels = np.array([columns.get(creator, UNKNOWN) for creator in creators])
        found = model.predict_candidates(works)
        first = found if isinstance(found, FirstCandidates) else FirstCandidates.of(found, len(columns))
        own = _own_probabilities(first, labels)
        views, decided = views_of(model.parts_read(works)), model.decide(works, found)
        for row in np.flatnonzero(model.can_read(works)).tolist():
            view, work = views[row], some[row].work
            if view is None or work is None:
                continue
            yield AnsweredWork(
                id=some[row].id,
                creator=creators[row],
                label=int(labels[row]),
                created_at=work.created_at,
                view=view,
                answer=decided[row][0],
                basis=decided[row][1],
                probability=float(first.probabilities[row, 0]),
                is_first=bool(first.columns[row, 0] == labels[row]),
                own=float(own[row]),
                holds=_holds(held_out.get(view), own[row], labels[row]),
            )


def _own_probabilities(first: FirstCandidates, labels: IntArray) -> Probabilities:
    """The probability of each work's own creator, 0 of one who is unknown or no candidate, shape (n_works,)."""
    table = np.pad(first.probabilities, ((0, 0), (0, 1)))
    own: Probabilities = table[np.arange(len(labels)), first.positions(labels)]
    return own


def _holds(scores: ConformalScores | None, own: np.float32, label: np.int64) -> dict[float, bool]:
    """Whether the set at each coverage holds a work's creator, without naming the others in it, who may be everyone."""
    if scores is None:
        return {}
    asked, creator = np.array([[own]]), np.array([label])
    return {each: bool(label != UNKNOWN and scores.possible(asked, each, creator)[0, 0]) for each in scores.coverages}


def _monitoring(
    held_out: Mapping[View, ConformalScores],
    works: Sequence[AnsweredWork],
    order: Literal["date", "table"],
    without_creator: int,
    unread: int,
) -> Monitoring:
    known = [each for each in works if each.is_known]
    others = Counter(each.creator for each in works if not each.is_known)
    tests = [_stream_test(held_out, each, order) for each in ([known, works] if others else [known])]
    shares = tuple(observed_shares(works))
    timed = [each for each in known if COVERAGE in each.holds]
    names = [_when(each, row, order) for row, each in enumerate(timed, start=1)]
    off = [each for each in shares if each.part == BY_KNOWN and _is_beyond(each)]
    alarms = [each.alarm for each in tests if each.alarm and each.alarm.is_short]
    dates = [each.created_at for each in works] if order == "date" else []
    return Monitoring(
        holds=not alarms and not off,
        verdict=_verdict(tests, shares, off),
        works=len(works),
        first=dates[0] if dates else None,
        last=dates[-1] if dates else None,
        order=order,
        unread=unread,
        without_creator=without_creator,
        unknown_works=others.total(),
        unknown_creators=tuple(name for name, _ in others.most_common()),
        shares=shares,
        calibration=tuple(calibration_shares(known)) if known else (),
        over_time=tuple(shares_over_time(timed, names)),
        known=tests[0],
        everyone=tests[-1],
    )


def _when(work: AnsweredWork, number: int, order: str) -> str:
    return f"{work.created_at:%Y-%m-%d}" if order == "date" else f"work {number:,}"


def _stream_test(held_out: Mapping[View, ConformalScores], works: Sequence[AnsweredWork], order: str) -> StreamTest:
    """Test the works of the views that sets are stated for, in their order."""
    tested = [each for each in works if each.view in held_out]
    rooms = Counter(each.view for each in tested)
    so_far = {view: WorksSoFar(held_out[view], room) for view, room in rooms.items()}
    found = sequential_test(np.array([so_far[each.view].add(each.own, each.label) for each in tested]))
    return StreamTest(len(tested), found.evidence, _alarm(found, tested, order))


def _alarm(found: SequentialTest, tested: Sequence[AnsweredWork], order: str) -> CoverageAlarm | None:
    if found.alarm is None or found.since is None or found.coverage is None:
        return None
    first, last, coverage = tested[found.since], tested[found.alarm], found.coverage
    since = [each for each in tested[found.since :] if coverage in each.holds]
    return CoverageAlarm(
        since=found.since + 1,
        since_id=first.id,
        since_date=first.created_at if order == "date" else None,
        raised=found.alarm + 1,
        raised_id=last.id,
        raised_date=last.created_at if order == "date" else None,
        coverage=coverage,
        works=len(since),
        held=sum(each.holds[coverage] for each in since),
        missed=missed_parts(since, coverage),
    )


def _is_beyond(share: ObservedShare) -> bool:
    """Whether the interval is beyond what is stated: fewer sets hold or names are correct, or more are refused."""
    if share.stated is None or share.measure == "first correct":
        return False
    return share.low > share.stated if share.measure == "refused" else share.high < share.stated


def _verdict(tests: Sequence[StreamTest], shares: Sequence[ObservedShare], off: Sequence[ObservedShare]) -> str:
    """What was found, and what to do."""
    short = [each.alarm is not None and each.alarm.is_short for each in tests]
    found = [_of_sets(tests, shares)]
    said = {"named correctly": "named works were correct", "refused": "known creators' works were refused"}
    for each in off:
        if each.measure in said or not any(short):
            what = said.get(each.measure, f"{each.measure} held")
            stated = f"{100 * (each.stated or 0):.0f} in 100 are stated"
            found.append(f"{each.count:,} of {each.works:,} {what}, where {stated}")
    if not off and short[-1] and not short[0]:
        found[0] += ", some of them by creators whom the model doesn't know: add these creators, or fit the model anew"
    elif off or any(short):
        found[-1] += ": fit the model anew"
    return f"{'; '.join(found)}."


def _of_sets(tests: Sequence[StreamTest], shares: Sequence[ObservedShare]) -> str:
    if not tests[-1].works:
        return "The model states no sets for what these works offer, as too few such works were held out"
    alarms = [each.alarm for each in tests if each.alarm is not None]
    short = [each for each in alarms if each.is_short]
    if short:
        return _since(short[0])
    if alarms:
        return f"{_since(alarms[0])}, as is stated, though these works differ from those held out"
    sets = next((each for each in shares if each.measure == SETS[COVERAGE]), None)
    if sets is None:
        return "The model knows none of these works' creators"
    return f"The {sets.measure} held for {sets.count:,} of {sets.works:,} works, and there is no alarm"


def _since(alarm: CoverageAlarm) -> str:
    percent = f"{100 * alarm.coverage:.0f} %"
    return f"The {percent} sets held for {alarm.held:,} of {alarm.works:,} works since {alarm.since_in_words}"
