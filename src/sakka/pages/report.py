"""The report's pages, one a language: each one HTML file that needs nothing else but the tables beside it.

What decides stands on the first screen; the rest in chapters that open, without a script.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sakka.evaluation.display_names import kind_of, model_words
from sakka.evaluation.figures import Figure, LeftOut, Table, results
from sakka.evaluation.frame import EvaluatedRun
from sakka.evaluation.open_run import StoredRun
from sakka.evaluation.tables.creators import confusion_matrix, confusions
from sakka.evaluation.tables.leads import Lead, leads
from sakka.evaluation.tables.summary import SURE_ENOUGH
from sakka.evaluation.tables.transitions import Example, rescued, surest_errors
from sakka.evaluation.usable_works import few_in_words
from sakka.pages.formats import percent, probability, shortened
from sakka.pages.headline import headline
from sakka.pages.language import LANGUAGES, Texts, page_name, texts_in
from sakka.pages.paper_section import PaperSection
from sakka.pages.plots import ratio_plot, size_plot
from sakka.pages.provenance import provenance_of
from sakka.pages.reliability import coverage_plot, reliability_plot
from sakka.pages.rendering import render
from sakka.pages.thumbnails import Card, Thumbnails
from sakka.photos.data_uris import thumbnail

MOST_CHARACTERS = 140
SAMPLES = 12
FACE_PX = 88
PREDICTIONS_FILE = "predictions.csv"
CHAPTERS: Mapping[str, tuple[str, ...]] = {
    "models": ("splits", "table3", "gains", "coverage"),
    "fusion": ("agreement", "fusions", "log_losses", "table2", "choices", "table4"),
    "calibration": ("sure", "calibration", "summary"),
    "creators": ("creators", "sizes"),
    "confusions": ("confusions",),
}
"""The tables of each chapter; those of none stand in one of their own."""
LEAD_CHAPTERS = {"pair": "confusions", "creator": "creators", "sure": "errors", "few": "creators"}


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
    """A work with what photo, text and both said of it."""

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


@dataclass(frozen=True)
class MatrixRows:
    """Whose works are given to whom.

    Attributes:
        names: The creators, by row and by column.
        rows: Each creator's name, and for each column the works given to it and their share of the creator's.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[int, float], ...]], ...]


