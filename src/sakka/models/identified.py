"""Works that pass by and who may have made each: what a table, a batch over HTTP and Python share.

Works come one after the other, with what could not be used of them; an answer comes for each, in their order, with
what was read and what was wrong. Nothing is lost: a work of which nothing can be read has a line without an answer.
Photos are read and go through the network while they pass (`networks/readable_photos.py`), texts are read
`WORKS_AT_ONCE` at a time, and no more than these are in memory.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, tee
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import polars as pl

from sakka.as_json import DIGITS
from sakka.catalog.kept import kept_columns
from sakka.catalog.problems import BAD_FIELD, NOTHING
from sakka.catalog.read_works import WorksBatch
from sakka.catalog.works import Catalog, Work
from sakka.errors import ModelError, PhotoError
from sakka.models.base import CreatorModel
from sakka.models.identification import COVERAGE, FALSE_REFUSALS, Answer, Basis, Candidate, CreatorSet
from sakka.networks.readable_photos import ReadablePhotos

Reading = Literal["photo", "text", "both", "nothing"]
WORKS_AT_ONCE = 512
BETWEEN_PROBLEMS = "; "
POSSIBLE, POSSIBLE_CREATORS, P_VALUE = "possible", "possible_creators", "p_value"
_READINGS: Mapping[tuple[bool, bool], Reading] = MappingProxyType(
    {(True, True): "both", (True, False): "photo", (False, True): "text", (False, False): "nothing"}
)


@dataclass(frozen=True)
class WorkProblem:
    """What could not be used of a work.

    Attributes:
        reason: A few words that are the same for every such problem.
        detail: What it was here.
    """

    reason: str
    detail: str

    @classmethod
    def of_photo(cls, error: PhotoError) -> "WorkProblem":
        """That a photo can't be read."""
        return cls(error.reason, str(error))


@dataclass(frozen=True)
class AskedWork:
    """A work whose creator is asked for.

    Attributes:
        id: What its answer is called.
        work: What can be used of it; None where that is nothing.
        problems: What can't be used.
    """

    id: str
    work: Work | None
    problems: tuple[WorkProblem, ...] = ()


@dataclass(frozen=True)
class IdentifiedWork:
    """Who may have made one work of several.

    Attributes:
        id: What the work is called where it was asked about.
        answer: As `Identification` has it; None where nothing of the work could be read.
        basis: What the answer rests on.
        candidates: The most probable creators, the most probable first; none where nothing could be read.
        read: What the model read of the work: its photo, its text, both or nothing.
        problems: What could not be used of the work.
        kept: The columns that were kept, by name.
        sets: The creators who are possible, as `Identification` has them.
        p_value: Of the work's being by a known creator, as `Identification` has it.
    """

    id: str
    answer: Answer | None
    basis: Basis
    candidates: tuple[Candidate, ...]
    read: Reading
    problems: tuple[WorkProblem, ...] = ()
    kept: Mapping[str, Any] = field(default_factory=dict)
    sets: tuple[CreatorSet, ...] = ()
    p_value: float | None = None


def asked_works(batches: Iterable[WorksBatch]) -> Iterator[AskedWork]:
    """The works of a source in its order, those that can't be used among them."""
    for batch in batches:
        works = dict(zip(batch.rows, batch.works, strict=True))
        problems: dict[int, list[WorkProblem]] = {}
        ids = {row: work.id for row, work in works.items()}
        for problem in batch.problems:
            problems.setdefault(problem.row, []).append(WorkProblem(problem.reason, problem.detail))
            ids.setdefault(problem.row, problem.id or str(problem.row))
        for row in sorted(ids):
            yield AskedWork(ids[row], works.get(row), tuple(problems.get(row, ())))


def identify_works(
    model: CreatorModel,
    asked: Iterable[AskedWork],
    photo_root: Path | None = None,
    count: int = 5,
    false_refusals: float = FALSE_REFUSALS,
) -> Iterator[IdentifiedWork]:
    """Who may have made each work, in their order.

    Args:
        model: A fitted model.
        asked: The works; a creator that is known of them is not looked at.
        photo_root: The folder that relative photo paths start at; None where every path is absolute.
        count: How many creators to name of each.
        false_refusals: The share of the known creators' works that may be said to be by none of them.

    Raises:
        SakkaError: The works can't be read on, or the cache of photo features can't be used.
    """
    for some, works in shown_works(model, asked, photo_root):
        yield from identified(model, some, works, count, false_refusals)


def shown_works(
    model: CreatorModel, asked: Iterable[AskedWork], photo_root: Path | None = None
) -> Iterator[tuple[list[AskedWork], Catalog]]:
    """Works as they are asked about, with their photos' problems, and as a model is shown them, some at a time.

    Args:
        model: A fitted model.
        asked: The works.
        photo_root: The folder that relative photo paths start at; None where every path is absolute.

    Raises:
        SakkaError: The works can't be read on, or the cache of photo features can't be used.
    """
    root = photo_root or Path()
    asked, ahead = tee(asked)
    photos = model.prepare_photos([root / photo for photo in each.work.photos] if each.work else () for each in ahead)
    pairs = zip(asked, photos, strict=True)
    while some := list(islice(pairs, WORKS_AT_ONCE)):
        works = Catalog.from_works((_shown(row, *pair, model.kept_columns) for row, pair in enumerate(some)), root)
        yield [_with_errors(*pair) for pair in some], works


