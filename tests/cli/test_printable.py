"""No text of others commands the terminal."""

from pathlib import Path

import pytest
from tests.command import run

import sakka.cli
from sakka.catalog.works import Catalog, Work
from sakka.cli.printable import say, say_json
from sakka.cli.terminal import output_console, show_pairs, show_table

HOSTILE = "Mo\x1b]0;title\x07\x1b[2J\x9b2J\u202eri\udcff"
COMMANDS = "\x1b\x07\x9b\u202e\udcff"
WORDS = ("moon", "sun", "star", "sea")


def is_safe(text: str) -> bool:
    return not any(each in text for each in COMMANDS)


def test_whatever_prints_for_a_person_writes_commands_out(capsys: pytest.CaptureFixture[str]) -> None:
    show_table([HOSTILE], [[HOSTILE]], title=HOSTILE)
    show_pairs([(HOSTILE, HOSTILE)], title=HOSTILE)
    output_console().print(HOSTILE)
    say(f"{HOSTILE}\n{HOSTILE}")
    say_json({HOSTILE: HOSTILE})
    printed = capsys.readouterr().out
    assert is_safe(printed)
    assert printed.count("u202e") == 11


def test_text_in_any_script_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = "花のブローチ　がま口 👨‍👩‍👧 שלום"
    say(text)
    show_pairs([("title", text)])
    assert capsys.readouterr().out.count(text) == 2


def test_commands_print_through_one_module() -> None:
    folder = Path(sakka.cli.__file__).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    for way in ("typer.echo", "sys.stdout", "rich.print", " print(", "Console("):
        own = {"typer.echo": {"printable.py"}, " print(": {"terminal.py"}, "Console(": {"terminal.py"}}.get(way, set())
        assert {name for name, source in sources.items() if way in source} <= own, way


def test_hostile_titles_and_creators_reach_no_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = HOSTILE.removesuffix("\udcff")
    works = [
        Work(f"{who}{row}{hostile}", f"{who}{hostile}", f"{word} {hostile}")
        for who in "ab"
        for row, word in enumerate(WORDS)
    ]
    Catalog.from_works(works).write(folder / "catalog")
    lines = "".join(f"{work.id},,x,\n" for work in works)
    (folder / "works.csv").write_text(f"id,creator,title,{hostile}\nc,{hostile},{hostile},\n{lines}")
    for command in (
        ["catalog", "build", folder / "works.csv", "-o", folder / "other"],
        ["catalog", "problems", folder / "other"],
        ["catalog", "show", folder / "catalog", "--no-near-identical"],
        ["fit", folder / "catalog", "-o", folder / "model"],
        ["creators", "list", folder / "model"],
        ["identify", folder / "model", "--title", "moon"],
        ["explain", folder / "model", "--title", "moon"],
    ):
        code, printed, error = run(command, monkeypatch, capsys)
        assert code == 0, error
        assert is_safe(printed + error), command
