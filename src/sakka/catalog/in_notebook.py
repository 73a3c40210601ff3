"""A catalog as a notebook shows it: how many works it has, and a few of them with their photos."""

from collections.abc import Sequence
from dataclasses import dataclass

from sakka.fragments import Fragment, element, picture, shortened
from sakka.photos.data_uris import thumbnail
from sakka.photos.decode import Photo

SIDE_PX = 88
MOST_WORKS = 8  # 3 kB each


@dataclass(frozen=True)
class NotebookWork:
    """A work as a notebook shows it.

    Attributes:
        title: May be empty.
        creator: None where that is the question.
        photo: None where it has none.
    """

    title: str
    creator: str | None
    photo: Photo | None


def catalog_html(summary: str, works: Sequence[NotebookWork], more: int) -> str:
    """The HTML of a catalog.

    Args:
        summary: One line, as `repr` gives it.
        works: The works to show.
        more: How many are not shown.
    """
    cards = element("div", *map(_card, works), style="display:flex;flex-wrap:wrap;gap:12px")
    rest = [element("p", f"and {more:,} more")] if more else []
    return str(element("div", element("p", element("b", summary)), cards, *rest))


def _card(work: NotebookWork) -> Fragment:
    data = None if work.photo is None else thumbnail(work.photo, SIDE_PX)
    shown = element("div", "no photo") if data is None else picture(data, SIDE_PX)
    names = [element("div", shortened(name, 40)) for name in (work.title, work.creator or "") if name]
    return element("div", shown, *names, style=f"width:{SIDE_PX + 32}px;font-size:smaller;overflow-wrap:anywhere")
