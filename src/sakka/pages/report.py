"""The report's page: one HTML file that needs nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sakka.evaluation.display_names import model_words
from sakka.evaluation.figures import LeftOut, Table, results
from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.open_run import StoredRun
from sakka.evaluation.tables.creators import confusions
from sakka.evaluation.tables.transitions import Example, lost, rescued
from sakka.evaluation.usable_works import few_in_words
from sakka.pages.formats import probability, shortened
from sakka.pages.headline import headline
from sakka.pages.paper_section import PaperSection
from sakka.pages.plots import ratio_plot, size_plot
from sakka.pages.provenance import provenance_of
from sakka.pages.reliability import coverage_plot, reliability_plot
from sakka.pages.rendering import render
from sakka.pages.thumbnails import Card, Thumbnails

MOST_CHARACTERS = 140


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

    work: Card
    said: tuple[Said, ...]


@dataclass(frozen=True)
class PairCard:
    """Two creators of whom one is taken for the other."""

    creator: str
    named: str
    works: int
    of: int
    mistaken: tuple[Card, ...]
    theirs: tuple[Card, ...]


class _RunCards:
    """Makes cards of a run's works."""

    def __init__(self, run: StoredRun) -> None:
        self.run = run
        self.thumbnails = Thumbnails()
        self.names = run.plan.creators

    def work(self, row: int) -> Card:
        """The card of the work at a row."""
        work = self.run.works.row(row, named=True)
        title, text = (shortened(work[name] or "", MOST_CHARACTERS) for name in ("title", "description"))
        return Card(title or "(no title)", text, self.names[work["creator"]], self.thumbnails.of(work["photo"]))

    def example(self, example: Example) -> ExampleCard:
        """The card of an example."""
        said = (
            Said(each.by.split("-")[0], each.by, self.names[each.creator], probability(each.probability), each.correct)
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
    cards = _RunCards(run)
    plots = {
        "table2": ratio_plot(tables),
        "calibration": reliability_plot(tables),
        "sure": coverage_plot(tables),
        "sizes": size_plot(tables),
    }
    return render(
        "report.html",
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
        predictor=model_words(evaluated.headline.model),
        made=provenance_of(run),
        works=evaluated.facts.n_tested,
        creators=evaluated.facts.columns,
    )


def _reasons(run: StoredRun, left_out: Sequence[LeftOut]) -> list[str]:
    plan = run.plan
    few = [f"{few_in_words(plan.few_creators, plan.few_works)}."] if plan.few_creators else []
    models = [f"{model_words(name)} was left out: {reason}." for name, reason in plan.left_out.items()]
    return few + models + list(dict.fromkeys(each.reason for each in left_out))
