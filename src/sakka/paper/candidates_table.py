"""The paper's choice among four text models (section 3.4), beside what `sakka text-candidates` found.

sakka text-candidates CATALOG -o RUN       writes RUN/text-candidates.json, which the report of the run shows
"""

import json
from pathlib import Path

from sakka.errors import RunError
from sakka.evaluation.figures import Cell, Figure, LeftOut, Table

FILE = "text-candidates.json"
NO_FILE = (
    "The run has no text-candidates.json (`sakka text-candidates CATALOG -o RUN` writes it), so the four text "
    "candidates of the paper's section 3.4 stand beside nothing."
)


def beside_candidates(run_folder: Path) -> Table | LeftOut:
    """Set the paper's text candidates beside those of a run's folder.

    Raises:
        RunError: The file is damaged.
    """
    path = run_folder / FILE
    if not path.is_file():
        return LeftOut("paper_candidates", NO_FILE)
    try:
        rows = tuple(_row(each) for each in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RunError(f"{path} is damaged ({error!r}); remove it, or write it anew") from error
    return Table(
        "paper_candidates",
        "Section 3.4: the text candidates",
        "Accuracy on a separate set split 3:1:1. Ours is on other works: compare the shape, not the values. Ours: "
        "the mean over the splits drawn, ± their standard deviation. Seconds to segment, fit and predict once. "
        "The paper does not say how many works its set had.",
        ("Candidate", "Paper: accuracy", "Ours: accuracy", "Ours: validation", "Seconds"),
        rows,
    )


def _row(found: dict[str, object]) -> tuple[Cell, ...]:
    name, n, repeats = str(found["name"]), int(str(found["n"])), int(str(found["repeats"]))
    printed: Cell = "–"
    if found["paper"] is not None:
        printed = Figure(f"paper: {name}", "single", "accuracy", float(str(found["paper"])), None, 0, 1)
    deviation = found["standard_deviation"]
    spread = None if deviation is None else float(str(deviation))
    return (
        name,
        printed,
        Figure(name, "single", "accuracy", float(str(found["test"])), spread, n, repeats),
        Figure(name, "single", "validation_accuracy", float(str(found["validation"])), None, n, repeats),
        Figure(name, "single", "seconds", float(str(found["seconds"])), None, n, repeats),
    )
