"""How sure a prediction is: what tells the works of creators that the model does not know.

The confidence is minus the entropy of the probabilities f, sum f log f: 0 where one creator has all. A threshold that
95 % of works by known creators reach is set on held-out works. `studies/unknown_creators.py` compares other scores.

Source: D. Hendrycks, K. Gimpel, https://arxiv.org/abs/1610.02136 (the idea, with the highest probability as the score)
"""

import numpy as np

from sakka.arrays import FLOOR, DoubleArray, Probabilities, log_probabilities

ACCEPTED = 0.95  # the share of known creators' works that a threshold lets through


def confidence(fused: Probabilities) -> DoubleArray:
    """Minus the entropy of each row in nats, shape (n_works,): 0 where one creator has all, lower otherwise.

    >>> confidence(np.float32([[1, 0], [0.5, 0.5]])).round(3).tolist()
    [0.0, -0.693]
    """
    table = fused.astype(np.float64)
    scores: DoubleArray = (table * log_probabilities(table, FLOOR)).sum(axis=1)
    return scores


def threshold_of(scores: DoubleArray, accepted: float = ACCEPTED) -> float:
    """The score that at least a share `accepted` of works by known creators reach.

    >>> threshold_of(np.arange(1.0, 101.0), 0.95)
    5.0
    """
    return float(np.quantile(scores, 1 - accepted, method="lower"))
