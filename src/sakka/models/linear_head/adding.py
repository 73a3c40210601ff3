"""A new creator in a fitted linear softmax: one more column of weights; the columns of the others stay as they are.

With the known creators' scores s_k(x) frozen, L(x) = log sum_k exp s_k(x), and a new score s(x) = w'x + b, the log-loss
of all works differs from a constant only by

    1/n [ sum over the new works of v log(1 + exp(L - s))  +  sum over known works i of u_i log(1 + exp(s - L)) ]
    + penalty/2 |w|^2

for one new creator, and by the like softmax over (L, s_1, ... s_m) for m new ones: a small convex problem, solved by
L-BFGS in a fraction of a second. The known works are stood for by a few of each creator's, kept when the model is
fitted; u_i is the number of the creator's works over the number kept. The new works of one creator count as
`LEAST_WORKS` works at least, v = max(1, LEAST_WORKS / works): a creator would hardly ever be named from fewer.

The others' scores don't change, so a work of a known creator is lost only to a new creator, never to another known one.

Source: this is the last layer's case of J. Kirkpatrick et al., https://arxiv.org/abs/1612.00796 (old weights held) with
the rehearsal of S.-A. Rebuffi et al., iCaRL, https://arxiv.org/abs/1611.07725 (a few kept examples a class).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.arrays import DoubleArray, FloatArray, IntArray
from sakka.models.linear_head.head import LinearHead

KEPT_WORKS = 20  # of each creator
MOST_KEPT = 1000  # of all creators together, where that is one of each or more: it bounds time and size
LEAST_WORKS = 20  # that the works of a new creator count as
STEPS = 200
SHAPES = {
    "kept.features": "kept features",
    "kept.features.indptr": "kept+1",
    "kept.labels": "kept",
    "kept.counts": "creators",
}
"""Of the arrays of `KeptWorks.tensors`."""
JITTER = 1e-5  # of the mean square of a row, added to it: rows may be alike
START = -5.0  # a new creator's score before anything is known of it: unlikely


@dataclass(frozen=True)
class KeptWorks:
    """Works that stand for the known creators when a new one is learned.

    Attributes:
        features: Their features as they are stored: an array or SciPy CSR, shape (n_kept, n_features).
        labels: Their creators as columns, shape (n_kept,).
        counts: How many works of each creator the head was fitted on, shape (n_creators,).
    """

    features: Any
    labels: IntArray
    counts: IntArray

    @classmethod
    def of(cls, features: Any, labels: IntArray, n_creators: int) -> "KeptWorks":
        """Some of the rows that a head was fitted on."""
        rows = rows_to_keep(labels, n_creators)
        return cls(features[rows], labels[rows], np.bincount(labels, minlength=n_creators))

    def joined(self, other: "KeptWorks") -> "KeptWorks":
        """These and the works of more creators; `other` has the same columns and more."""
        return KeptWorks(
            _stacked(self.features, other.features),
            np.concatenate([self.labels, other.labels]),
            np.append(self.counts, other.counts[len(self.counts) :]),
        )

    def without(self, label: int) -> "KeptWorks":
        """These without the works of one creator."""
        rows = np.flatnonzero(self.labels != label)
        labels = self.labels[rows]
        return KeptWorks(self.features[rows], labels - (labels > label), np.delete(self.counts, label))

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """The parts as arrays by name; `from_tensors` takes them back."""
        if isinstance(self.features, np.ndarray):
            named = {"features": self.features}
        else:
            names = ("data", "indices", "indptr")
            named = {f"features.{name}": getattr(self.features, name) for name in names}
        named |= {"labels": self.labels, "counts": self.counts}
        return {f"kept.{name}": array for name, array in named.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, npt.NDArray[Any]], n_features: int) -> "KeptWorks | None":
        """What `tensors` wrote; None where nothing was kept.

        Raises:
            ValueError: The features are no sparse table of so many columns.
        """
        from scipy.sparse import csr_matrix

        if "kept.labels" not in tensors:
            return None
        labels = tensors["kept.labels"]
        features: Any = tensors.get("kept.features")
        if features is None:
            parts = tuple(tensors[f"kept.features.{name}"] for name in ("data", "indices", "indptr"))
            features = csr_matrix(parts, shape=(len(labels), n_features))
            features.check_format()  # also that no index lies beyond the features
        return cls(features, labels, tensors["kept.counts"])


def _stacked(upper: Any, lower: Any) -> Any:
    from scipy.sparse import vstack

    if isinstance(upper, np.ndarray):
        return np.concatenate([upper, lower])
    return vstack([upper, lower], format="csr")


def rows_to_keep(labels: IntArray, n_creators: int) -> IntArray:
    """Choose which rows stand for the known creators: the same number of each creator, by chance, ascending.

    Args:
        labels: Each row's creator as a column index, shape (n_rows,).
        n_creators: How many columns there are.
    """
    each = max(1, min(KEPT_WORKS, MOST_KEPT // n_creators))
    order = np.random.default_rng(0).permutation(len(labels))
    sorted_rows = order[np.argsort(labels[order], kind="stable")]
    counts = np.bincount(labels, minlength=n_creators)
    within = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept: IntArray = np.sort(sorted_rows[within < each])
    return kept


def importance(labels: IntArray, counts: IntArray) -> FloatArray:
    """How many works each kept row stands for, shape (n_kept,).

    Args:
        labels: The creators of the kept rows as columns, shape (n_kept,).
        counts: How many works of each creator were learned from, shape (n_creators,).

    >>> importance(np.array([0, 0, 1]), np.array([10, 3])).tolist()
    [5.0, 5.0, 3.0]
    """
    kept = np.bincount(labels, minlength=len(counts))
    return (counts[labels] / kept[labels]).astype(np.float32)


def add_creators(
    head: LinearHead, kept: KeptWorks, new: Any, labels: IntArray, n_new: int
) -> tuple[LinearHead, KeptWorks]:
    """The head with columns for new creators, and what is kept of all creators.

    Args:
        head: The head that knows the others; their columns stay as they are.
        kept: What was kept of their works.
        new: The features of the new creators' works, of the kind that `kept.features` is.
        labels: Their creators as columns, from `n_known` on, shape (n_rows,).
        n_new: How many new creators there are.
    """
    n_known = len(head.bias)
    added = KeptWorks.of(new, labels, n_known + n_new)
    if len(labels) == 0:  # nothing to learn from: columns that are hardly ever named
        weights = np.zeros((len(head.weights), n_new), dtype=np.float32)
        return head.with_columns(weights, np.full(n_new, START, dtype=np.float32)), kept.joined(added)
    inputs = head.standardised(_stacked(kept.features, new))
    counts = np.concatenate(
        [importance(kept.labels, kept.counts), importance(labels, np.maximum(added.counts, LEAST_WORKS))]
    )
    weights, bias = fit_columns(
        inputs,
        inputs @ head.weights + head.bias,
        np.concatenate([np.full(len(kept.labels), -1), labels - n_known]),
        counts,
        n_new=n_new,
        penalty=head.penalty,
        n_works=int(kept.counts.sum()) + len(labels),
    )
    return head.with_columns(weights, bias), kept.joined(added)


def fit_columns(
    features: Any,
    known_scores: npt.NDArray[np.floating],
    columns: IntArray,
    weights: FloatArray,
    *,
    n_new: int,
    penalty: float,
    n_works: int,
) -> tuple[FloatArray, FloatArray]:
    """The new creators' weights, shape (n_features, n_new), and biases, shape (n_new,).

    Args:
        features: Kept rows and new rows as the head reads them, float32 or SciPy CSR, shape (n_rows, n_features).
        known_scores: The known creators' scores of them, shape (n_rows, n_known).
        columns: For each row its column among the new creators, or -1 for a known one's, shape (n_rows,).
        weights: How many works each row counts for, shape (n_rows,).
        n_new: How many new creators there are.
        penalty: The factor of half the squared weights, beside the mean loss of a work.
        n_works: How many works the mean is over.

    The weights are sums of rows, w = X' c (the penalty lets nothing else in), so the search is among as many numbers as
    there are rows, however many features they have: with R R' = X X', the scores are R v, |w| = |v| and R' c = v.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    n_rows, rows = len(columns), np.arange(len(columns))
    known = logsumexp(known_scores.astype(np.float64), axis=1)[:, None]
    share = weights.astype(np.float64)[:, None] / n_works
    root = _root_of_products(features)

    def loss(parameters: DoubleArray) -> tuple[float, DoubleArray]:
        table, bias = parameters[:-n_new].reshape(n_rows, n_new), parameters[-n_new:]
        scores = np.hstack([known, root @ table + bias])
        logarithms = scores - logsumexp(scores, axis=1, keepdims=True)
        value = -(share[:, 0] * logarithms[rows, columns + 1]).sum() + penalty / 2 * (table * table).sum()
        errors = np.exp(logarithms)
        errors[rows, columns + 1] -= 1
        errors = (errors * share)[:, 1:]
        slope = root.T @ errors + penalty * table
        return float(value), np.concatenate([slope.ravel(), errors.sum(axis=0)])

    start = np.concatenate([np.zeros(n_rows * n_new), np.full(n_new, START)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    shares_of_rows = solve_triangular(root, found[:-n_new].reshape(n_rows, n_new), lower=True, trans="T")
    fitted: FloatArray = features.T @ shares_of_rows.astype(np.float32)
    return fitted, found[-n_new:].astype(np.float32)


def _root_of_products(features: Any) -> DoubleArray:
    """The lower triangle R with R R' = the products of all rows with all rows, shape (n_rows, n_rows)."""
    products = features @ features.T
    dense: DoubleArray = (products if isinstance(products, np.ndarray) else products.toarray()).astype(np.float64)
    dense[np.diag_indices(len(dense))] += JITTER * max(float(np.trace(dense)) / len(dense), 1.0)
    return np.linalg.cholesky(dense).astype(np.float64, copy=False)
