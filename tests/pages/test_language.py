import json
import re
from pathlib import Path

import pytest

from sakka.pages.language import LANGUAGES, TEXTS, texts_in

PACKAGE = TEXTS.parents[1]
READERS = [PACKAGE / name for name in ("pages", "web", "cli")]
BUILT = (
    "answer_",
    "audit_",
    "because_",
    "finding_",
    "headline_",
    "lead_",
    "report_",
    "kind_",
    "limit_",
    "map_",
    "order_",
    "paper_detail_",
    "paper_figure",
    "paper_note_",
    "paper_step_",
    "region_",
    "say_photo_",
    "say_photos_",
    "say_text_",
    "side_",
    "state_",
    "sure_",
    "trouble_",
    "decide_",
    "decided_",
    "none_",
    "dossier_",
)
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龠]")
ENGLISH = re.compile(r"[A-Za-z]{2,}")
JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
CODE = re.compile(r"<(code|pre|style|script)\b.*?</\1>|<!--.*?-->", re.DOTALL)
SPOKEN = re.compile(r'\b(?:alt|title|placeholder|aria-label|aria-description|label)="([^"]*)"')
SENTENCE = re.compile(r"\b[a-z]{2,} (the|of|is|are|and|in|to|by|for|with) [a-z]")
NAMES = {"sakka", "sakka 作家", "API", "Markdown", "CSV", "LaTeX", "results.json", "openapi.json"}
NAMES |= {"MeCab", "VGG16", "fastText"}
"""What every language writes alike."""
OWN_VALUES = {"day"}  # English names the month, Japanese numbers it


def texts(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((TEXTS / f"{language}.json").read_text(encoding="utf-8"))
    return found


def source(ending: str) -> str:
    files = [path for folder in READERS for path in sorted(folder.rglob(f"*.{ending}"))]
    return "".join(path.read_text(encoding="utf-8") for path in files)


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    english, japanese = texts("en"), texts("ja")
    assert list(english) == list(japanese)
    for key in english.keys() - OWN_VALUES:
        assert set(re.findall(r"{(\w+)", english[key])) == set(re.findall(r"{(\w+)", japanese[key])), key


def test_every_text_that_a_page_names_is_there_and_every_text_is_named() -> None:
    templates, code = source("html"), source("py")
    named = set(re.findall(r"\bt\('(\w+)'[,)]", templates)) | set(re.findall(r'\btexts\("(\w+)"[,)]', code))
    assert named <= set(texts("en"))
    unused = {key for key in texts("en") if f"'{key}'" not in templates and f'"{key}"' not in code}
    assert [key for key in sorted(unused) if not key.startswith(BUILT)] == []


def test_a_text_counts_in_the_singular_and_in_the_plural() -> None:
    english, japanese = texts_in("en"), texts_in("ja")
    assert [english("works", n=n) for n in (0, 1, 1200)] == ["0 works", "1 work", "1,200 works"]
    assert [japanese("works", n=n) for n in (1, 1200)] == ["作品1点", "作品1,200点"]
    assert english("extent", works=1, creators=1) == "1 work by 1 creator"


def test_a_text_that_is_missing_or_lacks_a_value_says_which() -> None:
    with pytest.raises(KeyError, match=r"ja\.json has no text 'flavour'"):
        texts_in("ja")("flavour")
    with pytest.raises(KeyError, match=r"'works' in en\.json wants a value for 'n'"):
        texts_in("en")("works")
    assert "flavour" not in texts_in("en")


def test_each_language_keeps_to_itself() -> None:
    english, japanese = ({key: words(text) for key, text in texts(each).items()} for each in ("en", "ja"))
    assert {text for text in english.values() if JAPANESE.search(text)} == set()
    tables = json.loads((TEXTS / "tables.ja.json").read_text(encoding="utf-8"))
    both = [*japanese.values(), *map(words, tables.values())]
    assert {text for text in both if ENGLISH.search(text) and not JAPANESE.search(text)} == set()
    assert {text for text in both if SENTENCE.search(text)} == set()


@pytest.mark.parametrize("path", sorted(TEXTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_percent_sign_stands_after_a_blank(path: Path) -> None:
    assert re.findall(r".{9}[\d}]%|{\w+:[^{}|]*%}", path.read_text(encoding="utf-8")) == []


def words(text: str) -> str:
    """What a text says itself: without values, commands and names that every language writes alike."""
    text = re.sub(r"{[^{}|]*}|`[^`]*`|<[^>]*>", "", text)
    return re.sub("|".join(sorted(NAMES, key=len, reverse=True)), "", text).strip()


TEMPLATES = sorted(path for part in ("pages", "web") for path in (PACKAGE / part / "templates").glob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_template_says_nothing_but_texts_of_the_catalogue(path: Path) -> None:
    source = JINJA.sub("\0", CODE.sub("", path.read_text(encoding="utf-8")))
    said = [*SPOKEN.findall(source), *re.split(r"<[^>]*>|\0", re.sub(r'"[^"]*"', "", source))]
    found = {text.strip(" ·\n") for each in said for text in each.split("\0")}
    assert {text for text in found if ENGLISH.search(text) or JAPANESE.search(text)} <= NAMES


@pytest.mark.parametrize("path", sorted((PACKAGE / "web/static").glob("*.js")), ids=lambda path: path.stem)
def test_a_script_says_nothing_but_what_its_page_gives_it(path: Path) -> None:
    source = re.sub(r"(?m)^\s*//.*$", "", path.read_text(encoding="utf-8"))
    put = re.findall(
        r"""(?:textContent|innerText|title|ariaLabel|alert|confirm)\b\s*(?:\+?=|\()\s*["'`]([^"'`]*)""", source
    )
    assert [text for text in put if ENGLISH.search(re.sub(r"\${[^}]*}", "", text))] == []
    assert JAPANESE.search(source) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_filled(language: str) -> None:
    for key, text in texts(language).items():
        values = dict.fromkeys(re.findall(r"{(\w+)", text), 1)
        assert "{" not in texts_in(language)(key, **values)


def test_no_rule_of_the_shared_style_sheet_stands_in_another_one() -> None:
    sheets = [PACKAGE / "pages/styles/base.css", PACKAGE / "pages/styles/page.css", PACKAGE / "web/static/style.css"]
    rules = [_rules(path) for path in sheets]
    assert not rules[0] & rules[1]
    assert not rules[0] & rules[2]
    assert not rules[1] & rules[2]


def _rules(path: Path) -> set[str]:
    return set(re.findall(r"[^{}\n][^{}]*{[^{}]*}", path.read_text(encoding="utf-8")))
