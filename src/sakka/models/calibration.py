"""Calibration: one temperature, so that a probability is the accuracy that it promises.

    p_T(c) = p(c)^(1 / T) / (its sum over creators)

T above 1 makes the probabilities less confident, below 1 more; who is named stays the same. T is the one with the least
log-loss on works that the model was not fitted on.

Source: C. Guo et al., On calibration of modern neural networks, ICML 2017, https://arxiv.org/abs/1706.04599
"""

import numpy as np

from sakka.arrays import FLOOR, TINY, IntArray, Probabilities, log_probabilities, softmax

COLDEST, HOTTEST = 0.05, 20.0


def fit_temperature(probabilities: Probabilities, labels: IntArray) -> float:
    """The temperature with the least log-loss; 1 where there is no work.

    Args:
        probabilities: Shape (n_works, n_creators).
        labels: Each work's creator as a column index, shape (n_works,).
    """
    from scipy.optimize import minimize_scalar

    if len(labels) == 0:
        return 1.0

    def loss(log_temperature: float) -> float:
        scores = log_probabilities(probabilities, FLOOR) / np.float32(np.exp(log_temperature))
        sums = np.log(np.exp(scores - scores.max(axis=1, keepdims=True)).sum(axis=1)) + scores.max(axis=1)
        return float((sums - scores[np.arange(len(labels)), labels]).mean())

    bounds = (float(np.log(COLDEST)), float(np.log(HOTTEST)))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def with_temperature(probabilities: Probabilities, temperature: float, floor: float = FLOOR) -> Probabilities:
    """The probabilities under a temperature, shape (n_works, n_creators), rows sum to 1.

    Args:
        probabilities: Shape (n_works, n_creators).
        temperature: T.
        floor: Stands for a smaller probability.

    >>> with_temperature(np.float32([[0.8, 0.2]]), 0.5).round(3).tolist()
    [[0.9409999847412109, 0.05900000035762787]]
    """
    scores = log_probabilities(probabilities, floor) / np.float32(temperature)
    return softmax(scores)


def at_temperature(probabilities: Probabilities, temperature: float) -> Probabilities:
    """The probabilities under a temperature: log-odds divided by it; at 1 they are as they were, to the bit."""
    return probabilities if temperature == 1 else with_temperature(probabilities, temperature, TINY)
