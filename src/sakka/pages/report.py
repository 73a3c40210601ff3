"""The report's page: one HTML file that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sakka.evaluation.display_names import model_words
from sakka.evaluation.figures import Figure, LeftOut, Table, results
from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.open_run import StoredRun
from sakka.evaluation.tables.creators import confusions
from sakka.evaluation.tables.transitions import Example, lost, rescued
from sakka.pages.formats import file_names, judged_on, number, percent, spread
from sakka.pages.headline import headline
from sakka.pages.paper_section import PaperSection
from sakka.pages.plots import ratio_plot, size_plot
from sakka.pages.provenance import how_made
from sakka.pages.reliability import coverage_plot, reliability_plot
from sakka.pages.thumbnails import Thumbnails

TEMPLATES = Path(__file__).parent / "templates"
MOST_CHARACTERS = 140
QUOTE_CHARACTERS = 100


@dataclass(frozen=True)
class WorkCard:
    """A work as the page shows it.

    Attributes:
        title: Its title, or what stands for it.
        description: The beginning of its description, may be empty.
        creator: Who made it.
        picture: A `data:` URI; None where it has no photo that can be read.
    """

    title: str
    description: str
    creator: str
    picture: str | None


@dataclass(frozen=True)
class Said:
    """Who one model named for a work."""

    kind: str
    by: str
    creator: str
    probability: str
    right: bool


@dataclass(frozen=True)
class ExampleCard:
    """A work with what photo, text and fusion said of it."""

    work: WorkCard
    said: tuple[Said, ...]


@dataclass(frozen=True)
class PairCard:
    """Two creators of whom one is taken for the other."""

    creator: str
    named: str
    works: int
    of: int
    mistaken: tuple[WorkCard, ...]
    theirs: tuple[WorkCard, ...]


class Cards:
    """Makes cards of a run's works."""

    def __init__(self, run: StoredRun) -> None:
        self.run = run
        self.thumbnails = Thumbnails()
        self.names = run.plan.creators

    def work(self, row: int) -> WorkCard:
        """The card of the work at a row."""
        work = self.run.works.row(row, named=True)
        title = shortened(work["title"] or "") or "(no title)"
        description = shortened(work["description"] or "")
        return WorkCard(title, description, self.names[work["creator"]], self.thumbnails.of(work["photo"]))

    def example(self, example: Example) -> ExampleCard:
        """The card of an example."""
        said = (
            Said(each.by.partition("-")[0], each.by, self.names[each.creator], percent(each.probability), each.correct)
            for each in example.predictions
        )
        return ExampleCard(self.work(example.row), tuple(said))

    def pairs(self, evaluated: EvaluatedRun) -> Iterator[PairCard]:
        """The cards of the creators confused most often."""
        for pair in confusions(evaluated):
            mistaken = tuple(self.work(row) for row in pair.examples)
            theirs = tuple(self.work(row) for row in pair.predicted_examples)
            names = self.names[pair.creator], self.names[pair.predicted]
            yield PairCard(*names, pair.works, pair.of, mistaken, theirs)


def page(
    run: StoredRun,
    evaluated: EvaluatedRun,
    tables: Sequence[Table],
    left_out: Sequence[LeftOut],
    paper: PaperSection | None = None,
) -> str:
    """The page as HTML; `paper` is the section that sets the paper's tables beside ours."""
    cards = Cards(run)
    plots = {
        "table2": ratio_plot(tables),
        "calibration": reliability_plot(tables),
        "sure": coverage_plot(tables),
        "sizes": size_plot(tables),
    }
    return (
        environment()
        .get_template("report.html")
        .render(
            headline=headline(results(tables)),
            tables={table.key: table for table in tables},
            order=[table.key for table in tables],
            plots={key: plot for key, plot in plots.items() if plot is not None},
            paper=paper,
            left_out=_reasons(run, [*left_out, *(paper.left_out if paper else ())]),
            rescued=[cards.example(each) for each in rescued(evaluated)],
            lost=[cards.example(each) for each in lost(evaluated)],
            pairs=list(cards.pairs(evaluated)),
            has_photos=bool(evaluated.facts.has_photo.any()),
            judge=model_words(evaluated.headline.model),
            made=how_made(run),
            works=evaluated.facts.n_tested,
            creators=evaluated.facts.columns,
        )
    )


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text on one line, cut at `most` characters.

    >>> shortened("花の  ブローチ", 4)
    '花の ブ…'
    """
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= most else one_line[:most] + "…"


def _reasons(run: StoredRun, left_out: Sequence[LeftOut]) -> list[str]:
    models = [f"{model_words(name)} was left out: {reason}." for name, reason in run.plan.left_out.items()]
    return models + list(dict.fromkeys(each.reason for each in left_out))


def environment() -> Environment:
    """What renders the templates: every value is escaped, and one that is missing is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["is_figure"] = lambda cell: isinstance(cell, Figure)
    environment.globals["files"] = file_names
    environment.globals["judged_on"] = judged_on
    environment.filters.update(_filters())
    return environment


def _filters() -> Mapping[str, Any]:
    return {
        "number": number,
        "brief": lambda text: shortened(text, QUOTE_CHARACTERS),
        "spread": spread,
        "percent": percent,
        "percents": lambda value: f"{100 * value:.2f}%",
    }
