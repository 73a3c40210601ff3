"""Table 4, what fusion makes correct and what it makes wrong, and works to look at: those it rescued, and sure errors.

Each work is correct (T) or wrong (F) before and after fusion. The paper gives pooled counts, from which its accuracy is
(TT + TF) / n before and (TT + FT) / n after; its table 3 averages over folds instead. Both are given here.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from sakka.evaluation.display_names import model_words
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table, figure, total
from sakka.evaluation.frame import FUSED, EvaluatedRun, ensemble
from sakka.evaluation.tables.ratios import NO_FUSION

RESCUED = 6
ERRORS = 9


@dataclass(frozen=True)
class Transitions:
    """How many works go from correct or wrong before (first letter) to correct or wrong after (second letter).

    >>> Transitions(tt=86458, ff=6818, ft=15504, tf=905).accuracy_before.__round__(4)
    0.7965
    """

    tt: int
    ff: int
    ft: int
    tf: int

    @property
    def works(self) -> int:
        """All works."""
        return self.tt + self.ff + self.ft + self.tf

    @property
    def accuracy_before(self) -> float:
        """The pooled accuracy before."""
        return (self.tt + self.tf) / self.works

    @property
    def accuracy_after(self) -> float:
        """The pooled accuracy after."""
        return (self.tt + self.ft) / self.works


def before_and_after(run: EvaluatedRun) -> pl.DataFrame | None:
    """A row a work: `work`, `label`, `outer`, and `predicted`, `probability` and `correct` of each side.

    The sides are `photo` and `text`, the two ensembles, and `fused`; a column is called `SIDE` for correct,
    `SIDE_predicted` and `SIDE_probability`. None for a run without a fusion.
    """
    if run.facts.fused is None:
        return None
    sides = dict(zip(("photo", "text", "fused"), (*map(ensemble, run.facts.fused), FUSED), strict=True))
    works = run.of(FUSED).select("work", "label", "outer")
    for side, predictor in sides.items():
        columns = {side: "correct", f"{side}_predicted": "predicted", f"{side}_probability": "probability"}
        of_side = run.of(predictor).select("work", **{name: pl.col(column) for name, column in columns.items()})
        works = works.join(of_side, on="work", maintain_order="left")
    return works


PHOTO, TEXT, AFTER = pl.col("photo"), pl.col("text"), pl.col("fused")


def table4(run: EvaluatedRun) -> Table | LeftOut:
    """The transitions from the photo and from the text ensemble to the fusion."""
    works, pair = before_and_after(run), run.facts.fused
    if works is None or pair is None:
        return LeftOut("table4", NO_FUSION)
    sides = zip(pair, (PHOTO, TEXT), strict=True)
    return Table(
        key="table4",
        title="Right and wrong, before and after fusion",
        note=(
            "Ensemble before, fusion after. The counts are pooled over the folds; the shares are means over the folds "
            "± standard deviation. T is right, F is wrong: FT is what fusion rescues, TF what it loses."
        ),
        head=("Before", "", "TT", "FF", "FT (rescued)", "TF (lost)"),
        rows=tuple(row for name, before in sides for row in _transition_rows(run, works, name, before)),
    )


def agreement(run: EvaluatedRun) -> Table | LeftOut:
    """How fusion does where photo and text are both correct, both wrong, or one of the two."""
    works = before_and_after(run)
    if works is None:
        return LeftOut("agreement", NO_FUSION)
    cases = {
        "both right": ("both right", PHOTO & TEXT),
        "only the photo right": ("photo right", PHOTO & ~TEXT),
        "only the text right": ("text right", TEXT & ~PHOTO),
        "both wrong": ("both wrong", ~PHOTO & ~TEXT),
    }
    rows: list[tuple[Cell, ...]] = []
    for words, (name, case) in cases.items():
        counted = {"works_count": case, "right_count": case & AFTER, "wrong_count": case & ~AFTER}
        rows.append((words, *(_count(run, works, f"{name} -> fused", key, each) for key, each in counted.items())))
    return Table(
        key="agreement",
        title="Where photo and text agree",
        note="Counts pooled over the folds.",
        head=("Photo and text before fusion", "Works", "Fused right", "Fused wrong"),
        rows=tuple(rows),
    )


def _transition_rows(run: EvaluatedRun, works: pl.DataFrame, name: str, before: pl.Expr) -> list[tuple[Cell, ...]]:
    kinds = {"TT": before & AFTER, "FF": ~before & ~AFTER, "FT": ~before & AFTER, "TF": before & ~AFTER}
    model, words = f"{name} -> fused", model_words(name)
    counts = (_count(run, works, model, f"{kind}_count", each) for kind, each in kinds.items())
    shares = (
        figure(model, "fused", f"{kind}_share", _by_fold(works, each.mean()), run.facts.n_tested)
        for kind, each in kinds.items()
    )
    return [(words, "works", *counts), (words, "share", *shares)]


def _count(run: EvaluatedRun, works: pl.DataFrame, model: str, measure: str, case: pl.Expr) -> Figure:
    return total(model, "fused", measure, _by_fold(works, case.sum()), run.facts.n_tested)


def _by_fold(works: pl.DataFrame, value: pl.Expr) -> list[Any]:
    return works.group_by("outer").agg(value.alias("value")).sort("outer")["value"].to_list()


@dataclass(frozen=True)
class Prediction:
    """What one model said of a work.

    Attributes:
        by: The model's name; `fused` for the fusion.
        creator: The creator predicted, a column.
        probability: Its probability.
        correct: Whether it is the work's own creator.
    """

    by: str
    creator: int
    probability: float
    correct: bool


@dataclass(frozen=True)
class Example:
    """One work with what photo, text and both said of it, in this order; else what the run's one model said.

    Attributes:
        row: The work's row.
        predictions: Whom they predicted.
    """

    row: int
    predictions: tuple[Prediction, ...]


def rescued(run: EvaluatedRun, top: int = RESCUED) -> list[Example]:
    """Works whose creator photo and text named together and neither of them alone: the surest first, one a creator."""
    works = before_and_after(run)
    return [] if works is None else _examples(run, _one_a_creator(works.filter(AFTER & ~PHOTO & ~TEXT)), top)


def _one_a_creator(works: pl.DataFrame) -> pl.DataFrame:
    return works.sort(-pl.col("fused_probability"), "work").unique("label", keep="first", maintain_order=True)


def surest_errors(run: EvaluatedRun, top: int = ERRORS) -> list[Example]:
    """The wrong answers with the highest probability."""
    works = before_and_after(run)
    if works is None:
        columns = {"fused": "correct", "fused_predicted": "predicted", "fused_probability": "probability"}
        of_headline = run.of(run.headline).select("work", "label", **{name: pl.col(of) for name, of in columns.items()})
        return _examples(run, of_headline.filter(~AFTER), top)
    return _examples(run, works.filter(~AFTER), top)


def _examples(run: EvaluatedRun, works: pl.DataFrame, top: int) -> list[Example]:
    names = dict(zip(("photo", "text"), run.facts.fused or (), strict=False)) | {"fused": run.headline.model}
    return [
        Example(row["work"], tuple(
            Prediction(name, row[f"{side}_predicted"], row[f"{side}_probability"], row[side])
            for side, name in names.items()
        ))
        for row in works.sort(-pl.col("fused_probability"), "work").head(top).iter_rows(named=True)
    ]  # fmt: skip
