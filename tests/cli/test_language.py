"""The command line speaks Japanese where that is asked for: all of it, by one word for one thing."""

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter

import pytest
from tests.command import run
from tests.documents import DOCS, ROOT, command_line

from sakka.cli.experiment import report_page
from sakka.cli.help import SHARED, TABLE_PANEL, TASKS
from sakka.cli.language import TEXTS, japanese_texts, said, use_language
from sakka.pages.language import TEXTS as PAGE_TEXTS
from sakka.pages.language import texts_in
from sakka.translations import Template

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


PROGRAMMERS = (
    "a tensor of shape {} has {} bytes",  # said as: it is not the file of the detector
    "module 'sakka' has no attribute {}",
    "{} requires y to be passed, but the target y is None",  # scikit-learn's own words, which its checks expect
    "X has 0 sample(s) (shape={}) while a minimum of 1 is required",
    "the array shares has no number for each of {} creators",  # said as why a model can't be read
    "the array works has no number for each of {} creators",
    "the array {}{} works counts more works than there are scores",
    "the arrays lists.columns, lists.positions and lists.starts part no creators into lists",
    "{} is no name of a file in a model",
    "{} is no name of a model inside another",
    "the model reads something of the work",
    "No module named '{}'",
    "{}.json has no text {}; add it to every language in {}",
    "the text {} in {}.json wants a value for {}; give it",
    "labels of {} works and creators of {}; expected as many",
    "entropy of {} works, creators of {}, predictions of {}; expected as many",
    "LightGBM got features of {} works and creators of {}; expected as many, at least one",
)
"""What only a programmer can cause, and reads."""
NOT_OF_COMMANDS = ("market", "testing", "web")


def messages() -> Iterator[tuple[str, str]]:
    """Each message that the library raises an error with, and its module; those made of several pieces left out."""
    for path in sorted(SOURCES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        raised = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and name_of(call).endswith("Error")]
        for call in raised:
            for argument in call.args[:1]:
                if isinstance(argument, (ast.JoinedStr, ast.Constant)):
                    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
                    yield (
                        "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in parts),
                        (path.relative_to(SOURCES).as_posix()),
                    )


def test_no_text_is_left_of_what_nobody_says_any_more() -> None:
    said_somewhere = {text for path in SOURCES.rglob("*.py") for text in texts_of(path)} | {*helps(), *TASKS}
    said_somewhere = {" ".join(text.split()) for text in said_somewhere} | {"Arguments", "Options", "Commands"}
    said_somewhere.add("Not Found")  # Starlette's
    texts = [english for name in ("help", "output", "errors") for english in japanese_texts(name)]
    left = [each for each in texts if " ".join(without_names(each).split()) not in said_somewhere]
    assert [each for each in left if not any(map(re.compile(shape(each)).fullmatch, helps()))] == []


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def test_every_message_of_the_library_has_its_japanese() -> None:
    have = known() | set(PROGRAMMERS)
    missing = {
        (module, message)
        for message, module in messages()
        if module.split("/")[0] not in NOT_OF_COMMANDS
        and len(re.findall("[a-z]{2,}", message)) > 1
        and " " in message.strip()
        and message.strip(" ") not in have
    }
    assert sorted(missing) == []


def test_every_problem_that_a_page_tells_of_has_its_japanese() -> None:
    told = []
    for path in sorted((SOURCES / "web").glob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        details = [
            *(call.args[1] for call in calls if name_of(call) == "Problem" and len(call.args) > 1),
            *(call.args[0] for call in calls if name_of(call) == "UploadError"),
        ]
        if path.name != "api_batch.py":  # read by programs alone
            told += [text for each in details for text in literal(each)]
    assert len(told) > 20
    assert [text for text in told if text not in known() | OF_PROGRAMS] == []


def literal(node: ast.expr) -> list[str]:
    """A text of the source with {} for its values; none where it is made elsewhere."""
    if not isinstance(node, ast.JoinedStr | ast.Constant):
        return []
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return ["".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in parts)]


OF_PROGRAMS = {
    "{}; ask for fewer creators, or for fewer works of each (`of_one_creator`)",
    "no key, or a wrong one; give it as X-API-Key or as Authorization: Bearer",
}


def shape(text: str) -> str:
    return re.escape(text).replace(re.escape("{}"), ".+")


def known() -> set[str]:
    return {without_names(english) for english in japanese_texts()}


