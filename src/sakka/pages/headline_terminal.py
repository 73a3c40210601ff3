"""The headline of a run for a terminal of 80 columns."""

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sakka.pages.headline import Bar, Results
from sakka.pages.headline import headline as headline_of
from sakka.pages.language import texts_in

BAR_CELLS = 24
COLOURS = {"photo": "dark_orange3", "text": "steel_blue", "fused": "green4", "none": "bright_black"}


def headline(results: Results, language: str = "en", say: Callable[[str], str] = str) -> RenderableType:
    """What a run says: one sentence, the comparison with the baseline, and how it was chosen.

    Args:
        results: The list that `report/results.json` holds.
        language: Of the sentences.
        say: Says a label in that language.
    """
    said = headline_of(results, texts_in(language))
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bright_black")
    table.add_column("")
    table.add_column("")
    table.add_column(say("accuracy"), justify="right")
    several = any(bar.single is not None for bar in said.bars)
    if several:
        table.add_column(say("single models"), justify="right")
    for at, bar in enumerate(said.bars):
        style = "bold" if at == 0 else ""
        cells = Text(say(bar.label), style, overflow="fold"), _bar(bar), Text(_accuracy(bar), style)
        table.add_row(*cells, *([_single(bar)] if several else []))
    return Group(Text(said.title, "bold"), Text(), table, Text(), *(Text(sentence) for sentence in said.sentences))


def _bar(bar: Bar) -> Text:
    full = round(bar.accuracy * BAR_CELLS)
    colour = COLOURS.get(bar.kind, "yellow4")
    return Text.assemble(("█" * full, colour), ("·" * (BAR_CELLS - full), "bright_black"))


def _accuracy(bar: Bar) -> str:
    deviation = bar.standard_deviation
    return f"{100 * bar.accuracy:.1f}" + ("" if deviation is None else f" ± {100 * deviation:.1f}")


def _single(bar: Bar) -> str:
    return "" if bar.single is None else f"{100 * bar.single:.1f}"
