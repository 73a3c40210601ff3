"""One tidy frame of an evaluated run, a row a (work, predictor); each table is an expression on it.

A run's probabilities don't fit in memory (22,000 works x 944 creators x 75 files at the paper's size), and no table
needs them all: each file is read once (`aggregate.py`) and reduced to the creator predicted, two probabilities and a
rank.

    work, outer, label          the work's row, the outer fold that tests it, its own creator as a column
    has_photo, has_text         what the work has
    model                       the model's name; `fused` for photo and text fused
    kind                        `single` (an inner fold's model), `ensemble` (the mean of their probabilities), `fused`
    inner                       the inner fold of a single model
    way, photo_weight           the way of fusing, and the photo's weight of a fixed ratio
    chosen, chosen_of_way       whether validation chose the ratio in this outer fold, of all or of its way
    as_fitted                   whether `sakka fit` would take this fusion, by the outer fold's validation works
    predicted, probability      the most probable creator and its probability
    own_probability, rank       the probability of the work's own creator, and how many creators are before it
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from sakka.arrays import SMALLEST, IntArray, Probabilities
from sakka.evaluation.display_names import model_words
from sakka.evaluation.figures import Figure, RowKind, figure
from sakka.evaluation.learned_fusion import LEARNED_KIND
from sakka.evaluation.metrics import TOP_KS, count, macro_f1
from sakka.evaluation.open_run import RunFacts
from sakka.models.fixed_ratio import FixedRatio
from sakka.models.fusion import HOWS
from sakka.models.work_reader import Modality

FUSION = "fused"
BLOCK_ROWS = 512  # at 944 creators a block stays in the processor's cache
PREDICTOR = ("model", "kind", "inner", "way", "photo_weight", "chosen", "chosen_of_way", "as_fitted")
CORRECT = pl.col("predicted") == pl.col("label")
LOG_LOSS = -pl.col("own_probability").cast(pl.Float64).clip(lower_bound=SMALLEST).log()
MEASURES: tuple[str, ...] = ("accuracy", "macro_f1", *(f"top{k}_accuracy" for k in TOP_KS))


def shown_name(model: str) -> str:
    """A model's name in the frame, where `fused` is what the evaluation itself fuses.

    >>> shown_name("fused"), shown_name("dummy")
    ('fused-model', 'dummy')
    """
    return "fused-model" if model == FUSION else model


def schema(models: Sequence[str], ways: Sequence[str], n_creators: int) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The frame's columns: 28 bytes a row up to 65,535 creators."""
    column = pl.UInt16 if n_creators < 1 << 16 else pl.UInt32
    return {
        "work": pl.UInt32, "outer": pl.UInt8, "label": column, "has_photo": pl.Boolean, "has_text": pl.Boolean,
        "model": pl.Enum([*dict.fromkeys([*models, FUSION])]), "kind": pl.Enum(["single", "ensemble", "fused"]),
        "inner": pl.UInt8, "way": pl.Enum([*ways]), "photo_weight": pl.Float64,
        "chosen": pl.Boolean, "chosen_of_way": pl.Boolean, "as_fitted": pl.Boolean,
        "predicted": column, "probability": pl.Float32, "own_probability": pl.Float32, "rank": column,
    }  # fmt: skip


def reduced(table: Callable[[slice], Probabilities], labels: IntArray) -> dict[str, Any]:
    """The frame's last four columns, each of shape (n_works,).

    Args:
        table: The probabilities of some of the works, shape (n_rows, n_creators).
        labels: The works' own creators as columns, shape (n_works,).
    """
    starts = range(0, max(1, len(labels)), BLOCK_ROWS)
    blocks = [slice(start, start + BLOCK_ROWS) for start in starts]
    parts = [_reduced_block(table(block), labels[block]) for block in blocks]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _reduced_block(probabilities: Probabilities, labels: IntArray) -> dict[str, Any]:
    works, predicted = np.arange(len(labels)), probabilities.argmax(axis=1)
    return {
        "predicted": predicted,
        "probability": probabilities[works, predicted],
        "own_probability": probabilities[works, labels],
        "rank": ranks(probabilities, labels),
    }


def ranks(probabilities: Probabilities, labels: IntArray) -> IntArray:
    """Count the creators that are before each work's own, shape (n,); among equals the lower column is before.

    >>> ranks(np.float32([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]), np.array([2, 1])).tolist()
    [1, 1]
    """
    own = probabilities[np.arange(len(labels)), labels][:, None]
    equal_before = (probabilities == own) & (np.arange(probabilities.shape[1]) < labels[:, None])
    before: IntArray = ((probabilities > own) | equal_before).sum(axis=1)
    return before


@dataclass(frozen=True)
class Predictor:
    """Whose predictions a figure measures: some rows of the frame.

    Attributes:
        model: The name in `results.json`.
        row: The row's kind there.
        where: The rows of the frame.
    """

    model: str
    row: RowKind
    where: pl.Expr


def single(model: str) -> Predictor:
    """The single models of the inner folds: measures are averaged over them."""
    return Predictor(model, "single", (pl.col("kind") == "single") & (pl.col("model") == model))


def ensemble(model: str) -> Predictor:
    """The mean of the inner models' probabilities."""
    return Predictor(model, "ensemble", (pl.col("kind") == "ensemble") & (pl.col("model") == model))


