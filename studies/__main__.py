"""Run studies: `python -m studies` lists them, `python -m studies NAME ...` runs one and records its figures.

A study is a module of this folder: its docstring says what is measured and how, `add_arguments` what can be chosen, and
`measure` yields figures one after the other. They are recorded in `studies/results/NAME.md` with the command, the
commit and the day, in the place of an earlier run of the same command.
"""

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.provenance import measured_line
from benchmarks.results import docstring

from sakka.files import write_text
from studies.figures import Figure, figure_tables

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
STUDIES = (
    "audit",
    "audit_rates",
    "backdrop",
    "cluster",
    "copy_direction",
    "crafted_photos",
    "creator_sets",
    "creator_words",
    "decoding",
    "deletion_curves",
    "distillation",
    "finetuning",
    "handovers",
    "hostile",
    "index_kills",
    "index_scale",
    "known_works_refused",
    "lightgbm_iterations",
    "lightgbm_size",
    "many_creators",
    "near_identical",
    "new_creators",
    "onnx_export",
    "page_answer",
    "paper_size",
    "photo_ablation",
    "photo_alone",
    "photo_search",
    "photos_anywhere",
    "pipeline_accuracy",
    "resume",
    "scikit_learn",
    "second_accounts",
    "serving_load",
    "several_photos",
    "step_profile",
    "style_backdrop",
    "style_search",
    "table_identification",
    "text_encoders",
    "two_runs",
    "unknown_creators",
    "word_search",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """List the studies, or run one; gives the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in STUDIES:
        _list_parser().parse_args(words)
        print("\n".join(f"{name:20} {docstring(FOLDER / f'{name}.py').splitlines()[0]}" for name in STUDIES))
        return 0
    name, *rest = words
    study = import_module(f"studies.{name}")
    asked = _parser(name, study.add_arguments).parse_args(rest)
    figures = []
    for figure in study.measure(asked):
        print(f"{figure.row}: {figure.measure} {figure.text}", flush=True)
        figures.append(figure)
    print(f"\n{figure_tables(figures)}")
    if not asked.trial:
        command = shlex.join(["python", "-m", "studies", *words])
        print(f"\nrecorded: {record(name, docstring(FOLDER / f'{name}.py').splitlines()[0], command, figures)}")
    return 0


def record(name: str, title: str, command: str, figures: Sequence[Figure], folder: Path = RESULTS) -> Path:
    """Write a run into the study's page, in the place of an earlier run of the same command; gives the page's path."""
    path = folder / f"{name}.md"
    page = path.read_text(encoding="utf-8") if path.is_file() else f"# {title.rstrip('.')}\n"
    heading = f"## `{command}`\n"
    first, *sections = re.split(r"(?m)^(?=## )", page.rstrip("\n") + "\n")
    section = f"{heading}\n{figure_tables(figures)}\n\n{measured_line(command)}\n"
    earlier = next((place for place, each in enumerate(sections) if each.startswith(heading)), len(sections))
    sections[earlier : earlier + 1] = [section]
    write_text(path, "\n".join(each.rstrip("\n") + "\n" for each in [first, *sections]))
    return path


def _list_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__, formatter_class=_AsWritten)
    parser.add_argument(
        "name", nargs="?", choices=STUDIES, metavar="NAME", help="which study; without it they are listed"
    )
    return parser


def _parser(name: str, add_arguments: Callable[[argparse.ArgumentParser], None]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m studies {name}", description=docstring(FOLDER / f"{name}.py"), formatter_class=_AsWritten
    )
    parser.add_argument("--trial", action="store_true", help="print the figures and record nothing")
    add_arguments(parser)
    return parser


_AsWritten = argparse.RawDescriptionHelpFormatter

if __name__ == "__main__":
    sys.exit(main())
