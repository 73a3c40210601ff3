"""The words that set one group of texts apart from others: log-odds with an informative Dirichlet prior.

With y_w how often word w stands in the group's texts of n words in all, y'_w and n' the same for the others, and a
prior that has the words of all texts in their proportion, a_w = A (y_w + y'_w) / (n + n'):

    d_w = log (y_w + a_w) / (n + A - y_w - a_w)  -  log (y'_w + a_w) / (n' + A - y'_w - a_w)
    z_w = d_w / sqrt(1 / (y_w + a_w) + 1 / (y'_w + a_w))

A rare word that the group happens to have once has a large d and a small z, so words are ordered by z. Left out are
words in fewer than `LEAST_TEXTS` of the group's texts, and all that `content_words` leaves out.

Source: B. Monroe, M. Colaresi, K. Quinn, Fightin' Words, Political Analysis 16, 2008,
https://doi.org/10.1093/pan/mpn018
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sakka.describe.content_words import content_words

PRIOR_WORDS = 500.0  # A at the most; of a group with fewer words, as many as it has
LEAST_TEXTS = 2
LEAST_Z = 1.96


@dataclass(frozen=True)
class WordMark:
    """A word that sets a group of texts apart.

    Attributes:
        word: In small letters.
        z: How surely it does: d over its standard error.
        texts: How many of the group's texts have it.
        share: The share of the group's texts that have it, 0 to 1.
        others: The share of the other texts that have it.
    """

    word: str
    z: float
    texts: int
    share: float
    others: float


def setting_apart(
    own: Sequence[str],
    others: Sequence[str],
    count: int = 12,
    words_of: Callable[[Sequence[str]], Sequence[Sequence[str]]] = content_words,
) -> list[WordMark]:
    """The words that set texts apart from others, the surest first.

    Args:
        own: The group's texts.
        others: The texts to tell them from.
        count: How many words at most; only those with z above `LEAST_Z` that a greater share of the group's texts has.
        words_of: The words of each of several texts.

    >>> [mark.word for mark in setting_apart(["blue cat"] * 20, ["red cat"] * 20)]
    ['blue']
    """
    words = words_of([*own, *others])
    mine, theirs = _Counted.of(words[: len(own)]), _Counted.of(words[len(own) :])
    total = mine.total + theirs.total
    weight = min(PRIOR_WORDS, mine.total)
    marks = []
    for word, texts in mine.texts.items():
        if texts < LEAST_TEXTS:
            continue
        both = mine.words[word] + theirs.words[word]
        prior = weight * both / total
        first, second = mine.words[word] + prior, theirs.words[word] + prior
        difference = math.log(first / max(1e-9, mine.total + weight - first))
        difference -= math.log(second / max(1e-9, theirs.total + weight - second))
        z = difference / math.sqrt(1 / first + 1 / second)
        share, share_of_others = texts / len(own), theirs.texts[word] / max(1, len(others))
        if z > LEAST_Z and share > share_of_others:
            marks.append(WordMark(word, z, texts, share, share_of_others))
    return sorted(marks, key=lambda mark: (-mark.z, mark.word))[:count]


@dataclass(frozen=True)
class _Counted:
    words: Counter[str]
    texts: Counter[str]
    total: int

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> "_Counted":
        words = Counter(word for text in texts for word in text)
        return cls(words, Counter(word for text in texts for word in set(text)), words.total())
