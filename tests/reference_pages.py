"""The pages of the docs that are generated: the command line, the models with their settings, the Python names."""

import inspect
import re
from collections.abc import Iterator
from enum import EnumType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from tests.documents import DOCS, all_commands

import sakka
from sakka.models.registry import MODELS, model_class

WRITTEN_BY = "<!-- Written by `make reference`; change the program, not this page. -->"


def command_line() -> str:
    """The page of all commands with their arguments and options."""
    parts = ["# Command line", WRITTEN_BY, COMMAND_LINE_HEAD]
    parts += [part for name, command in all_commands() for part in _command(name, command)]
    return "\n\n".join(parts) + "\n"


def models() -> str:
    """The page of all models with their settings."""
    parts = ["# Models and their settings", WRITTEN_BY, MODELS_HEAD]
    for name in MODELS:
        made = model_class(name)
        rows = [(f"`{setting}`", f"`{default!r}`", told) for setting, default, told in settings_of(made)]
        parts += [f"## {name}", _first_sentences(inspect.getdoc(made))]
        parts += [_table(("setting", "default", "what it does"), rows)] if rows else []
    return "\n\n".join(parts) + "\n"


def library() -> str:
    """The page of the Python names; the site fills it from the docstrings."""
    parts = ["# Python names", WRITTEN_BY, LIBRARY_HEAD]
    parts += [f"::: sakka.{name}" for name in sakka.__all__]
    return "\n\n".join(parts) + "\n"


def settings_of(model: type[Any]) -> Iterator[tuple[str, Any, str]]:
    """Name, default and meaning of each argument of a model's `__init__`; the meaning from its classes' docstrings."""
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        told |= _arguments(each.__init__.__doc__) | _arguments(each.__doc__)
    for name, parameter in inspect.signature(model).parameters.items():
        yield name, parameter.default, told.get(name, "")


def _command(name: str, command: Any) -> Iterator[str]:
    text, *more = re.split(r"\n *Example: ", inspect.cleandoc(command.help))
    yield f"## {name}"
    yield text.strip()
    if more:
        yield "```sh\n" + "\n".join(example.strip() for example in more) + "\n```"
    annotations = get_type_hints(command.callback)
    rows = [_parameter(each, annotations.get(each.name)) for each in command.params]
    yield _table(("argument or option", "default", "what it does"), rows)


def _parameter(parameter: Any, annotation: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        needed = "compulsory" if parameter.required else ""
        return f"`{parameter.metavar or parameter.name.upper()}`", needed, parameter.help or ""
    spelled = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    default = parameter.default
    needed = "compulsory" if parameter.required else "" if _is_unset(default) else f"`{_shown(default)}`"
    offered = ", ".join(f"`{_shown(each)}`" for each in _choices(annotation))
    told = [parameter.help or "", f"One of {offered}." if offered else "", "Repeatable." if parameter.multiple else ""]
    told += [f"Also read from `{parameter.envvar}`."] if parameter.envvar else []
    return spelled, needed, " ".join(part for part in told if part)


def _choices(annotation: Any) -> tuple[Any, ...]:
    """What an option may be, where it is one of a few values."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return tuple(annotation) if isinstance(annotation, EnumType) else ()


def _is_unset(default: Any) -> bool:
    return default is None or default is False or default == ""


def _shown(value: Any) -> str:
    return str(getattr(value, "value", value))


def _arguments(docstring: str | None) -> dict[str, str]:
    """The entries of the sections Args and Attributes of a docstring, each on one line."""
    found: dict[str, str] = {}
    clean = inspect.cleandoc(docstring or "")
    for section in re.findall(r"^(?:Args|Attributes):\n((?: {4,}.*\n?|\n)+)", clean, re.MULTILINE):
        for entry in re.split(r"\n(?= {4}\S)", section):
            name, _, told = " ".join(entry.split()).partition(": ")
            found[name] = told
    return found


def _first_sentences(docstring: str | None) -> str:
    return " ".join((docstring or "").split("\n\n")[0].split())


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


COMMAND_LINE_HEAD = """Each command also prints its own help with `-h`. What you can mend is one line on standard error
and exit code 2. `--json` prints what a program can read.

| environment variable | what it does |
| --- | --- |
| `RAY_ADDRESS` | the Ray cluster, as HOST:PORT, that commands with `--on` then work on |
| `SAKKA_CACHE` | the folder of the cache: photo features, pretrained weights, checkpoints |
| `SAKKA_KEY` | the key of `sakka serve` |"""

MODELS_HEAD = """Any of these goes with `--model NAME` of `sakka experiment` and with `make_model` in Python; photo and
text models also with `--photo-model` and `--text-model` of `sakka fit`. Settings are changed with
`--set MODEL.SETTING=VALUE`, the value as JSON. `None` as a default means that the model chooses."""

LIBRARY_HEAD = "What `import sakka` offers; [Python](../python.md) shows it at work."

GENERATED = {
    DOCS / "reference" / "command-line.md": command_line,
    DOCS / "reference" / "models.md": models,
    DOCS / "reference" / "library.md": library,
}
