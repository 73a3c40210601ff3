"""The library's words, said as a command line.

The library speaks Python: what a caller can write stands in backticks in its messages, an argument as `min_works=7` or
`only`, a function as `build_catalog`, a call as `model.remove_creator('Mori')`, a name in capitals for what the caller
fills in. A person who typed a command reads the option of that command in its place; where the command has no such
option, a command that has.

>>> on_command_line("it has 3 works; leave out `only`, or build the catalog with `min_works=7`", "experiment")
'it has 3 works; leave out --only, or build the catalog with `sakka catalog build --min-works 7`'
>>> on_command_line("no plan.json in it; make one with `run_experiment`")
'no plan.json in it; make one with `sakka experiment`'
"""

import ast
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import typer

from sakka.cli import add_commands, app

CODE = re.compile(r"`([^`]+)`")
COMMANDS: Mapping[str, str] = {
    "build_catalog": "catalog build",
    "run_experiment": "experiment",
    "save_model": "fit",
    "Index.build": "index build",
    "write_audit": "audit",
    "model.creators_": "creators list",
    "model.remove_creator": "creators remove MODEL",
    "sakka.tuning.study.tune": "tune",
    "sakka.networks.weights.registry.weight_files": "weights fetch",
    "sakka.networks.weights.registry.add_weights": "weights add",
}
"""What is named or called -> the command that does it, before the arguments of the call."""
OPTIONS: Mapping[str, str] = {"columns": "column", "categories": "category", "models": "model", "fetch": "fetch_host"}
"""Argument in Python -> parameter of the command, where they are not called the same."""


def on_command_line(message: str, typed: str = "") -> str:
    """A message of the library with options and commands in the place of arguments and calls.

    Args:
        message: The message.
        typed: The command that was typed, such as `catalog build`.
    """
    return CODE.sub(lambda code: _translated(code[1], typed) or code[0], message)


def typed_command(words: Sequence[str] | None = None) -> str:
    """The command among the words that were typed, such as `catalog build`; "" where there is none."""
    command = _command_line()
    names = []
    for word in sys.argv[1:] if words is None else words:
        if word not in getattr(command, "commands", {}):
            break
        names.append(word)
        command = command.commands[word]
    return " ".join(names)


def _translated(code: str, typed: str) -> str | None:
    """The option or the command that a piece of Python stands for; None where it stands for none."""
    try:
        node = ast.parse(f"argument({code})" if re.match(r"\w+=", code) else code, mode="eval").body
    except SyntaxError:
        return None
    arguments = node.args if isinstance(node, ast.Call) else []
    name = ast.unparse(node.func if isinstance(node, ast.Call) else node)
    if name in COMMANDS:
        return f"`{' '.join(['sakka', COMMANDS[name], *(word for each in arguments for word in _words(each))])}`"
    if name == "argument" and isinstance(node, ast.Call):
        (keyword,) = node.keywords
        return _option(str(keyword.arg), _words(keyword.value), typed)
    return _option(name, [""], typed)


def _option(argument: str, values: Sequence[str], typed: str) -> str | None:
    """An argument as an option of the command that was typed, else with `catalog build` or the first that has it."""
    options = {name: _options(command) for name, command in _commands(_command_line())}
    parameter = OPTIONS.get(argument, argument)
    having = [name for name in (typed, COMMANDS["build_catalog"], *options) if parameter in options.get(name, {})]
    if not having:
        return None
    option = options[having[0]][parameter]
    given = " ".join(f"{option} {value}".strip() for value in values)
    return given if having[0] == typed else f"`sakka {having[0]} {given}`"


@cache
def _command_line() -> Any:
    add_commands()
    return typer.main.get_command(app)


def _commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, in the order in which they are listed."""
    if not hasattr(command, "commands"):
        yield name, command
    for word, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, f"{name} {word}".strip())


def _options(command: Any) -> dict[str, str]:
    """The options of a command by parameter."""
    return {each.name: each.opts[0] for each in command.params if each.opts[0].startswith("--")}


def _words(node: ast.expr) -> list[str]:
    """A value as words of a command line: a dictionary's as KEY=VALUE, a name in capitals as it is."""
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return [f"{_words(key)[0]}={word}" for key, value in pairs if key is not None for word in _words(value)]
    if isinstance(node, ast.List):
        return [word for each in node.elts for word in _words(each)]
    return [shlex.quote(str(node.value)) if isinstance(node, ast.Constant) else ast.unparse(node)]