@dataclass(frozen=True)
class LeadWords:
    """A lead in words, what to do about it, and the chapter that has more."""

    says: str
    act: str
    chapter: str


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
        return Card(title, text, self.names[work["creator"]], self.thumbnails.of(work["photo"]), work["id"])

    def example(self, example: Example) -> ExampleCard:
        """The card of an example."""
        said = (
            Said(kind_of(each.by), each.by, self.names[each.creator], probability(each.probability), each.correct)
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

    def samples(self) -> list[Card]:
        """A work with a photo by each of the creators with most works."""
        cards = (self.work(row) for row in self._firsts()["work"].head(SAMPLES).to_list())
        return [card for card in cards if card.picture]

    def faces(self) -> dict[str, str | None]:
        """A small picture of a work by each creator; empty where no photo can be read."""
        firsts = self._firsts().select("creator", "photo").rows()
        made = {self.names[label]: thumbnail(Path(photo), FACE_PX) for label, photo in firsts}
        return dict.fromkeys(self.names) | made if any(made.values()) else {}

    def _firsts(self) -> pl.DataFrame:
        """The first work with a photo of each creator, those with most works first."""
        works = self.run.works.with_row_index("work").with_columns(n=pl.len().over("creator"))
        with_photo = works.filter(pl.col("has_photo") & pl.col("photo").is_not_null())
        most_first = with_photo.sort(-pl.col("n").cast(pl.Int64), "creator", "work")
        return most_first.unique("creator", keep="first", maintain_order=True)


def pages(
    run: StoredRun,
    evaluated: EvaluatedRun,
    tables: Sequence[Table],
    left_out: Sequence[LeftOut],
    paper: PaperSection | None = None,
) -> dict[str, str]:
    """The page as HTML by language; `paper` is the section that sets the paper's tables beside ours."""
    cards = _RunCards(run)
    by_key = {table.key: table for table in tables}
    shown = {key for keys in CHAPTERS.values() for key in keys}
    plots = {
        "table2": ratio_plot(tables),
        "calibration": reliability_plot(tables),
        "sure": coverage_plot(tables),
        "sizes": size_plot(tables),
    }
    values: dict[str, Any] = {
        "tables": by_key,
        "more": [key for key in by_key if key not in shown],
        "plots": plots,
        "paper": paper,
        "left_out": _reasons(run, [*left_out, *(paper.left_out if paper else ())]),
        "samples": cards.samples(),
        "faces": cards.faces(),
        "orders": _orders(by_key["creators"]),
        "matrix": _matrix(evaluated),
        "errors": [cards.example(each) for each in surest_errors(evaluated)],
        "rescued": [cards.example(each) for each in rescued(evaluated)],
        "pairs": list(cards.pairs(evaluated)),
        "has_photos": bool(evaluated.facts.has_photo.any()),
        "made": provenance_of(run),
        "predictions": PREDICTIONS_FILE,
        "works": evaluated.facts.n_tested,
        "creators": evaluated.facts.columns,
    }
    found, looked_at = results(tables), leads(evaluated)
    return {
        language: render(
            "report.html",
            language,
            headline=headline(found, texts_in(language)),
            leads=[_lead_words(each, texts_in(language)) for each in looked_at],
            others=[(page_name(other), other, name) for other, name in LANGUAGES.items() if other != language],
            **values,
        )
        for language in LANGUAGES
    }


def _lead_words(lead: Lead, texts: Texts) -> LeadWords:
    values = {name: percent(value) if isinstance(value, float) else value for name, value in lead.values.items()}
    values |= {"threshold": percent(SURE_ENOUGH, 0)}
    says, act = (texts(f"lead_{lead.kind}{part}", **values) for part in ("", "_act"))
    return LeadWords(says, act, f"chapter-{LEAD_CHAPTERS.get(lead.kind, 'models')}")


def _orders(creators: Table) -> dict[str, dict[str, int]]:
    """The place of each creator by F1 (highest and lowest first), by works and by name."""

    def value(row: Sequence[Any], measure: str) -> float:
        return next(
            (each.value or 0.0 for each in row if isinstance(each, Figure) and each.measure.startswith(measure)), 0.0
        )

    keys: Mapping[str, Any] = {
        "weakest": lambda row: value(row, "f1 of "),
        "best": lambda row: -value(row, "f1 of "),
        "works": lambda row: -value(row, "works of "),
        "name": lambda row: row[0],
    }
    return {
        order: {str(row[0]): place for place, row in enumerate(sorted(creators.rows, key=key))}
        for order, key in keys.items()
    }


def _matrix(evaluated: EvaluatedRun) -> MatrixRows | None:
    found = confusion_matrix(evaluated)
    if len(found.creators) < 3:
        return None
    works = pl.Series(evaluated.facts.labels[evaluated.facts.outer >= 0]).value_counts()
    names = tuple(evaluated.facts.creators[each] for each in found.creators)
    of = dict(works.iter_rows())
    rows = (
        (name, tuple((int(count), count / max(1, of.get(creator, 0))) for count in counts))
        for name, creator, counts in zip(names, found.creators, found.counts, strict=True)
    )
    return MatrixRows(names, tuple(rows))


def _reasons(run: StoredRun, left_out: Sequence[LeftOut]) -> list[str]:
    plan = run.plan
    few = [f"{few_in_words(plan.few_creators, plan.few_works)}."] if plan.few_creators else []
    models = [f"{model_words(name)} was left out: {reason}." for name, reason in plan.left_out.items()]
    return few + models + list(dict.fromkeys(each.reason for each in left_out))
