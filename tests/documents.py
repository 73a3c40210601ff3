"""What the pages of the docs show: code blocks, command lines, links.

An example is a fenced block:

    console   in docs/ run in the shop (`tests/shop.py`). A line that starts with `$ ` is a command of sakka, the lines
              after it are its answer. Numbers and bars of an answer may differ, words may not; a line `...` stands for
              any lines, and a command without an answer is run all the same.
    pycon     doctests, run there too.
    sh        too long to run, or not sakka's; its commands must exist with their options.
"""

import io
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import typer

from sakka.cli import COMMAND_GROUPS, app, main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
READMES = (ROOT / "README.md", ROOT / "README.ja.md", ROOT / "CONTRIBUTING.md")
PAGES = (*READMES, *sorted(DOCS.rglob("*.md")))
ANY_LINES = "..."
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A command with the lines that a page shows after it.

    Attributes:
        command: The lines of the command, as they stand in the page.
        answer: The lines of its answer; empty where the page shows none.
    """

    command: tuple[str, ...]
    answer: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The command on one line."""
        return " ".join(part.removesuffix("\\").strip() for part in self.command).removeprefix("$ ")

    def text(self) -> str:
        """The lines as they stand in the page."""
        return "".join(f"{line}\n" for line in (*self.command, *self.answer))


def blocks(page: Path, language: str) -> list[str]:
    """The code of the page's fenced blocks of a language, in order."""
    return [code for name, code in FENCE.findall(page.read_text(encoding="utf-8")) if name == language]


def examples(block: str) -> list[Example]:
    """The commands of a `console` block with their answers.

    >>> [example.line for example in examples("$ sakka fit a \\\\\\n    -o b\\nsaved as b\\n$ sakka report run\\n")]
    ['sakka fit a -o b', 'sakka report run']
    """
    found: list[Example] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Example((line,)))
        elif found[-1].command[-1].endswith("\\"):
            found[-1] = replace(found[-1], command=(*found[-1].command, line))
        else:
            found[-1] = replace(found[-1], answer=(*found[-1].answer, line))
    return found


def answer_to(line: str) -> tuple[str, ...]:
    """Run a command line of sakka here, 80 columns wide.

    Returns:
        The lines that it prints.

    Raises:
        AssertionError: It did not end well.
    """
    words = shlex.split(line, comments=True)
    assert words[0] == "sakka", f"{line!r} is not a command of sakka; show it in a block of another kind"
    printed, errors, code = io.StringIO(), io.StringIO(), 0
    with (
        redirect_stdout(printed),
        redirect_stderr(errors),
        patch.object(sys, "argv", words),
        patch.dict("os.environ", {"COLUMNS": "80", "LC_ALL": "C.UTF-8"}),
    ):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    assert code == 0, f"{line}: exit code {code}: {errors.getvalue()}"
    return tuple(text.rstrip() for text in printed.getvalue().rstrip("\n").splitlines())


def agree(shown: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Whether a page's answer is what is printed, but for numbers, bars and what `...` stands for.

    >>> agree(("1  Mori  99.1 %  ███", "..."), ("1  Mori  98.7 %  ██", "2  Abe"))
    True
    >>> agree(("1  Mori  99.1 %",), ("1  Abe  99.1 %",))
    False
    """
    pattern = "\n".join(".*" if line == ANY_LINES else re.escape(_words_of(line)) for line in shown)
    return bool(re.fullmatch(pattern, "\n".join(map(_words_of, printed)), re.DOTALL))


def _words_of(line: str) -> str:
    line = re.sub(r"\d+ (h|min|s)( \d+ (min|s))?\b|\d+(時間|分|秒)(\d+(分|秒))?", "0 s", line)
    line = re.sub(r"[<>]?\d[\d,.]*", "0", line)
    return " ".join(re.sub("[█─-]+", " ", line).split())


def as_printed(example: Example, printed: tuple[str, ...]) -> Example:
    """The example with what is printed now as its answer; what `...` stands for stays left out."""
    shown = example.answer
    if not shown:
        return example
    if ANY_LINES not in shown:
        return replace(example, answer=printed)
    before = shown.index(ANY_LINES)
    after = len(shown) - before - 1
    return replace(example, answer=(*printed[:before], ANY_LINES, *printed[len(printed) - after :]))


@cache
def command_line() -> Any:
    """The command line as it is."""
    for group in COMMAND_GROUPS:
        import_module(f"sakka.cli.{group}")
    return typer.main.get_command(app)


def commands_in(page: Path) -> Iterator[list[str]]:
    """The words of each command line of sakka in a page, in a block or inline, comments left out."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    code = [line.removeprefix("$ ") for block in FENCE.findall(text) for line in block[1].splitlines()]
    prose = FENCE.sub("", text)
    code += [line.strip() for line in re.findall(r"^ {4,}(.*)$", prose, re.MULTILINE)]
    code += re.findall(r"`([^`\n]+)`", prose)
    for line in code:
        if line.startswith("sakka "):
            for part in line.split("&&"):
                yield shlex.split(part, comments=True)[1:]


def options_in(page: Path) -> set[str]:
    """The options that a page names by themselves, such as `--json` or `--split all`."""
    prose = FENCE.sub("", page.read_text(encoding="utf-8"))
    return set(re.findall(r"`(--[a-z][\w-]*)[^`\n]*`", prose))


def options_of_measurements() -> set[str]:
    """The options of the commands that measure, below benchmarks/ and studies/."""
    sources = (path for folder in ("benchmarks", "studies") for path in (ROOT / folder).rglob("*.py"))
    return {option for path in sources for option in re.findall(r'"(--[a-z][\w-]*)"', path.read_text(encoding="utf-8"))}


def unknown_in(words: list[str]) -> list[str]:
    """The words of a command line that name a command or an option that sakka does not have."""
    command, at = command_line(), 0
    while hasattr(command, "commands") and at < len(words) and not words[at].startswith("-"):
        if words[at] not in command.commands:
            return words[: at + 1]
        command, at = command.commands[words[at]], at + 1
    return sorted(option for option in _options(words[at:]) if option not in options_of(command))


def options_of(command: Any) -> set[str]:
    """The options of a command, all spellings, those that every command has too."""
    return {"-h", "--help", "--language", "--version"} | {
        name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)
    }


def all_commands(command: Any = None, name: str = "sakka") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its whole name, in alphabetical order."""
    command = command or command_line()
    if not hasattr(command, "commands"):
        yield name, command
    for word, inner in sorted(getattr(command, "commands", {}).items()):
        yield from all_commands(inner, f"{name} {word}")


def _options(words: list[str]) -> set[str]:
    return {word.partition("=")[0] for word in words if re.match(r"-{1,2}[a-z]", word)}


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures, those to other sites left out."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def broken_links(page: Path) -> list[str]:
    """Links of a page that lead to no file or to no heading."""
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken
