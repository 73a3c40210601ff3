"""What a trial does: fit a model with the settings drawn to a fold's training part, and predict its validation part.

A trial is given `SeenWorks`, a catalog that the fold's test works are not in; it can't look at them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

import numpy as np

from sakka.arrays import Probabilities, log_probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.registry import make_model
from sakka.tuning.spaces import Space

if TYPE_CHECKING:
    import optuna

    from sakka.models.base import CreatorModel
    from sakka.models.photo.checkpoints import EpochFigures


@runtime_checkable
class LearnsByEpoch(Protocol):
    """A model that can be watched, and stopped, after each of its epochs."""

    def fit_validated(
        self,
        train: Catalog,
        validation: Catalog,
        creators: Sequence[str],
        after_epoch: "Callable[[EpochFigures], bool]",
    ) -> Self:
        """Learn from `train`, choosing the epoch on `validation`."""


@dataclass(frozen=True)
class SeenWorks:
    """The works that a study sees.

    Attributes:
        train: To learn from.
        validation: To evaluate a trial on.
        creators: The columns of every prediction.
    """

    train: Catalog
    validation: Catalog
    creators: tuple[str, ...]

    @classmethod
    def of(cls, works: Catalog, fold: Fold) -> "SeenWorks":
        """Take the training and validation parts of a fold."""
        return cls(works.take(fold.train), works.take(fold.validation), works.creators)


@dataclass(frozen=True)
class Objective:
    """The validation accuracy of a model with the settings that a trial draws.

    Attributes:
        model: The model's name.
        space: What is drawn.
        fixed: Settings that are not drawn.
        works: What a trial sees.
    """

    model: str
    space: Space
    fixed: Mapping[str, Any]
    works: SeenWorks

    def __call__(self, trial: "optuna.Trial") -> float:
        """Do a trial.

        Raises:
            optuna.TrialPruned: It was no use to go on, or the settings drawn lead nowhere.
        """
        import optuna

        drawn = self.space.draw(trial)
        try:
            model = make_model(self.model, **{**self.fixed, **drawn})
            predictions = self._predictions(model, trial)
        except ModelError as error:
            if trial.number < len(self.space.starts):
                raise  # the defaults must work: what is wrong is not what was drawn
            trial.set_user_attr("error", str(error))
            raise optuna.TrialPruned from error
        accuracy, log_loss = _accuracy_and_log_loss(predictions, self.works)
        trial.set_user_attr("log_loss", log_loss)
        return accuracy

    def fill_cache(self) -> None:
        """Compute of the works' photos and texts what the cache lacks, before several processes need it."""
        model = make_model(self.model, **self.fixed)
        for part in (self.works.train, self.works.validation):
            model.fill_cache(part)

    def _predictions(self, model: "CreatorModel", trial: "optuna.Trial") -> "Probabilities":
        if isinstance(model, LearnsByEpoch):
            watch = _Watch(trial)
            model.fit_validated(self.works.train, self.works.validation, self.works.creators, watch)
            watch.raise_if_pruned()
        else:
            model.fit(self.works.train, self.works.creators)
        return model.predict_proba(self.works.validation)


class _Watch:
    """Tells a study of each epoch and says whether the trial goes on."""

    def __init__(self, trial: "optuna.Trial") -> None:
        self.trial = trial
        self.pruned = False

    def __call__(self, figures: "EpochFigures") -> bool:
        if figures.accuracy is not None:
            self.trial.report(figures.accuracy, figures.epoch)
        self.pruned = self.trial.should_prune()
        return not self.pruned

    def raise_if_pruned(self) -> None:
        import optuna

        if self.pruned:
            raise optuna.TrialPruned


def _accuracy_and_log_loss(predictions: "Probabilities", works: SeenWorks) -> tuple[float, float]:
    labels = works.validation.creator_indices(works.creators)
    own = predictions[np.arange(len(labels)), labels].astype(np.float64)
    return float(np.mean(predictions.argmax(axis=1) == labels)), float(-log_probabilities(own).mean())
