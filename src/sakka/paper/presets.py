"""Named sets of arguments for `sakka experiment --preset`."""

from dataclasses import dataclass

from sakka.catalog.splits import INNER_FOLDS, OUTER_FOLDS
from sakka.catalog.works import Catalog
from sakka.errors import RunError
from sakka.evaluation.plan import Plan, make_plan
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL
from sakka.paper.plan import MODELS as PAPER_MODELS
from sakka.paper.plan import PRESET as PAPER
from sakka.paper.plan import PaperOptions, paper_plan

DEFAULT_MODELS = (DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL, "dummy")


@dataclass(frozen=True)
class Preset:
    """A set of arguments.

    Attributes:
        name: Its name on the command line.
        inner_folds: How many inner folds of each outer fold are used.
        models: The models to evaluate.
        help: What it is for, in one sentence.
    """

    name: str
    inner_folds: int
    models: tuple[str, ...]
    help: str


_ALL = (
    Preset("quick", 1, DEFAULT_MODELS, "5 x 1 folds: a first look; the ensemble rows equal the single ones."),
    Preset("best", INNER_FOLDS, DEFAULT_MODELS, "5 x 5 folds, the default models: the figures to quote."),
    Preset(PAPER, INNER_FOLDS, PAPER_MODELS, "5 x 5 folds, the paper's models and tables; needs a GPU."),
)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}


def preset(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        RunError: There is none.
    """
    if name not in PRESETS:
        raise RunError(f"no preset is called {name!r}; known are {', '.join(PRESETS)}")
    return PRESETS[name]


def preset_plan(
    catalog: Catalog,
    name: str,
    options: PaperOptions | None = None,
    *,
    split: str = "random",
    seed: int = 0,
    inner_folds: int = INNER_FOLDS,
    outer_folds: int = OUTER_FOLDS,
) -> Plan:
    """Plan a preset on a catalog.

    Args:
        catalog: The works to evaluate on.
        name: The preset's name.
        options: What is asked of the preset `paper`; of another preset only its `models` and their
            `settings` can be asked.
        split: How the works are split.
        seed: The seed of the split and of the models.
        inner_folds: How many inner folds to use, 1 to 5.
        outer_folds: How many outer folds to evaluate, 1 to 5.

    Raises:
        RunError: There is no such preset, or an option can't be used.
        ModelError: No model has such a name.
    """
    chosen, asked = preset(name), options or PaperOptions()
    if name == PAPER:
        return paper_plan(catalog, asked, split=split, seed=seed, inner_folds=inner_folds, outer_folds=outer_folds)
    if asked != PaperOptions(models=asked.models, settings=asked.settings):
        raise RunError(
            "`only`, `epochs`, `text_epochs`, `photo_model` and `log_base` are for the preset paper; "
            f"leave them out with {name}"
        )
    models = asked.models or chosen.models
    return make_plan(
        catalog,
        models,
        split=split,
        seed=seed,
        inner_folds=inner_folds,
        outer_folds=outer_folds,
        settings=asked.settings,
    )
