"""`sakka similar`, `sakka search` and `sakka recommend`: works found in an index."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sakka.as_json import as_json as to_json
from sakka.cli import app
from sakka.cli.index import IndexArgument
from sakka.cli.printable import say, say_json
from sakka.cli.source_options import Description, FromDate, Json, Photos, Title, UntilDate, period_of
from sakka.errors import SearchError

if TYPE_CHECKING:
    from sakka.models.question import Question
    from sakka.search.filters import Filters
    from sakka.search.hits import Hit, RelatedCreator

TITLE_CHARACTERS = 28

Count = Annotated[int, typer.Option("--top", help="How many works to name, or creators.", min=1, metavar="N")]
Grouped = Annotated[
    bool, typer.Option("--by-creator", help="The creators who fit best, each with its best works (three, or so many).")
]
Categories = Annotated[list[str] | None, typer.Option("--category", help="Only works of this category.")]
Creators = Annotated[list[str] | None, typer.Option("--creator", help="Only works by this creator.")]
OfOne = Annotated[
    int | None, typer.Option("--of-one-creator", help="At most this many works of one creator.", min=1, metavar="N")
]
Kept = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        help="Only works with this in a kept column: price>=1000, price=1000..3000, tags=brooch.",
        metavar="LIMIT",
    ),
]
Many = list[str] | None


@app.command("similar")
def similar_works(
    index: IndexArgument,
    work: Annotated[str | None, typer.Option("--work", help="The id of a work of the index.", metavar="ID")] = None,
    photo: Photos = None,
    title: Title = "",
    description: Description = "",
    like: Annotated[Many, typer.Option("--like", help="The id of one more wanted example.", metavar="ID")] = None,
    unlike: Annotated[Many, typer.Option("--unlike", help="The id of an unwanted example.", metavar="ID")] = None,
    other_creators: Annotated[bool, typer.Option("--other-creators", help="Only works by other creators.")] = False,
    category: Categories = None,
    creator: Creators = None,
    from_date: FromDate = None,
    until_date: UntilDate = None,
    kept: Kept = None,
    of_one_creator: OfOne = None,
    grouped: Grouped = False,
    top: Count = 10,
    as_json: Json = False,
) -> None:
    """Find works of the style of a work, of a photo, or of several examples.

    "same creator" is the probability that the work found and the nearest of those asked with have the same creator.

    Example: sakka similar index --work work-17 --other-creators
    """
    from sakka.search.find import similar
    from sakka.search.index import Index

    filters = _filters(category, creator, from_date, until_date, kept)
    query = _query(work, photo, title, description)
    hits = similar(
        Index.open(index),
        query,
        count=top,
        filters=filters,
        other_creators=other_creators,
        like=like or (),
        unlike=unlike or (),
        of_one_creator=of_one_creator,
        by_creator=grouped,
    )
    _show(hits, as_json=as_json, grouped=grouped)


@app.command("search")
def search_works(
    index: IndexArgument,
    words: Annotated[str, typer.Argument(help="What is looked for, in any language.", metavar="WORDS")],
    work: Annotated[
        str | None, typer.Option("--work", help="The id of a work of the style wanted.", metavar="ID")
    ] = None,
    photo: Photos = None,
    category: Categories = None,
    creator: Creators = None,
    from_date: FromDate = None,
    until_date: UntilDate = None,
    kept: Kept = None,
    of_one_creator: OfOne = None,
    grouped: Grouped = False,
    top: Count = 10,
    as_json: Json = False,
) -> None:
    """Find works by words: in their texts, and by what their photos look like in words; with a photo, by style too.

    Example: sakka search index "刺繍 猫" --from 2018

    Example: sakka search index "刺繍 猫" --filter "price=1000..3000" --filter tags=brooch
    """
    from sakka.search.find import search
    from sakka.search.index import Index

    filters = _filters(category, creator, from_date, until_date, kept)
    style = _query(work, photo, "", "")
    hits = search(
        Index.open(index),
        words,
        photo=style,
        count=top,
        filters=filters,
        of_one_creator=of_one_creator,
        by_creator=grouped,
    )
    _show(hits, as_json=as_json, grouped=grouped)


@app.command("recommend")
def recommend(
    index: IndexArgument,
    work: Annotated[
        str | None, typer.Option("--work", help="The id of a work, for similar ones by others.", metavar="ID")
    ] = None,
    liked: Annotated[Many, typer.Option("--liked", help="The id of a work that a person liked.", metavar="ID")] = None,
    creator: Annotated[str | None, typer.Option("--creator", help="Creators who are near this one in style.")] = None,
    top: Count = 10,
    as_json: Json = False,
) -> None:
    """Recommend similar works by others, works for a person who liked some, or related creators.

    Example: sakka recommend index --liked work-17 --liked work-40
    """
    from sakka.search.index import Index
    from sakka.search.recommend import for_person, related_creators, similar_by_others

    if sum(each is not None and each != [] for each in (work, liked, creator)) != 1:
        raise SearchError("give one of --work ID, --liked ID (several times) and --creator NAME to recommend by")
    opened = Index.open(index)
    if creator is not None:
        _show_creators(related_creators(opened, creator, top), as_json=as_json)
    elif work is not None:
        _show(similar_by_others(opened, work, top), as_json=as_json, grouped=False)
    else:
        _show(for_person(opened, liked or [], top), as_json=as_json, grouped=False)


def _filters(category: Many, creator: Many, from_date: str | None, until_date: str | None, kept: Many) -> "Filters":
    from sakka.search.filters import Filters

    first, last = period_of(from_date, until_date)
    return Filters(
        categories=tuple(category or ()),
        creators=tuple(creator or ()),
        after=first,
        before=None if last is None else last + timedelta(microseconds=1),
        kept=tuple(kept or ()),
    )


def _query(work: str | None, photos: list[Path] | None, title: str, description: str) -> "str | Question | None":
    """What is asked with: an id, a work from outside, or nothing."""
    from sakka.cli.question import outside_question

    outside = bool(photos or title.strip() or description.strip())
    if work is not None and outside:
        raise SearchError("got --work and a work from outside (--photo, --title, --description); give one of the two")
    return outside_question(photos, title, description) if outside else work


def _show(hits: "list[Hit]", *, as_json: bool, grouped: bool) -> None:
    from sakka.search.hits import by_creator

    if as_json:
        say_json(to_json(hits))
        return
    if not hits:
        say("no work fits")
        return
    if grouped:
        for creator, own in by_creator(hits):
            _show_table(own, title=creator or "unknown creator")
    else:
        _show_table(hits)


def _show_table(hits: "list[Hit]", title: str | None = None) -> None:
    """Print hits as a table: rank, id, creator unless they have one title, the work's title, figures, copies.

    The figures are the first kept columns of numbers, and the probability of the same creator.
    """
    from sakka.cli.terminal import show_table
    from sakka.pages.formats import probability
    from sakka.pages.kept import figure_names, kept_text

    compared = any(hit.same_creator is not None for hit in hits)
    copies = any(hit.near_identical for hit in hits)
    headers = ["", "work", *([] if title else ["creator"]), "title"]
    left = len(headers)
    figures = figure_names([hit.work for hit in hits])
    headers += [*figures, *(["same creator"] if compared else []), *(["copies"] if copies else [])]
    rows = []
    for rank, hit in enumerate(hits, start=1):
        work = hit.work
        row = [str(rank), work.id, *([] if title else [shortened(work.creator or "", 18)])]
        row.append(shortened(work.title or work.description, TITLE_CHARACTERS))
        row += [kept_text(work.kept.get(name)) for name in figures]
        row += [probability(hit.same_creator) if hit.same_creator is not None else ""] if compared else []
        row += [str(len(hit.near_identical) or "")] if copies else []
        rows.append(row)
    show_table(headers, rows, title=title, left=left)


def _show_creators(creators: "list[RelatedCreator]", *, as_json: bool) -> None:
    from sakka.cli.terminal import show_candidates

    if as_json:
        say_json(to_json(creators))
    else:
        show_candidates(creators)


def shortened(text: str, cells: int) -> str:
    """A text cut to one line of at most `cells` cells of a terminal; a Japanese character takes two.

    >>> shortened("花のブローチ", 8), shortened("brooch", 8)
    ('花のブ…', 'brooch')
    """
    from rich.cells import cell_len, set_cell_size

    line = " ".join(text.split())
    return line if cell_len(line) <= cells else set_cell_size(line, cells - 1).rstrip() + "…"
