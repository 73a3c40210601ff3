"""LightGBM over a table of features: the classifier of the paper's sections 3.4 and 3.6, with its settings.

One tree a creator and an iteration, multiclass softmax: learning rate 0.1, num_leaves 23, min_data_in_leaf 1,
100 iterations. What a leaf adds to a creator's score is

    -G / (H + l2),    G = sum (p - y),    H = K / (K - 1) sum p (1 - p)    over the leaf's works, K creators

In a leaf of one work to which the trees before gave p near 0, H is near 0 and without a penalty the score leaps by
1 / p: on many creators the trees diverge. The paper names no penalty and the library has none by default; the models
here take `LEAF_PENALTY` (chosen on validation works, docs/reference/text-models.md) unless told otherwise.

Only creators with a work in the training part get trees (LightGBM would otherwise carry a class without rows through
every iteration); the others get probability 0. Training is row-wise and deterministic: the same features and the same
settings give the same bytes.

Memory while training is about 16 bytes a (work, creator) pair, time is linear in works, creators and iterations.
Source: https://lightgbm.readthedocs.io/en/stable/Parameters.html
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.errors import MissingPartError, ModelError

ROWS_AT_ONCE = 4096
LEAF_PENALTY = 10.0  # lambda_l2 of the models; the paper has none
SMALL = 1_000_000  # entries of a table below which threads cost more than they gain; the trees are the same


@dataclass(frozen=True)
class Booster:
    """A trained LightGBM model and the creators that it knows.

    Attributes:
        n_creators: Columns of a prediction.
        labels: The columns that have trees, ascending; column `labels[k]` is LightGBM's class k.
        text: The model in LightGBM's own text format; empty where there is only one creator to name.
    """

    n_creators: int
    labels: IntArray
    text: str
    _loaded: list[Any] = field(default_factory=list, repr=False, compare=False)

    def loaded(self) -> Any:
        """The library's model, read from `text` on first use.

        Raises:
            ValueError: The text is not a LightGBM model.
        """
        if not self._loaded:
            lightgbm = _library()
            try:
                self._loaded.append(lightgbm.Booster(model_str=self.text))
            except lightgbm.basic.LightGBMError as error:
                raise ValueError(f"the text is not a LightGBM model: {error}") from error
        return self._loaded[0]


def fit_lightgbm(
    features: Any,
    labels: IntArray,
    n_creators: int,
    *,
    iterations: int = 100,
    learning_rate: float = 0.1,
    num_leaves: int = 23,
    min_data_in_leaf: int = 1,
    l2: float = 0.0,
    seed: int = 0,
) -> Booster:
    """Train trees that name the creator from a row of features.

    Args:
        features: Shape (n_works, n_features), float32: an array or a SciPy CSR matrix.
        labels: Each work's creator as a column index, shape (n_works,).
        n_creators: How many columns a prediction has.
        iterations: Trees a creator.
        learning_rate: The share of each tree that is added.
        num_leaves: Leaves a tree.
        min_data_in_leaf: Works a leaf holds at least.
        l2: The penalty on the squared value of a leaf.
        seed: Where LightGBM's own draws start.

    Raises:
        ModelError: There are no works, the tables do not have the same number of rows, or the penalty is negative.
        MissingPartError: LightGBM is not installed.
    """
    if features.shape[0] == 0 or features.shape[0] != len(labels):
        raise ModelError(
            f"LightGBM got features of {features.shape[0]} works and creators of {len(labels)}; expected as many, "
            "at least one"
        )
    if not 0 <= l2 < float("inf"):
        raise ModelError(f"got l2 {l2!r}; expected a number from 0")
    known, classes = np.unique(labels, return_inverse=True)
    if len(known) == 1:
        return Booster(n_creators, known, "")
    lightgbm = _library()
    settings = {
        "objective": "multiclass",
        "num_class": len(known),
        "learning_rate": learning_rate,
        "num_leaves": num_leaves,
        "min_data_in_leaf": min_data_in_leaf,
        "lambda_l2": l2,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "feature_pre_filter": False,
        "num_threads": _threads(features),
        "verbosity": -1,
    }
    data = lightgbm.Dataset(features, label=classes.astype(np.float32), params=settings, free_raw_data=True)
    trained = lightgbm.train(settings, data, num_boost_round=iterations)
    return Booster(n_creators, known, trained.model_to_string())


def predict_lightgbm(booster: Booster, features: Any) -> Probabilities:
    """Each work's probability of each creator, shape (n_works, n_creators), rows sum to 1.

    Args:
        booster: What `fit_lightgbm` gave.
        features: Shape (n_works, n_features), float32: an array or a SciPy CSR matrix.
    """
    probabilities = np.zeros((features.shape[0], booster.n_creators), dtype=np.float32)
    if not booster.text:
        probabilities[:, booster.labels] = 1.0
        return probabilities
    model = booster.loaded()
    for start in range(0, features.shape[0], ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        probabilities[rows, booster.labels] = model.predict(features[rows], num_threads=_threads(features[rows]))
    return probabilities


def export_lightgbm(booster: Booster) -> tuple[dict[str, Any], str]:
    """What a saved model holds of the booster: values for JSON, and the text."""
    return {"n_creators": booster.n_creators, "labels": booster.labels.tolist()}, booster.text


def import_lightgbm(values: dict[str, Any], text: str, n_features: int, n_creators: int) -> Booster:
    """Take over what `export_lightgbm` gave.

    Args:
        values: The values.
        text: The text.
        n_features: How many numbers the trees have to read.
        n_creators: How many columns a prediction has to have.

    Raises:
        ValueError: The text is not a LightGBM model, or one of other features or creators.
    """
    booster = Booster(int(values["n_creators"]), np.array(values["labels"], dtype=np.int64), text)
    columns = np.unique(booster.labels)
    known = len(columns) == len(booster.labels) and np.isin(columns, np.arange(n_creators)).all()
    expected = (n_features, len(columns)) if text else (n_features, 1)
    found = (n_features, len(columns))
    if text:
        found = booster.loaded().num_feature(), booster.loaded().num_model_per_iteration()
    if booster.n_creators != n_creators or not known or found != expected:
        raise ValueError(
            f"the trees read {found[0]} values and tell {found[1]} creators of {booster.n_creators} apart, expected "
            f"{expected[0]}, {expected[1]} and {n_creators}"
        )
    return booster


def _threads(features: Any) -> int:
    """How many threads a table is worth; 0 is LightGBM's sign for all cores."""
    return 1 if features.shape[0] * features.shape[1] < SMALL else 0


def _library() -> Any:
    try:
        import lightgbm
    except ImportError as error:
        raise MissingPartError("LightGBM", "paper", error) from error
    return lightgbm
