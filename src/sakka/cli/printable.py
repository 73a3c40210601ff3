r"""Text of others on a terminal: what would command it is written out, wherever a command prints.

Titles and creators come from tables that somebody else wrote. In them an escape sequence could clear the screen, rename
the window or hide a line, and a sign of bidirectional text could show a name that is not there
(https://trojansource.codes/).
"""

import json
import re
from typing import Any

import typer

from sakka.cli.language import said

_LINE_ENDS = re.compile("[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
_COMMANDS = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # of bidirectional text
    "\u2028\u2029\ufff9-\ufffb\ud800-\udfff]"  # ends of lines, annotations, halves of surrogate pairs
)


def printable(text: str) -> str:
    r"""A text on one line, in which what would command the terminal is written out.

    >>> printable("a\x1b[2Jb\nc"), printable("花\u202eab")
    ('a\\x1b[2Jb c', '花\\u202eab')
    """
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode(), _LINE_ENDS.sub(" ", text))


def printable_lines(text: str) -> str:
    """A text whose line feeds stay, each line as `printable` makes it."""
    return "\n".join(map(printable, text.split("\n")))


def say(text: str) -> None:
    """Print a text on standard output for a person, in the language of the command line."""
    typer.echo(printable_lines(said(text)))


def say_json(value: Any, *, sorted_keys: bool = False) -> None:
    """Print a value as JSON on standard output."""
    typer.echo(printable_json(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=sorted_keys)))


def printable_json(text: str) -> str:
    r"""JSON of the same value, in whose texts what would command the terminal is escaped.

    >>> printable_json('"a\x9b2J"')
    '"a\\u009b2J"'
    """
    lines = (_COMMANDS.sub(lambda found: json.dumps(found[0])[1:-1], line) for line in text.split("\n"))
    return "\n".join(lines)
