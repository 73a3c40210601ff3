"""Answers for a whole table in a file: csv, parquet or jsonl by its ending.

    OUTPUT.parts/
      plan.json       the fingerprint of model, table and options
      00000.jsonl     the answers to the first `WORKS_AT_ONCE` works, then to the next ones

Each part is written whole, then renamed; at the end they are joined to the output, which is renamed too, and removed.
An interrupted run goes on after the parts that are there and gives the same bytes; parts of another model, table or
other options are thrown away. Memory does not depend on how many works there are.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

import polars as pl

from sakka.as_json import as_json
from sakka.catalog.kept import check_kept_names, kept_table, kept_texts
from sakka.errors import SakkaError
from sakka.files import alone_in, no_formula, write_json, write_text, writing_whole
from sakka.models.asked_table import AskedTable, open_table, short_in_memory
from sakka.models.base import CreatorModel
from sakka.models.folder import load_model
from sakka.models.identification import (
    COVERAGE,
    FALSE_REFUSALS,
    Candidate,
    CreatorSet,
    check_coverage,
    check_false_refusals,
)
from sakka.models.identified import WORKS_AT_ONCE, IdentifiedWork, WorkProblem, identified_frame, identify_works
from sakka.progress import track
from sakka.version import __version__

LIST_SEPARATOR = "|"
PARTS_VERSION = 3  # what a line of a part holds


@dataclass(frozen=True)
class PartsLayout:
    """Where the parts of an unfinished output stand: beside it."""

    output: Path

    @property
    def folder(self) -> Path:
        """The folder of the parts."""
        return self.output.with_name(f"{self.output.name}.parts")

    @property
    def plan(self) -> Path:
        """What the parts are of."""
        return self.folder / "plan.json"

    @property
    def lock(self) -> Path:
        """Held by the process that is at work here."""
        return self.folder / ".lock"

    def part(self, number: int) -> Path:
        """A part, from 0."""
        return self.folder / f"{number:05}.jsonl"


@dataclass(frozen=True)
class TableIdentification:
    """What was done of a table.

    Attributes:
        works: How many works have a line in the output.
        counts: How many of them got each answer; "" stands for none.
        with_problems: Of how many of them something could not be used.
        found_done: How many had been done by an earlier run that was interrupted.
    """

    works: int
    counts: Mapping[str, int]
    with_problems: int
    found_done: int


def identify_table(
    model: Path | str,
    table: AskedTable | Path | str,
    output: Path | str,
    *,
    count: int = 5,
    coverage: float = COVERAGE,
    false_refusals: float = FALSE_REFUSALS,
    say: Callable[[str], None] = lambda _line: None,
) -> TableIdentification:
    """Write who may have made each work of a table, a line each, in the table's order.

    Args:
        model: A saved model's folder.
        table: The works, as `open_table` gives them, or what it opens.
        output: The file; its ending says of which kind.
        count: How many creators to name of each.
        coverage: How often the right creator is to be among the possible ones: 0.9, 0.95 or 0.99.
        false_refusals: The share of the known creators' works that may be said to be by none of them, 0 to below 0.5.
        say: Takes a line on where an interrupted run goes on.

    Raises:
        SakkaError: The model or the table can't be read, or the output can't be written.
    """
    layout = PartsLayout(Path(output))
    check_coverage(coverage)
    check_false_refusals(false_refusals)
    write = writer_of(layout.output)
    table = table if isinstance(table, AskedTable) else open_table(table)
    if layout.output.exists() and table.source.exists() and layout.output.samefile(table.source):
        raise SakkaError(f"{output} would overwrite the table itself; give another `output`")
    check_kept_names(table.keep, identified_frame((), count).columns, "the output")
    fitted = load_model(model)
    table = short_in_memory(table.for_model(fitted))
    fingerprint, works = table.fingerprint()
    asked_for = {"model": fitted.manifest_sha256_, "table": fingerprint, "count": count, "keep": list(table.keep)}
    asked_for["false_refusals"] = false_refusals
    plan = {**asked_for, "sakka": __version__, "parts": PARTS_VERSION, "works": works}
    layout.folder.mkdir(parents=True, exist_ok=True)
    with alone_in(layout.folder, layout.lock, SakkaError):
        done = min(works, WORKS_AT_ONCE * _open_parts(layout, plan, say))
        if done:
            say(f"goes on after {done:,} of {works:,} works, which an earlier run has done")
        _write_parts(fitted, table, layout, count, false_refusals, done, works)
        parts = [layout.part(number) for number in range(-(-works // WORKS_AT_ONCE))]
        with writing_whole(layout.output) as path, path.open("wb") as file:
            write(parts, count, coverage, file)
        result = _result(parts, done)
        shutil.rmtree(layout.folder)
    return result


def _open_parts(layout: PartsLayout, plan: Mapping[str, Any], say: Callable[[str], None]) -> int:
    """How many parts of this plan are done, without a gap; those of another plan are removed.

    Raises:
        SakkaError: The folder holds something else.
    """
    there = [path for path in layout.folder.iterdir() if not path.name.startswith(".")]
    if there and not layout.plan.is_file():
        raise SakkaError(
            f"{layout.folder} holds {there[0].name} and no plan.json, so it is not what an interrupted run left; "
            "move it away, or give another `output`"
        )
    if _read_plan(layout.plan) != plan:
        if there:
            say("starts anew: what an interrupted run left is of another model, another table or other options")
        for path in layout.folder.iterdir():
            if path != layout.lock:
                path.unlink()
        write_json(layout.plan, plan)
    number = 0
    while _is_whole(layout.part(number), min(WORKS_AT_ONCE, plan["works"] - WORKS_AT_ONCE * number)):
        number += 1
    return number


def _is_whole(part: Path, works: int) -> bool:
    """Whether a part is there with a line for each of its works."""
    return works > 0 and part.is_file() and part.read_bytes().count(b"\n") == works


def _read_plan(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def _write_parts(
    model: CreatorModel,
    table: AskedTable,
    layout: PartsLayout,
    count: int,
    false_refusals: float,
    done: int,
    works: int,
) -> None:
    if done >= works:
        return
    asked = islice(table.read(), done, None)
    answers = identify_works(model, asked, table.photo_root, count, false_refusals)
    found = track(answers, "identifying", total=works - done)
    number = done // WORKS_AT_ONCE
    while some := list(islice(found, WORKS_AT_ONCE)):
        kept = ({name: each.kept.get(name) for name in table.keep} for each in some)  # also of a row without a work
        lines = (_line({**as_json(each), "kept": cells}) for each, cells in zip(some, kept, strict=True))
        write_text(layout.part(number), "".join(lines))
        number += 1


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"


def _read_part(path: Path) -> list[IdentifiedWork]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return [
        IdentifiedWork(
            **{
                **row,
                "candidates": tuple(Candidate(**each) for each in row["candidates"]),
                "sets": tuple(CreatorSet(**{**each, "creators": tuple(each["creators"])}) for each in row["sets"]),
                "problems": tuple(WorkProblem(**each) for each in row["problems"]),
                "kept": {name: tuple(cell) if isinstance(cell, list) else cell for name, cell in row["kept"].items()},
            }
        )
        for row in rows
    ]


def _result(parts: Iterable[Path], done: int) -> TableIdentification:
    counts: Counter[str] = Counter()
    with_problems = 0
    for works in map(_read_part, parts):
        counts.update(each.answer or "" for each in works)
        with_problems += sum(bool(each.problems) for each in works)
    return TableIdentification(counts.total(), dict(counts), with_problems, done)


def _frames(parts: Iterable[Path], count: int, coverage: float) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The answers of each part, and its kept columns as texts; empty ones where there is no part."""
    parts = list(parts)
    for works in map(_read_part, parts):
        answers = identified_frame((replace(each, kept={}) for each in works), count, coverage)
        yield answers, kept_texts([each.kept for each in works])
    if not parts:
        yield identified_frame((), count), pl.DataFrame()


