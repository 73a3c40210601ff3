"""The chance that a work stands under its own creator, where some stand under a wrong one and nobody knows which.

With q_c the probability, by the evidence of a work, that creator c made it, K creators, and e the share of works under
a wrong creator, any other being as likely as any, a work stands under a with the probability P(a) and is right there
with the chance r, its local false-discovery rate:

    P(a) = (1 - e) q_a + e (1 - q_a) / (K - 1)        r = (1 - e) q_a / P(a)

q is a conditional logit, a softmax of w f_c. Its weights and e make the creators of the catalog most likely, so that
wrong ones among them are expected instead of learned. It is fitted twice, on the works of the other outer folds only:

    first    f_c = log p_c - log n_c, for the photo's and for the text's out-of-fold probabilities p, and log n_c,
             with n_c the share of the creator's works
    second   f_c = log q_c of the first, and log sum_b q_b T(c | b)

T(c | b) is how often what looks like b's stands under c: sum of q_b over the works of c, less what wrong creators
explain, smoothed by `SMOOTHING` works in the shares n. Creators who are taken for each other often (father and son, one
workshop) so explain a work that looks like the other's; a wrong creator is one whom it is never taken for.

Reported are the most works whose mean r is the stated rate or less: of these about that share is right as it stands.
A work counts by its own chance, so works that depend on each other change the spread and not the mean.

Sources: G. Patrini et al., Making Deep Neural Networks Robust to Label Noise, CVPR 2017 (forward correction);
B. Efron et al., JASA 2001 (local false-discovery rate); W. Sun, T. Cai, JASA 2007 (reporting by its mean).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sakka.arrays import SMALLEST, DoubleArray, IntArray, softmax

SMOOTHING = 0.1
PENALTY = 1.0
USUAL_NOISE, NOISE_PENALTY = -4.0, 0.25  # log-odds of e that is expected: 1.8 %, give or take 2 in the exponent
MOST_ENTRIES = 2**22  # of works times creators; beyond it every second, third ... work is fitted on
STEPS = 300


@dataclass(frozen=True)
class ErrorRates:
    """What the evidence says of each work's creator.

    Attributes:
        own: The chance that the work stands under its own creator, shape (n_works,).
        creators: The probability of each creator by the evidence alone, shape (n_works, n_creators).
    """

    own: DoubleArray
    creators: DoubleArray


@dataclass(frozen=True)
class _Logit:
    """What one fit has found: weights, shape (n_features,), and the share of works under a wrong creator."""

    weights: DoubleArray
    noise: float


def error_rates(tables: Sequence[DoubleArray], labels: IntArray, folds: IntArray) -> ErrorRates:
    """The chance that each work stands under its own creator.

    Args:
        tables: Out-of-fold probabilities, one table a model, each of shape (n_works, n_creators); of a work that a
            model can't read, the shares of the creators.
        labels: The creator that each work stands under, as a column, shape (n_works,).
        folds: The outer fold that each work was tested in, shape (n_works,).
    """
    n_creators = tables[0].shape[1]
    counts = np.bincount(labels, minlength=n_creators) + 0.5
    shares = counts / counts.sum()
    evidence = [np.log(np.maximum(table, SMALLEST)) - np.log(shares) for table in tables]
    weight = 1 / len(tables)
    features = np.stack([*evidence, np.broadcast_to(np.log(shares), tables[0].shape)], axis=2)
    first, noise = _out_of_fold(features, labels, folds, np.array([*[weight] * len(tables), 0.0]))
    confused = _confused(first, labels, folds, noise, shares)
    features = np.log(np.maximum(np.stack([first, confused], axis=2), SMALLEST))
    second, noise = _out_of_fold(features, labels, folds, np.array([0.5, 0.5]))
    own = second[np.arange(len(labels)), labels]
    right = (1 - noise) * own
    return ErrorRates(right / (right + noise * (1 - own) / (n_creators - 1)), second)


def reported(rates: DoubleArray, fdr: float) -> IntArray:
    """The most works whose mean error rate is `fdr` or less, the surest first.

    Args:
        rates: The chance that each work is right as it stands, shape (n_works,).
        fdr: The stated false-discovery rate, 0 to 1.

    >>> reported(np.array([0.5, 0.0, 0.1, 0.9]), 0.2).tolist()
    [1, 2, 0]
    """
    order = np.argsort(rates, kind="stable")
    mean = np.cumsum(rates[order]) / np.arange(1, len(order) + 1)
    return order[: int(np.searchsorted(mean, fdr, side="right"))]


def _out_of_fold(
    features: DoubleArray, labels: IntArray, folds: IntArray, start: DoubleArray
) -> tuple[DoubleArray, DoubleArray]:
    """Fit on the works of the other folds; the probabilities of all works, and each work's share of wrong creators."""
    found, noise = np.zeros(features.shape[:2]), np.zeros(len(labels))
    for fold in np.unique(folds):
        tested, learned = folds == fold, np.flatnonzero(folds != fold)
        learned = learned[:: 1 + len(learned) * features.shape[1] // MOST_ENTRIES]
        logit = _fit(features[learned], labels[learned], start)
        found[tested], noise[tested] = softmax(features[tested] @ logit.weights), logit.noise
    return found, noise


def _fit(features: DoubleArray, labels: IntArray, start: DoubleArray) -> _Logit:
    """Make the creators of the catalog most likely; arguments as in `_out_of_fold`."""
    from scipy.optimize import minimize

    rows, n_creators = np.arange(len(labels)), features.shape[1]
    of_own = features[rows, labels]

    def loss(values: DoubleArray) -> tuple[float, DoubleArray]:
        weights, noise = values[:-1], 1 / (1 + np.exp(-values[-1]))
        table = softmax(features @ weights)
        own = table[rows, labels]
        likelihood = (1 - noise) * own + noise * (1 - own) / (n_creators - 1)
        by_score = (1 - noise * n_creators / (n_creators - 1)) * own / likelihood
        pulled = by_score @ of_own - np.einsum("n,nc,ncf->f", by_score, table, features, optimize=True)
        by_noise = (((1 - own) / (n_creators - 1) - own) / likelihood).sum() * noise * (1 - noise)
        away, odd = weights - start, values[-1] - USUAL_NOISE
        penalty = PENALTY / 2 * (away @ away) + NOISE_PENALTY / 2 * odd**2
        slope = np.append(PENALTY * away - pulled, NOISE_PENALTY * odd - by_noise)
        return float(penalty - np.log(likelihood).sum()), slope

    found = minimize(loss, np.append(start, USUAL_NOISE), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return _Logit(found[:-1], float(1 / (1 + np.exp(-found[-1]))))


def _confused(
    table: DoubleArray, labels: IntArray, folds: IntArray, noise: DoubleArray, shares: DoubleArray
) -> DoubleArray:
    """How probable each creator is by whom such works stand under in the other folds, shape (n_works, n_creators)."""
    found, n_creators = np.zeros_like(table), len(shares)
    for fold in np.unique(folds):
        tested, learned = folds == fold, folds != fold
        under = np.zeros((n_creators, n_creators))
        np.add.at(under, labels[learned], table[learned])
        expected = noise[tested][0] * under.sum(axis=0) / (n_creators - 1)
        stands = np.maximum(under - expected * (1 - np.eye(n_creators)), 0)
        stands = (stands + SMOOTHING * shares[:, None]) / (stands.sum(axis=0) + SMOOTHING)
        found[tested] = table[tested] @ stands.T
    return found
