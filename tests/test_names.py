"""Names: no retired word in an identifier, no second class of one name, docstrings that say what a thing is."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "src" / "sakka"
RETIRED = {
    "able": "given, can",
    "answers": "predictions, probabilities",
    "asking": "answer_page",
    "bound": "limit",
    "bounds": "limits",
    "condense": "aggregate",
    "deviation": "standard_deviation",
    "dividing": "split, fold",
    "division": "split, fold",
    "divisions": "splits, folds",
    "growing": "adding creators",
    "guess": "out-of-fold prediction",
    "guessed": "out-of-fold prediction",
    "guesses": "out-of-fold predictions",
    "judge": "evaluate",
    "judged": "evaluated, held out",
    "judging": "evaluation",
    "kindred": "similar, related",
    "lacking": "missing",
    "lesson": "training features",
    "likeness": "similarity, near-duplicates",
    "maker": "creator",
    "makers": "creators",
    "making": "provenance",
    "place": "row, column, index, position",
    "places": "rows, columns, indices, labels",
    "rightly": "correct, accuracy",
    "sign": "character, fingerprint",
    "signs": "characters, fingerprints",
    "spread": "standard_deviation",
    "stranger": "unknown creator",
    "strangers": "unknown creators",
    "taught": "distilled",
    "told": "given",
}
"""Words that no identifier may hold, each with the field's term for it."""
ALLOWED = {
    ("evaluation/figures.py", "spread"): "a field of results.json",
    ("market/style.py", "place"): "a place on a photo",
    ("pages/plots.py", "sign"): "plus or minus",
    ("web/", "answers"): "what a server sends back",
}
"""Where, below `src/sakka`, such a word has its ordinary sense, with the reason."""
WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
MODULES = sorted(SOURCES.rglob("*.py"))


def words_of(identifier: str) -> list[str]:
    return [word.lower() for word in WORD.findall(identifier)]


def retired_in(identifier: str, module: str = "") -> list[str]:
    """The retired words of an identifier, but for those with their ordinary sense and for `standard_deviation`."""
    words = words_of(re.sub("standard_?deviation", "", identifier, flags=re.IGNORECASE))
    return [word for word in words if word in RETIRED and not is_allowed(word, module)]


def is_allowed(word: str, module: str) -> bool:
    return any(module.startswith(where) and word == allowed for where, allowed in ALLOWED)


def identifiers_of(tree: ast.Module) -> Iterator[str]:
    """The names of classes, functions, parameters, attributes, constants, commands and options; no local variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            yield from (each.arg for each in [*given.posonlyargs, *given.args, *given.kwonlyargs])
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        if isinstance(node, ast.ClassDef | ast.Module):
            yield from (name for line in node.body for name in assigned_by(line))
        if isinstance(node, ast.Call):
            yield from command_words(node)


def assigned_by(line: ast.stmt) -> Iterator[str]:
    targets = line.targets if isinstance(line, ast.Assign) else [line.target] if isinstance(line, ast.AnnAssign) else []
    for target in targets:
        yield from (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def command_words(call: ast.Call) -> Iterator[str]:
    """The command's name of `app.command("name")`, the options of `typer.Option(..., "--name")`."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if called in ("command", "Option", "Argument", "add_typer"):
        for each in call.args:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value.lstrip("-").replace("-", "_")


def test_words_of_an_identifier_end_at_underscores_and_capitals() -> None:
    assert words_of("_PhotoSigns") == ["photo", "signs"]
    assert words_of("MOST_OF_ONE") == ["most", "of", "one"]
    assert words_of("XMLPlace2px") == ["xml", "place", "px"]
    assert retired_in("placed") == retired_in("standard_deviation") == []
    assert retired_in("maker_axes") == ["maker"]


def test_every_kind_of_identifier_is_looked_at() -> None:
    code = (
        "class AnA:\n    an_b: int\n    def an_c(self, an_d, *, an_e=1): self.an_f = 1\nAN_G = 1\n"
        "@app.command('an-h')\ndef an_i(x: typer.Option('--an-j')): local = 1\n"
    )
    found = {word.lower() for word in identifiers_of(ast.parse(code)) if word.lower().startswith("an")}
    assert found == {"ana", *(f"an_{letter}" for letter in "bcdefghij")}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_identifiers_are_the_fields_terms(module: Path) -> None:
    name = module.relative_to(SOURCES).as_posix()
    names = {module.stem, *identifiers_of(ast.parse(module.read_text(encoding="utf-8")))}
    found = {each: [RETIRED[word] for word in words] for each in sorted(names) if (words := retired_in(each, name))}
    assert found == {}, f"{name}: say what the field says"


def test_what_is_allowed_is_still_there() -> None:
    found = {
        (where, allowed)
        for where, allowed in ALLOWED
        for module in MODULES
        if module.relative_to(SOURCES).as_posix().startswith(where)
        for each in identifiers_of(ast.parse(module.read_text(encoding="utf-8")))
        if allowed in words_of(each)
    }
    assert found == set(ALLOWED)


def test_no_two_classes_have_one_name() -> None:
    homes = defaultdict(list)
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name.lstrip("_")].append(module.relative_to(SOURCES).as_posix())
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_docstrings_say_what_a_thing_is_and_not_that_it_gives_it() -> None:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = [
        f"{module.relative_to(SOURCES)}:{getattr(node, 'lineno', 1)}"
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, kinds) and (ast.get_docstring(node) or "").startswith(("Give ", "Gives "))
    ]
    assert found == []
