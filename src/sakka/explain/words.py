"""What each word of a work's text said for one creator against another, exact where its features are words and n-grams.

The model's score of creator c is b_c + sum over features f of x_f W_fc, and the log of the ratio of two creators'
probabilities is the difference of their scores:

    log(p_c / p_r) = (b_c - b_r) + sum over f of x_f (W_fc - W_fr)

The text's features are computed again together with where they stand. A feature's term is shared alike by the places
where it stands. At each place a word's part goes to the word, an n-gram's part alike to the characters that it covers,
blanks left out, and from these to the words that they belong to. Nothing is lost on the way: the words' shares add up
to the sum over the features, the length of the text and the rarity of each feature (`models/text/linear.py`) included.
"""

from dataclasses import dataclass

import numpy as np

from sakka.arrays import TINY, DoubleArray
from sakka.catalog.works import Catalog, Work
from sakka.explain.tokens import Token, TokenizedText, tokenized
from sakka.models.feature_model import PlacedFeatures, TextFeatureModel


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


def word_shares(model: TextFeatureModel, work: Work, creator: int, against: int) -> tuple[list[WordShare], float]:
    """The shares of a text's words, in the order of the text, and what is left of the log-odds without them.

    Args:
        model: A fitted model.
        work: The work; a blank text has no words, and the creators' shares of all works are what is left.
        creator: A column of the model's probabilities.
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
    row = model.features(Catalog.from_works([work]))[0]
    terms = np.zeros(len(contrast.weights))
    terms[row.indices] = row.data.astype(np.float64) * contrast.weights[row.indices]
    by_token = _by_token(text, model.placed(text.text), terms)
    return [
        word_share(token, share) for token, share in zip(text.tokens, by_token.tolist(), strict=True)
    ], contrast.bias


def word_share(token: Token, share: float) -> WordShare:
    """A token with its share."""
    return WordShare(token.text, share, token.field, token.start, token.stop)


def _by_token(text: TokenizedText, placed: PlacedFeatures, terms: DoubleArray) -> DoubleArray:
    """Each token's part of the terms of the features, shape (n_tokens,)."""
    columns = np.concatenate([placed.words, *(own for _, own, _ in placed.ngrams)])
    times = np.bincount(columns[columns >= 0], minlength=len(terms))
    each = np.where(times, terms / np.maximum(times, 1), 0.0)  # of an occurrence
    each = np.append(each, 0.0)  # column -1
    shares: DoubleArray = np.zeros(len(text.tokens))
    shares[: len(placed.words)] = each[placed.words]  # the tokens that are words stand first
    solid = text.padded_tokens >= 0
    by_position = np.zeros(len(solid))
    for size, own, starts in placed.ngrams:
        covered = np.stack([solid[starts + step] for step in range(size)]).sum(axis=0)
        for step in range(size):
            positions = starts + step
            np.add.at(by_position, positions, np.where(solid[positions], each[own] / covered, 0.0))
    np.add.at(shares, text.padded_tokens[solid], by_position[solid])
    return shares
