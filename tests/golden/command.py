"""The command line without pytest's fixtures: `command` for what is printed, `asked` for what `--json` prints."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

from sakka.cli import main


def command(*arguments: object) -> str:
    """What `sakka` prints, 80 columns wide; a command that fails is an error."""
    words = ["sakka", *map(str, arguments)]
    printed, errors = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", words),
        patch.dict("os.environ", {"COLUMNS": "80"}),
        redirect_stdout(printed),
        redirect_stderr(errors),
    ):
        try:
            main()
            code: object = 0
        except SystemExit as end:
            code = end.code
    assert not code, f"{' '.join(words)}: {errors.getvalue()}"
    return printed.getvalue()


def asked(*arguments: object) -> Any:
    """What `sakka ... --json` prints."""
    return json.loads(command(*arguments, "--json"))
