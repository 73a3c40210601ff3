"""The one place where templates become HTML.

Every value is escaped, and one that is missing is an error. A page that is written as a file has its style sheet
inside and needs nothing else; the web page's templates stand in a folder of their own and are rendered alike.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sakka.evaluation.figures import Figure
from sakka.pages import answer, formats
from sakka.pages.language import texts_in

TEMPLATES = Path(__file__).parent / "templates"
STYLES = Path(__file__).parent / "styles"
QUOTE_CHARACTERS = 100
SEAL = re.compile(' xmlns="[^"]*"')  # what a drawing inside a page does not need


def environment(*folders: Path) -> Environment:
    """What renders templates: those of `folders` first, then those of all pages."""
    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES, STYLES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        answer_key=answer.answer_key,
        reason_key=answer.reason_key,
        candidates_key=answer.candidates_key,
        possible_key=answer.possible_key,
        files=formats.file_names,
        evaluated_on=formats.evaluated_on,
        is_figure=lambda cell: isinstance(cell, Figure),
        seal=Markup(SEAL.sub("", (STYLES / "seal.svg").read_text(encoding="utf-8"))),  # our own file
    )
    made.filters.update(
        brief=lambda text: formats.shortened(text, QUOTE_CHARACTERS),
        count="{:,}".format,
        date_words=formats.date_words,
        factor=formats.factor,
        number=formats.number,
        percent=formats.percent,
        percents=lambda value: f"{100 * value:.2f}%",
        probability=formats.probability,
        shortened=formats.shortened,
        plus_minus=formats.plus_minus,
    )
    return made


def render(template: str, language: str = "en", **values: Any) -> str:
    """A page that is one file, in a language."""
    return _pages().get_template(template).render(t=texts_in(language), lang=language, **values)


@cache
def _pages() -> Environment:
    return environment()