def without_names(english: str) -> str:
    parts = Formatter().parse(english)
    return "".join(f"{part}{{}}" if name is not None else part for part, name, _, _ in parts)


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


TABLES = json.loads((PAGE_TEXTS / "tables.ja.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("texts", "looked_up"), [(japanese_texts(), said), (TABLES, texts_in("ja").said)])
def test_a_text_with_values_is_found_again_as_itself(
    texts: dict[str, str], looked_up: Callable[[str], str], in_japanese: None
) -> None:
    mistaken = []
    for template in (Template(*each) for each in texts.items()):
        assert {name for _, name, _, _ in Formatter().parse(template.translated) if name} <= set(template.names)
        values, text = {}, ""
        for at, (part, name, form, _) in enumerate(Formatter().parse(template.english)):
            if name is not None:
                values[name] = f"{7 + at}" if form == "n" else f"X{at}Y" if part or not at else f"; X{at}Y"
            text += part + ("" if name is None else values[name])
        if looked_up(text) != template.filled(values, looked_up):
            mistaken.append((text, looked_up(text)))
    assert mistaken == []


def test_a_name_is_no_text_of_a_table() -> None:
    assert [texts_in("ja").said(name) for name in ("Summer works", "12 works")] == ["Summer works", "12点"]


def test_the_language_is_that_of_the_option_else_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "使い方:" in run(["fit", "--language", "ja", "--help"], monkeypatch, capsys)[1]
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    assert "使い方:" in run(["fit", "--help"], monkeypatch, capsys)[1]
    assert "Usage:" in run(["--language=en", "fit", "--help"], monkeypatch, capsys)[1]
    code, _, error = run(["fit", "--language", "fr"], monkeypatch, capsys)
    assert (code, error) == (2, "sakka: got --language fr, expected ja or en\n")


def test_the_report_to_open_is_the_one_in_the_language_of_the_command_line(in_japanese: None) -> None:
    assert report_page() == "report/index.ja.html"
    use_language("en")
    assert report_page() == "report/index.html"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fitt"], "'fitt'というコマンドはありません。'fit'のことでしょうか。sakka --helpをご覧ください"),
        (["fit"], "引数'CATALOG'が必要です。sakka fit --helpをご覧ください"),
        (
            ["fit", "nowhere", "-o", "model"],
            "nowhereというフォルダーはありません。`sakka catalog build`で作ったカタログの",
        ),
        (["catalog", "build", "gone.csv", "-o", "c"], "gone.csvはありません。作品のファイルまたはフォルダーを指定して"),
    ],
)
def test_what_a_person_can_mend_is_said_in_japanese(
    arguments: list[object],
    message: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    code, out, error = run(["--language", "ja", *arguments], monkeypatch, capsys)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"sakka: {message}")


def test_a_text_made_of_several_is_said_part_by_part(in_japanese: None) -> None:
    assert said("S-1: it is in no form that is read; write year-month-day").startswith("S-1: 読める形ではありません")
    assert said("'x' is no field of a catalog; expected one of id, title").endswith("id, titleのいずれかにしてください")
    held = "a creator is named from 71 % (photo), never (title); learned on 75 to 80 held-out works"
    assert "写真なら71 %から、題名では挙げません" in said(held)


def glossary() -> list[tuple[str, str]]:
    """The Japanese words of the glossary, each with one that it stands in the place of."""
    page = (DOCS / "ja/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| ([^|]*) \|$", page, re.MULTILINE)
    return [(word, other) for word, others in rows[2:] for other in others.split("、") if other.strip()]


WRITTEN_IN_JAPANESE = (
    *sorted(TEXTS.glob("*.json")),
    *sorted(PAGE_TEXTS.glob("*ja.json")),
    ROOT / "README.ja.md",
    DOCS / "ja/guide.md",
    DOCS / "ja/index.md",
)


@pytest.mark.parametrize("path", WRITTEN_IN_JAPANESE, ids=lambda path: path.name)
def test_texts_keep_to_the_glossary_and_to_one_kind_of_brackets_and_percent_signs(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [(other, word) for word, other in glossary() if other.strip() in text.replace(word, "")]
    assert found == []
    assert re.findall(r"[ぁ-んァ-ヶ一-龠]\(|\)[ぁ-んァ-ヶ一-龠]|％|\d%(?!})", text) == []
