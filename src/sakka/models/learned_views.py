"""What a model learned of each view on held-out works: the limits between its answers, and what p-values rest on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.models.conformal import ConformalScores, KnownWorks, learn_conformal
from sakka.models.learning_limits import HeldOut, learn_limits
from sakka.models.limits import View, ViewLimits

CONFORMAL = "conformal "


@dataclass(frozen=True)
class LearnedView:
    """What a model learned of one view.

    Attributes:
        limits: The limits between the answers, and the temperature that probabilities are taken at.
        conformal: What p-values and sets of possible creators rest on, at that temperature.
    """

    limits: ViewLimits
    conformal: ConformalScores

    def with_creators(self, count: int) -> "LearnedView":
        """The same with new creators, of whom no work was held out."""
        return replace(self, conformal=self.conformal.with_creators(count))

    def without(self, label: int) -> "LearnedView":
        """The same without one creator and that creator's works."""
        return replace(self, conformal=self.conformal.without(label))


def learn_views(held_out: Mapping[View, Sequence[HeldOut]], n_creators: int) -> dict[View, LearnedView]:
    """Learn of each view that enough works were held out of.

    Args:
        held_out: What was said of the works of each view.
        n_creators: How many creators there are.
    """
    limits = learn_limits(held_out)
    conformal = learn_conformal(held_out, limits, n_creators)
    return {view: LearnedView(each, conformal[view]) for view, each in limits.items()}


def values_of(views: Mapping[View, LearnedView]) -> dict[View, dict[str, Any]]:
    """The limits of each view, as JSON can hold them."""
    return {view: vars(each.limits) for view, each in views.items()}


def tensors_of(views: Mapping[View, LearnedView]) -> dict[str, npt.NDArray[Any]]:
    """What the p-values of each view rest on, as arrays by name."""
    return {
        f"{CONFORMAL}{view} {name}": array
        for view, each in views.items()
        for name, array in (
            ("scores", each.conformal.scores),
            ("works", each.conformal.works),
            ("confidences", each.conformal.known.confidences),
            ("slope", np.array([each.conformal.known.slope])),
        )
    }


def shapes_of(views: Iterable[View]) -> dict[str, str]:
    """The shapes of what `tensors_of` gives, as `ModelParts.check_shapes` takes them."""
    of_view = {"works": "creators", "slope": "1", "scores": "any", "confidences": "any"}
    return {f"{CONFORMAL}{view} {name}": shape for view in views for name, shape in of_view.items()}


def views_from(
    values: Mapping[View, Mapping[str, Any]], tensors: Mapping[str, npt.NDArray[Any]]
) -> dict[View, LearnedView]:
    """The views again of what `values_of` and `tensors_of` gave.

    Raises:
        ValueError: The creators have more held-out works than there are.
    """
    found = {}
    for view, limits in values.items():
        names = ("scores", "works", "confidences", "slope")
        scores, works, confidences, slope = (tensors[f"{CONFORMAL}{view} {name}"] for name in names)
        if not 0 <= works.min(initial=0) <= works.sum() <= len(scores):
            raise ValueError(f"the array {CONFORMAL}{view} works counts more works than there are scores")
        conformal = ConformalScores(scores, works, KnownWorks(confidences, float(slope[0])))
        found[view] = LearnedView(ViewLimits(**limits), conformal)
    return found
