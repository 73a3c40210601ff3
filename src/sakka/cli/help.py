"""How the help of a command is laid out: for 80 columns, commands by task in the order of use.

    Usage: sakka catalog show CATALOG [options]

Every entry stands in two columns; one whose name is long has its text below it. A Japanese character takes two cells of
a terminal, and a line of Japanese may end after any of them; a comma or a closing bracket hangs at its end.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import typer
from rich.cells import cell_len
from typer.core import TyperCommand, TyperGroup

from sakka.cli.language import language, said

Function = TypeVar("Function", bound=Callable[..., Any])

TASKS: Mapping[str, Sequence[str]] = {
    "Try it": ("demo",),
    "Works": ("catalog", "audit", "labels"),
    "Which models are best": ("experiment", "report", "unknown-creators", "tune", "text-candidates"),
    "A model of your own": ("fit", "model", "creators", "monitor", "weights", "export"),
    "Who made it, and why": ("identify", "explain", "describe"),
    "Similar works": ("index", "similar", "search", "recommend"),
    "For others": ("serve",),
}
"""The commands by task, in the order in which they are used."""
SHARED: Sequence[tuple[str, str]] = (
    ("--language ja|en", "The language of what is printed (LC_ALL or LANG where left out)."),
    ("-h, --help", "Print this help."),
)
"""The options that every command has."""
TABLE_PANEL = "How a table is read"
NAME_CELLS = 24
PIECE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60]|[^\s\u3000-\u30ff\u3400-\u9fff\uff00-\uff60]+|\s+")
NEVER_FIRST = frozenset("、。，．・：；！？ー」』）】〉》")


class Command(TyperCommand):
    """A command whose help is laid out here."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write("\n".join(_page(self, ctx, formatter.width)))


class Group(TyperGroup):
    """Commands under a name, or all of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order of use."""
        order = [name for names in TASKS.values() for name in names]
        return sorted(super().list_commands(ctx), key=lambda name: order.index(name) if name in order else len(order))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what stands before the command; without one, print the help and end with exit code 2."""
        if not args and not ctx.resilient_parsing:
            sys.stderr.write(f"{ctx.get_help()}\n")
            raise typer.Exit(2)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write("\n".join(_page(self, ctx, formatter.width)))


class CommandLine(typer.Typer):
    """A Typer whose commands are of these classes."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=Group, rich_markup_mode=None, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:
        """Add a command."""
        return super().command(name, cls=Command, **settings)


def _page(command: Any, ctx: Any, cells: int) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    words = [_value(each) if each.required else f"[{_value(each)}]" for each in arguments]
    words += ["COMMAND"] if isinstance(command, TyperGroup) else []
    words += [_spelled(each, shortest=True) for each in options if each.required]
    yield " ".join([said("Usage:"), ctx.command_path, *words, said("[options]")])
    text, *examples = re.split(r"\n *Example: ", inspect.cleandoc(command.help or ""))
    for paragraph in text.strip().split("\n\n"):
        yield ""
        yield from wrapped(said(" ".join(paragraph.split())), cells)
    if examples:
        yield from ("", said("Examples:"), *(f"  {example.strip()}" for example in examples))
    sections = {"Arguments": [(_value(each), said(each.help or "")) for each in arguments]}
    sections |= _commands(command, ctx) if isinstance(command, TyperGroup) else {}
    sections["Options"] = [(_spelled(each), _purpose(each)) for each in options if not each.rich_help_panel]
    sections["Options"] += [(name, said(text)) for name, text in SHARED]
    for each in options:
        if each.rich_help_panel:
            sections.setdefault(each.rich_help_panel, []).append((_spelled(each), _purpose(each)))
    longest = max(len(name) for rows in sections.values() for name, _ in rows)
    for title, rows in sections.items():
        if rows:
            yield from ("", f"{said(title)}:")
            yield from _entries(rows, min(NAME_CELLS, longest) + 4, cells)


def _commands(group: TyperGroup, ctx: Any) -> dict[str, list[tuple[str, str]]]:
    """The commands with the first sentence of each, by task where they are those of `sakka` itself."""
    names = group.list_commands(ctx)
    tasks = {"Commands": names} if ctx.parent else TASKS
    return {
        task: [(name, _first_paragraph(group.commands[name].help or "")) for name in of_task if name in names]
        for task, of_task in tasks.items()
    }


def _first_paragraph(text: str) -> str:
    return said(" ".join(inspect.cleandoc(text).split("\n\n")[0].split()))


def _spelled(option: Any, *, shortest: bool = False) -> str:
    """An option's spellings with the name of its value, the short one first."""
    names = sorted([*option.opts, *option.secondary_opts], key=lambda name: name.startswith("--"))
    value = "" if option.is_flag else _value(option)
    return f"{names[0] if shortest else ', '.join(names)} {value}".strip()


def _value(parameter: Any) -> str:
    """What the value of an option or an argument is called: the last word of its name, unless said otherwise."""
    return str(parameter.metavar or max(parameter.opts, key=len).rpartition("-")[2].upper())


def _purpose(parameter: Any) -> str:
    """What a parameter is for, whether it may be given again, its default and the environment variable."""
    default = getattr(parameter.default, "value", parameter.default)
    notes = [said("repeatable")] if getattr(parameter, "multiple", False) else []
    if default not in (None, False, "", ()) and parameter.show_default:
        notes.append(said(f"default: {parameter.opts[0] if default is True else default}"))
    if parameter.envvar:
        notes.append(said(f"or {parameter.envvar}"))
    before, between, after = ("（", "、", "）") if language() == "ja" else (" (", "; ", ")")
    return said(parameter.help or "") + (f"{before}{between.join(notes)}{after}" if notes else "")


def _entries(rows: Sequence[tuple[str, str]], column: int, cells: int) -> Iterator[str]:
    """Rows in two columns, of which the second begins at a column of the terminal."""
    for name, text in rows:
        lines = list(wrapped(text, cells - column))
        beside = len(name) + 4 <= column
        yield f"  {name}".ljust(column) + lines.pop(0) if beside and lines else f"  {name}"
        yield from (" " * column + line for line in lines)


def wrapped(text: str, cells: int) -> Iterator[str]:
    """A text cut into lines of at most so many cells of a terminal, as far as its words are no longer.

    >>> list(wrapped("写真と文章から、作家を調べます。", 14))
    ['写真と文章から、', '作家を調べます。']
    >>> list(wrapped("a photo and a text", 12))
    ['a photo and', 'a text']
    """
    line, filled = "", 0
    for piece in PIECE.findall(text):
        wide = cell_len(piece)
        if line and not piece.isspace() and filled + wide > cells and piece not in NEVER_FIRST:
            yield line.rstrip()
            line, filled = "", 0
        if line or not piece.isspace():
            line, filled = line + piece, filled + wide
    if line.strip():
        yield line.rstrip()
