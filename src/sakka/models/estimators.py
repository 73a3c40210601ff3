"""Classifiers of scikit-learn by the path of their class, and the probabilities that they give.

Only scikit-learn's own classes can be named, and their settings are what JSON can hold: so a saved model says all of
it, and nothing else is imported when it is read. A classifier without `predict_proba` (support vectors, ridge) gives
the softmax of its `decision_function`: the order of the creators is right, and how sure it is of them is mended where
photo and text are fused, by a temperature or a learned weight.

Source: https://scikit-learn.org/stable/developers/develop.html (what a classifier offers)
"""

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from sakka.arrays import FloatArray, IntArray, Probabilities, softmax
from sakka.errors import ModelError

PATH = re.compile(r"sklearn(\.[a-z]\w*)+\.[A-Z]\w*")
NOT_PUBLIC = {"externals", "tests"}


def estimator_class(path: str) -> type[Any]:
    """The class of a classifier of scikit-learn.

    Args:
        path: Such as `sklearn.svm.SVC`.

    Raises:
        ModelError: It is none.

    >>> estimator_class("sklearn.neighbors.KNeighborsClassifier").__name__
    'KNeighborsClassifier'
    """
    from sklearn.base import BaseEstimator, ClassifierMixin

    expected = "expected a classifier of scikit-learn, such as sklearn.svm.SVC"
    module, _, name = path.rpartition(".")
    if not PATH.fullmatch(path) or NOT_PUBLIC & set(module.split(".")):
        raise ModelError(f"got {path}, {expected}")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ModelError(f"scikit-learn has no {path}; {expected}") from error
    if not (inspect.isclass(found) and issubclass(found, BaseEstimator) and issubclass(found, ClassifierMixin)):
        raise ModelError(f"{path} is no classifier; {expected}")
    return found


def make_estimator(path: str, settings: Mapping[str, Any], seed: int) -> Any:
    """A classifier that is not fitted.

    Args:
        path: Its class.
        settings: Arguments of the class; what is not named is its default.
        seed: Its `random_state`, where it has one that is not set.

    Raises:
        ModelError: There is no such class, it has no such setting, or it needs one that JSON can't hold.
    """
    kind = estimator_class(path)
    known = inspect.signature(kind).parameters
    for name in settings:
        if name not in known:
            raise ModelError(f"{path} has no setting {name!r}; it has {', '.join(known)}")
    needed = [name for name, each in known.items() if each.default is inspect.Parameter.empty and name not in settings]
    if needed:
        raise ModelError(f"{path} is made of other estimators ({', '.join(needed)}), which no setting can name")
    seeds = {"random_state": seed} if "random_state" in known else {}
    return kind(**{**seeds, **settings})


def fit_estimator(path: str, estimator: Any, features: FloatArray, labels: IntArray) -> Any:
    """Fit a classifier.

    Args:
        path: Its class, for messages.
        estimator: What `make_estimator` gave.
        features: Standardised, shape (n_works, n_features).
        labels: Each work's class, from 0, shape (n_works,); all that there are stand in it, two at least.

    Raises:
        ModelError: scikit-learn refuses a setting or the works, or the classifier gives nothing to rank creators by.
    """
    if not (hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")):
        raise ModelError(f"{path} gives neither probabilities nor decision values; choose another classifier")
    try:
        return estimator.fit(features, labels)
    except (ValueError, TypeError, ArithmeticError) as error:
        said = " ".join(str(error).split())
        raise ModelError(f"{path} can't be fitted on {len(labels):,} works: {said}") from error


def probabilities_of(estimator: Any, features: FloatArray) -> Probabilities:
    """A fitted classifier's probabilities, float32, shape (n_works, n_classes); NaN for a work that it has none for."""
    if hasattr(estimator, "predict_proba"):
        table = np.asarray(estimator.predict_proba(features), dtype=np.float64)
    else:
        values = np.asarray(estimator.decision_function(features), dtype=np.float64)
        table = softmax(np.stack([-values, values], axis=1) / 2 if values.ndim == 1 else values)
    if table.shape != (len(features), len(estimator.classes_)):
        raise ModelError(
            f"{type(estimator).__name__} gives {table.shape[1]} values a work for {len(estimator.classes_)} creators; "
            "set it to give one for each"
        )
    table = table.clip(0, None)
    with np.errstate(invalid="ignore", divide="ignore"):
        normal: Probabilities = (table / table.sum(axis=1, keepdims=True)).astype(np.float32)
    return normal
