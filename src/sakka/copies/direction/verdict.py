"""Which of two near-identical photos came first: a verdict from the cues, or "can't tell".

    s = sum of w_i c_i,   c_i the cues of the files (`cues.py`) and of manner (`manner.py`)

s is the logarithm of the odds that the first photo came first. There is no constant, and each cue changes its sign when
the photos are exchanged, so the verdict does too. It is given where |s| reaches a threshold. `direction.json` has the
weights, the limits and how often verdicts were wrong, with the command that learned them on planted copies.

No verdict is given where the files are one, where they can't be laid on each other, and where both seem to come from a
third: each shows some of the scene that the other lacks, or cues of the files of more than `most_against` speak for
either. Nor is one given that the files don't support: manner alone names nobody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sakka.copies.direction.cues import CUES, FileCues
from sakka.copies.direction.manner import MANNER_CUES

LEAST_FILES = 0.1
"""What the cues of the files must add up to, on the side of the verdict."""
MODEL_FILE = Path(__file__).parent / "direction.json"
ALL_CUES = (*CUES, *MANNER_CUES)
WEAK, APART, ONE_FILE, THIRD, CONTRADICT = "weak", "apart", "one file", "third", "contradict"


@dataclass(frozen=True)
class DirectionModel:
    """What was learned on planted copies.

    Attributes:
        weights: By cue.
        threshold: The smallest |s| with a verdict.
        most_against: The most that the cues of the files may add up to on the side of which they speak less.
        given: How many verdicts were given on planted pairs that were held out.
        wrong: How many of them were wrong.
        error_rate: The upper limit of the share of wrong verdicts, at 95 % confidence (C. Clopper, E. Pearson, 1934).
    """

    weights: Mapping[str, float]
    threshold: float
    most_against: float
    given: int
    wrong: int
    error_rate: float


@dataclass(frozen=True)
class Verdict:
    """Which photo came first.

    Attributes:
        came_first: 0 or 1; None where that can't be told.
        reason: Why it can't be told; empty with a verdict.
        log_odds: s.
        error_rate: Of such verdicts; None without one.
        weighed: What each cue added to s.
    """

    came_first: int | None
    reason: str
    log_odds: float
    error_rate: float | None
    weighed: Mapping[str, float] = field(default_factory=dict)


@cache
def direction_model() -> DirectionModel:
    """The model in `direction.json`."""
    content = json.loads(MODEL_FILE.read_text(encoding="utf-8"))
    held_out = content["held_out"]
    return DirectionModel(
        content["weights"],
        content["threshold"],
        content["most_against"],
        held_out["given"],
        held_out["wrong"],
        held_out["error_rate"],
    )


def verdict(
    files: FileCues | None, manner: Mapping[str, float], *, one_file: bool = False, model: DirectionModel | None = None
) -> Verdict:
    """Decide which of two photos came first.

    Args:
        files: What the two files say; None where they can't be laid on each other.
        manner: Whose other works they look like; may be empty.
        one_file: Whether they are the same file.
        model: None: the one that comes with sakka.
    """
    model = model or direction_model()
    cues = {**(files.values if files else {}), **manner}
    weighed = {name: model.weights[name] * cues.get(name, 0.0) for name in ALL_CUES}
    log_odds = sum(weighed.values())
    reason = _reason(files, one_file=one_file)
    if not reason and against(weighed) > model.most_against:
        reason = CONTRADICT
    of_files = sum(weighed[name] for name in CUES)
    if not reason and (abs(log_odds) < model.threshold or of_files * log_odds <= 0 or abs(of_files) < LEAST_FILES):
        reason = WEAK
    first = None if reason else int(log_odds < 0)
    return Verdict(first, reason, log_odds, None if reason else model.error_rate, weighed)


def against(weighed: Mapping[str, float]) -> float:
    """What the cues of the files add up to on the side of which they speak less."""
    for_first = sum(max(0.0, weighed[name]) for name in CUES)
    for_second = sum(max(0.0, -weighed[name]) for name in CUES)
    return min(for_first, for_second)


def _reason(files: FileCues | None, *, one_file: bool) -> str:
    if one_file:
        return ONE_FILE
    return APART if files is None else THIRD if files.both_beyond else ""
