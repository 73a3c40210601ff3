"""DoubleArray that tell a work of a creator the model has never seen: the higher, the more likely a known creator's.

With f the fused probabilities, p and t the photo model's and the text model's:

    entropy        sum f log f                      one creator stands out, or many share the answer
    probability    max f
    lead           the first of f minus the second
    energy         log sum of p t                   unnormalised evidence: both models must know the same creator
    agreement      sum of sqrt(p t)                 how far the two models say the same
    distance       minus the least Mahalanobis distance of (log p, log t), centred, to a creator's mean over works by
                   known creators that the models did not see, under their pooled and shrunk covariance
    combined       entropy, energy and distance, each standardised on those works, added
    learned        boosted trees on `signs`, fitted on known creators of whom other models were kept from learning

Sources: D. Hendrycks, K. Gimpel, https://arxiv.org/abs/1610.02136 (probability); W. Liu et al.,
https://arxiv.org/abs/2010.03759 (energy); K. Lee et al., https://arxiv.org/abs/1807.03888 (distance)
"""

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask, Probabilities, log_probabilities
from sakka.models.stacking import FLOOR

COMBINED = ("entropy", "energy", "distance")
ACCEPTED = 0.95  # the share of known creators' works that a threshold lets through
SHRUNK = 0.1
PRIOR_WORKS = 5  # that a creator's usual sureness counts as many works of everyone's


def sureness(fused: Probabilities) -> DoubleArray:
    """Minus the entropy of each row in nats, shape (n_works,): 0 where one creator has all, lower otherwise.

    >>> sureness(np.float32([[1, 0], [0.5, 0.5]])).round(3).tolist()
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


def stranger_scores(
    photo: Probabilities, text: Probabilities, fused: Probabilities, labels: IntArray
) -> dict[str, DoubleArray]:
    """Every score of every work by its name, each of shape (n_works,).

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        fused: Those of their fusion, same shape.
        labels: The creators of the first works, shape (n_known,): works by known creators that the models were not
            fitted on; on them the means, the covariance and the standardisation are taken.
    """
    ordered = -np.sort(-fused, axis=1)[:, :2].astype(np.float64)
    product = photo.astype(np.float64) * text
    scores = {
        "entropy": sureness(fused),
        "probability": ordered[:, 0],
        "lead": ordered[:, 0] - ordered[:, -1],
        "energy": log_probabilities(product.sum(axis=1), FLOOR**2),
        "agreement": np.sqrt(product).sum(axis=1),
        "distance": -_distance(np.hstack([_centred(photo), _centred(text)]), labels),
    }
    scores["combined"] = sum((_standardised(scores[name], len(labels)) for name in COMBINED), np.zeros(len(fused)))
    return scores


def signs(photo: Probabilities, text: Probabilities, fused: Probabilities, labels: IntArray) -> DoubleArray:
    """What the learned score goes by, shape (n_works, n_signs).

    The scores above but for the distance, the entropy of each model, what each gives to the creator named, whether they
    name the same one, how sure answers that name this creator are on known works, and its share of them.

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        fused: Those of their fusion, same shape.
        labels: The creators of the first works, as in `stranger_scores`.
    """
    named, rows = fused.argmax(axis=1), np.arange(len(fused))
    sure, known = sureness(fused), sureness(fused[: len(labels)])
    counts = np.bincount(labels, minlength=fused.shape[1])
    sums = np.bincount(labels, weights=known, minlength=fused.shape[1])
    usual = (sums + PRIOR_WORKS * known.mean()) / (counts + PRIOR_WORKS)
    ordered = -np.sort(-fused, axis=1)[:, :2].astype(np.float64)
    product = photo.astype(np.float64) * text
    columns = [
        sure, np.log(ordered[:, 0]), ordered[:, 0] - ordered[:, -1], sureness(photo), sureness(text),
        log_probabilities(product.sum(axis=1), FLOOR**2), np.sqrt(product).sum(axis=1),
        log_probabilities(photo[rows, named], FLOOR), log_probabilities(text[rows, named], FLOOR),
        photo.argmax(axis=1) == text.argmax(axis=1), usual[named], np.log1p(counts[named]),
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float64)


def learned_score(seen: DoubleArray, known: Mask, asked: DoubleArray) -> DoubleArray:
    """Fit boosted trees that part known creators' works from strangers', both counting alike; score other works.

    Args:
        seen: The signs of works to learn from, shape (n_works, n_signs).
        known: Whether each is by a creator that the models judging it knew, shape (n_works,).
        asked: The signs of the works to score, shape (n_asked, n_signs).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    weights = np.where(known, 1 / max(1, known.sum()), 1 / max(1, (~known).sum())) * len(known) / 2
    trees = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, learning_rate=0.08, min_samples_leaf=60, random_state=0
    )
    scores: DoubleArray = trees.fit(seen, known, sample_weight=weights).decision_function(asked)
    return scores


def _standardised(scores: DoubleArray, n_known: int) -> DoubleArray:
    known = scores[:n_known]
    result: DoubleArray = (scores - known.mean()) / max(float(known.std()), 1e-12)
    return result


def _centred(table: Probabilities) -> DoubleArray:
    logarithm = log_probabilities(table.astype(np.float64), FLOOR)
    centred: DoubleArray = logarithm - logarithm.mean(axis=1, keepdims=True)
    return centred


def _distance(vectors: DoubleArray, labels: IntArray) -> DoubleArray:
    """Each vector's squared distance to the nearest creator's mean, shape (n_works,)."""
    known = vectors[: len(labels)]
    present, own = np.unique(labels, return_inverse=True)
    means = np.stack([known[own == number].mean(axis=0) for number in range(len(present))])
    residual = known - means[own]
    covariance = residual.T @ residual / len(known)
    even = np.eye(len(covariance)) * max(float(np.trace(covariance)) / len(covariance), 1e-12)
    root = np.linalg.cholesky(np.linalg.inv((1 - SHRUNK) * covariance + SHRUNK * even))
    vectors, means = vectors @ root, means @ root
    squares = (vectors**2).sum(axis=1)[:, None] - 2 * vectors @ means.T + (means**2).sum(axis=1)
    nearest: DoubleArray = squares.min(axis=1)
    return nearest
