"""The docs are held to what the program does: what they name exists, and examples give the answers that they show."""

import ast
import doctest
import re
import shlex
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.documents import (
    DOCS,
    PAGES,
    ROOT,
    Example,
    agree,
    all_commands,
    anchors,
    answer_to,
    blocks,
    broken_links,
    commands_in,
    examples,
    options_in,
    options_of,
    options_of_measurements,
    unknown_in,
)
from tests.messy_shop import write_messy_shop
from tests.reference_pages import GENERATED
from tests.shop import answer_in, copy_of, open_shop

import sakka
from sakka.cli.language import said, use_language
from sakka.models.identification import Identification

Made = dict[str, tuple[str, ...]]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Made]]:
    """The shop that the examples are run in, and what the commands that made it printed.

    It has a cache of its own: other tests plant boxes and weights of the detector, of which a description would tell.
    """
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAKKA_CACHE", str(folder / "cache"))
        yield folder / "shop", open_shop(folder / "shop")


@pytest.fixture
def shop(opened: tuple[Path, Made], folder: Path) -> Path:
    """A copy of the shop."""
    return copy_of(opened[0], folder / "shop")


@each_page
def test_every_command_that_a_page_names_exists_with_its_options(page: Path) -> None:
    assert [words for words in commands_in(page) if unknown_in(words)] == []
    known = {option for _, command in all_commands() for option in options_of(command)} | options_of_measurements()
    assert sorted(options_in(page) - known) == []


@each_page
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert broken_links(page) == []


@each_page
def test_every_module_and_make_target_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    modules = set(re.findall(r"python -m ([\w.]+)", text)) - {"venv"}
    assert [module for module in modules if find_spec(module) is None] == []
    targets = set(re.findall(r"(?:`|^ {4}|^\$ |^)make ([a-z]+)", text, re.MULTILINE))
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@each_page
def test_every_file_of_the_project_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text(encoding="utf-8")))
    homes = (ROOT, ROOT / "src", ROOT / "src" / "sakka")
    assert [name for name in sorted(named) if not any((home / name).is_file() for home in homes)] == []


@pytest.mark.parametrize("page", [page for page in PAGES if DOCS in page.parents and blocks(page, "console")], ids=str)
def test_the_commands_of_a_page_give_the_answers_that_it_shows(
    page: Path, shop: Path, opened: tuple[Path, Made]
) -> None:
    differing = []
    for example in (each for block in blocks(page, "console") for each in examples(block)):
        printed = answer_in(shop, example.line, opened[1])
        if example.answer and not agree(example.answer, printed):
            differing.append("\n".join((example.line, *example.answer, "is answered by", *printed)))
    assert not differing, "run `make reference` where the program is right:\n" + "\n\n".join(differing)


def test_the_readmes_own_table_gives_the_answers_that_they_show(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_messy_shop(folder)
    monkeypatch.chdir(folder)
    english, japanese = (examples(blocks(ROOT / name, "console")[1]) for name in ("README.md", "README.ja.md"))
    for example, same in zip(english, japanese, strict=True):
        command = shlex.join(shlex.split(example.line, comments=True))
        assert command == shlex.join(shlex.split(same.line, comments=True))
        if "experiment" not in example.line:  # tests/catalog/test_messy_export.py runs one
            answer = answer_to(example.line)
            assert agree(example.answer, answer), "\n".join(answer)
            answer = in_japanese(answer) if " fit " in command else answer_to(f"{command} --language ja")
            assert agree(same.answer, answer), "\n".join(answer)


def in_japanese(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines that a command printed in English, as it says them in Japanese."""
    use_language("ja")
    try:
        return tuple(map(said, lines))
    finally:
        use_language("en")


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "pycon")], ids=str)
def test_the_python_of_a_page_gives_the_answers_that_it_shows(
    page: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    code = "\n".join(blocks(page, "pycon"))
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(
        doctest.DocTestParser().get_doctest(code, {}, page.name, None, 0), out=told.append
    )
    assert told == []


def test_the_python_of_the_readmes_is_the_same_and_runs(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english, japanese = (blocks(ROOT / name, "python") for name in ("README.md", "README.ja.md"))
    assert english == japanese
    monkeypatch.chdir(shop)
    values: dict[str, object] = {}
    exec(english[0].replace("model.identify_one", "found = model.identify_one"), values)
    found = values["found"]
    assert isinstance(found, Identification)
    assert found.candidates[0].creator == "Mori"


@pytest.mark.parametrize(("page", "make"), GENERATED.items(), ids=lambda each: getattr(each, "stem", ""))
def test_a_generated_page_is_up_to_date(page: Path, make: Callable[[], str]) -> None:
    assert page.read_text(encoding="utf-8") == make(), "run `make reference`"


def test_the_python_page_names_every_public_name() -> None:
    named = set(re.findall(r"`(\w+)`", (DOCS / "python.md").read_text(encoding="utf-8").split("## All names")[1]))
    assert named == set(sakka.__all__)


def test_every_public_name_is_imported_when_it_is_used_and_for_type_checkers() -> None:
    assert [name for name in sakka.__all__ if not callable(getattr(sakka, name))] == []
    assert set(dir(sakka)) == {*sakka.__all__, "__version__"}
    tree = ast.parse(Path(sakka.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module != "typing"]
    typed = {
        each.asname or each.name: f"{node.module}:{each.name}"
        for node in imports
        if node.module not in ("importlib", "sakka.version")
        for each in node.names
    }
    assert typed == sakka._PUBLIC


def test_no_public_name_is_that_of_a_subpackage() -> None:
    assert [name for name in sakka.__all__ if find_spec(f"sakka.{name}")] == []


def test_every_page_of_the_docs_is_in_the_menu_of_the_site() -> None:
    menu = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    pages = [page.relative_to(DOCS).as_posix() for page in PAGES if DOCS in page.parents]
    assert sorted(menu) == sorted([*pages, "CONTRIBUTING.md", "CHANGELOG.md"])


def test_the_checks_of_pages_can_fail(folder: Path) -> None:
    page = folder / "page.md"
    page.write_text(
        "# A head\n[there](#a-head) [not](#a-tail) [nor](gone.md)\n"
        "```sh\nsakka fit a -o b --bright\n```\n`sakka guess` `--loud`\n\n    sakka report\n",
        encoding="utf-8",
    )
    assert anchors(page) == {"a-head"}
    assert broken_links(page) == ["#a-tail", "gone.md"]
    assert [unknown_in(words) for words in commands_in(page)] == [["--bright"], [], ["guess"]]
    assert options_in(page) == {"--loud"}
    assert examples("$ sakka report run\n1 work\n") == [Example(("$ sakka report run",), ("1 work",))]
