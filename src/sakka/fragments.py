"""Pieces of HTML for a notebook: what `_repr_html_` gives. Every text and attribute is escaped.

>>> str(element("p", "花 & <moon>", element("b", "Mori"), title='"'))
'<p title="&quot;">花 &amp; &lt;moon&gt;<b>Mori</b></p>'
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_CHARACTERS = 80


@dataclass(frozen=True)
class Fragment:
    """HTML that is escaped already."""

    html: str

    def __str__(self) -> str:
        return self.html


def element(tag: str, *children: str | Fragment, **attributes: str) -> Fragment:
    """An element with its children, texts escaped."""
    inside = "".join(str(child) if isinstance(child, Fragment) else html.escape(child) for child in children)
    written = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return Fragment(f"<{tag}{written}>{inside}</{tag}>")


def picture(address: str, side_px: int) -> Fragment:
    """A picture within a square; `address` is a `data:` URI."""
    style = f"max-width:{side_px}px;max-height:{side_px}px"
    return Fragment(f'<img alt="" src="{html.escape(address)}" style="{style}">')


def table(head: Sequence[str], rows: Iterable[Sequence[str | Fragment]]) -> Fragment:
    """A table; without a head where `head` is empty."""
    lines = [element("tr", *(element("td", cell, style="text-align:left") for cell in row)) for row in rows]
    titles = [element("tr", *(element("th", cell, style="text-align:left") for cell in head))] if head else []
    return element("table", *titles, *lines)


def counted(count: int, noun: str) -> str:
    """A number with its noun, which takes an s where there are several.

    >>> counted(1, "work"), counted(1200, "work")
    ('1 work', '1,200 works')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text on one line, cut where it is longer.

    >>> shortened("a long title", 7)
    'a long…'
    """
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
