"""What each word of a work's text said for one creator against another, exact for the model `text-linear`.

The model's score of creator c is b_c + sum over features f of x_f W_fc, and the log of the ratio of two creators'
probabilities is the difference of their scores:

    log(p_c / p_r) = (b_c - b_r) + sum over f of x_f (W_fc - W_fr)

The text's features are computed again together with where they stand. A feature's term is shared alike by the places
where it stands. At each place a word's part goes to the word, an n-gram's part alike to the characters that it covers,
blanks left out, and from these to the words that they belong to. Nothing is lost on the way: the words' shares add up
to the sum over the features, the length of the text and the rarity of each feature (`text/linear.py`) included.
"""

from dataclasses import dataclass

import numpy as np

from sakka.arrays import TINY, DoubleArray
from sakka.catalog.works import Work
from sakka.explain.tokens import Token, TokenizedText, tokenized
from sakka.models.text.features import Block
from sakka.models.text.linear import LinearText
from sakka.models.text.ngrams import Hashes, character_hashes, count_known, placed_ngrams, word_hashes


@dataclass(frozen=True)
class WordShare:
    """A word with its part in the log-odds of the creator against the other.

    Attributes:
        text: The word as the model reads it (NFKC), in its own case.
        share: In nats; above 0 it spoke for the creator, below 0 against.
        field: `title` or `description`.
        start: Where the word starts in the field's text in NFKC (`words.py`), in characters.
        stop: Where it ends.
    """

    text: str
    share: float
    field: str
    start: int
    stop: int


def word_shares(model: LinearText, work: Work, creator: int, against: int) -> tuple[list[WordShare], float]:
    """The shares of a text's words, in the order of the text, and what is left of the log-odds without them.

    Args:
        model: A fitted model.
        work: The work; a blank text has no words, and the creators' shares of all works are what is left.
        creator: A column of the model's answers.
        against: The column of the creator that it is compared with.

    Returns:
        The words; and the difference of the two creators' constant terms, in nats.
    """
    text = tokenized(work.title, work.description)
    assert model.head_ is not None
    contrast = model.head_.contrast(creator, against)
    if not text.tokens and f"{work.title}{work.description}".strip():  # control characters alone
        return [], contrast.bias
    if not text.tokens:
        shares = np.maximum(model.shares_.astype(np.float64), TINY)
        return [], float(np.log(shares[creator] / shares[against]))
    words, ngrams = model.blocks_
    width = len(words.vocabulary)
    by_token = _shares_of_words(text, words, contrast.weights[:width])
    by_token += _shares_of_ngrams(text, ngrams, contrast.weights[width:])
    return [
        word_share(token, share) for token, share in zip(text.tokens, by_token.tolist(), strict=True)
    ], contrast.bias


def word_share(token: Token, share: float) -> WordShare:
    """A token with its share."""
    return WordShare(token.text, share, token.field, token.start, token.stop)


def _shares_of_words(text: TokenizedText, block: Block, difference: DoubleArray) -> DoubleArray:
    """Each token's part by the block of words."""
    [hashes] = word_hashes([text.text])
    parts = _parts(hashes, block, difference, count_known([text.text], word_hashes, block.vocabulary))
    shares = np.zeros(len(text.tokens))
    shares[: len(parts)] = parts  # the tokens that are words stand first
    return shares


def _shares_of_ngrams(text: TokenizedText, block: Block, difference: DoubleArray) -> DoubleArray:
    """Each token's part by the block of character n-grams."""
    weighed = count_known([text.text], character_hashes, block.vocabulary)
    by_place = np.zeros(len(text.padded_tokens))
    sized = placed_ngrams(text.text)
    parts = _parts(np.concatenate([hashes for _, hashes, _ in sized]), block, difference, weighed)
    solid = text.padded_tokens >= 0
    done = 0
    for size, _, starts in sized:
        own = parts[done : done + len(starts)]
        done += len(starts)
        covered = np.stack([solid[starts + step] for step in range(size)]).sum(axis=0)
        for step in range(size):
            places = starts + step
            np.add.at(by_place, places, np.where(solid[places], own / covered, 0.0))
    shares: DoubleArray = np.zeros(len(text.tokens))
    np.add.at(shares, text.padded_tokens[solid], by_place[solid])
    return shares


def _parts(hashes: Hashes, block: Block, difference: DoubleArray, counts: object) -> DoubleArray:
    """Each occurrence's part: its feature's term over the number of times that the feature stands in the text.

    Args:
        hashes: The feature at each occurrence.
        block: The block of features.
        difference: The difference of the two creators' weights, shape (n_features,).
        counts: The text's counts of the block's vocabulary, CSR of one row.
    """
    row = block.weigh(counts)
    terms = np.zeros(len(block.vocabulary))
    terms[row.indices] = row.data.astype(np.float64) * difference[row.indices]
    columns = np.minimum(np.searchsorted(block.vocabulary, hashes), max(0, len(block.vocabulary) - 1))
    known = np.zeros(len(hashes), dtype=np.bool_)
    if len(block.vocabulary):
        known = block.vocabulary[columns] == hashes
    times = np.bincount(columns[known], minlength=len(terms))
    parts = np.zeros(len(hashes))
    parts[known] = terms[columns[known]] / times[columns[known]]
    return parts
