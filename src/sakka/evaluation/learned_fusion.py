"""Learned fusion of a run, one outer fold at a time: fitted on validation predictions, evaluated on test predictions.

The validation parts of the inner folds together hold each work of the outer fold's training part once, predicted by the
one model that did not see it. On these the fusions of `models/learned_fusion.py` are fitted, their kind is chosen, and
the temperature of the best fixed ratio is found; and it is decided as `sakka fit` decides it whether what is learned
takes the fixed ratio's place. On the test part each photo and text model of one inner fold are fused, and the results
are averaged: what was learned on single models is used on single models.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sakka.arrays import IntArray, Mask, Probabilities
from sakka.evaluation.open_run import RunFacts
from sakka.evaluation.predictions import StoredPrediction
from sakka.models.calibration import fit_temperature, with_temperature
from sakka.models.choosing_fusion import choose_fusion
from sakka.models.cross_fusion import better_kind
from sakka.models.fixed_ratio import FixedRatio
from sakka.models.fusion import fuse
from sakka.models.learned_fusion import KINDS, Kind, every_so_many, fit_fusion, fused_views

FITTED_KIND: Kind = "log-linear"  # that `FusedModel` learns unless told otherwise
LEARNED_KIND = f"learned {FITTED_KIND}"
CHOSEN_KIND = "learned, kind by validation"
TEMPERED = "fixed ratio, temperature"
LEARNED: tuple[str, ...] = (*(f"learned {kind}" for kind in KINDS), CHOSEN_KIND, TEMPERED)
SEED = 0

Fuser = Callable[[Probabilities, Probabilities, IntArray, Mask], Probabilities]


@dataclass
class Pool:
    """The validation predictions of an outer fold, pooled; of a large run an even part of them."""

    facts: RunFacts
    rows: list[IntArray] = field(default_factory=list)
    photo: list[Probabilities] = field(default_factory=list)
    text: list[Probabilities] = field(default_factory=list)

    def add(self, photo: StoredPrediction, text: StoredPrediction) -> None:
        """Add one inner fold's validation part."""
        kept = every_so_many(np.arange(len(photo.validation_rows)), self.facts.columns * self.facts.inner_folds)
        self.rows.append(photo.validation_rows[kept])
        self.photo.append(photo.validation[kept])
        self.text.append(text.validation[kept])

    def fit(self, fixed: FixedRatio) -> "FoldFusions":
        """Fit every learned fusion, and the temperature of the best fixed ratio."""
        rows, photo, text = np.concatenate(self.rows), np.concatenate(self.photo), np.concatenate(self.text)
        labels, given = self.facts.labels[rows], self.facts.fused_given_of(rows)
        everyone = np.arange(len(self.facts.labels))
        views = fused_views(len(everyone), *self.facts.fused_given_of(everyone))
        as_fitted = choose_fusion(photo, text, labels, given, (fixed,), kind=FITTED_KIND, seed=SEED, views=views).fuser
        fitted = {
            kind: as_fitted
            if as_fitted.is_learned and kind == FITTED_KIND
            else fit_fusion(photo, text, labels, *given, kind=kind, views=views)
            for kind in KINDS
        }
        chosen = fitted[better_kind(photo, text, labels, *given, seed=SEED)]
        temperature = fit_temperature(fuse(photo, text, fixed.photo_weight, fixed.how, *given), labels)

        def tempered(one: Probabilities, other: Probabilities, photos: IntArray, read: Mask) -> Probabilities:
            return with_temperature(fuse(one, other, fixed.photo_weight, fixed.how, photos, read), temperature)

        learned = [fusion.predict for fusion in (*fitted.values(), chosen)]
        return FoldFusions(dict(zip(LEARNED, (*learned, tempered), strict=True)), as_fitted.is_learned)


@dataclass(frozen=True)
class FoldFusions:
    """What was learned on an outer fold's pool.

    Attributes:
        fusers: By the names in `LEARNED`.
        is_learned: Whether `sakka fit` would take the learned fusion (`LEARNED_KIND`); else the best fixed ratio.
    """

    fusers: Mapping[str, Fuser]
    is_learned: bool

    def predictions(
        self, given: tuple[IntArray, Mask], pairs: Sequence[tuple[Probabilities, Probabilities]]
    ) -> Iterator[tuple[str, Probabilities]]:
        """For every fusion its name and the probabilities of the test works.

        Args:
            given: How many photos each test work has, and whether a text, each of shape (n_works,).
            pairs: The photo and the text model's test probabilities of each inner fold, shape (n_works, n_creators).
        """
        names: dict[Fuser, list[str]] = {}
        for name, fuser in self.fusers.items():
            names.setdefault(fuser, []).append(name)
        for fuser in names:
            mean = sum(fuser(photo, text, *given) for photo, text in pairs) / np.float32(len(pairs))
            yield from ((name, np.asarray(mean, dtype=np.float32)) for name in names[fuser])
