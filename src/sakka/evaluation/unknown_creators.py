"""The protocol of strangers: a fifth of the creators are held out, models are fitted on the others, scores compared.

In each of five divisions another fifth of the creators are strangers. The works of the others are parted 3:1:1; the
photo and the text model are fitted on the training part, the fusion is learned on the validation part, and every score
of `models/confidence.py` is taken on both test works and strangers' works.

The learned score is fitted without the strangers: the known creators are parted into `PARTS` once more, models are
fitted without one part, and the works of that part are strangers to these.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import Fold, deal
from sakka.catalog.works import Catalog
from sakka.errors import SplitError
from sakka.evaluation.figures import Table
from sakka.evaluation.tables.unknown_creators import Parts, strangers_table
from sakka.models.base import FoldPrediction
from sakka.models.confidence import learned_score, signs, stranger_scores
from sakka.models.registry import make_model
from sakka.models.stacking import fit_fusion

DIVISIONS = 5
PARTS = 4
LEAST_CREATORS = 10


def judge_strangers(works: Catalog, photo_model: str, text_model: str, *, seed: int = 0) -> Table:
    """Run the protocol on the works that have both a photo and a text.

    Args:
        works: The works.
        photo_model: The photo model's name.
        text_model: The text model's name.
        seed: Divides the creators and the works.

    Raises:
        SplitError: There are fewer than `LEAST_CREATORS` creators.
    """
    both = works.take(np.flatnonzero(works.has_photo & works.has_text))
    creators = both.creators
    if len(creators) < LEAST_CREATORS:
        raise SplitError(
            f"got {len(both):,} works of {len(works):,} that have both a photo and a text, by {len(creators)} "
            f"creators, expected {LEAST_CREATORS} creators or more; both are needed: use more such works"
        )
    works = both
    labels = works.creator_indices(creators)
    folds = [
        fold for whole, _ in divisions(labels, len(creators), seed=seed) for fold in with_parts(whole, labels, seed)
    ]
    answers = [list(make_model(name).predict_folds(works, folds, creators)) for name in (photo_model, text_model)]
    judged = [_judged(photo, text, labels) for photo, text in zip(*answers, strict=True)]
    return strangers_table([_scores(*judged[at : at + PARTS + 1]) for at in range(0, len(judged), PARTS + 1)])


def divisions(labels: IntArray, n_creators: int, *, seed: int) -> Iterator[tuple[Fold, IntArray]]:
    """For each division its fold, whose test part ends with the strangers' works, and the strangers.

    Args:
        labels: Each work's creator as a column, shape (n_works,).
        n_creators: How many creators there are.
        seed: Divides the creators and the works.
    """
    group = deal(np.zeros(n_creators, dtype=np.int64), np.random.default_rng((seed, 5)), DIVISIONS)
    part = deal(labels, np.random.default_rng((seed, 6)), DIVISIONS)
    for number in range(DIVISIONS):
        strange = group[labels] == number
        train, validation, test = (np.flatnonzero(~strange & own) for own in (part > 1, part == 1, part == 0))
        rows = np.concatenate([test, np.flatnonzero(strange)])
        yield Fold(number, 0, train, validation, rows), np.flatnonzero(group == number)


@dataclass(frozen=True)
class _Judged:
    """Answers for works that no model saw, of creators that the models know: validation, test, then strangers' works.

    Attributes:
        tables: The probabilities of the photo model, of the text model and of their fusion, shape (n_works, n_known).
        own: The creators of the validation works, shape (n_validation,).
        n_known: How many works are by creators that the models know; the rest are strangers'.
    """

    tables: tuple[Probabilities, Probabilities, Probabilities]
    own: IntArray
    n_known: int


def with_parts(whole: Fold, labels: IntArray, seed: int) -> Iterator[Fold]:
    """A division's fold, then folds that keep a part of its known creators from the models, as strangers.

    Args:
        whole: The division's fold.
        labels: Each work's creator as a column, shape (n_works,).
        seed: Parts the known creators.
    """
    yield whole
    known = np.unique(labels[whole.train])
    group = np.full(labels.max() + 1, -1)
    group[known] = deal(np.zeros(len(known), dtype=np.int64), np.random.default_rng((seed, 7, whole.outer)), PARTS)
    for part in range(PARTS):
        train, validation = (rows[group[labels[rows]] != part] for rows in (whole.train, whole.validation))
        both = np.concatenate([whole.train, whole.validation])
        yield Fold(whole.outer, part + 1, train, validation, both[group[labels[both]] == part])


def _judged(photo: FoldPrediction, text: FoldPrediction, labels: IntArray) -> _Judged:
    fold = photo.fold
    known = np.unique(labels[fold.train])
    seen, read = (_known_only(np.concatenate([each.validation, each.test]), known) for each in (photo, text))
    n_validation = len(fold.validation)
    own = np.searchsorted(known, labels[fold.validation])
    fusion = fit_fusion(seen[:n_validation], read[:n_validation], own)
    n_known = n_validation + int(np.isin(labels[fold.test], known).sum())
    return _Judged((seen, read, fusion.predict(seen, read)), own, n_known)


def _scores(judged: _Judged, *parts: _Judged) -> dict[str, Parts]:
    scores = stranger_scores(*judged.tables, judged.own)
    seen = np.concatenate([signs(*part.tables, part.own) for part in parts])
    known = np.concatenate([np.arange(len(part.tables[0])) < part.n_known for part in parts])
    scores["learned"] = learned_score(seen, known, signs(*judged.tables, judged.own))
    cuts = [len(judged.own), judged.n_known]
    return {name: (each[0], each[1], each[2]) for name, whole in scores.items() if (each := np.split(whole, cuts))}


def _known_only(table: Probabilities, known: IntArray) -> Probabilities:
    """Leave out the creators that nothing was learned of; rows sum to 1 again."""
    kept = table[:, known]
    normal: Probabilities = kept / kept.sum(axis=1, keepdims=True)
    return normal
