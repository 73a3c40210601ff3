"""The default text model: TF-IDF of words and of character n-grams, and a linear softmax on them.

A text x has two blocks of features, words and character n-grams. In each,

    x_f = sqrt(count_f) * idf_f^idf_power / ||.||,     idf_f = 1 + log((1 + n) / (1 + texts with f))

and each block is stretched by the root of the mean number of its features that a training text has. Without that,
a text of 600 characters spreads the same length over ten times the features of a title, and would need another
penalty. What is left of the difference is decided by the training works: long texts give a creator away by common
words (style), titles by rare ones (subject), and of the two profiles in `PROFILES` the one is taken whose log-loss is
lower on a fifth of the training works that is held out for it. Nothing but the training works is ever looked at. With
the profile for style the weights are fitted on the texts and on their halves, so that they rest on what recurs.

For many folds the counts are made once. Nothing leaks by that: a feature enters a fold's vocabulary by the number of
the fold's own training texts that have it, and the predictions are bit for bit those of `fit` on the training part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from sakka.arrays import IntArray, Mask, Probabilities, log_probabilities, top
from sakka.catalog.splits import Fold, deal
from sakka.catalog.works import Catalog
from sakka.models.base import FoldPrediction, ModelParts, known_labels
from sakka.models.feature_model import SHAPES, PlacedFeatures, TextFeatureModel
from sakka.models.linear_head.sparse import COPIES, fit_sparse
from sakka.models.text.features import BLOCKS, PARTS, Block, count_blocks, rows_of, side_by_side
from sakka.models.text.ngrams import FeatureCounts, KnownFeatures, find_known, placed_ngrams, word_hashes
from sakka.models.work_reader import Modality
from sakka.words import normalise

HOLD_OUT = 5  # one of so many works is held out to choose the profile
FEW = 10_000  # so many features of a kind are no burden however few the texts
WORKS_TO_CHOOSE_ON = 5000  # bounds the time that the choice takes
ITERATIONS_TO_CHOOSE = 20
TRAINING_BYTES = 4 * 2**30  # what the weights of the folds that train at the same time may take together
WEIGHT_BYTES = 4 * COPIES


@dataclass(frozen=True)
class Profile:
    """Settings that suit a kind of text.

    Attributes:
        idf_power: How much rare features gain.
        penalty: The factor of half the squared weights.
        halves: Whether the halves of the texts are learned from as well.
    """

    idf_power: float
    penalty: float
    halves: bool


STYLE, SUBJECT = Profile(0.5, 5e-5, True), Profile(1.0, 1e-3, False)
PROFILES = (STYLE, SUBJECT)


class LinearText(TextFeatureModel):
    """TF-IDF of words and character n-grams with a linear softmax, in any language."""

    name: ClassVar[str] = "text-linear"
    modality: ClassVar[Modality] = "text"
    _threads = 1  # that compute a product

    def __init__(
        self,
        *,
        penalty: float | None = None,
        idf_power: float | None = None,
        halves: bool | None = None,
        min_texts: int = 2,
        features_per_text: int = 5,
        max_features: int = 30_000,
        iterations: int = 40,
    ) -> None:
        """Store the settings.

        Args:
            penalty: The factor of half the squared weights in the loss of one work; None takes that of the profile
                which suits the works.
            idf_power: How much rare features gain: 0 nothing, 1 as much as TF-IDF usually has it; None as above.
            halves: Whether the halves of the texts are learned from as well; None as above.
            min_texts: A feature is known when so many training texts have it.
            features_per_text: Of words and of n-grams, those in the most texts are known: as many as this times the
                training texts, but at least `FEW`.
            max_features: The most words, and the most n-grams, that are known whatever the number of texts; fewer where
                the weights of so many creators would take more than `TRAINING_BYTES`.
            iterations: Steps of the solver at most.
        """
        self.penalty = penalty
        self.idf_power = idf_power
        self.halves = halves
        self.min_texts = min_texts
        self.features_per_text = features_per_text
        self.max_features = max_features
        self.iterations = iterations

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Choose the vocabulary and fit the weights."""
        import torch

        self.creators_ = tuple(works.creators if creators is None else creators)
        labels = known_labels(works, self.creators_)
        self._threads = torch.get_num_threads()
        return self._fit_counts(count_blocks(works.texts, self.min_texts), labels)

    def features(self, works: Catalog) -> tuple[Any, Mask]:
        """Weighed words and n-grams, SciPy CSR of shape (n_works, n_features), and which works have a text."""
        texts = [normalise(text) for text in works.texts]
        blocks = zip(BLOCKS.values(), self.blocks_, strict=True)
        found = [find_known(texts, hashes_of, block.vocabulary) for hashes_of, block in blocks]
        return side_by_side(self.blocks_, found), works.has_text

    def learn_features(self, works: Catalog) -> None:
        """Choose the vocabulary; where no profile is set, with the one for style."""
        counts = count_blocks(works.texts, self.min_texts)
        self.profile_ = self._profiles()[0]
        self.blocks_ = [self._choose(block, self.profile_.idf_power, self.max_features)[0] for block in counts]

    def placed(self, text: str) -> PlacedFeatures:
        """Where the features of a normalised text stand in it."""
        words, ngrams = self.blocks_
        [hashes] = word_hashes([text])
        width = len(words.vocabulary)
        sized = ((size, ngrams.columns_of(each, width), starts) for size, each, starts in placed_ngrams(text))
        return PlacedFeatures(words.columns_of(hashes), tuple(sized))

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Answer for each fold as `fit` on its training part would, with one count for all and folds in threads."""
        import torch

        from sakka.engines.threads import single_threaded

        labels = known_labels(works, creators)
        counts = count_blocks(works.texts, self.min_texts)
        has_text = works.has_text
        threads = torch.get_num_threads()  # as other models have it: one in a worker of one core
        workers = min(threads, self._most_at_once(len(creators)))

        def predict(fold: Fold) -> FoldPrediction:
            model = type(self)(**self.settings())
            model.creators_ = tuple(creators)
            model._threads = threads // workers
            model._fit_counts([rows_of(block, fold.train) for block in counts], labels[fold.train])
            return FoldPrediction(
                fold,
                model._predict_table(counts, fold.validation, has_text),
                model._predict_table(counts, fold.test, has_text),
            )

        with single_threaded(workers, "sakka-text-folds") as pool:
            yield from pool.map(predict, folds)

    def chosen_settings(self) -> dict[str, Any]:
        """The settings with those of the profile that `fit` took."""
        return {**self.settings(), **vars(self.profile_)}

    def spelled_out_settings(self) -> list[dict[str, Any]]:
        """The settings with each profile that they leave open."""
        return [{**self.settings(), **vars(profile)} for profile in self._profiles()]

    def _fit_counts(self, counts: Sequence[FeatureCounts], labels: IntArray) -> Self:
        n_creators = len(self.creators_)
        self._set_works(np.bincount(labels, minlength=n_creators))
        self.profile_ = self._choose_profile(counts, labels)
        chosen = [self._choose(block, self.profile_.idf_power) for block in counts]
        self.blocks_ = [block for block, _ in chosen]
        features = side_by_side(self.blocks_, [KnownFeatures.of(known) for _, known in chosen])
        whole = len(labels)
        rows = np.arange(len(labels) * PARTS if self.profile_.halves else whole)
        self._keep(features[:whole], labels)
        rows = rows[(rows < whole) | (np.diff(features.indptr)[rows] > 0)]  # half of a blank says nothing
        self.head_ = fit_sparse(
            features[rows],
            labels[rows % whole],
            n_creators,
            penalty=self.profile_.penalty,
            iterations=self.iterations,
            threads=self._threads,
        )
        return self

    def _choose_profile(self, counts: Sequence[FeatureCounts], labels: IntArray) -> Profile:
        """The profile: as set, else the one that does better on works held out."""
        from sakka.engines.threads import single_threaded

        profiles = self._profiles()
        generator = np.random.default_rng(0)
        rows = np.sort(generator.permutation(len(labels))[:WORKS_TO_CHOOSE_ON])
        held = deal(labels[rows], generator, HOLD_OUT) == 0
        if profiles[0] == profiles[1] or held.all() or not held.any():
            return profiles[0]
        with single_threaded(self._profiles_at_once(), "sakka-text-profiles") as pool:
            losses = list(pool.map(lambda each: self._loss_of(each, counts, labels, rows[~held], rows[held]), profiles))
        return profiles[int(np.argmin(losses))]

    def _profiles(self) -> list[Profile]:
        """Every profile, with what is set in place of its own."""
        given = {name: getattr(self, name) for name in vars(STYLE) if getattr(self, name) is not None}
        return [replace(profile, **given) for profile in PROFILES]

    def _loss_of(
        self, profile: Profile, counts: Sequence[FeatureCounts], labels: IntArray, learn: IntArray, held: IntArray
    ) -> float:
        """The log-loss on the rows `held` of a model fitted on the rows `learn` in few steps."""
        few = {"halves": False, "iterations": min(self.iterations, ITERATIONS_TO_CHOOSE)}
        model = type(self)(**{**self.settings(), **vars(profile), **few})
        model.creators_, model._threads = self.creators_, self._threads // self._profiles_at_once()
        model._fit_counts([rows_of(block, learn) for block in counts], labels[learn])
        probabilities = model._predict_table(counts, held, np.ones(len(labels), dtype=np.bool_))
        own = probabilities[np.arange(len(held)), labels[held]]
        return -float(log_probabilities(own, 1e-7).mean(dtype=np.float64))

    def _choose(self, counts: FeatureCounts, idf_power: float, most: int | None = None) -> tuple[Block, Any]:
        """Choose a block's vocabulary by the training texts; give it and the counts of what was chosen."""
        n_texts = counts.matrix.shape[0] // PARTS
        whole = counts.matrix[:n_texts]
        limit = min(most or self._most_features(len(self.creators_)), max(FEW, self.features_per_text * n_texts))
        texts_with = np.bincount(whole.indices, minlength=len(counts.vocabulary))
        kept = np.flatnonzero(texts_with >= self.min_texts)
        if len(kept) > limit:
            kept = np.sort(kept[top(texts_with[kept], limit)])
        known = counts.matrix[:, kept]
        idf = 1 + np.log((1 + n_texts) / (1 + texts_with[kept]))
        stretch = np.sqrt([max(1.0, known[:n_texts].nnz / n_texts)])
        block = Block(counts.vocabulary[kept], (idf**idf_power).astype(np.float32), stretch.astype(np.float32))
        return block, known

    def _predict_table(self, counts: Sequence[FeatureCounts], rows: IntArray, has_text: Mask) -> Probabilities:
        known = []
        for block, table in zip(self.blocks_, counts, strict=True):
            columns = np.searchsorted(table.vocabulary, block.vocabulary)
            known.append(KnownFeatures.of(table.matrix[rows][:, columns]))
        return self._predict(side_by_side(self.blocks_, known), has_text[rows])

    def _most_at_once(self, n_creators: int) -> int:
        """How many models may train at a time so that their weights and their history fit."""
        each = WEIGHT_BYTES * n_creators * len(BLOCKS) * self._most_features(n_creators)
        return max(1, TRAINING_BYTES // each)

    def _profiles_at_once(self) -> int:
        return min(self._threads, len(PROFILES), self._most_at_once(len(self.creators_)))

    def _most_features(self, n_creators: int) -> int:
        """How many features of a kind may be known so that one model's weights and their history fit."""
        return max(1, min(self.max_features, TRAINING_BYTES // (WEIGHT_BYTES * n_creators * len(BLOCKS))))

    def _export(self) -> ModelParts:
        parts = super()._export()
        for name, block in zip(BLOCKS, self.blocks_, strict=True):
            parts.tensors.update({f"{name}.{part}": value for part, value in vars(block).items()})
        return replace(parts, values={"profile": vars(self.profile_)})

    def _restore(self, parts: ModelParts) -> None:
        super()._restore(parts)
        self.profile_ = Profile(**parts.values["profile"])
        for block in BLOCKS:
            parts.check_shapes({f"{block}.vocabulary": block, f"{block}.idf": block, f"{block}.stretch": "1"})
        n_features = sum(len(parts.tensors[f"{block}.vocabulary"]) for block in BLOCKS)
        parts.check_shapes(SHAPES, features=n_features)
        names = ("vocabulary", "idf", "stretch")
        self.blocks_ = [Block(*(parts.tensors[f"{block}.{name}"] for name in names)) for block in BLOCKS]
