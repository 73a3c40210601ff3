"""What all commands share of the terminal: progress with the time left on standard error, tables on standard output.

    with showing_progress():
        catalog = build_catalog(...)
    show_table(["creator", "works"], [["Mori", "12"]], title="Creators")

On a terminal the progress is a bar; elsewhere (a log, a pipe) it is a plain line now and then, and none for short work.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Task as BarState
from rich.table import Table
from rich.text import Text

from sakka.cli.language import said
from sakka.cli.printable import printable, printable_lines
from sakka.progress import Task, reporting_to

if TYPE_CHECKING:
    from sakka.models.identification import Candidate, CreatorSet
    from sakka.search.hits import RelatedCreator

BAR_CHARACTERS, PERCENT_CHARACTERS = 24, 7

PLAIN_EVERY_S = 20.0
ESTIMATED_FROM_SHARE, ESTIMATED_FROM_S = 0.05, 60.0  # the first steps load what all of them need


class _TextConsole(Console):
    """A console that speaks the language of the command line, and on which no text commands the terminal."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(printable_lines(said(each)) if isinstance(each, str) else each for each in objects), **options)


def output_console() -> Console:
    """The console that results go to."""
    return _TextConsole(highlight=False, markup=False, emoji=False)


def error_console() -> Console:
    """The console that progress and notes go to."""
    return _TextConsole(stderr=True, highlight=False, markup=False, emoji=False)


@contextmanager
def showing_progress(console: Console | None = None) -> Iterator[None]:
    """Show the progress of the long work inside the block."""
    console = console or error_console()
    reporter = _BarReporter(console) if console.is_terminal else _PlainReporter(console)
    with reporting_to(reporter):
        yield


