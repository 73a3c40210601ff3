"""The command line as a person uses it: `run` gives its exit code and what it printed."""

import pytest

from sakka.cli import main


def run(
    arguments: list[object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Run `sakka` with arguments, 80 columns wide; give the exit code, the output and what went to standard error."""
    monkeypatch.setattr("sys.argv", ["sakka", *map(str, arguments)])
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as caught:
        main()
    printed = capsys.readouterr()
    return int(caught.value.code or 0), printed.out, printed.err
