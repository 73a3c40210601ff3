"""A photo model that is taught: what its lessons say of a work is guessed from the photo, and helps to answer.

A lesson says something of each training work:

    creators  the work's creator, 1 in a column for each
    texts     log of a text model's answer, by models that did not see the work

It is guessed from the photo, and the photo's head is given the guess beside the photo's vector:

    p(x)  ridge regression of the lesson on the photo's standardised vector z(x), that is z(x) B
    head  softmax(z(x) W + p(x) V + b)

The head learns from guesses by regressions that did not see the work, so that it knows how far to trust them. What a
fitted model keeps is one linear softmax, since z W + z B V = z (W + B V): it reads the photo alone, and an answer
costs what it costs without lessons. Works with a text and no photo teach the text model too.

Guesses are left out where the head has less log-loss without them on a part of the training works. Nothing but the
training works is ever looked at.

Source: V. Vapnik, A. Vashist, A new learning paradigm: learning using privileged information, Neural Networks 22, 2009;
D. Wolpert, Stacked generalization, Neural Networks 5, 1992.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sakka.errors import ModelError
from sakka.models.fusion import Mask
from sakka.models.photo.extractor import VectorTable
from sakka.models.photo.linear import ROWS_AT_ONCE, EfficientNetLinear
from sakka.models.softmax import FloatTable, SoftmaxHead, block_weights, fit_softmax
from sakka.models.stacking import log_loss
from sakka.models.text.linear import LinearText
from sakka.progress import track
from sakka.splits import Fold, IntArray, deal
from sakka.works import Catalog

PARTS = 5
FLOOR = 1e-4  # of the text's probabilities, under the logarithm
RIDGE = 0.3  # beside a work's mean squared length of 1
SHARE = 0.5  # what a lesson's guesses count beside the photo's vector
MOST_WORKS = 6000  # that the regression is fitted on; its time grows with the cube
LEAST_WORKS = 20
CREATORS, TEXTS = "creators", "texts"
LESSONS = (CREATORS, TEXTS)


@dataclass(frozen=True)
class Guesses:
    """What the lessons say, guessed from the photo.

    Attributes:
        unseen: Each training work's, by a regression that did not see it, shape (n_works, n_columns).
        mean: What is subtracted from each feature, shape (n_features,).
        scale: What it is divided by then, shape (n_features,).
        weights: B above, shape (n_features, n_columns).
    """

    unseen: FloatTable
    mean: FloatTable
    scale: FloatTable
    weights: FloatTable


class EfficientNetTaught(EfficientNetLinear):
    """EfficientNet-Lite0, frozen, with a head that is taught.

    Attributes:
        lessons: Which lessons; None: all of `LESSONS`. The other settings are those of `EfficientNetLinear`.
    """

    name: ClassVar[str] = "photo-efficientnet_lite0-taught"

    def __init__(
        self,
        stages: Sequence[str] | None = None,
        penalty: float | None = None,
        dtype: str | None = None,
        seed: int = 0,
        covariances: Sequence[str] | None = None,
        mirrored: bool | None = None,
        lessons: Sequence[str] | None = None,
    ) -> None:
        super().__init__(stages, penalty, dtype, seed, covariances, mirrored)
        self.lessons = lessons if lessons is None else list(lessons)

    def _check_settings(self) -> None:
        super()._check_settings()
        for lesson in self.lessons or ():
            if lesson not in LESSONS:
                raise ModelError(f"no lesson is called {lesson!r}; known are {', '.join(LESSONS)}")

    def _learn(
        self, works: Catalog, features: VectorTable, places: IntArray, parts: Sequence[IntArray], n_classes: int
    ) -> Iterator[SoftmaxHead | None]:
        vectors = self._lessons(works, features)
        for part in track(parts, "taught photo heads", total=len(parts)):
            yield self._learn_part(works.take(part), vectors[part], places[part], n_classes)

    def _learn_part(self, works: Catalog, vectors: VectorTable, places: IntArray, n_classes: int) -> SoftmaxHead | None:
        seen = np.flatnonzero(works.has_photo)
        told = self._told(works, places, n_classes)
        part = _parts(places, self.seed)[seen]
        vectors, places, every = vectors[seen], places[seen], np.arange(len(seen))
        if told and len(seen) >= LEAST_WORKS:
            guesses = [guess(vectors, self._widths(), table[seen], able[seen], part) for table, able in told]
            if self._helps(vectors, guesses, places, n_classes, part):
                return one_head(self._taught_head(vectors, guesses, places, n_classes, every), guesses)
        return self._heads(vectors, places, [every], n_classes)[0]

    def _helps(
        self, vectors: VectorTable, guesses: Sequence[Guesses], places: IntArray, n_classes: int, part: IntArray
    ) -> bool:
        """Say whether a head with guesses has less log-loss on the works of part 0 than one without."""
        learn, held = np.flatnonzero(part != 0), np.flatnonzero(part == 0)
        plain = self._heads(vectors, places, [learn], n_classes)[0]
        if plain is None or len(held) == 0:
            return False
        without = log_loss(plain.predict_proba(vectors[held]), places[held])
        taught = self._taught_head(vectors, guesses, places, n_classes, learn)
        return log_loss(taught.predict_proba(_beside(vectors, guesses)[held]), places[held]) < without

    def _told(self, works: Catalog, places: IntArray, n_classes: int) -> list[tuple[FloatTable, Mask]]:
        """Give what each lesson says of the works, and of which works it says something."""
        told: list[tuple[FloatTable, Mask]] = []
        lessons = LESSONS if self.lessons is None else self.lessons
        if CREATORS in lessons:
            told.append((np.eye(n_classes, dtype=np.float32)[places], works.has_photo))
        both = works.has_photo & works.has_text
        if TEXTS in lessons and both.sum() >= LEAST_WORKS:
            told.append((text_lessons(works, places, _parts(places, self.seed), n_classes), both))
        return told

    def _widths(self) -> list[int]:
        return [len(block) for block in self._blocks()]

    def _taught_head(
        self, vectors: VectorTable, guesses: Sequence[Guesses], places: IntArray, n_classes: int, rows: IntArray
    ) -> SoftmaxHead:
        """Fit a head on vectors and guesses side by side; each lesson counts `SHARE` of what the vectors count."""
        widths = self._widths()
        stretch = [block_weights(widths)]
        for of_lesson in guesses:
            spread = of_lesson.unseen.std(axis=0)
            stretch.append(spread * np.float32((SHARE * sum(widths) / max(float((spread**2).sum()), 1e-12)) ** 0.5))
        return fit_softmax(
            _beside(vectors, guesses),
            places,
            [rows],
            n_classes=n_classes,
            penalty=self._penalty(len(widths) > 1),
            weights=np.concatenate(stretch),
            seed=self.seed,
        )[0]


def _parts(places: IntArray, seed: int) -> IntArray:
    return deal(places, np.random.default_rng((seed, 4)), PARTS)


def _beside(vectors: VectorTable, guesses: Sequence[Guesses]) -> VectorTable:
    return np.concatenate([vectors, *(one.unseen.astype(vectors.dtype) for one in guesses)], axis=1)


def text_lessons(works: Catalog, places: IntArray, part: IntArray, n_classes: int) -> FloatTable:
    """Give the centred logarithms of a text model's answers for works that it did not see, shape (n_works, n_classes).

    Args:
        works: The works.
        places: Each work's creator as a column index, shape (n_works,).
        part: The part that each work is held out with, shape (n_works,).
        n_classes: How many creators there are.
    """
    known, first = np.unique(places, return_index=True)
    creators = [works.table["creator"][int(row)] for row in first]
    nobody = np.empty(0, dtype=np.int64)
    folds = [Fold(0, held, np.flatnonzero(part != held), np.flatnonzero(part == held), nobody) for held in range(PARTS)]
    table = np.full((len(works), n_classes), FLOOR, dtype=np.float32)
    for answers in LinearText().predict_folds(works, [fold for fold in folds if len(fold.train)], creators):
        table[np.ix_(answers.fold.validation, known)] = np.maximum(answers.validation, FLOOR)
    logarithms = np.log(table)
    centred: FloatTable = logarithms - logarithms.mean(axis=1, keepdims=True)
    return centred


def guess(vectors: VectorTable, widths: Sequence[int], told: FloatTable, able: Mask, part: IntArray) -> Guesses:
    """Guess what a lesson says from the photos, by ridge regression.

    Args:
        vectors: The photos' vectors, shape (n_works, n_features).
        widths: How many features each block of them has.
        told: What the lesson says of each work, shape (n_works, n_columns).
        able: Of which works it says something.
        part: The part that each work is held out with, shape (n_works,).
    """
    rows = np.flatnonzero(able)
    rows = rows[:: -(-len(rows) // MOST_WORKS)]
    mean, scale = _moments(vectors[rows])
    scale /= block_weights(widths) / np.float32(len(mean) ** 0.5)
    inputs: FloatTable = (vectors[rows] - mean) / scale
    targets = told[rows] - told[rows].mean(axis=0)
    products = inputs @ inputs.T
    weights: FloatTable = inputs.T @ _solve(products, targets)
    unseen = _guessed(vectors, Guesses(told, mean, scale, weights))
    for held in np.unique(part[rows]):
        learn, mine = part[rows] != held, np.flatnonzero(part == held)
        if learn.any():
            of_part: FloatTable = inputs[learn].T @ _solve(products[np.ix_(learn, learn)], targets[learn])
            unseen[mine] = _guessed(vectors[mine], Guesses(told, mean, scale, of_part))
    return Guesses(unseen, mean, scale, weights)


def one_head(head: SoftmaxHead, guesses: Sequence[Guesses]) -> SoftmaxHead:
    """Give the head on vectors alone that answers as `head` does on vectors and the guesses made from them."""
    start = len(guesses[0].mean)
    mean, scale, weights, bias = head.mean[:start], head.scale[:start], head.weights[:start], head.bias
    for one in guesses:
        stop = start + one.weights.shape[1]
        of_guesses = head.weights[start:stop] / head.scale[start:stop, None]
        through = one.weights @ of_guesses  # of vectors standardised as the regression has them
        weights = weights + through * (scale / one.scale)[:, None]
        bias = bias + ((mean - one.mean) / one.scale) @ through - head.mean[start:stop] @ of_guesses
        start = stop
    return SoftmaxHead(mean, scale, weights, bias)


def _guessed(vectors: VectorTable, guesses: Guesses) -> FloatTable:
    table = np.empty((len(vectors), guesses.weights.shape[1]), dtype=np.float32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        table[rows] = ((vectors[rows] - guesses.mean) / guesses.scale) @ guesses.weights
    return table


def _moments(vectors: VectorTable) -> tuple[FloatTable, FloatTable]:
    values = vectors.astype(np.float32)
    mean = values.mean(axis=0)
    values -= mean
    np.square(values, out=values)
    spread = np.sqrt(values.mean(axis=0))
    return mean, np.where(spread > 1e-6 * np.maximum(np.abs(mean), 1e-6), spread, np.float32(1))


def _solve(products: FloatTable, targets: FloatTable) -> FloatTable:
    from scipy.linalg import cho_factor, cho_solve

    ridged = products + RIDGE * np.eye(len(products), dtype=np.float32)
    solution: FloatTable = cho_solve(cho_factor(ridged, lower=True, overwrite_a=True), targets)
    return solution
