"""Finding works: like a work, like some and unlike others, by words, by both.

Style: the products of unit vectors, the highest first (`style_query.py`); a work from outside is looked for by its
photos among all photos (`by_photo.py`). Words: candidates come from full-text search (BM25) and from the photos that
look most as the words have it; they are put in order by the evidence for the words in text and photo
(`style/words.py`), to which an index with a text encoder adds that for words which no text says (`style/meaning.py`).
Orders by style, by words and by the vectors of texts are joined by reciprocal rank fusion (`hits.py`). A filter is
applied before the search, so that it never leaves fewer works than there are; `enough.py` decides how deep is fetched.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sakka.arrays import FloatArray, Mask
from sakka.catalog.works import Work
from sakka.errors import SearchError
from sakka.models.question import Question
from sakka.search.by_photo import nearest_by_photos
from sakka.search.enough import enough, of_creators
from sakka.search.filters import Filters
from sakka.search.hits import Hit, Row, fused
from sakka.search.index import Index
from sakka.search.lookup import at_once, matching, nearest
from sakka.search.records import MEANING, SEEN, SEEN_LENGTH, STYLE, TEXT, WORD_COLUMN
from sakka.search.style.meaning import Unsaid
from sakka.search.style.thesaurus import alternatives
from sakka.search.style.words import segmented
from sakka.search.style_query import StyleQuery, no_style, style_query

WAYS = ("text", "photo")
TEXT_WEIGHT = 0.25  # of the order by text, against that by style, for a work from outside
MOST_WORDS = 30  # of a query, the first that tell works apart
CANDIDATES = 120  # by text, and as many by photo, that are put in order by evidence, at the least


def similar(
    index: Index,
    query: str | Work | Question | None = None,
    *,
    count: int = 10,
    filters: Filters | None = None,
    other_creators: bool = False,
    like: Sequence[str] = (),
    unlike: Sequence[str] = (),
    of_one_creator: int | None = None,
    by_creator: bool = False,
) -> list[Hit]:
    """Find works of the style of a work, or of several and not of others.

    The works of the query and works near-identical to them are left out. Where a work from outside has a text as well
    as a photo, the order by style is fused with that by text; where no work of the query has a photo, the text decides.

    Args:
        index: The index.
        query: The id of a work, or a work from outside; None where `like` says it all.
        count: How many works are wanted at most; with `by_creator` how many creators.
        filters: Which works may be found; None: all.
        other_creators: Leave out the creators of what is asked with.
        like: Ids of more works that are wanted.
        unlike: Ids of works that are not.
        of_one_creator: The most works of one creator; None: any number, with `by_creator` `BEST_WORKS`.
        by_creator: The creators whose best works fit best, each with its best works, one creator after another.

    Raises:
        SearchError: An id is unknown, or no work of the query has a photo or a known word.
        PhotoError: The photo can't be read.
    """
    filters = filters or Filters()
    origin = style_query(index, query, like, unlike)
    if other_creators:
        filters = replace(filters, not_creators=(*filters.not_creators, *origin.creators))
    direction = origin.direction
    fuse_text = isinstance(query, Work | Question) and origin.text is not None
    if direction is None and origin.text is None:
        raise SearchError(
            "nothing to compare by: the query has no photo and no known word; give a photo, or other words"
        )

    def fetch(depth: int, filters: Filters) -> list[Row]:
        orders = []
        if direction is not None:
            orders.append((1.0, of_style(index, origin, depth, filters)))
        if origin.text is not None and (fuse_text or direction is None):
            orders.append((TEXT_WEIGHT, nearest(index, TEXT, origin.text, depth, filters, origin.groups)))
        return with_same_creator(index, fused(orders) if len(orders) > 1 else orders[0][1], origin.wanted)

    ask = of_creators if by_creator else enough
    return ask(index, fetch, filters, count, of_one_creator)


def search(
    index: Index,
    words: str,
    *,
    photo: Work | Question | str | None = None,
    count: int = 10,
    filters: Filters | None = None,
    ways: Sequence[str] = WAYS,
    of_one_creator: int | None = None,
    by_creator: bool = False,
    having: Sequence[str] = (),
) -> list[Hit]:
    """Find works by words, and by the style of a photo where one is given too.

    Args:
        index: The index.
        words: What is looked for, in any language.
        photo: The id of a work, or a work from outside, of the style that is wanted.
        count: How many works are wanted at most; with `by_creator` how many creators.
        filters: Which works may be found; None: all.
        ways: Where words are looked for: in the `text`, in what the `photo` shows.
        of_one_creator: The most works of one creator; None: any number, with `by_creator` `BEST_WORKS`.
        by_creator: The creators whose best works fit best, each with its best works, one creator after another.
        having: Phrases; only works are found that have, more likely than not, what each of them names, and a photo puts
            these in order. None: all works are put in order.

    Raises:
        SearchError: There is no word in the query, a way is not known, or the index's text encoder is not at hand.
        PhotoError: The photo can't be read.
    """
    spoken = segmented(words).split()
    if not spoken:
        raise SearchError(f"got {words[:80]!r} to search for, expected at least one word")
    if not ways or set(ways) - set(WAYS):
        raise SearchError(f"got {', '.join(ways) or 'no way'} to search by, expected some of {', '.join(WAYS)}")
    filters = filters or Filters()
    terms = _terms(index, words)
    wanted = [_terms(index, each) for each in having]
    origin = no_style(index) if photo is None else style_query(index, photo, (), ())
    direction, meaning = origin.direction, index.spaces.meaning
    unsaid = None if meaning is None or "text" not in ways else meaning.unsaid(words, index.spaces.words)

    def fetch(depth: int, filters: Filters) -> list[Row]:
        deep, styled = max(depth, CANDIDATES), direction is not None
        limits = (deep, filters, origin.groups, ways)
        asks = [lambda: by_words(index, terms, *limits, styled=styled, unsaid=unsaid, wanted=wanted)]
        asks += [lambda: of_style(index, origin, depth, filters)] if styled else []
        orders = at_once(asks)
        rows = fused([(1.0, order) for order in orders]) if styled else orders[0]
        if wanted and styled:
            fits = {row["id"] for row in orders[0]}
            rows = [row for row in rows if row["id"] in fits]
        return with_same_creator(index, rows, origin.wanted)

    ask = of_creators if by_creator else enough
    return ask(index, fetch, filters, count, of_one_creator)


def by_words(
    index: Index,
    terms: Sequence[Sequence[str]],
    depth: int,
    filters: Filters,
    not_groups: Sequence[str] = (),
    ways: Sequence[str] = WAYS,
    *,
    styled: bool = False,
    unsaid: Unsaid | None = None,
    wanted: Sequence[Sequence[Sequence[str]]] = (),
) -> list[Row]:
    """The rows that fit terms best, each the words that mean the same; their `score` is the evidence.

    Of `wanted`, lists of terms, a row has to fit each (`WordSpace.fits`, `Unsaid.fits`).
    """
    space = index.spaces.words
    look = space.look(terms) if "photo" in ways else None
    columns = (WORD_COLUMN, SEEN, SEEN_LENGTH, *((STYLE,) if styled else ()), *((MEANING,) if unsaid else ()))
    limits = (depth, filters, not_groups, columns)
    asks = []
    if "text" in ways:
        spoken = " ".join(word for words in terms for word in words)
        asks.append(lambda: matching(index, spoken, *limits))
    if look is not None:
        asks.append(lambda: nearest(index, SEEN, look, *limits))
    if unsaid is not None:
        asks.append(lambda: nearest(index, MEANING, unsaid.vector, *limits))
    found = {row["id"]: row for order in at_once(asks) for row in order}
    rows = list(found.values())
    seen = np.full((len(rows), space.seen_size), np.nan, dtype=np.float32)
    for number, row in enumerate(rows):
        if row[SEEN] is not None:
            seen[number] = row[SEEN] * np.float32(row[SEEN_LENGTH])
    own = [set(row[WORD_COLUMN].split() if "text" in ways else ()) for row in rows]
    counts = seen if "photo" in ways else None
    scores = space.evidence(terms, _said(own, terms), counts)
    fits = [space.fits(each, _said(own, each), counts) for each in wanted]
    if unsaid is not None:
        meanings = [row[MEANING] for row in rows]
        scores = scores + unsaid.evidence(meanings)
        fits = [each | unsaid.fits(meanings) for each in fits]
    kept = np.flatnonzero(np.all(fits, axis=0)) if fits else np.arange(len(rows))
    order = sorted(kept.tolist(), key=lambda number: (-scores[number], rows[number]["id"]))
    return [{**rows[number], "score": float(scores[number])} for number in order]


def _terms(index: Index, phrase: str) -> list[tuple[str, ...]]:
    """The words of a phrase that tell works apart, each with those that mean the same."""
    return [alternatives(word) for word in index.spaces.words.telling(segmented(phrase).split())[:MOST_WORDS]]


def _said(own: Sequence[set[str]], terms: Sequence[Sequence[str]]) -> Mask:
    """Whether each work, of which the words are given, has a word of each term, shape (n_works, n_terms)."""
    said = [[not words.isdisjoint(term) for term in terms] for words in own]
    return np.array(said, dtype=np.bool_).reshape(len(own), len(terms))


def of_style(index: Index, origin: StyleQuery, depth: int, filters: Filters) -> list[Row]:
    """The works of a style: by the photos of a work from outside among all photos, else by the works' own styles."""
    if origin.photos is not None:
        return nearest_by_photos(index, origin.photos, depth, filters, origin.groups)
    direction = origin.direction
    return [] if direction is None else nearest(index, STYLE, direction, depth, filters, origin.groups)


def with_same_creator(index: Index, rows: Sequence[Row], style: FloatArray) -> list[Row]:
    """Each row with the probability of the same creator as the nearest of the wanted styles; None without a style."""
    if len(style) == 0:
        return [{**row, "same_creator": None} for row in rows]
    known = [number for number, row in enumerate(rows) if row[STYLE] is not None]
    answers: list[float | None] = [None] * len(rows)
    if known:
        vectors = np.array([rows[number][STYLE] for number in known], dtype=np.float32)
        chances = index.spaces.style.same_creator((vectors @ style.T).max(axis=1))
        for number, chance in zip(known, chances, strict=True):
            answers[number] = float(chance)
    return [{**row, "same_creator": answer} for row, answer in zip(rows, answers, strict=True)]
