"""What a person reads who asks for help: on 80 columns, by task, without the words of a programmer."""

import pytest
from rich.cells import cell_len
from tests.command import run
from tests.documents import all_commands, command_line

from sakka.cli.help import TASKS
from sakka.version import __version__

PAGES = [
    "",
    "catalog",
    "creators",
    "index",
    "model",
    "weights",
    *(name.removeprefix("sakka ") for name, _ in all_commands()),
]


@pytest.mark.parametrize("command", PAGES)
def test_help_fits_into_80_columns_but_for_examples_to_copy(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, error = run([*command.split(), "--help"], monkeypatch, capsys)
    assert (code, error) == (0, "")
    assert [line for line in out.splitlines() if cell_len(line) > 80 and not line.startswith("  sakka ")] == []
    assert "<" not in out


def test_every_command_stands_under_one_task() -> None:
    names = [name for names in TASKS.values() for name in names]
    assert sorted(names) == sorted(command_line().commands)


def test_help_lists_commands_in_the_order_of_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, out = run([], monkeypatch, capsys)
    assert code == 2
    places = [
        out.index(f"\n  {name} ") for name in ("demo", "catalog", "experiment", "fit", "identify", "index", "serve")
    ]
    assert places == sorted(places)


def test_the_version_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"], monkeypatch, capsys) == (0, f"sakka {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fitt"], "sakka: No such command 'fitt'. Did you mean 'fit'?; see sakka --help\n"),
        (["fit", "catalog"], "sakka: Missing option '--output' / '-o'; see sakka fit --help\n"),
        (["model", "show"], "sakka: Missing argument 'MODEL'; see sakka model show --help\n"),
        (
            ["fit", "catalog", "-o", "model", "--sed", "1"],
            "sakka: No such option: --sed (Possible options: --seed, --set); ",
        ),
    ],
)
def test_a_command_typed_wrongly_is_one_line_and_exit_code_2(
    arguments: list[object], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, error = run(arguments, monkeypatch, capsys)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(message)
