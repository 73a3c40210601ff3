"""The one protocol that every model of creators follows.

`fit` learns from a catalog, `predict_proba` gives each work's probability of each creator; everything else derives
from these two. `__init__` stores its settings and nothing more. A work without what the model reads (no photo, or
no text) gets a defined prediction: the shares of the creators in what the model learned from.

A model is saved as a folder of safetensors, JSON and LightGBM text with a manifest of SHA-256 (`models/folder.py`);
what a class adds is `_export` and `_restore`.
"""

import inspect
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

import numpy as np
import numpy.typing as npt
import polars as pl

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.sources.in_memory import ArrowStream, Dataset
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.fragments import counted, element
from sakka.models.candidates import FirstCandidates
from sakka.models.identification import (
    FALSE_REFUSALS,
    Answer,
    Basis,
    Candidate,
    CreatorSet,
    Identification,
    check_false_refusals,
)
from sakka.models.limits import View, ViewLimits, decide
from sakka.models.work_reader import Reads, WorkReader

if TYPE_CHECKING:
    from sakka.models.conformal import ConformalScores
    from sakka.networks.readable_photos import ReadablePhotos

FoldGroup = Literal["fold", "outer", "all"]

MOST_CREATORS_SHOWN = 12  # in a notebook


@dataclass(frozen=True)
class ModelParts:
    """What a fitted model consists of, besides its settings.

    Attributes:
        tensors: Arrays by name; stored as safetensors.
        values: What JSON can hold, by name.
        texts: Long texts by name (a LightGBM model in its own text format).
        files: Bytes by name, in a format that runs nothing when it is read; what they are the model knows.
        children: Fitted models inside this one, by name; each is stored in a subfolder.
    """

    tensors: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, "CreatorModel"] = field(default_factory=dict)

    def check_shapes(self, shapes: Mapping[str, str], **sizes: int) -> None:
        """Check the shape of each of some arrays that is there.

        Args:
            shapes: What an array's dimensions count, by its name: `"features creators"`, `"lists+1"`, `"1"`, `"any"`.
            sizes: How many of something there are, where that is known; else the first array with it decides.

        Raises:
            ValueError: An array has another shape.

        >>> parts = ModelParts({"weights": np.zeros((3, 2)), "bias": np.zeros(3)})
        >>> parts.check_shapes({"weights": "features creators", "bias": "creators"}, creators=2)
        Traceback (most recent call last):
        ValueError: the array bias in tensors.safetensors has the shape (3,), expected (2 creators)
        """
        for name, shape in shapes.items():
            if name not in self.tensors:
                continue
            found, wanted = self.tensors[name].shape, [each.partition("+") for each in shape.split()]
            fits = len(found) == len(wanted)
            for size, (what, _, more) in zip(found, wanted, strict=False):
                own = size - int(more or 0)
                known = int(what) if what.isdigit() else sizes.setdefault(what, own)
                fits &= known == own or what == "any"
            if not fits:
                expected = ", ".join(f"{sizes.get(what, '')} {what}{plus}{more}".strip() for what, plus, more in wanted)
                raise ValueError(
                    f"the array {name} in tensors.safetensors has the shape {found}, expected ({expected})"
                )

    def check_columns(self, *names: str, below: int) -> None:
        """Check that those of some arrays that are there hold columns.

        Args:
            names: The arrays.
            below: How many columns there are.

        Raises:
            ValueError: One holds something else.
        """
        for name in names:
            array = self.tensors.get(name, np.zeros(0, dtype=np.int64))
            if array.dtype.kind not in "iu" or not ((array >= 0) & (array < below)).all():
                raise ValueError(f"the array {name} in tensors.safetensors has a value that is none of {below} columns")


@dataclass(frozen=True)
class FoldPrediction:
    """One model's predictions for one fold.

    Attributes:
        fold: The fold; its `validation` and `test` rows are the rows of the two tables below.
        validation: Shape (n_validation, n_creators), rows sum to 1.
        test: Shape (n_test, n_creators), rows sum to 1.
        deviations: In what the model's fitting departed from its settings, one clause each.
    """

    fold: Fold
    validation: Probabilities
    test: Probabilities
    deviations: tuple[str, ...] = ()


