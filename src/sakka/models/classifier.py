"""Models of creators as scikit-learn's classifiers: `cross_val_score`, `GridSearchCV` and `Pipeline` take them.

`fit(X, y)` takes a table of works and their creators. Each row is a work and gets a prediction, whatever it holds: one
with nothing to read gets the creators' shares. The columns of X are found by their usual names, as `build_catalog`
finds them; ids and creators in X are not read.

Source: https://scikit-learn.org/stable/developers/develop.html (the contract)
"""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from sakka.arrays import Probabilities
from sakka.catalog.tables import every_row, frame_of
from sakka.catalog.works import Catalog
from sakka.models.registry import make_model
from sakka.models.work_reader import READ_BY


class SakkaClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A model of creators that follows scikit-learn's contract.

    Attributes:
        classes_: After `fit`: the creators, sorted, in the order of the columns of `predict_proba`.
        model_: After `fit`: the fitted model, a `CreatorModel`.
        problems_: After `fit`: what could not be read of X, as `Catalog.problems` lists it.
        feature_names_in_: After `fit`: the columns of X, all of them.
        n_features_in_: After `fit`: how many columns X has.

    >>> import polars as pl
    >>> works = pl.DataFrame({"title": ["桜の髪飾り", "桜のブローチ", "革のバッグ", "革の財布"]})
    >>> classifier = SakkaClassifier("text-linear").fit(works, ["Mori", "Mori", "Sato", "Sato"])
    >>> classifier.predict(pl.DataFrame({"title": ["桜のコサージュ"]})).tolist()
    ['Mori']
    """

    def __init__(
        self,
        model: str = "fused",
        *,
        settings: dict[str, Any] | None = None,
        columns: Mapping[str, str | Sequence[str]] | None = None,
        photo_root: Path | str | None = None,
    ) -> None:
        """Store the settings.

        Args:
            model: The model's name, as `make_model` takes it; `fused` is what `sakka fit` fits.
            settings: Settings of the model; None means its defaults.
            columns: Field of a catalog -> columns of X, where their usual names don't say it.
            photo_root: The folder that photo paths start at and may not lead out of; None: the current folder.
        """
        self.model = model
        self.settings = settings
        self.columns = columns
        self.photo_root = photo_root

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803  scikit-learn's name
        """Learn from works whose creators are known.

        Args:
            X: A table of works with one row or more: pandas, Polars, Arrow.
            y: The creator of each, shape (n_works,): names, or numbers.

        Raises:
            ValueError: X has no row, or y is missing, of another length, or no creators.
            CatalogError: X is no table, or has no column to read.
            ModelError: No model has that name, or it has no such setting.
        """
        labels = self._labels(y)
        frame = self._frame(X, reset=True)
        check_consistent_length(frame, labels)
        self.classes_, indices = np.unique(labels, return_inverse=True)
        names = [str(each) for each in self.classes_]
        works = self._works(frame, [names[index] for index in indices])
        self.problems_ = works.problems
        self.model_ = make_model(self.model, **(self.settings or {})).fit(works, names)
        return self

    def predict_proba(self, X: Any) -> Probabilities:  # noqa: N803
        """Each work's probability of each creator: float32, shape (n_works, n_creators), rows sum to 1.

        Args:
            X: A table with the columns that `fit` was given.
        """
        check_is_fitted(self)
        return self.model_.predict_proba(self._works(self._frame(X, reset=False)))

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """The most probable creator of each work, shape (n_works,)."""
        columns = self.predict_proba(X).argmax(axis=1)
        found: npt.NDArray[Any] = self.classes_[columns]
        return found

    def _labels(self, y: Any) -> npt.NDArray[Any]:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        labels: npt.NDArray[Any] = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        return labels

    def _frame(self, X: Any, *, reset: bool) -> pl.DataFrame:  # noqa: N803
        """X as a Polars frame, its columns noted in `fit` and compared with those later on."""
        frame = frame_of(X)
        if not frame.height:
            raise ValueError(f"X has 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required")
        validate_data(self, frame, reset=reset, skip_check_array=True)
        return frame

    def _works(self, frame: pl.DataFrame, creators: Sequence[str] | None = None) -> Catalog:
        model = make_model(self.model, **(self.settings or {}))
        works = every_row(
            frame,
            creators=creators,
            columns=self.columns,
            photo_root=self.photo_root,
            keep=model.kept_columns,
            with_photos="photo" in READ_BY[model.modality],
        )
        lost = works.problems.filter(pl.col("field") != "")
        if lost.height:
            warnings.warn(
                f"what can't be used of X is left out of its works, {lost.height:,} in all; the first is "
                f"{lost['field'][0]} of row {lost['row'][0]}: {lost['detail'][0]}",
                stacklevel=3,
            )
        return works

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = tags.input_tags.categorical = tags.input_tags.allow_nan = True
        return tags
