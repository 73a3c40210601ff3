"""Named sets of arguments for `sakka experiment --preset`."""

from dataclasses import dataclass

from sakka.errors import RunError
from sakka.splits import INNER_FOLDS

DEFAULT_MODELS = ("photo-efficientnet_lite0", "text-linear", "dummy")


@dataclass(frozen=True)
class Preset:
    """A set of arguments.

    Attributes:
        name: Its name on the command line.
        inner_folds: How many inner folds of each outer fold are used.
        models: The models to judge.
        help: What it is for, in one sentence.
    """

    name: str
    inner_folds: int
    models: tuple[str, ...]
    help: str


_ALL = (
    Preset("quick", 1, DEFAULT_MODELS, "5 x 1 folds: a first look; the ensemble rows equal the single ones."),
    Preset("best", INNER_FOLDS, DEFAULT_MODELS, "5 x 5 folds, the default models: the figures to quote."),
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}


def preset(name: str) -> Preset:
    """Give the preset called `name`.

    Raises:
        RunError: There is none.
    """
    if name not in PRESETS:
        raise RunError(f"no preset is called {name!r}; known are {', '.join(PRESETS)}")
    return PRESETS[name]