class CreatorModel(WorkReader):
    """A model that names the creator of a work.

    Attributes:
        name: The model's name on the command line and in a run folder.
        fold_group: Which folds must be asked of `predict_folds` in one call to give the same bytes every time: `outer`,
            those of one outer fold, or `all`; an interrupted group is done again as a whole. `fold`: a fold's bytes do
            not depend on the other folds of the call; an experiment asks for all that are left at once.
        creators_: After `fit`: the creators in the order of the columns of `predict_proba`.
        manifest_sha256_: After `load_model`: the SHA-256 of its manifest, by which it is told from others.
    """

    name: ClassVar[str]
    fold_group: ClassVar[FoldGroup] = "fold"
    creators_: tuple[str, ...]
    manifest_sha256_: str

    @property
    def is_fitted(self) -> bool:
        """Whether it has learned its creators."""
        return "creators_" in vars(self)

    def in_words(self) -> list[str]:
        """What a person wants to know of it, a few words each: its name, how many creators it knows."""
        return [self.name, counted(len(self.creators_), "creator") if self.is_fitted else "not fitted"]

    def __repr__(self) -> str:
        """The class and what the model is in words, such as `LinearText(text-linear, 5 creators)`."""
        return f"{type(self).__name__}({', '.join(self.in_words())})"

    def _repr_html_(self) -> str:
        """The same in a notebook, with the first creators that it knows."""
        creators = self.creators_[:MOST_CREATORS_SHOWN] if self.is_fitted else ()
        rest = ", …" if creators and len(self.creators_) > len(creators) else ""
        lines = [*self.in_words(), *([f"creators: {', '.join(creators)}{rest}"] if creators else [])]
        shown = element("ul", *(element("li", line) for line in lines))
        return str(element("div", element("b", type(self).__name__), shown))

    @abstractmethod
    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn from works whose creators are known.

        Args:
            works: The works to learn from; each has a creator.
            creators: The columns to predict; None means `works.creators`. A creator without a work here gets a
                column all the same.
        """

    @abstractmethod
    def predict_proba(self, works: Catalog) -> Probabilities:
        """Each work's probability of each creator: float32, shape (n_works, n_creators), rows sum to 1."""

    def predict_candidates(self, works: Catalog) -> Probabilities | FirstCandidates:
        """What `identify` rests on: a table of all creators, or the first candidates where there are too many for one.

        Args:
            works: The works.
        """
        return self.predict_proba(works)

    def limits(self, works: Catalog) -> list[ViewLimits | None]:
        """The limits between the answers to each work, by what it offers; None where the model has learned none."""
        return [None] * len(works)

    def p_values(self, works: Catalog, probabilities: Probabilities | FirstCandidates) -> list[float | None]:  # noqa: ARG002
        """The p-value of each work's being by a known creator (`conformal.py`); None where the model can't tell.

        Args:
            works: The works.
            probabilities: What `predict_candidates` or `predict_proba` gave for them.
        """
        return [None] * len(works)

    def decide(
        self,
        works: Catalog,
        probabilities: Probabilities | FirstCandidates,
        p_values: Sequence[float | None] | None = None,
        false_refusals: float = FALSE_REFUSALS,
    ) -> list[tuple[Answer, Basis]]:
        """The answer to each work and what it rests on.

        Args:
            works: The works.
            probabilities: What `predict_candidates` or `predict_proba` gave for them.
            p_values: What `p_values` gives for them; None: it is asked.
            false_refusals: The share of the known creators' works that may be said to be by none of them.
        """
        found = probabilities.probabilities[:, :1] if isinstance(probabilities, FirstCandidates) else probabilities
        p_values = self.p_values(works, probabilities) if p_values is None else p_values
        rows = zip(self.limits(works), self.can_read(works).tolist(), found.max(axis=1).tolist(), p_values, strict=True)
        everyone = self.are_all_possible(works, probabilities, 1 - false_refusals)
        return [decide(*row, false_refusals, everyone_possible=each) for row, each in zip(rows, everyone, strict=True)]

    def are_all_possible(
        self,
        works: Catalog,
        probabilities: Probabilities | FirstCandidates,  # noqa: ARG002
        coverage: float,  # noqa: ARG002
    ) -> list[bool]:
        """Whether each work rules out none of several creators (`conformal.py`); False where the model can't tell.

        Args:
            works: The works.
            probabilities: What `predict_candidates` or `predict_proba` gave for them.
            coverage: How often the right creator is to be among those who are possible, 0 to 1.
        """
        return [False] * len(works)

    @property
    def held_out_scores(self) -> "Mapping[View, ConformalScores]":
        """What sets of creators rest on, by what a work offers; empty where the model has learned none."""
        return {}

    def creator_sets(
        self,
        works: Catalog,
        probabilities: Probabilities | FirstCandidates,  # noqa: ARG002
        count: int,  # noqa: ARG002
    ) -> list[tuple[CreatorSet, ...]]:
        """The creators who may have made each work, at each coverage; none where the model has learned none.

        Args:
            works: The works.
            probabilities: What `predict_candidates` gave for them.
            count: How many creators of a set to name.
        """
        return [()] * len(works)

    def reader(self, name: Reads) -> "CreatorModel | None":
        """The fitted model that reads photos, or texts: this one, or one inside it; None where none does."""
        return self if name in self.reads else None

    def prepare_photos(self, photos: Iterable[Sequence[Path]]) -> "Iterator[ReadablePhotos[None]]":
        """The photos of each work that can be read, in order, a few works ahead; see `networks/readable_photos.py`.

        What a model computes of single photos is kept meanwhile, so that `predict_proba` finds it. A model that reads
        no photos opens none.

        Args:
            photos: The photos of each work, the featured one first.
        """
        from sakka.networks.readable_photos import ReadablePhotos, check_pixels, readable_photos

        reader = self.reader("photo")
        if reader is None:
            return (ReadablePhotos(tuple(range(len(paths))), (None,) * len(paths)) for paths in photos)
        return readable_photos(photos, check_pixels, 1) if reader is self else reader.prepare_photos(photos)

    def fill_cache(self, works: Catalog) -> None:
        """Compute what the model reads of photos and texts and the cache lacks, before several processes need it.

        Raises:
            PhotoError: A photo can't be read.
        """

    def part_weights(self, work: Catalog) -> dict[Reads, float]:
        """How far each part of a work is trusted that the model reads: 1, unless it is fused.

        Args:
            work: A catalog of one work.
        """
        has = {"photo": work.has_photo[0], "text": work.has_text[0]}
        return {name: 1.0 for name in self.reads if has[name]}

    def part_shares(self, work: Catalog, creator: int, against: int) -> dict[Reads, float]:  # noqa: ARG002
        """How many nats of the log-odds of two creators come of one nat of each part's own reader: 1, unless fused.

        Args:
            work: A catalog of one work.
            creator: The column spoken for.
            against: The column compared with.
        """
        return self.part_weights(work)

    def predict(self, works: Catalog) -> list[str]:
        """The most probable creator of each work."""
        found = self.predict_candidates(works)
        columns = found.columns[:, 0] if isinstance(found, FirstCandidates) else found.argmax(axis=1)
        return [self.creators_[column] for column in columns]

    @overload
    def identify(
        self, works: Catalog, count: int = 5, *, false_refusals: float = FALSE_REFUSALS
    ) -> list[Identification]: ...

    @overload
    def identify(
        self,
        works: ArrowStream | Dataset,
        count: int = 5,
        *,
        false_refusals: float = FALSE_REFUSALS,
        columns: Mapping[str, str | Sequence[str]] | None = None,
        keep: Sequence[str] = (),
        photo_root: Path | str | None = None,
    ) -> pl.DataFrame: ...

    def identify(
        self,
        works: Catalog | ArrowStream | Dataset,
        count: int = 5,
        *,
        false_refusals: float = FALSE_REFUSALS,
        **reading: Any,
    ) -> list[Identification] | pl.DataFrame:
        """Who may have made each work, with the `count` most probable creators.

        Args:
            works: A catalog, which gets a list, or a table as `Catalog.from_table` takes it, which gets a frame: a row
                a work, with the columns that `sakka identify` writes for a table.
            count: How many creators to name of each.
            false_refusals: The share of the known creators' works that may be said to be by none of them, 0 to below
                0.5.
            reading: How a table is read: `columns`, `keep` and `photo_root`, as `Catalog.from_table` has them.

        Raises:
            CatalogError: A table can't be read.
            ModelError: The false-refusal rate can't be kept.
        """
        check_false_refusals(false_refusals)
        if isinstance(works, Catalog) and not reading:
            return self._identified(works, count, false_refusals)
        module = import_module("sakka.models.asked_table")  # it answers with models, so it needs this module first
        answers: pl.DataFrame = module.identify_rows(self, works, count, false_refusals=false_refusals, **reading)
        return answers

    def _identified(self, works: Catalog, count: int, false_refusals: float) -> list[Identification]:
        if not len(works):
            return []
        found = self.predict_candidates(works)
        first = found if isinstance(found, FirstCandidates) else FirstCandidates.of(found, count)
        p_values = self.p_values(works, found)
        rows = zip(
            self.decide(works, found, p_values, false_refusals),
            first.columns.tolist(),
            first.probabilities.tolist(),
            self.creator_sets(works, found, count),
            p_values,
            strict=True,
        )
        return [
            Identification(
                *decided,
                tuple(
                    Candidate(self.creators_[column], each)
                    for column, each in islice(zip(columns, probabilities, strict=True), count)
                ),
                sets,
                p_value,
            )
            for decided, columns, probabilities, sets, p_value in rows
        ]

    def identify_one(self, work: Catalog, count: int = 5, *, false_refusals: float = FALSE_REFUSALS) -> Identification:
        """Who may have made one work.

        Args:
            work: A catalog of one work.
            count: How many creators to name.
            false_refusals: As `identify` has it.

        Raises:
            ModelError: The work has nothing that the model reads, or the false-refusal rate can't be kept.
        """
        self.check_can_read(work)
        return self.identify(work, count, false_refusals=false_refusals)[0]

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Fit a fresh model on each fold's training part and predict its validation and test parts.

        A class whose folds share work (features computed once, heads trained together) does better than this
        loop. The predictions may depend on the folds given only through each fold itself.
        """
        for fold in folds:
            model = type(self)(**self.settings()).fit(works.take(fold.train), creators)
            yield FoldPrediction(
                fold,
                model.predict_proba(works.take(fold.validation)),
                model.predict_proba(works.take(fold.test)),
            )

    def settings(self) -> dict[str, Any]:
        """The arguments that `__init__` stored, by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def chosen_settings(self) -> dict[str, Any]:
        """The settings with what `fit` chose in place of None, so that another fit does not choose differently."""
        return self.settings()

    def spelled_out_settings(self) -> list[dict[str, Any]]:
        """The settings with what None stands for in its place; several where the works decide between them."""
        return [self.settings()]

    def check_can_save(self) -> None:
        """Refuse a model that can't be saved, before it is fitted, as far as that can be known.

        Raises:
            ModelError: It can't be.
            MissingPartError: It could be with a package that is not installed.
        """

    @abstractmethod
    def _export(self) -> ModelParts:
        """What the fitted model consists of, without `creators_` and the settings."""

    @abstractmethod
    def _restore(self, parts: ModelParts) -> None:
        """Take over what `_export` gave; `creators_` is set already."""


def shares_of_creators(labels: IntArray, n_creators: int) -> Probabilities:
    """Each creator's share of the works, shape (n_creators,): the prediction when nothing is known of a work.

    Args:
        labels: Each work's creator as a column index, shape (n_works,).
        n_creators: How many columns there are.

    >>> shares_of_creators(np.array([0, 0, 1, 0]), 3).tolist()
    [0.75, 0.25, 0.0]
    """
    counts = np.bincount(labels, minlength=n_creators)
    shares: Probabilities = (counts / max(1, counts.sum())).astype(np.float32)
    return shares


def known_labels(works: Catalog, creators: Sequence[str]) -> IntArray:
    """Each work's creator as a column index, shape (n_works,).

    Raises:
        ModelError: There are no works, or one's creator is unknown or not among `creators`.
    """
    if len(works) == 0:
        raise ModelError("a model can't learn from 0 works; give it at least one work by each creator")
    labels = works.creator_indices(creators)
    if (labels < 0).any():
        work = works.ids[int(np.flatnonzero(labels < 0)[0])]
        raise ModelError(f"work {work!r} has no creator among the {len(creators)} to learn; leave it out")
    return labels
