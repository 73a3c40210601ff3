"""Start-up and single answers: how long a person waits."""

from pathlib import Path

from benchmarks.data import photo_works
from benchmarks.harness import Comparison, Plan, compare
from benchmarks.processes import Side
from benchmarks.results import Section, section_of
from sakka.models.folder import save_model
from sakka.models.registry import make_model

TITLE = "Start-up and single answers"
SIZE = 400  # works that the model is fitted on
HELP_SECONDS = 0.5
IDENTIFY_SECONDS = 3.0
ANSWER_SECONDS = 0.06


def measure(plan: Plan) -> Section:
    """Time `sakka --help`, `sakka identify` and an answer in Python against the least that each needs."""
    chosen = photo_works(plan).first(plan.size)
    works = chosen.catalog
    model = plan.scratch / "model"
    save_model(make_model("fused").fit(works), model)
    photo, text = next(path for path in works.photo_paths if path), next(filter(None, works.texts))
    outcomes = [compare(comparison, plan) for comparison in _comparisons(model, photo, text)]
    return section_of("startup", TITLE, plan, outcomes, chosen.source)


def _comparisons(model: Path, photo: Path, text: str) -> list[Comparison]:
    command = "benchmarks.ours.commands:Command"
    network = "benchmarks.ours.answers:BareNetwork"
    identify = ["identify", str(model), "--photo", str(photo), "--title", text, "--json"]
    return [
        Comparison(
            "`sakka --help` / python that imports typer",
            "starts",
            Side("sakka --help", command, {"arguments": ["--help"]}),
            Side("python -c 'import typer'", command, {"arguments": ["-c", "import typer"], "python": True}),
            wanted_seconds=HELP_SECONDS,
        ),
        Comparison(
            "`sakka identify` / python that imports torch and runs the network once",
            "starts",
            Side("sakka identify", command, {"arguments": identify, "new_photo": True}),
            Side(
                "the network alone, from start",
                command,
                {"arguments": ["-m", "benchmarks.ours.answers", str(photo)], "python": True},
            ),
            wanted_seconds=IDENTIFY_SECONDS,
            note="photo and text, a photo that the feature cache does not hold",
        ),
        Comparison(
            "one answer in Python, photo and text / the network on one tensor",
            "answers",
            Side("fitted model", "benchmarks.ours.answers:Answers", {"model": str(model), "photo": str(photo)}),
            Side("network on one tensor", network, {}),
            wanted_seconds=ANSWER_SECONDS,
            note="a photo that the feature cache does not hold",
        ),
    ]
