"""The command line speaks Japanese where that is asked for: all of it, by one word for one thing."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.command import run
from tests.documents import DOCS, ROOT, command_line

from sakka.cli.help import SHARED, TABLE_PANEL, TASKS
from sakka.cli.language import TEXTS, Template, japanese_texts, said, use_language
from sakka.pages.language import TEXTS as PAGE_TEXTS

SOURCES = ROOT / "src" / "sakka"
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
VALUE = re.compile(r"\{[^{}]*\}")
ENGLISH = re.compile(r"\b(the|is|are|was|of|and|not|with|for|from|works|give|expected|got|by|in|to)\b")
NO_SENTENCE = re.compile(r"^\S*$|^\(,|\b[A-Z]\w+ \| |^sakka |\[|^--|\(\?|\\u")
NOT_SAID = ("cli/wording.py",)
"""Modules whose texts are commands."""


@pytest.fixture
def in_japanese() -> Iterator[None]:
    use_language("ja")
    yield
    use_language("en")


def texts_of(path: Path) -> Iterator[str]:
    """Each line of the texts of a module, docstrings left out, what is filled in as {}."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            left_out |= set(node.values)
        if isinstance(node, ast.FormattedValue) and node.format_spec:
            left_out.add(node.format_spec)
    for node in set(ast.walk(tree)) - left_out:
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            yield from (line.strip(" ") for line in text.split("\n"))


def helps(command: object = None) -> Iterator[str]:
    """Every text of the help."""
    command = command or command_line()
    yield from re.split(r"\n\n", re.split(r"\n *Example: ", inspect.cleandoc(command.help or ""))[0].strip())  # type: ignore[attr-defined]
    yield from (each.help for each in command.params if getattr(each, "help", None))  # type: ignore[attr-defined]
    for inner in getattr(command, "commands", {}).values():
        yield from helps(inner)


def shape(text: str) -> str:
    return re.escape(text).replace(re.escape("{}"), ".+")


def known() -> set[str]:
    return {VALUE.sub("{}", english) for english in japanese_texts()}


def test_every_text_of_the_help_has_its_japanese(in_japanese: None) -> None:
    written = [*helps(), *TASKS, TABLE_PANEL, "Arguments", "Options", "Commands", *(text for _, text in SHARED)]
    texts = [" ".join(text.split()) for text in written]
    assert [text for text in texts if not JAPANESE.search(said(text))] == []


@pytest.mark.parametrize("path", sorted((SOURCES / "cli").glob("*.py")), ids=lambda path: path.stem)
def test_every_sentence_of_a_command_has_its_japanese(path: Path) -> None:
    if path.relative_to(SOURCES).as_posix() in NOT_SAID:
        return
    texts, have = set(texts_of(path)), known() | {"".join(text.split()) for text in helps()}
    sentences = {text for text in texts if ENGLISH.search(VALUE.sub("", text)) and not NO_SENTENCE.search(text)}
    missing = [text for text in sentences if text not in have and "".join(text.split()) not in have]
    assert [text for text in missing if not any(map(re.compile(shape(text)).fullmatch, helps()))] == []


@pytest.mark.parametrize("english", [each for each in japanese_texts() if VALUE.search(each.replace("{{", ""))])
def test_a_text_with_values_is_found_again_as_itself(english: str, in_japanese: None) -> None:
    japanese = japanese_texts()[english]
    template = Template(english, japanese)
    assert set(re.findall(r"{(\w+)", japanese.replace("{{", ""))) <= set(template.names)
    numbers = {name for name in template.names if f"{{{name}:n}}" in english}
    values = {name: f"{7 + at}" if name in numbers else f"X{at}Y" for at, name in enumerate(template.names)}
    text = VALUE.sub(lambda slot: values[slot[0][1:-1].partition(":")[0]], english.replace("{{", "").replace("}}", ""))
    if "{{" not in english:
        assert said(text) == template.filled(values)
        assert JAPANESE.search(said(text)) or not ENGLISH.search(text)


def test_the_language_is_that_of_the_option_else_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "使い方:" in run(["fit", "--language", "ja", "--help"], monkeypatch, capsys)[1]
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert "使い方:" in run(["fit", "--help"], monkeypatch, capsys)[1]
    assert "Usage:" in run(["--language=en", "fit", "--help"], monkeypatch, capsys)[1]
    code, _, error = run(["fit", "--language", "fr"], monkeypatch, capsys)
    assert (code, error) == (2, "sakka: got --language fr, expected ja or en\n")


def glossary() -> list[tuple[str, str]]:
    """The Japanese words of the glossary, each with one that it stands in the place of."""
    page = (DOCS / "ja/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]*) \|$", page, re.MULTILINE)
    return [(word, other) for word, others in rows[2:] for other in others.split("、") if other.strip()]


@pytest.mark.parametrize("path", [*TEXTS.glob("*.json"), PAGE_TEXTS / "ja.json"], ids=lambda path: path.name)
def test_texts_keep_to_the_glossary_and_to_one_kind_of_brackets_and_percent_signs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = [(other, word) for word, other in glossary() if other.strip() in text.replace(word, "")]
    assert found == []
    assert re.findall(r"[ぁ-んァ-ヶ一-龠]\(|\)[ぁ-んァ-ヶ一-龠]|％|\d%(?!})", text) == []
