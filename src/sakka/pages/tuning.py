"""A study of a model's settings as one HTML page that needs nothing else."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sakka.files import write_text
from sakka.pages.language import Texts, texts_in
from sakka.pages.plots import Dot, Line, Plot, Tick
from sakka.pages.rendering import render
from sakka.tuning.study import ABOUT, StudyLayout, completed, ended_trials, read_study, study_errors

if TYPE_CHECKING:
    import optuna
    from optuna.trial import FrozenTrial

Scale = Callable[[Any], float]

MOST_ROWS = 20
LEAST_FOR_IMPORTANCE = 10
WIDTH, SLICE_WIDTH, HEIGHT = 840, 360, 260
LEFT, RIGHT, TOP, BOTTOM = 72, 20, 34, 62


def write_page(folder: Path, language: str = "en") -> Path:
    """Write `index.html` from the trials of a study; gives its path.

    Raises:
        RunError: The study can't be read.
    """
    with study_errors(folder):
        content = _content(read_study(folder), texts_in(language))
    page = StudyLayout(folder).page
    write_text(page, render("tuning.html", language, **content))
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


def _content(study: "optuna.Study", texts: Texts) -> dict[str, Any]:
    done = sorted(completed(study), key=lambda trial: (-_value(trial), trial.number))
    names = sorted({name for trial in done for name in trial.params})
    return {
        "about": study.user_attrs[ABOUT],
        "task": study.user_attrs[ABOUT]["task"],
        "ended": ended_trials(study),
        "best": done[0] if done else None,
        "names": names,
        "rows": [
            [str(trial.number), f"{trial.value:.4f}", *(_short(trial.params.get(name)) for name in names)]
            for trial in done[:MOST_ROWS]
        ],
        "history": _history(study, done, texts) if done else None,
        "slices": [_slice(done, name, texts) for name in names],
        "importances": importances(study),
    }


def _short(value: Any) -> str:
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)


def _value(trial: "FrozenTrial") -> float:
    return float(trial.value or 0.0)


def _history(study: "optuna.Study", done: "Sequence[FrozenTrial]", texts: Texts) -> Plot:
    """Each trial's value in the order of the trials, the best so far, and the trials that were given up."""
    import optuna

    least = min(_value(trial) for trial in done)
    pruned = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.PRUNED])
    best_epochs = [(trial.number, max(trial.intermediate_values.values(), default=least)) for trial in pruned]
    last = max([trial.number for trial in done] + [number for number, _ in best_epochs])
    across = _line(0, max(last, 1), LEFT, WIDTH - RIGHT)
    up, y_ticks = _accuracies([*map(_value, done), *(value for _, value in best_epochs)])
    corners: list[tuple[int, float]] = []
    for trial in sorted(done, key=lambda trial: trial.number):
        best = max(_value(trial), corners[-1][1] if corners else 0.0)
        corners += [(trial.number, corners[-1][1]), (trial.number, best)] if corners else [(trial.number, best)]
    return Plot(
        says=texts("tuning_history"),
        legend=(
            ("fused", "line", texts("best_so_far")),
            ("text", "dot", texts("trial")),
            *([("none", "dot", texts("given_up"))] if best_epochs else []),
        ),
        x_label=texts("trial"),
        y_label=texts("validation_accuracy"),
        x_ticks=_ticks(_round_steps(0, last, whole=True), across),
        y_ticks=y_ticks,
        lines=(Line("fused", " ".join(f"{across(at):.1f},{up(value):.1f}" for at, value in corners)),),
        dots=(
            *(Dot("none", across(at), up(value), 4, _says(at, value, texts)) for at, value in best_epochs),
            *(_dot("text", across(trial.number), up, trial, texts) for trial in done),
        ),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
    )


