"""A picture of a study: one HTML page that needs nothing else."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sakka.files import write_text
from sakka.tuning.study import ABOUT, StudyLayout, completed, ended_trials, read_study, study_errors

if TYPE_CHECKING:
    import optuna
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEMPLATE = Path(__file__).parent / "templates" / "tuning.html"
MOST_ROWS = 20
WIDTH_INCHES = 9.0
COLUMNS = 3
INK, DOT, LINE = "#2a2826", "#2f74b5", "#1d7a63"
LEAST_FOR_IMPORTANCE = 10


def write_page(folder: Path) -> Path:
    """Write `index.html` from the trials of a study; gives its path.

    Raises:
        RunError: The study can't be read.
    """
    from jinja2 import Environment, StrictUndefined

    with study_errors(folder):
        content = _content(read_study(folder))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = StudyLayout(folder).page
    write_text(page, environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(content))
    return page


def importances(study: "optuna.Study") -> dict[str, float]:
    """Each setting's share in how the value varies, the largest first; empty where too little is known.

    By functional ANOVA (F. Hutter et al., ICML 2014), as Optuna has it.
    """
    import optuna

    done = completed(study)
    if len(done) < LEAST_FOR_IMPORTANCE or len({trial.value for trial in done}) < 2 or len(done[0].params) < 2:
        return {}
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return dict(optuna.importance.get_param_importances(study, evaluator=evaluator))


def _content(study: "optuna.Study") -> dict[str, Any]:
    done = sorted(completed(study), key=lambda trial: (-(trial.value or 0.0), trial.number))
    names = sorted({name for trial in done for name in trial.params})
    return {
        "about": study.user_attrs[ABOUT],
        "ended": ended_trials(study),
        "best": done[0] if done else None,
        "names": names,
        "rows": [
            [str(trial.number), f"{trial.value:.4f}", *(_short(trial.params.get(name)) for name in names)]
            for trial in done[:MOST_ROWS]
        ],
        "history": _picture(_history(study)) if done else None,
        "slices": _picture(_slices(done, names)) if done else None,
        "importances": [(name, f"{share:.2f}") for name, share in importances(study).items()],
    }


def _short(value: Any) -> str:
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _history(study: "optuna.Study") -> "Figure":
    """Draw each trial's value in the order of the trials, the best so far, and the trials that were given up."""
    import optuna
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    done = completed(study)
    numbers, values = [trial.number for trial in done], [float(trial.value or 0.0) for trial in done]
    given_up = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.PRUNED])
    figure = Figure(figsize=(WIDTH_INCHES, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.step(numbers, np.maximum.accumulate(values), where="post", color=LINE, label="best so far")
    axes.plot(numbers, values, "o", color=DOT, markersize=5, label="trial")
    if given_up:
        at = [(trial.number, max(trial.intermediate_values.values(), default=min(values))) for trial in given_up]
        axes.plot(*zip(*at, strict=True), "x", color=INK, markersize=5, label="given up early (best epoch)")
    axes.legend(frameon=False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _name_axes(axes, "trial", "validation accuracy")
    return figure


def _slices(done: "Sequence[optuna.trial.FrozenTrial]", names: Sequence[str]) -> "Figure":
    """Draw the trials' values against each setting."""
    import optuna
    from matplotlib.figure import Figure

    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(WIDTH_INCHES, 2.9 * rows), layout="constrained")
    grid = figure.subplots(rows, min(COLUMNS, len(names)), squeeze=False, sharey=True).flatten()
    for axes, name in zip(grid, names, strict=False):
        own = [trial for trial in done if name in trial.params]
        points = [trial.params[name] for trial in own]
        range_ = own[0].distributions[name]
        if isinstance(range_, optuna.distributions.CategoricalDistribution):
            axes.set_xticks(range(len(range_.choices)), [str(choice) for choice in range_.choices])
            points = [range_.choices.index(point) for point in points]
        elif isinstance(range_, optuna.distributions.FloatDistribution) and range_.log:
            axes.set_xscale("log")
        axes.plot(points, [trial.value for trial in own], "o", color=DOT, markersize=5, alpha=0.8)
        axes.plot(points[:1], [own[0].value], "o", color=LINE, markersize=9)
        _name_axes(axes, name, "")
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    grid[0].set_ylabel("validation accuracy")
    return figure


def _name_axes(axes: "Axes", across: str, up: str) -> None:
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)


def _picture(figure: "Figure") -> str:
    """A figure as a `data:` URI."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