def _write_csv(parts: Sequence[Path], count: int, coverage: float, file: BinaryIO) -> None:
    lists = pl.selectors.by_dtype(pl.List(pl.String()))
    for number, (answers, kept) in enumerate(_frames(parts, count, coverage)):
        frame = answers.hstack(kept).with_columns(lists.list.join(LIST_SEPARATOR))
        texts = pl.col(pl.String()).map_elements(no_formula, return_dtype=pl.String())
        is_first = number == 0  # with the mark by which Excel knows UTF-8
        frame.with_columns(texts).write_csv(file, include_header=is_first, include_bom=is_first, float_scientific=False)


def _write_jsonl(parts: Sequence[Path], _count: int, _coverage: float, file: BinaryIO) -> None:
    for path in parts:
        file.write(path.read_bytes())


def _write_parquet(parts: Sequence[Path], count: int, coverage: float, file: BinaryIO) -> None:
    """Write a row group a part; the kept columns are typed as a catalog types them, by the cells of all parts."""
    from pyarrow import parquet

    kept = kept_table([pl.DataFrame(), *(texts for _, texts in _frames(parts, count, coverage))])
    writer, start = None, 0
    for answers, _ in _frames(parts, count, coverage):
        table = answers.hstack(kept.slice(start, answers.height)).to_arrow()
        writer = writer or parquet.ParquetWriter(file, table.schema)
        writer.write_table(table)
        start += answers.height
    if writer is not None:
        writer.close()


Writer = Callable[[Sequence[Path], int, float, BinaryIO], None]
WRITERS: Mapping[str, Writer] = MappingProxyType(
    {".csv": _write_csv, ".parquet": _write_parquet, ".jsonl": _write_jsonl}
)


def writer_of(output: Path) -> Writer:
    """What writes an output of the kind that its ending names.

    Raises:
        SakkaError: No kind has that ending, or a folder has that name.
    """
    if output.suffix.lower() not in WRITERS:
        raise SakkaError(f"{output} ends in {output.suffix or 'nothing'}; expected {', '.join(WRITERS)}")
    if output.is_dir():
        raise SakkaError(f"{output} is a folder; give the name of a file as `output`")
    return WRITERS[output.suffix.lower()]
