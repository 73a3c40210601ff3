"""`evaluate(catalog)`: `sakka experiment` for a notebook, its tables as frames.

    evaluation = evaluate(works, preset="quick")
    evaluation.tables["accuracy"]

The figures are those of the command on the same catalog with the same preset, split and seed: both run the same plan
and read the same stored predictions.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sakka.catalog.works import Catalog
from sakka.evaluation.figures import Cell, Figure, Table, results
from sakka.evaluation.plan import Plan
from sakka.evaluation.run import run_experiment
from sakka.evaluation.usable_works import few_in_words, usable_works
from sakka.fragments import counted, element, table
from sakka.pages.formats import percent
from sakka.pages.headline import Bar, Headline, headline
from sakka.pages.write_report import report_of, write_tables
from sakka.paper.plan import PaperOptions
from sakka.paper.presets import preset as preset_called
from sakka.paper.presets import preset_plan

NAMES = {"table2": "ratios", "table3": "accuracy", "table4": "transitions"}
"""Tables that are numbered as in the paper, by the names that they have here."""


@dataclass(frozen=True, repr=False)
class Evaluation:
    """What an experiment found.

    Attributes:
        headline: The result in sentences, and the bars that compare the models.
        tables: By name, such as `accuracy`, `calibration` or `creators`: the tables of the report. A column of figures
            has its standard deviation over the test folds beside it; `n` and `folds` say what a row comes from.
        figures: Every figure of all tables, a row each: `table`, `split`, `model`, `row`, `measure`, `value`, `spread`,
            `n`, `folds`.
        left_out: Sentences about what could not be evaluated.
        report: The page to open; None where no folder was named.
    """

    headline: Headline
    tables: Mapping[str, pl.DataFrame]
    figures: pl.DataFrame
    left_out: tuple[str, ...] = ()
    report: Path | None = None

    def __repr__(self) -> str:
        """The headline, and what it comes from."""
        said = self.headline
        return f"Evaluation({said.title}; {counted(said.works, 'work')}, {counted(said.folds, 'test fold')})"

    def _repr_html_(self) -> str:
        """The headline, the comparison of the models, and the names of the tables."""
        rows = [_row(bar) for bar in self.headline.bars]
        return str(
            element(
                "div",
                element("p", element("b", self.headline.title)),
                *(element("p", sentence) for sentence in (*self.headline.sentences, *self.left_out)),
                table(("", "accuracy", "single models"), rows),
                element("p", f"tables: {', '.join(self.tables)}"),
            )
        )


def evaluate(
    catalog: Catalog,
    *,
    preset: str = "best",
    folder: Path | str | None = None,
    split: str = "random",
    seed: int = 0,
    inner_folds: int | None = None,
    outer_folds: int = 5,
    models: Sequence[str] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Evaluation:
    """Evaluate models on a catalog by nested cross-validation.

    Args:
        catalog: The works; creators with too few are left out.
        preset: `quick` (5 x 1 folds), `best` (5 x 5) or `paper` (the paper's own settings).
        folder: The run folder, where an interrupted evaluation goes on and the report is written; None: a temporary
            one, and no report.
        split: `random`, `grouped` (near-identical works stay together) or `temporal`.
        seed: Of the folds and of the models.
        inner_folds: Models an outer fold, 1 to 5; None: the preset's number.
        outer_folds: Test folds to evaluate, 1 to 5.
        models: Names of models in place of the preset's.
        settings: By a model's name, settings that differ from its defaults.

    Raises:
        RunError: An argument can't be used, or the folder holds something else.
        SplitError: The works can't be split into folds.
        ModelError: A model is unknown or can't be used on these works.
    """
    folds = preset_called(preset).inner_folds if inner_folds is None else inner_folds
    options = PaperOptions(models=tuple(models), settings=settings or {})
    plan = preset_plan(catalog, preset, options, split=split, seed=seed, inner_folds=folds, outer_folds=outer_folds)
    with _folder(folder) as run:
        report = report_of(run_experiment(catalog, run, plan).folder)
        every = report.every_table
        page = None if folder is None else write_tables(report)
    found = results(every)
    return Evaluation(
        headline(found),
        {NAMES.get(each.key, each.key): frame_of_table(each) for each in every},
        pl.DataFrame(found, infer_schema_length=None),
        tuple(_left_out(catalog, plan)),
        page,
    )


def frame_of_table(table: Table) -> pl.DataFrame:
    """A table of a report as a frame; a column of figures has its standard deviation beside it."""
    columns: dict[str, pl.Series] = {}
    for at, name in enumerate(table.head):
        cells = [row[at] for row in table.rows]
        if any(isinstance(cell, Figure) for cell in cells):
            columns[name] = _numbers([cell.value if isinstance(cell, Figure) else None for cell in cells])
            spreads = [cell.spread if isinstance(cell, Figure) else None for cell in cells]
            columns[f"{name} standard deviation"] = pl.Series(spreads, dtype=pl.Float64)
        else:
            columns[name] = pl.Series([str(cell) for cell in cells], dtype=pl.String)
    firsts = [_first(row) for row in table.rows]
    columns["n"] = pl.Series([each and each.n for each in firsts], dtype=pl.Int64)
    columns["folds"] = pl.Series([each and each.folds for each in firsts], dtype=pl.Int64)
    return pl.DataFrame(columns)


def _numbers(values: Sequence[float | None]) -> pl.Series:
    whole = all(value is None or isinstance(value, int) for value in values)
    return pl.Series(values, dtype=pl.Int64 if whole else pl.Float64)


def _first(row: Sequence[Cell]) -> Figure | None:
    return next((cell for cell in row if isinstance(cell, Figure)), None)


@contextmanager
def _folder(named: Path | str | None) -> Iterator[Path]:
    if named is not None:
        yield Path(named)
        return
    with tempfile.TemporaryDirectory(prefix="sakka-") as folder:
        yield Path(folder) / "run"


def _left_out(catalog: Catalog, plan: Plan) -> Iterator[str]:
    if plan.few_creators:
        yield few_in_words(plan.few_creators, plan.few_works)
    usable = usable_works(catalog, plan.split)
    if usable.left_out:
        yield f"the {plan.split} split leaves out " + ", ".join(f"{n:,} {why}" for why, n in usable.left_out.items())
    yield from (f"{name} is left out: {reason}" for name, reason in plan.left_out.items())


def _row(bar: Bar) -> tuple[str, str, str]:
    return (
        bar.label,
        percent(bar.accuracy, standard_deviation=bar.standard_deviation),
        "" if bar.single is None else percent(bar.single),
    )
