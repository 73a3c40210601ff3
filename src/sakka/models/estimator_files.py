"""A fitted classifier of scikit-learn as bytes, by skops; no pickle is written or read.

A file of skops is a zip of arrays and a JSON of types and values, from which skops builds the objects anew. It is read
only where each type in it is trusted: those that skops trusts itself (public estimators of scikit-learn, numbers of
NumPy) and the few in `TRUSTED`, which a fitted classifier is made of. The nodes of trees are indices that scikit-learn
follows without a look; they are looked at here.

What is written depends on the classifier alone: skops names things by their places in memory, here they are numbered.

Source: https://skops.readthedocs.io/en/stable/persistence.html
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from sakka.errors import MissingPartError, ModelError

SCHEMA = "schema.json"
TRUSTED = frozenset(
    {
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
    }
)
"""Types that a file may hold beside those that skops trusts."""


def check_can_write() -> None:
    """Refuse where nothing can be saved.

    Raises:
        MissingPartError: skops is not installed.
    """
    _skops()


def written(estimator: Any) -> bytes:
    """A fitted classifier as bytes, the same for the same classifier.

    Raises:
        MissingPartError: skops is not installed.
        ModelError: skops can't write it, or it is made of types that are not trusted.
    """
    skops, name = _skops(), type(estimator).__name__
    try:
        content = _numbered(skops.dumps(estimator))
    except Exception as error:
        raise ModelError(f"a {name} can't be saved: skops can't write it ({error}); choose another") from error
    if other := _untrusted(content):
        raise ModelError(
            f"a {name} can't be saved: it is made of {', '.join(other)}, which is not trusted when it is read; choose "
            "another classifier, or a setting without it"
        )
    return content


def read(content: bytes) -> Any:
    """The classifier that `written` gave.

    Raises:
        MissingPartError: skops is not installed.
        ModelError: The bytes are no such file, hold types that are not trusted, or trees whose nodes lead nowhere.
    """
    skops = _skops()
    try:
        _check_size(content)
        other = _untrusted(content)
        estimator = None if other else skops.loads(content, trusted=sorted(TRUSTED))
        trees = [] if other else [_is_sound(tree) for tree in _trees(estimator)]
    except Exception as error:
        raise ModelError(f"the classifier can't be read ({error!r}); fit and save the model again") from error
    if other:
        raise ModelError(f"the classifier is made of {', '.join(other)}, which is not trusted; it is not read")
    if not all(trees):
        raise ModelError("a tree of the classifier has nodes that lead out of it; it is not read")
    return estimator


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise MissingPartError("skops, which saves scikit-learn's classifiers,", "sklearn", error) from error
    return skops.io


def _untrusted(content: bytes) -> list[str]:
    return sorted(set(_skops().get_untrusted_types(data=content)) - TRUSTED)


def _check_size(content: bytes) -> None:
    """Refuse what would grow: everything in a file that was written here stands as it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
    if any(each.compress_type for each in entries) or sum(each.file_size for each in entries) > len(content):
        raise ValueError("compressed")


def _numbered(content: bytes) -> bytes:
    """A file of skops with numbers in the place of addresses, and without times."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    numbers: dict[Any, int] = {}
    files: dict[str, str] = {}

    def numbered(node: Any) -> Any:
        if isinstance(node, list):
            return [numbered(each) for each in node]
        if not isinstance(node, dict):
            return node
        renamed = dict(node)
        if "__id__" in node:
            renamed["__id__"] = numbers.setdefault(node["__id__"], len(numbers))
        if node.get("file") in parts:
            name = node["file"]
            renamed["file"] = files.setdefault(name, f"{len(files)}.{name.rpartition('.')[2]}")
        return {key: each if key in ("__id__", "file") else numbered(each) for key, each in renamed.items()}

    schema = json.dumps(numbered(json.loads(parts.pop(SCHEMA))))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(SCHEMA), schema)
        for name, new in files.items():
            archive.writestr(zipfile.ZipInfo(new), parts[name])
    return buffer.getvalue()


def _trees(estimator: Any) -> Iterator[Any]:
    """Every tree inside a classifier."""
    from sklearn.tree._tree import Tree

    left, seen = [estimator], set()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Tree):
            yield each
        elif isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list | tuple) or (isinstance(each, np.ndarray) and each.dtype == object):
            left += list(np.ravel(np.asarray(each, dtype=object))) if isinstance(each, np.ndarray) else each
        elif type(each).__module__.startswith("sklearn."):
            left += vars(each).values() if hasattr(each, "__dict__") else []


def _is_sound(tree: Any) -> bool:
    """Whether each node of a tree leads to later ones, and asks for a feature that there is."""
    nodes = tree.__getstate__()["nodes"]
    places = np.arange(len(nodes))
    inner = nodes["left_child"] != -1
    children = np.stack([nodes["left_child"], nodes["right_child"]])[:, inner]
    later = (children > places[inner]) & (children < len(nodes))
    known = (nodes["feature"][inner] >= 0) & (nodes["feature"][inner] < tree.n_features)
    return len(nodes) > 0 and bool(later.all() and known.all())