def duration(seconds: float) -> str:
    """Write a length of time as a person would.

    >>> duration(7.6), duration(90), duration(3720)
    ('8 s', '1 min 30 s', '1 h 2 min')
    """
    whole = round(seconds)
    if whole < 60:
        return said(f"{whole} s")
    if whole < 3600:
        return said(f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min")
    return said(f"{whole // 3600} h {whole % 3600 // 60} min")


def pace(steps_a_second: float) -> str:
    """Write how fast steps are done, slow ones by the time that each takes.

    >>> pace(33.34), pace(0.05)
    ('33.3/s', '20 s each')
    """
    return said(f"{steps_a_second:.1f}/s" if steps_a_second >= 1 else f"{duration(1 / steps_a_second)} each")


def can_estimate(done: float, total: float, elapsed_s: float) -> bool:
    """Whether enough is done to say how long the rest will take.

    >>> can_estimate(1, 1000, 1.0), can_estimate(50, 1000, 5.0), can_estimate(1, 1000, 60.0)
    (False, True, True)
    """
    return done >= ESTIMATED_FROM_SHARE * total or elapsed_s >= ESTIMATED_FROM_S


class _BarTask:
    def __init__(self, progress: Progress, task_id: TaskID) -> None:
        self._progress, self._task_id = progress, task_id

    def advance(self, steps: int = 1) -> None:
        self._progress.advance(self._task_id, steps)


class _Speed(ProgressColumn):
    """How fast steps are done; nothing before the first step."""

    def render(self, task: BarState) -> Text:
        return Text(pace(task.speed) if task.speed else "")


class _TimeLeft(ProgressColumn):
    """How long the rest will take; nothing before that can be said."""

    def render(self, task: BarState) -> Text:
        can = task.time_remaining and can_estimate(task.completed, task.total or 0, task.elapsed or 0)
        return Text(said(f"{duration(task.time_remaining)} left") if can and task.time_remaining else "")


class _BarReporter:
    """Bars that stand below each other while tasks run inside tasks; each goes away when its task is over."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            _Speed(),
            TimeElapsedColumn(),
            _TimeLeft(),
            console=console,
            transient=True,
        )
        self._running = 0

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Task]:
        if self._running == 0:
            self._progress.start()
        self._running += 1
        task_id = self._progress.add_task(said(name), total=total)
        try:
            yield _BarTask(self._progress, task_id)
        finally:
            self._progress.remove_task(task_id)
            self._running -= 1
            if self._running == 0:
                self._progress.stop()


class _PlainTask:
    def __init__(self, console: Console, name: str, total: int) -> None:
        self._console, self._name, self._total = console, name, total
        self._done = 0
        self._start_s = self._said_s = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        now_s = time.monotonic()
        if now_s - self._said_s < PLAIN_EVERY_S or self._done >= self._total:
            return
        self._said_s = now_s
        speed = self._done / (now_s - self._start_s)
        done = f"{said(self._name)}: {self._done:,} of {self._total:,}, {pace(speed)}"
        if can_estimate(self._done, self._total, now_s - self._start_s):
            done += f", about {duration((self._total - self._done) / speed)} left"
        self._console.print(done, soft_wrap=True)


class _PlainReporter:
    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Task]:
        yield _PlainTask(self._console, name, total)


def table_of(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None, left: int = 1
) -> Table:
    """Make a table of text.

    Args:
        headers: One a column.
        rows: One text a column.
        title: Stands above the table.
        left: How many columns, from the first, are set to the left; the others, figures, to the right.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column, header in enumerate(headers):
        table.add_column(
            printable(said(header)), justify="left" if column < left else "right", header_style="dim", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table


def show_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None, left: int = 1
) -> None:
    """Print a table (see `table_of`) on standard output."""
    _show_title(title)
    output_console().print(table_of(headers, rows, left=left))


def show_pairs(pairs: Sequence[tuple[str, str]], *, title: str | None = None, as_they_are: bool = False) -> None:
    """Print names and values, one pair a line, on standard output.

    Args:
        pairs: The names and values.
        title: Stands above them.
        as_they_are: Whether they are names of the source, which no language changes.
    """
    say_part = str if as_they_are else said
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(Text(printable(say_part(name))), Text(printable(say_part(value))))
    _show_title(title)
    output_console().print(table)


def _show_title(title: str | None) -> None:
    """Print a title on a line of its own: above a narrow table it would be wrapped to the table's width."""
    if title is not None:
        output_console().print(Text(printable(said(title)), style="bold"), soft_wrap=True)


def show_candidates(candidates: "Sequence[Candidate | RelatedCreator]") -> None:
    """Print creators with their probabilities, the most probable first, each with a bar."""
    from sakka.pages.formats import probability

    rows = [
        [
            str(rank),
            each.creator,
            probability(each.probability).rjust(PERCENT_CHARACTERS),
            "█" * round(BAR_CHARACTERS * each.probability),
        ]
        for rank, each in enumerate(candidates, start=1)
    ]
    show_table(["", "creator", "probability", ""], rows, left=4)


def show_creator_sets(sets: "Sequence[CreatorSet]", known: int, heading: str = "the creator is") -> None:
    """Print the creators who are possible at each coverage; nothing where the model has learned none.

    Args:
        sets: The sets, as `Identification` has them.
        known: How many creators the model knows.
        heading: Of the column of creators.
    """
    if sets:
        rows = [[said(f"{100 * each.coverage:.0f} in 100"), _possible(each, known)] for each in sets]
        show_table(["right in", heading], rows, left=2)


def _possible(found: "CreatorSet", known: int) -> str:
    """The creators of a set in words.

    >>> from sakka.models.identification import CreatorSet
    >>> [_possible(CreatorSet(0.95, size, ("Mori", "Sato")[:size]), 40) for size in (0, 1, 2, 7)]
    ["none; 5 in 100 of the known creators' works are as unusual", 'Mori', 'Mori or Sato', 'one of 7: Mori, Sato, ...']
    >>> _possible(CreatorSet(0.95, 40, ("Mori", "Sato")), 40)
    "any of the 40: can't tell"
    """
    if not found.size:
        return said(f"none; {100 - 100 * found.coverage:.0f} in 100 of the known creators' works are as unusual")
    if found.size == known > 1:
        return said(f"any of the {known:,}: can't tell")
    if found.size > len(found.creators):
        return said(f"one of {found.size:,}: {', '.join((*found.creators, '...'))}")
    between = f" {said('or')} "
    return between.join(part for part in (", ".join(found.creators[:-1]), found.creators[-1]) if part)