def fixed_ratio(name: str, fixed: FixedRatio) -> Predictor:
    """The two ensembles fused in a fixed ratio."""
    return Predictor(
        name, "fused", (pl.col("way") == fixed.how) & (pl.col("photo_weight") == fixed.photo_weight) & _FUSED
    )


def way_of_fusing(name: str, way: str) -> Predictor:
    """A way of fusing: a learned one, or a fixed one with the weight that validation chooses in each outer fold."""
    where = (pl.col("way") == way) & _FUSED
    return Predictor(name, "fused", where & pl.col("chosen_of_way") if way in HOWS else where)


_FUSED = pl.col("kind") == "fused"
FUSED = Predictor(FUSION, "fused", _FUSED & pl.col("as_fitted"))
FUSED_SINGLE = single(FUSION)  # a photo model and a text model of one inner fold, fused in the same way
FUSED_RATIO = Predictor("fused-ratio", "fused", _FUSED & pl.col("chosen"))
FUSED_LEARNED = way_of_fusing("fused-learned", LEARNED_KIND)


@dataclass(frozen=True, eq=False)
class EvaluatedRun:
    """A run whose predictions are evaluated: what all tables are made of.

    Attributes:
        facts: What the run is about.
        frame: A row a (work, predictor), as above.
        validation: A row a (outer fold, fixed ratio): `outer`, `way`, `photo_weight`, `chosen`, `chosen_of_way`,
            `works` and `correct` (counts over the validation parts of its inner folds) and `accuracy`.
    """

    facts: RunFacts
    frame: pl.DataFrame
    validation: pl.DataFrame

    @property
    def models(self) -> tuple[tuple[str, Modality], ...]:
        """Name in the frame and modality of each model, in the plan's order."""
        return tuple((shown_name(name), modality) for name, modality in self.facts.models)

    @property
    def headline(self) -> Predictor:
        """What the run puts forward and `sakka fit` makes: the two fused; else the first ensemble that reads anything.

        Where none does it is the first. How the two are fused is chosen in each outer fold on its validation works.
        """
        if self.facts.fused is not None:
            return FUSED
        reading = [name for name, modality in self.models if modality != "none"]
        return ensemble((reading or [self.models[0][0]])[0])

    @property
    def compared(self) -> tuple[Predictor, ...]:
        """The headline and, where it is a fusion, its photo and its text ensemble."""
        return (self.headline, *map(ensemble, self.facts.fused or ()))

    def with_headline(self, predictors: Mapping[str, Predictor]) -> tuple[dict[str, Predictor], int]:
        """Some predictors by name with the headline among them, and its place.

        One that predicts the same as the headline, or as one before it, does not stand there twice.
        """
        name, probabilities = model_words(self.headline.model), self.of(self.headline)["own_probability"]
        kept: dict[str, tuple[Predictor, pl.Series]] = {}
        for words, each in {**predictors, name: self.headline}.items():
            own = self.of(each)["own_probability"]
            if not any(own.equals(other) for _, other in kept.values()):
                is_headline = own.equals(probabilities)
                kept[name if is_headline else words] = (self.headline if is_headline else each, own)
        return {words: each for words, (each, _) in kept.items()}, list(kept).index(name)

    def of(self, predictor: Predictor) -> pl.DataFrame:
        """A predictor's rows with `correct` and `log_loss`, in the order of the works."""
        return (
            self.frame.filter(predictor.where)
            .with_columns(correct=CORRECT, log_loss=LOG_LOSS)
            .sort("work", maintain_order=True)
        )

    @cached_property
    def scores(self) -> pl.DataFrame:
        """Each measure of each predictor in each outer fold."""

        def macro(columns: Sequence[pl.Series]) -> float:  # with NumPy: expressions would join three groupings a fold
            label, predicted = (column.to_numpy() for column in columns)
            return macro_f1(count(label, predicted, self.facts.columns))

        shares = {f"top{k}_accuracy": (pl.col("rank") < k).mean() for k in TOP_KS}
        return (
            self.frame.group_by(*PREDICTOR, "outer", maintain_order=True)
            .agg(
                CORRECT.mean().alias("accuracy"),
                pl.map_groups(["label", "predicted"], macro, pl.Float64, returns_scalar=True).alias("macro_f1"),
                LOG_LOSS.mean().alias("log_loss"),
                **shares,
            )
            .sort("outer", maintain_order=True)
        )

    def by_fold(self, predictor: Predictor, measure: str) -> list[float]:
        """A measure in each outer fold, the mean over the inner folds of single models."""
        of_fold = self.scores.filter(predictor.where).group_by("outer", maintain_order=True)
        return of_fold.agg(pl.col(measure).mean())[measure].to_list()

    def figure(self, predictor: Predictor, measure: str) -> Figure:
        """The figure of a measure over the outer folds."""
        return figure(predictor.model, predictor.row, measure, self.by_fold(predictor, measure), self.facts.n_tested)

    def accuracy_where(self, predictor: Predictor, condition: pl.Expr, measure: str) -> Figure:
        """The figure of the accuracy on the works that meet a condition, over the outer folds that test any."""
        rows = self.of(predictor).filter(condition)
        by_fold = rows.group_by("outer").agg(pl.col("correct").mean()).sort("outer")["correct"].to_list()
        return figure(predictor.model, predictor.row, measure, by_fold, len(rows))
