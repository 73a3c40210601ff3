"""The command line: thin, one module a command group; heavy parts are imported when a command runs."""

import sys
from importlib import import_module

import typer

from sakka.errors import SakkaError

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

app = typer.Typer(
    name="sakka",
    help="Names the creator of a handmade work from its photo and its text, and shows why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def add_commands() -> None:
    """Add every command to `app`."""
    for group in COMMAND_GROUPS:
        import_module(f"sakka.cli.{group}")


def main() -> None:
    """Run the command line: what the caller can mend is one line on standard error and exit code 2."""
    add_commands()
    try:
        app()
    except BrokenPipeError:
        sys.exit(0)
    except (SakkaError, OSError) as error:  # OSError: a folder that can't be written to, a full disk
        from sakka.cli.printable import printable
        from sakka.cli.wording import on_command_line, typed_command
        from sakka.fragments import shortened

        message = shortened(on_command_line(str(error), typed_command()), MOST_ERROR_CHARACTERS)
        sys.stderr.write(f"sakka: {printable(message)}\n")
        sys.exit(2)
