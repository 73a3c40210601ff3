"""The command line: thin, one module a command group; heavy parts are imported when a command runs."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer

from sakka.cli.help import CommandLine
from sakka.errors import SakkaError
from sakka.version import __version__

MOST_ERROR_CHARACTERS = 2000  # a title or a name of a source in a message may be as long as its row
COMMAND_GROUPS = (
    "demo",
    "catalog",
    "experiment",
    "audit",
    "labels",
    "text_candidates",
    "fit",
    "export",
    "identify",
    "monitor",
    "model",
    "creators",
    "serve",
    "explain",
    "describe",
    "index",
    "search",
    "unknown_creators",
    "tune",
    "weights",
)

app = CommandLine(
    name="sakka",
    help="Names the creator of a handmade work from its photo and its text, and shows why.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from sakka.cli.printable import say

        say(f"sakka {__version__}")
        raise typer.Exit


@app.callback()
def sakka(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """What comes before every command."""


def add_commands() -> None:
    """Add every command to `app`."""
    for group in COMMAND_GROUPS:
        import_module(f"sakka.cli.{group}")


def main() -> None:
    """Run the command line: what the caller can mend is one line on standard error and exit code 2."""
    from sakka.cli.language import language_asked_for, use_language

    add_commands()
    words = sys.argv[1:]
    try:
        language, words = language_asked_for(words, os.environ)
        use_language(language)
        sys.exit(app(words, prog_name="sakka", standalone_mode=False))
    except BrokenPipeError:
        sys.exit(0)
    except typer.Abort:
        sys.exit(1)
    except typer.TyperException as error:  # an unknown option, a missing argument
        from sakka.cli.language import said
        from sakka.cli.wording import typed_command

        command = " ".join(["sakka", typed_command(words)]).strip()
        _fail(f"{said(error.format_message().removesuffix('.'))}; see {command} --help", words)
    except (SakkaError, OSError) as error:  # OSError: a folder that can't be written to, a full disk
        _fail(str(error), words)


def _fail(message: str, words: Sequence[str]) -> NoReturn:
    """End with a message and exit code 2."""
    from sakka.cli.language import said
    from sakka.cli.printable import printable
    from sakka.cli.wording import on_command_line, typed_command
    from sakka.fragments import shortened

    message = shortened(on_command_line(said(message), typed_command(words)), MOST_ERROR_CHARACTERS)
    sys.stderr.write(f"sakka: {printable(message)}\n")
    sys.exit(2)