def _slice(done: "Sequence[FrozenTrial]", name: str, texts: Texts) -> Plot:
    """The trials' values against one setting, the best one ringed; `done` is ordered, the best first."""
    own = [trial for trial in done if name in trial.params]
    across, x_ticks = _setting(own, name)
    up, y_ticks = _accuracies([_value(trial) for trial in done])
    best = own[0]
    return Plot(
        says=f"{texts('validation_accuracy')} / {name}",
        legend=(),
        x_label=name,
        y_label=texts("validation_accuracy"),
        x_ticks=x_ticks,
        y_ticks=y_ticks,
        lines=(),
        dots=(
            *(_dot("text", across(trial.params[name]), up, trial, texts) for trial in own[1:]),
            _dot("chosen", across(best.params[name]), up, best, texts),
        ),
        width=SLICE_WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=SLICE_WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
    )


def _setting(own: "Sequence[FrozenTrial]", name: str) -> tuple[Scale, tuple[Tick, ...]]:
    """The scale of a setting: choices in their order, numbers by their size or by its logarithm."""
    import optuna

    range_ = own[0].distributions[name]
    low_x, high_x = LEFT + 14, SLICE_WIDTH - RIGHT - 14
    if isinstance(range_, optuna.distributions.CategoricalDistribution):
        choices = list(range_.choices)
        ordered = _line(0, max(len(choices) - 1, 1), low_x, high_x)
        places = tuple(Tick(ordered(at), str(choice)) for at, choice in enumerate(choices))
        return lambda value: ordered(choices.index(value)), places
    assert isinstance(range_, optuna.distributions.FloatDistribution | optuna.distributions.IntDistribution)
    values = [trial.params[name] for trial in own]
    low, high = min(values), max(values)
    if range_.log:
        logarithmic = _line(math.log10(low), math.log10(high), low_x, high_x)
        places = tuple(Tick(logarithmic(math.log10(mark)), f"{mark:.4g}") for mark in _powers(low, high))
        return lambda value: logarithmic(math.log10(value)), places
    linear = _line(low, high, low_x, high_x)
    return linear, _ticks(_round_steps(low, high, whole=isinstance(low, int)), linear)


def _accuracies(values: Sequence[float]) -> tuple[Scale, tuple[Tick, ...]]:
    low, high = min(values), max(values)
    margin = max(0.05 * (high - low), 0.002)
    up = _line(low - margin, high + margin, HEIGHT - BOTTOM, TOP)
    return up, _ticks(_round_steps(low - margin, high + margin), up)


def _line(low: float, high: float, start: float, end: float) -> Scale:
    """The straight line from values to places; the middle where there is one value."""
    if high <= low:
        return lambda _: (start + end) / 2
    return lambda value: round(start + (value - low) / (high - low) * (end - start), 2)


def _round_steps(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers between two, five or so.

    >>> _round_steps(0, 13, whole=True), _round_steps(0.81, 0.868)
    ([0, 5, 10], [0.82, 0.84, 0.86])
    """
    if high <= low:
        return [low]
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    step = max(1, round(step)) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(at * step, 10) for at in range(first, last + 1)]


def _powers(low: float, high: float) -> list[float]:
    """Powers of ten between two numbers, with their doubles and fivefolds where there are few; else the two.

    >>> _powers(1e-6, 0.1), _powers(2, 19)
    ([1e-06, 1e-05, 0.0001, 0.001, 0.01, 0.1], [2.0, 5.0, 10.0])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1,), (1, 2, 5)):
        every = [float(f"{step}e{power}") for power in range(first, last + 1) for step in steps]
        inside = [each for each in every if low <= each <= high]
        if len(inside) > 2:
            return inside
    return sorted({low, high})


def _ticks(values: Sequence[float], scale: Scale) -> tuple[Tick, ...]:
    return tuple(Tick(scale(value), f"{value:.4g}") for value in values)


def _dot(kind: str, x: float, up: Scale, trial: "FrozenTrial", texts: Texts) -> Dot:
    radius = 5 if kind == "chosen" else 4
    return Dot(kind, x, up(_value(trial)), radius, _says(trial.number, _value(trial), texts))


def _says(number: int, value: float, texts: Texts) -> str:
    return texts("trial_says", number=number, accuracy=f"{value:.4f}")
