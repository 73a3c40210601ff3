"""A judged run: what all tables are made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sakka.arrays import IntArray, Mask
from sakka.evaluation.answers import Answers
from sakka.evaluation.metrics import TOP_KS, accuracy, count, macro_f1, micro_f1, top_k_accuracy
from sakka.models.base import Modality
from sakka.models.fusion import Mixture


@dataclass(frozen=True)
class RunFacts:
    """What a run is about; arrays of shape (n_works,).

    Attributes:
        creators: The columns of every prediction.
        labels: Each work's creator as a column.
        outer: The outer fold that tests each work; -1 where none does.
        outer_folds: How many outer folds there are.
        inner_folds: How many inner folds each of them has.
        models: Name and modality of each model, in the plan's order.
        split: The way of dividing the works.
        seed: The seed of the division.
        has_photo: Whether each work has a photo.
        has_text: Whether each work has a title or a description.
    """

    creators: tuple[str, ...]
    labels: IntArray
    outer: IntArray
    outer_folds: int
    inner_folds: int
    models: tuple[tuple[str, Modality], ...]
    split: str
    seed: int
    has_photo: Mask
    has_text: Mask

    def tested(self, outer: int) -> IntArray:
        """The rows of the works that an outer fold tests."""
        rows: IntArray = np.flatnonzero(self.outer == outer)
        return rows

    @property
    def n_tested(self) -> int:
        """How many works are judged."""
        return int((self.outer >= 0).sum())

    @property
    def columns(self) -> int:
        """How many creators there are."""
        return len(self.creators)


@dataclass(frozen=True)
class ModelAnswers:
    """The answers of one model.

    Attributes:
        name: The model's name.
        modality: What it reads of a work.
        singles: The answers of the model of each inner fold.
        ensemble: The answers of the mean of their probabilities.
    """

    name: str
    modality: Modality
    singles: tuple[Answers, ...]
    ensemble: Answers


@dataclass(frozen=True)
class Choice:
    """How one outer fold is fused: chosen on the pooled validation predictions of its inner folds.

    Attributes:
        mixture: The best of all mixtures.
        of_how: The best mixture of each way of fusing.
        validation_right: Works named rightly by each mixture, over the inner folds' validation parts.
        validation_works: The works of these parts.
    """

    mixture: Mixture
    of_how: Mapping[str, Mixture]
    validation_right: Mapping[Mixture, int]
    validation_works: int

    def validation_accuracy(self, mixture: Mixture) -> float:
        """A mixture's share of right answers on the validation parts."""
        return self.validation_right[mixture] / self.validation_works if self.validation_works else float("nan")


@dataclass(frozen=True)
class Fusion:
    """The answers of a photo model and a text model fused.

    Attributes:
        photo: The photo model's name.
        text: The text model's name.
        choices: What each outer fold chose.
        mixtures: The answers of each mixture of the two ensembles.
        chosen: The ensembles' answers under the mixture chosen in each outer fold.
        of_how: The same for each way of fusing by itself.
        singles: For each inner fold, its photo and its text model fused under the mixture chosen.
        learned: The answers of the fusions that are fitted (`evaluation/learned_fusion.py`), by name.
    """

    photo: str
    text: str
    choices: tuple[Choice, ...]
    mixtures: Mapping[Mixture, Answers]
    chosen: Answers
    of_how: Mapping[str, Answers]
    singles: tuple[Answers, ...]
    learned: Mapping[str, Answers] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """A run, condensed.

    Attributes:
        facts: What the run is about.
        models: The answers of each model, in the plan's order.
        fusion: The answers of photo and text fused; None for a run without one of the two.
    """

    facts: RunFacts
    models: tuple[ModelAnswers, ...]
    fusion: Fusion | None

    def first(self, modality: Modality) -> ModelAnswers | None:
        """The first model that reads `modality`, None where the run has none."""
        return next((model for model in self.models if model.modality == modality), None)

    def model(self, name: str) -> ModelAnswers:
        """A model by name."""
        return next(model for model in self.models if model.name == name)

    @property
    def headline(self) -> tuple[str, Answers]:
        """Name and answers of what the run puts forward.

        The fusion; without one, the first ensemble that reads anything, else the first one.
        """
        if self.fusion is not None:
            return "fused", self.fusion.chosen
        reading = [model for model in self.models if model.modality != "none"] or list(self.models)
        return reading[0].name, reading[0].ensemble


MEASURES: tuple[str, ...] = ("accuracy", "micro_f1", "macro_f1", *(f"top{k}_accuracy" for k in TOP_KS))


def measure(answers: Answers, rows: IntArray, facts: RunFacts) -> dict[str, float]:
    """Every measure of some answers on the works at `rows`, by the names in `MEASURES`."""
    labels, named = facts.labels[rows], answers.named[rows]
    counts = count(labels, named, facts.columns)
    first = {"accuracy": accuracy(labels, named), "micro_f1": micro_f1(counts), "macro_f1": macro_f1(counts)}
    return first | {f"top{k}_accuracy": top_k_accuracy(answers.rank[rows], k) for k in TOP_KS}


def measures_by_fold(many: Sequence[Answers], facts: RunFacts) -> dict[str, list[float]]:
    """For each measure its value in each outer fold, the mean over `many` answers (the single models)."""
    by_fold: dict[str, list[float]] = {name: [] for name in MEASURES}
    for rows in _fold_rows(facts):
        values = [measure(answers, rows, facts) for answers in many]
        for name in MEASURES:
            by_fold[name].append(float(np.mean([value[name] for value in values])))
    return by_fold


def _fold_rows(facts: RunFacts) -> Iterator[IntArray]:
    return (facts.tested(outer) for outer in range(facts.outer_folds))
