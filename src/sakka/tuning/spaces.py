"""Which settings of a model are tuned, within which bounds, and where the search starts.

A space is a tuple of ranges; numbers on a logarithmic scale where a factor matters and not a difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sakka.errors import ModelError

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Real:
    """A setting that is a number from `low` to `high`."""

    name: str
    low: float
    high: float
    log: bool = True

    def draw(self, trial: "optuna.Trial") -> float:
        """Let a trial choose."""
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Whole:
    """A setting that is a whole number from `low` to `high`."""

    name: str
    low: int
    high: int
    log: bool = False

    def draw(self, trial: "optuna.Trial") -> int:
        """Let a trial choose."""
        return trial.suggest_int(self.name, self.low, self.high, log=self.log)


@dataclass(frozen=True)
class OneOf:
    """A setting that is one of a few values."""

    name: str
    values: tuple[int, ...]

    def draw(self, trial: "optuna.Trial") -> int:
        """Let a trial choose."""
        return trial.suggest_categorical(self.name, self.values)


@dataclass(frozen=True)
class Space:
    """What is tuned of a model.

    Attributes:
        ranges: The settings.
        starts: What is tried first: the model's defaults, and nothing that was chosen by test works.
    """

    ranges: Sequence[Real | Whole | OneOf]
    starts: Sequence[Mapping[str, Any]]

    def draw(self, trial: "optuna.Trial") -> dict[str, Any]:
        """Let a trial choose every setting."""
        return {each.name: each.draw(trial) for each in self.ranges}

    def without(self, names: Sequence[str]) -> "Space":
        """The space in which some settings are not tuned."""
        starts = [{name: value for name, value in start.items() if name not in names} for start in self.starts]
        return Space(tuple(each for each in self.ranges if each.name not in names), tuple(starts))


_FINE_TUNED = Space(
    (
        Real("learning_rate", 1e-4, 1e-1),
        Real("momentum", 0.8, 0.99, log=False),
        OneOf("hidden", (512, 1024, 2048, 4096)),
    ),
    ({"learning_rate": 0.005, "momentum": 0.97, "hidden": 4096},),
)
_PENALTY = Space((Real("penalty", 1e-5, 1.0),), ({"penalty": 0.003},))

SPACES: Mapping[str, Space] = MappingProxyType(
    {
        "photo-vgg16-finetuned": _FINE_TUNED,
        "photo-efficientnet_lite0-finetuned": _FINE_TUNED,
        "photo-vgg16": _PENALTY,
        "photo-efficientnet_lite0": _PENALTY,
        "text-linear": Space(
            (
                Real("penalty", 1e-6, 1e-1),
                Real("idf_power", 0.0, 1.5, log=False),
                Whole("features_per_text", 2, 20, log=True),
            ),
            (
                {"penalty": 1e-4, "idf_power": 0.5, "features_per_text": 5},
                {"penalty": 1e-3, "idf_power": 1.0, "features_per_text": 5},
            ),
        ),
        "text-fasttext": Space(
            (
                Real("lr", 0.02, 1.0),
                Whole("dim", 20, 300, log=True),
                Whole("epoch", 50, 2000, log=True),
                Whole("min_count", 1, 5),
            ),
            ({"lr": 0.1, "dim": 100, "epoch": 1000, "min_count": 1},),
        ),
    }
)


def space_of(model: str, fixed: Sequence[str] = ()) -> Space:
    """What is tuned of a model.

    Args:
        model: The model's name.
        fixed: Settings that are given and not tuned.

    Raises:
        ModelError: Nothing is, or every setting is fixed.
    """
    if model not in SPACES:
        raise ModelError(f"no settings to tune are known for {model!r}; they are for {', '.join(SPACES)}")
    space = SPACES[model].without(fixed)
    if not space.ranges:
        raise ModelError(f"every setting of {model} that could be tuned is fixed; leave one open")
    return space
