"""Search by words on the simulated market: is the described work among the first ten?

    python -m studies word_search [--market FOLDER] [--queries 200] [--seed 5]

A query is made from the truth of a work drawn at random, not from its text: material, colour where the material does
not give it, motif, kind, and the accent where there is one, as 「銀の花のブローチ パール」. Each term is said by the
plain word in seven of ten cases, else by one of its other words; the work itself is worded by its maker. The work
stands in the index with its own text and photo.

Two measures, near-identical works folded: `the work`: the described work, or a listing of the same item, is among the
first ten; `a match`: any work is of which everything said is true. Weights of the orders were chosen on the market of
seed 1, the figures to quote are those of seed 5.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sakka.arrays import DoubleArray, Mask
from sakka.catalog.works import Catalog
from sakka.copies.groups import near_identical
from sakka.market.identity import work_key
from sakka.market.plan import WorkPlan, plan_work
from sakka.market.settings import MarketSettings
from sakka.market.vocabulary import ACCENTS, COLOUR_OF_MATERIAL, COLOURS, KINDS, MATERIALS, MOTIFS, Term
from sakka.networks.encoders import text_encoder
from sakka.search.find import search
from sakka.search.index import Index
from sakka.search.records import Spaces, words_of_catalog
from sakka.search.shards import begin
from sakka.search.style.meaning import MeaningSpace
from sakka.search.style.space import StyleSpace
from studies.figures import Figure, mean_interval

SEED = 7
TOP = 10
PLAIN = 0.7
WAYS = {
    "text and photo": ("text", "photo"),
    "text only": ("text",),
    "photo only": ("photo",),
}
Truth = dict[str, WorkPlan]


@dataclass(frozen=True)
class Query:
    """What a buyer types, and what is meant.

    Attributes:
        words: The query.
        work: The id of the described work.
        said: Names of what is said: motif, material, colour, kind, accent; None where it is left out.
    """

    words: str
    work: str
    said: tuple[str | None, ...]


def make_queries(truth: Truth, count: int, seed: int) -> list[Query]:
    """Draw works and describe them."""
    generator = np.random.default_rng(seed)
    ids = sorted(truth)
    drawn = [ids[place] for place in generator.permutation(len(ids))[:count]]
    return [_query(each, truth[each], generator) for each in drawn]


def _query(work: str, plan: WorkPlan, generator: np.random.Generator) -> Query:
    colour = None if plan.material in COLOUR_OF_MATERIAL else plan.colour
    said = (plan.motif, plan.material, colour, plan.kind, plan.accent)

    def word(terms: dict[str, Term], name: str) -> str:
        words = terms[name].words
        return words[0] if generator.random() < PLAIN else words[int(generator.integers(1, len(words)))]

    parts = [word(MATERIALS, plan.material), *([word(COLOURS, colour)] if colour else [])]
    text = "の".join([*parts, word(MOTIFS, plan.motif), KINDS[plan.kind].words[0]])
    return Query(text + (f" {word(ACCENTS, plan.accent)}" if plan.accent else ""), work, said)


def described(plan: WorkPlan) -> tuple[str | None, ...]:
    """Everything of a work that a query may say."""
    return plan.motif, plan.material, plan.colour, plan.kind, plan.accent


def fits(said: Sequence[str | None], plan: WorkPlan) -> bool:
    """Whether everything said is true of a work."""
    return all(each is None or each == own for each, own in zip(said, described(plan), strict=True))


def found_by(index: Index, queries: Sequence[Query], truth: Truth, ways: tuple[str, ...]) -> Mask:
    """For each query whether the work, and whether a match, is among the first ten: shape (n_queries, 2)."""
    found = []
    for query in queries:
        hits = search(index, query.words, count=TOP, ways=ways)
        ids = [each for hit in hits for each in (hit.work.id, *hit.near_identical)]
        item = (truth[query.work].key.person, truth[query.work].item)
        same = any((truth[each].key.person, truth[each].item) == item for each in ids)
        found.append((same, any(fits(query.said, truth[hit.work.id]) for hit in hits)))
    return np.array(found)


def build(catalog: Catalog, folder: Path, encoder: str | None = None) -> Index:
    """Build an index without a model.

    Args:
        catalog: The works.
        folder: Where it will stand.
        encoder: The name of a text encoder; None: none.
    """
    groups = near_identical(catalog).groups
    style = StyleSpace.fit(catalog, groups=groups)
    meaning = None if encoder is None else MeaningSpace.fit(text_encoder(encoder), catalog)
    spaces = Spaces(style, words_of_catalog(catalog, style, 0), meaning)
    names = {each: str(group) for each, group in zip(catalog.ids, groups, strict=True)}
    info = {"model_sha256": "", "catalog": ""}
    return Index.from_plan(begin(folder, catalog, spaces, info, groups=names), catalog)


def truth_of(catalog: Catalog, settings: MarketSettings) -> Truth:
    """The plan of each work of a market's catalog."""
    return {each: plan_work(settings, work_key(settings.seed, each)) for each in catalog.ids}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("--market", type=Path, help="a catalog of the market; without it one is drawn")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5, help="the seed of a market that is drawn")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Build an index of the market and ask it in each way."""
    with tempfile.TemporaryDirectory(prefix="sakka-study-search-") as scratch:
        catalog = Catalog.read(asked.market) if asked.market else drawn_market(asked.seed, Path(scratch))
        settings = MarketSettings(**catalog.info["source"]["settings"])
        index = build(catalog, Path(scratch) / "index")
        truth = truth_of(catalog, settings)
        queries = make_queries(truth, asked.queries, SEED)
        found = {name: found_by(index, queries, truth, ways) for name, ways in WAYS.items()}
    for name, hits in found.items():
        yield from _shares(name, hits.astype(np.float64))
    both, *others = found
    for name in others:
        yield from _shares(f"{both} over {name}", found[both].astype(np.float64) - found[name])


def _shares(row: str, hits: DoubleArray) -> Iterator[Figure]:
    """Means over the queries of `found_by`'s two columns, or of their differences between two ways."""
    for column, measure in ((1, f"a match in the first {TOP}"), (0, f"the work in the first {TOP}")):
        yield mean_interval(row, measure, hits[:, column], SEED)


def drawn_market(seed: int, scratch: Path) -> Catalog:
    """A market of 60 creators and 2,500 works, its photos below a folder."""
    from sakka.catalog.build import build_catalog

    settings = MarketSettings(creators=60, works=2500, seed=seed)
    return build_catalog("market", folder=scratch / "market", market=settings, min_works=10)
