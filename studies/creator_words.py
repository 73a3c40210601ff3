"""The words that set creators apart: how many of those shown are function words, numbers or fragments?

    python -m studies creator_words [TABLE ...] [--market SEED] [--each 100] [--unjudged]

A table is csv with the columns creator, title and description. The market's listings are those of 60 creators. From the
words that a creator's description shows, at most twelve, as many are drawn of each set of works; each was judged by
hand in `tests/describe/judged_words.tsv`, and a word that nobody judged counts for itself. Compared with what the parts
of speech alone leave, which was shown before: nouns, verbs, adjectives and adverbs in a dictionary's form of texts in
Japanese script, every word of others.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from sakka.describe.content_words import content_words
from sakka.describe.telling_words import setting_apart
from sakka.market import MarketSettings, market_listings
from sakka.words import JAPANESE_SCRIPT, morphemes_of, normalise, words_of
from studies.figures import Figure

JUDGED = Path(__file__).parents[1] / "tests" / "describe" / "judged_words.tsv"
VERDICTS = ("function word", "number", "fragment", "not judged")
LEAST_WORKS = 10
LIGHT_VERBS = {"する", "ある", "いる", "なる", "できる", "いただく", "いただける", "くださる", "下さる"}
WordsOf = Callable[[Sequence[str]], list[list[str]]]


def words_by_part_of_speech(texts: Sequence[str]) -> list[list[str]]:
    """The words of texts by MeCab's parts of speech alone, in small letters."""
    return [_by_part_of_speech(normalise(text).casefold()) for text in texts]


def _by_part_of_speech(text: str) -> list[str]:
    if JAPANESE_SCRIPT.search(text) is None:
        return [word for word in words_of(text) if any(sign.isalnum() for sign in word)]
    return [
        each.word
        for each in morphemes_of(text)
        if each.kind in ("名詞", "動詞", "形容詞", "副詞")
        and each.detail not in ("非自立", "代名詞", "接尾", "数")
        and each.word not in LIGHT_VERBS
        and each.base == each.word
        and any(sign.isalnum() for sign in each.word)
    ]


WAYS: dict[str, WordsOf] = {"by parts of speech": words_by_part_of_speech, "whole words": content_words}


def shown_words(creators: Sequence[str], texts: Sequence[str], words_of_texts: WordsOf) -> list[str]:
    """All words that the descriptions of all creators show, creator by creator."""
    words = dict(zip(texts, words_of_texts(texts), strict=True))
    shown = []
    for creator in sorted(set(creators)):
        mine = np.array([each == creator for each in creators])
        own, others = ([texts[row] for row in np.flatnonzero(side)] for side in (mine, ~mine))
        marks = setting_apart(own, others, words_of=lambda asked: [words[text] for text in asked])
        shown += [mark.word for mark in marks]
    return shown


def judgements() -> dict[str, str]:
    """The verdict on each judged word."""
    return dict(line.split("\t") for line in JUDGED.read_text(encoding="utf-8").splitlines())


def verdicts_of(words: Sequence[str], judged: Mapping[str, str]) -> dict[str, float]:
    """The share of words with each verdict but `word`, and all of them but those not judged.

    >>> verdicts_of(["a", "b", "b", "c"], {"a": "fragment", "b": "word"})
    {'function word': 0.0, 'number': 0.0, 'fragment': 0.25, 'not judged': 0.25, 'wrong': 0.25}
    """
    found = [judged.get(word, "not judged") for word in words]
    shares = {each: found.count(each) / len(found) for each in VERDICTS}
    return {**shares, "wrong": sum(shares[each] for each in VERDICTS[:-1])}


def market_texts(seed: int, creators: int = 60, works: int = 2_500) -> pl.DataFrame:
    """The listings of a market."""
    return market_listings(MarketSettings(creators=creators, works=works, seed=seed))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("tables", type=Path, nargs="*", metavar="TABLE")
    parser.add_argument("--market", type=int, metavar="SEED", help="the seed of a market to draw")
    parser.add_argument("--each", type=int, default=100, help="how many words are drawn of each set of works")
    parser.add_argument("--unjudged", action="store_true", help="print the words that are still to be judged")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """Draw shown words of each set and count the verdicts."""
    sets = {path.stem: pl.read_csv(path, infer_schema=False) for path in asked.tables}
    if asked.market is not None:
        sets[f"market of seed {asked.market}"] = market_texts(asked.market)
    judged, drawn = judgements(), {way: [] for way in WAYS}
    for name, table in sets.items():
        known = table.filter(pl.col("creator").is_not_null() & (pl.len().over("creator") >= LEAST_WORKS))
        texts = known.select(pl.concat_str("title", "description", separator="\n", ignore_nulls=True)).to_series()
        for way, words_of_texts in WAYS.items():
            shown = shown_words(known["creator"].to_list(), texts.to_list(), words_of_texts)
            picked = np.random.default_rng(0).permutation(len(shown))[: asked.each]
            words = [shown[place] for place in picked]
            if asked.unjudged:
                print(*sorted({word for word in words if word not in judged}), sep="\n")
            drawn[way] += words
            yield from _figures(f"{name}, {way}", words, judged)
    for way, words in drawn.items():
        yield from _figures(f"together, {way}", words, judged)


def _figures(row: str, words: Sequence[str], judged: Mapping[str, str]) -> Iterator[Figure]:
    for measure, share in verdicts_of(words, judged).items():
        yield Figure(row, measure, share, len(words))
