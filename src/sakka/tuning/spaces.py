"""Which settings of a model are tuned, within which limits, and where the search starts.

A space is a tuple of ranges; numbers on a logarithmic scale where a factor matters and not a difference. Where the
search starts is read from the models (`spelled_out_settings`), so that a changed default is tried first here too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sakka.errors import ModelError
from sakka.models.registry import make_model

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
class Categorical:
    """A setting that is one of a few values."""

    name: str
    values: tuple[int, ...]

    def draw(self, trial: "optuna.Trial") -> int:
        """Let a trial choose."""
        return trial.suggest_categorical(self.name, self.values)


Range = Real | Whole | Categorical


@dataclass(frozen=True)
class Space:
    """What is tuned of a model.

    Attributes:
        ranges: The settings.
        starts: What is tried first: the model's defaults, and nothing that was chosen by test works.
    """

    ranges: Sequence[Range]
    starts: Sequence[Mapping[str, Any]]

    def draw(self, trial: "optuna.Trial") -> dict[str, Any]:
        """Let a trial choose every setting."""
        return {each.name: each.draw(trial) for each in self.ranges}


_FINE_TUNED = (
    Real("learning_rate", 1e-4, 1e-1),
    Real("momentum", 0.8, 0.99, log=False),
    Categorical("hidden", (512, 1024, 2048, 4096)),
)
ON_PHOTOS = "photo-"
_PENALTY = (Real("penalty", 1e-5, 1.0),)

RANGES: Mapping[str, Sequence[Range]] = MappingProxyType(
    {
        "photo-vgg16-finetuned": _FINE_TUNED,
        "photo-lite0-finetuned": _FINE_TUNED,
        "photo-lite0": _PENALTY,
        "text-linear": (
            Real("penalty", 1e-6, 1e-1),
            Real("idf_power", 0.0, 1.5, log=False),
            Whole("features_per_text", 2, 20, log=True),
        ),
        "text-fasttext": (
            Real("lr", 0.02, 1.0),
            Whole("dim", 20, 300, log=True),
            Whole("epoch", 50, 2000, log=True),
            Whole("min_count", 1, 5),
        ),
    }
)


def space_of(model: str, fixed: Mapping[str, Any] = MappingProxyType({})) -> Space:
    """What is tuned of a model.

    Args:
        model: The model's name.
        fixed: Settings that are given and not tuned.

    Raises:
        ModelError: Nothing is, every setting is fixed, or the model has no such setting.
    """
    ranges = tuple(each for each in _ranges_of(model) if each.name not in fixed)
    if not ranges:
        raise ModelError(f"every setting of {model} that could be tuned is fixed; leave one open")
    defaults = make_model(model, **fixed).spelled_out_settings()
    starts = [{each.name: settings[each.name] for each in ranges} for settings in defaults]
    return Space(ranges, tuple(start for number, start in enumerate(starts) if start not in starts[:number]))


def _ranges_of(model: str) -> Sequence[Range]:
    """The ranges of a model; those of a linear head on any photo encoder are the same."""
    if model in RANGES:
        return RANGES[model]
    if model.startswith(ON_PHOTOS) and "penalty" in make_model(model).settings():
        return _PENALTY
    raise ModelError(f"no settings to tune are known for {model!r}; they are for {', '.join(RANGES)}")