def identified(
    model: CreatorModel,
    asked: Sequence[AskedWork],
    works: Catalog,
    count: int = 5,
    false_refusals: float = FALSE_REFUSALS,
) -> Iterator[IdentifiedWork]:
    """Who may have made each of some works.

    Args:
        model: A fitted model.
        asked: The works as they were asked about.
        works: The same works as the model is shown them, with photos that can be read only.
        count: How many creators to name of each.
        false_refusals: The share of the known creators' works that may be said to be by none of them.
    """
    refused = np.full(len(works), bool(model.reads or model.kept_columns)) & ~model.can_read(works)
    parts, unusable = model.parts_read(works), model.unusable(works)
    has_text = np.logical_or(parts[:, 1], parts[:, 2])
    answers = model.identify(works, count, false_refusals=false_refusals)
    for row, (each, found) in enumerate(zip(asked, answers, strict=True)):
        problems = each.problems
        if row in unusable:
            problems = (*problems, WorkProblem(BAD_FIELD, unusable[row]))
        if refused[row] and not problems:
            problems = (_refusal(model, works.take([row])),)
        yield IdentifiedWork(
            each.id,
            None if refused[row] else found.answer,
            found.basis,
            () if refused[row] else found.candidates,
            _READINGS[bool(parts[row, 0]), bool(has_text[row])],
            problems,
            {} if each.work is None else each.work.kept,
            () if refused[row] else found.sets,
            None if refused[row] else found.p_value,
        )


def _refusal(model: CreatorModel, work: Catalog) -> WorkProblem:
    """Why a model has no answer for a work that it reads nothing of."""
    try:
        model.check_can_read(work)
    except ModelError as error:
        return WorkProblem(NOTHING, str(error))
    raise AssertionError("the model reads something of the work")


def _shown(row: int, asked: AskedWork, readable: ReadablePhotos[None], columns: Sequence[str]) -> Work:
    """What a model is shown of a work: neither its creator nor photos that can't be read, and the columns it reads."""
    work = asked.work or Work("")
    photos = tuple(work.photos[index] for index in readable.indices)
    kept = {name: work.kept.get(name) for name in columns}
    return replace(work, id=str(row), creator=None, photos=photos, photos_sha256=readable.sha256, kept=kept)


def _with_errors(asked: AskedWork, readable: ReadablePhotos[None]) -> AskedWork:
    return replace(asked, problems=(*asked.problems, *map(WorkProblem.of_photo, readable.errors)))


def identified_frame(works: Iterable[IdentifiedWork], count: int = 5, coverage: float = COVERAGE) -> pl.DataFrame:
    """Answers as a table, one row a work.

    Args:
        works: The answers.
        count: How many creators have columns.
        coverage: How often the right creator is to be among the possible ones: 0.9, 0.95 or 0.99.

    Returns:
        The columns `id`, `answer`, `creator` and `probability` (0 to 1), `creator_2`, `probability_2` and so on,
        `possible` (a list of the creators who are possible, the most probable ones) and `possible_creators` (how many
        are), `p_value` (of being by a known creator, 0 to 1), `read`, `problems` (one text: reason and detail of each),
        and the kept columns.

    >>> found = IdentifiedWork("a", "named", "threshold", (Candidate("Mori", 0.98), Candidate("Sato", 0.02)), "photo")
    >>> identified_frame([found], 2).row(0)
    ('a', 'named', 'Mori', 0.98, 'Sato', 0.02, None, None, None, 'photo', None)
    """
    works = list(works)
    columns: dict[str, list[Any]] = {"id": [each.id for each in works], "answer": [each.answer for each in works]}
    for rank in range(count):
        candidates = [each.candidates[rank] if rank < len(each.candidates) else None for each in works]
        creator, probability = _candidate_columns(rank)
        columns[creator] = [each and each.creator for each in candidates]
        columns[probability] = [each and round(each.probability, DIGITS) for each in candidates]
    sets = [next((one for one in each.sets if one.coverage == coverage), None) for each in works]
    columns[POSSIBLE] = [each and list(each.creators) for each in sets]
    columns[POSSIBLE_CREATORS] = [each and each.size for each in sets]
    columns[P_VALUE] = [None if each.p_value is None else round(each.p_value, DIGITS) for each in works]
    columns["read"] = [each.read for each in works]
    columns["problems"] = [BETWEEN_PROBLEMS.join(f"{p.reason}: {p.detail}" for p in each.problems) for each in works]
    columns["problems"] = [text or None for text in columns["problems"]]
    schema: dict[str, pl.DataType] = dict.fromkeys(columns, pl.String())
    schema |= {name: pl.Float64() for name in columns if name.startswith("probability")}
    schema |= {POSSIBLE: pl.List(pl.String()), POSSIBLE_CREATORS: pl.Int64(), P_VALUE: pl.Float64()}
    return pl.DataFrame(columns, schema=schema).with_columns(kept_columns([each.kept for each in works]))


def _candidate_columns(rank: int) -> tuple[str, str]:
    """The columns of the creator of a rank, from 0."""
    suffix = f"_{rank + 1}" if rank else ""
    return f"creator{suffix}", f"probability{suffix}"
