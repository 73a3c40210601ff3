"""Scores that tell works by unknown creators from works by known ones, compared; `fit` uses the entropy.

    python -m studies unknown_creators CATALOG [--photo-model NAME] [--text-model NAME] [--splits N] [--parts N]

In each of five splits, or the first N, another fifth of the creators are unknown. The works of the others are split
3:1:1; the photo and the text model are fitted on the training part, the fusion is learned on the validation part, and
every score is taken on the test works and on the unknown creators' works. The threshold lets through 95 % of the
validation works. Scores are chosen by validation creators: the known ones are split into five parts, further models are
fitted without a part, to which its works are by unknown creators, and `validation auroc` is the mean over the first
`--parts` parts; scores with a distance look better there than they are, since their means are of the same known works.
With f the fused probabilities, p and t the photo model's and the text model's:

    ahead of 9     log of the first of f minus the mean logarithm of the next 9; also of 4, of 19, of all others
    entropy        sum f log f                      one creator stands out, or many share the probability
    probability    max f
    lead           the first of f minus the second
    energy         log sum of p t                   unnormalised evidence: both models must know the same creator
    both           entropy and energy, each divided by its standard deviation on the validation works, added
    agreement      sum of sqrt(p t)                 how far the two models say the same
    distance       minus the least Mahalanobis distance of (log p, log t), centred, to a creator's mean over works by
                   known creators that the models did not see, under their pooled and shrunk covariance
    combined       entropy, energy and distance, each standardised on those works, added
    neighbours     mean cosine to the five nearest training works, in the photos' style space: principal axes of the
                   photo model's vectors, then `creator_axes.py`, both of the training works
    by creator     the highest over creators of the cosine to their third nearest training work, in that space
    masked         a logistic regression on `MASKED` features that parts the validation works from the same works with
                   their own creator taken out of both models' probabilities
    learned        boosted trees on `score_features`, fitted on the validation creators; left out with `--parts 0`

On a market built without `--one-account` some unknown creators are second accounts of known makers, which no score can
tell from the first ones.

Sources: D. Hendrycks, K. Gimpel, https://arxiv.org/abs/1610.02136 (probability); W. Liu et al.,
https://arxiv.org/abs/2010.03759 (energy); K. Lee et al., https://arxiv.org/abs/1807.03888 (distance)
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from sakka.arrays import FLOOR, DoubleArray, FloatArray, IntArray, Mask, Probabilities, log_probabilities
from sakka.catalog.splits import Fold, deal
from sakka.catalog.works import Catalog
from sakka.evaluation.unknown_creators import SPLITS, auroc, creator_splits, works_with_both
from sakka.models.base import FoldPrediction
from sakka.models.confidence import confidence, threshold_of
from sakka.models.creator_axes import fit_creator_axes
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL
from sakka.models.feature_model import PhotoFeatureModel
from sakka.models.learned_fusion import fit_fusion
from sakka.models.registry import make_model
from sakka.search.style.photos import fit_axes
from sakka.search.style.space import unit_rows
from studies.figures import Figure

PARTS = 5
SEED = 0
AXES, TRUST = 64, 1.0  # of the style space
MASKED = np.array([0, 3, 4, 5])  # the entropies of the fusion and of each model, and the energy
BOTH = ("entropy", "energy")
COMBINED = ("entropy", "energy", "distance")
SHRUNK = 0.1
PRIOR_WORKS = 5  # that a creator's usual confidence counts as many works of everyone's


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be chosen."""
    parser.add_argument("catalog", type=Path)
    parser.add_argument("--photo-model", default=DEFAULT_PHOTO_MODEL, metavar="NAME")
    parser.add_argument("--text-model", default=DEFAULT_TEXT_MODEL, metavar="NAME")
    parser.add_argument("--splits", type=int, default=SPLITS, metavar="N", help="how many of the five splits")
    parser.add_argument("--parts", type=int, default=PARTS, metavar="N", help="of known creators to choose by, of five")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="splits creators and works")


def measure(asked: argparse.Namespace) -> Iterator[Figure]:
    """AUROC and accepted shares of every score, mean and standard deviation over the splits of the creators."""
    works = works_with_both(Catalog.read(asked.catalog))
    creators, labels = works.creators, works.creator_indices()
    folds = [
        fold
        for whole, _ in islice(creator_splits(labels, len(creators), seed=asked.seed), asked.splits)
        for fold in with_parts(whole, labels, asked.seed, asked.parts)
    ]
    models = (make_model(name) for name in (asked.photo_model, asked.text_model))
    predictions = [list(model.predict_folds(works, folds, creators)) for model in models]
    evaluated = [_evaluated(photo, text, labels) for photo, text in zip(*predictions, strict=True)]
    space = photo_coordinates(works, asked.photo_model, folds)
    every = asked.parts + 1
    splits = []
    for at in range(0, len(evaluated), every):
        near = neighbour_scores(next(space), labels, folds[at])
        splits.append(_scores(near, *evaluated[at : at + every]))
    n = sum(len(each.tables[0]) - len(each.own) for each in evaluated[::every])
    for name in splits[0]:
        for kind in splits[0][name]:
            yield Figure.over(name, kind, [split[name][kind] for split in splits], n)


@dataclass(frozen=True)
class _Evaluated:
    """Probabilities for works that no model saw, of creators that the models know: validation, test, then unknown.

    Attributes:
        tables: The probabilities of the photo model, of the text model and of their fusion, shape (n_works, n_known).
        own: The creators of the validation works, shape (n_validation,).
        n_known: How many works are by creators that the models know; the rest are unknown creators'.
    """

    tables: tuple[Probabilities, Probabilities, Probabilities]
    own: IntArray
    n_known: int


def with_parts(whole: Fold, labels: IntArray, seed: int, parts: int = PARTS) -> Iterator[Fold]:
    """A split's fold, then folds that keep a part of its known creators from the models, as unknown ones.

    Args:
        whole: The split's fold.
        labels: Each work's creator as a column, shape (n_works,).
        seed: Splits the known creators.
        parts: How many of the `PARTS` parts are kept from the models, one after the other.
    """
    yield whole
    known = np.unique(labels[whole.train])
    group = np.full(labels.max() + 1, -1)
    group[known] = deal(np.zeros(len(known), dtype=np.int64), np.random.default_rng((seed, 7, whole.outer)), PARTS)
    for part in range(parts):
        train, validation = (rows[group[labels[rows]] != part] for rows in (whole.train, whole.validation))
        both = np.concatenate([whole.train, whole.validation])
        yield Fold(whole.outer, part + 1, train, validation, both[group[labels[both]] == part])


def _evaluated(photo: FoldPrediction, text: FoldPrediction, labels: IntArray) -> _Evaluated:
    fold = photo.fold
    known = np.unique(labels[fold.train])
    seen, read = (_known_only(np.concatenate([each.validation, each.test]), known) for each in (photo, text))
    n_validation = len(fold.validation)
    own = np.searchsorted(known, labels[fold.validation])
    fusion = fit_fusion(seen[:n_validation], read[:n_validation], own)
    n_known = n_validation + int(np.isin(labels[fold.test], known).sum())
    return _Evaluated((seen, read, fusion.predict(seen, read)), own, n_known)


def _scores(near: dict[str, DoubleArray], evaluated: _Evaluated, *parts: _Evaluated) -> dict[str, dict[str, float]]:
    scores = unknown_creator_scores(*evaluated.tables, evaluated.own) | near
    scores["masked"] = masked_score(evaluated.tables, evaluated.own)
    chosen_by: dict[str, list[float]] = {}
    for part in parts:
        for name, each in unknown_creator_scores(*part.tables, part.own).items():
            chosen_by.setdefault(name, []).append(auroc(each[: part.n_known], each[part.n_known :]))
    if parts:
        seen = np.concatenate([score_features(*part.tables, part.own) for part in parts])
        known = np.concatenate([np.arange(len(part.tables[0])) < part.n_known for part in parts])
        scores["learned"] = learned_score(seen, known, score_features(*evaluated.tables, evaluated.own))
    measured = {name: measures_of(each, len(evaluated.own), evaluated.n_known) for name, each in scores.items()}
    for name, each in chosen_by.items():
        measured[name]["validation auroc"] = float(np.mean(each))
    return measured


def photo_coordinates(works: Catalog, photo_model: str, folds: Sequence[Fold]) -> Iterator[FloatArray]:
    """For each split the works' coordinates on the principal axes of its training works' photos.

    Args:
        works: The works.
        photo_model: The photo model's name.
        folds: The folds of all splits; the first of each split counts.
    """
    model = make_model(photo_model)
    assert isinstance(model, PhotoFeatureModel)
    vectors, _ = model.features(works)
    widths = [len(block) for reading in model.readings() for block in reading.encoder.blocks(None, None)]
    for fold in folds:
        if fold.inner == 0:
            yield fit_axes(vectors[fold.train], widths, AXES, SEED).coordinates(vectors)


def neighbour_scores(coordinates: FloatArray, labels: IntArray, fold: Fold) -> dict[str, DoubleArray]:
    """The scores by nearest training works of the validation works and then of the test works.

    Args:
        coordinates: Of all works, shape (n_works, n_axes).
        labels: Each work's creator as a column, shape (n_works,).
        fold: The split's fold.
    """
    axes = fit_creator_axes(coordinates[fold.train], labels[fold.train])
    style = unit_rows((coordinates - axes.centre) @ axes.stretched(TRUST, AXES))
    cosines = style[np.concatenate([fold.validation, fold.test])] @ style[fold.train].T
    thirds = []
    for creator in np.unique(labels[fold.train]):
        own = np.sort(cosines[:, labels[fold.train] == creator], axis=1)
        thirds.append(own[:, -min(3, own.shape[1])])
    nearest = np.sort(cosines, axis=1)[:, -5:].mean(axis=1, dtype=np.float64)
    return {"neighbours": nearest, "by creator": np.max(thirds, axis=0).astype(np.float64)}


def masked_score(tables: tuple[Probabilities, Probabilities, Probabilities], own: IntArray) -> DoubleArray:
    """A score learned without any creator kept out: of the first works, with and without their own creator.

    Args:
        tables: The probabilities of the photo model, of the text model and of their fusion, shape (n_works, n_known).
        own: The creators of the first works, shape (n_validation,).
    """
    from sklearn.linear_model import LogisticRegression

    asked = score_features(*tables, own)[:, MASKED]
    masked = [_without(table[: len(own)], own) for table in tables]
    others = score_features(*(np.concatenate([*pair]) for pair in zip(masked, tables, strict=True)), own)
    known, unknown = asked[: len(own)], others[: len(own), MASKED]
    mean, scale = known.mean(axis=0), known.std(axis=0) + 1e-12
    learned = LogisticRegression().fit(
        (np.concatenate([known, unknown]) - mean) / scale, np.repeat([True, False], len(own))
    )
    scores: DoubleArray = learned.decision_function((asked - mean) / scale)
    return scores


def _without(table: Probabilities, own: IntArray) -> Probabilities:
    """Probabilities with each work's own creator taken out; rows sum to 1 again."""
    kept = np.maximum(table, np.float32(1e-30))
    kept[np.arange(len(own)), own] = 0
    normal: Probabilities = kept / kept.sum(axis=1, keepdims=True)
    return normal


def measures_of(scores: DoubleArray, n_validation: int, n_known: int) -> dict[str, float]:
    """What is measured of a score, whose threshold is set on the first `n_validation` works.

    Args:
        scores: Of validation works, then of other works by known creators, then of unknown creators' works; shape
            (n_works,).
        n_validation: How many validation works there are.
        n_known: How many works are by known creators, those of validation included.
    """
    validation, rest = np.split(scores, [n_validation])
    known = np.arange(n_validation, len(scores)) < n_known
    return measures(rest, rest >= threshold_of(validation), known)


def ahead_of(fused: Probabilities, others: int) -> DoubleArray:
    """How far the first probability of each row is ahead of so many next ones, or of all others, shape (n_works,).

    Args:
        fused: The probabilities, shape (n_works, n_creators).
        others: How many it is compared with.

    >>> ahead_of(np.float32([[0.4, 0.1, 0.4, 0.1], [0.1, 0.7, 0.1, 0.1]]), 2).round(3).tolist()
    [0.693, 1.946]
    """
    ordered = -np.sort(-log_probabilities(fused.astype(np.float64), FLOOR), axis=1)[:, : others + 1]
    scores: DoubleArray = ordered[:, 0] - ordered[:, 1:].mean(axis=1)
    return scores


def _known_only(table: Probabilities, known: IntArray) -> Probabilities:
    """Leave out the creators that nothing was learned of; rows sum to 1 again."""
    kept = table[:, known]
    normal: Probabilities = kept / kept.sum(axis=1, keepdims=True)
    return normal


def unknown_creator_scores(
    photo: Probabilities, text: Probabilities, fused: Probabilities, labels: IntArray
) -> dict[str, DoubleArray]:
    """Every score of every work by its name, each of shape (n_works,).

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        fused: Those of their fusion, same shape.
        labels: The creators of the first works, shape (n_known,): works by known creators that the models were not
            fitted on; on them the means, the covariance and the standardisation are taken.
    """
    ordered = -np.sort(-fused, axis=1)[:, :2].astype(np.float64)
    product = photo.astype(np.float64) * text
    scores = {
        "entropy": confidence(fused),
        **{f"ahead of {count}": ahead_of(fused, count) for count in (4, 9, 19)},
        "ahead of all": ahead_of(fused, fused.shape[1]),
        "probability": ordered[:, 0],
        "lead": ordered[:, 0] - ordered[:, -1],
        "energy": log_probabilities(product.sum(axis=1), FLOOR**2),
        "agreement": np.sqrt(product).sum(axis=1),
        "distance": -_distance(np.hstack([_centred(photo), _centred(text)]), labels),
    }
    parts = (scores[name] / max(float(scores[name][: len(labels)].std()), 1e-12) for name in BOTH)
    scores["both"] = sum(parts, np.zeros(len(fused)))
    scores["combined"] = sum((_standardised(scores[name], len(labels)) for name in COMBINED), np.zeros(len(fused)))
    return scores


def score_features(photo: Probabilities, text: Probabilities, fused: Probabilities, labels: IntArray) -> DoubleArray:
    """What the learned score goes by, shape (n_works, n_features).

    The scores above but for the distance, the entropy of each model, what each gives to the creator predicted, whether
    they predict the same one, how sure predictions of this creator are on known works, and its share of them.

    Args:
        photo: The photo model's probabilities, shape (n_works, n_creators).
        text: The text model's, same shape.
        fused: Those of their fusion, same shape.
        labels: The creators of the first works, as in `unknown_creator_scores`.
    """
    predicted, rows = fused.argmax(axis=1), np.arange(len(fused))
    sure, known = confidence(fused), confidence(fused[: len(labels)])
    counts = np.bincount(labels, minlength=fused.shape[1])
    sums = np.bincount(labels, weights=known, minlength=fused.shape[1])
    usual = (sums + PRIOR_WORKS * known.mean()) / (counts + PRIOR_WORKS)
    ordered = -np.sort(-fused, axis=1)[:, :2].astype(np.float64)
    product = photo.astype(np.float64) * text
    columns = [
        sure, np.log(ordered[:, 0]), ordered[:, 0] - ordered[:, -1], confidence(photo), confidence(text),
        log_probabilities(product.sum(axis=1), FLOOR**2), np.sqrt(product).sum(axis=1),
        log_probabilities(photo[rows, predicted], FLOOR), log_probabilities(text[rows, predicted], FLOOR),
        photo.argmax(axis=1) == text.argmax(axis=1), usual[predicted], np.log1p(counts[predicted]),
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float64)


def learned_score(seen: DoubleArray, known: Mask, asked: DoubleArray) -> DoubleArray:
    """Fit boosted trees that part known creators' works from unknown creators', both counting alike; score other works.

    Args:
        seen: The score_features of works to learn from, shape (n_works, n_features).
        known: Whether each is by a creator that the models predicting it knew, shape (n_works,).
        asked: The score_features of the works to score, shape (n_asked, n_features).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    weights = np.where(known, 1 / max(1, known.sum()), 1 / max(1, (~known).sum())) * len(known) / 2
    trees = HistGradientBoostingClassifier(
        max_iter=60, max_leaf_nodes=8, learning_rate=0.08, min_samples_leaf=60, random_state=0
    )
    scores: DoubleArray = trees.fit(seen, known, sample_weight=weights).decision_function(asked)
    return scores


def _standardised(scores: DoubleArray, n_known: int) -> DoubleArray:
    known = scores[:n_known]
    result: DoubleArray = (scores - known.mean()) / max(float(known.std()), 1e-12)
    return result


def _centred(table: Probabilities) -> DoubleArray:
    logarithm = log_probabilities(table.astype(np.float64), FLOOR)
    centred: DoubleArray = logarithm - logarithm.mean(axis=1, keepdims=True)
    return centred


def _distance(vectors: DoubleArray, labels: IntArray) -> DoubleArray:
    """Each vector's squared distance to the nearest creator's mean, shape (n_works,)."""
    known = vectors[: len(labels)]
    present, own = np.unique(labels, return_inverse=True)
    means = np.stack([known[own == number].mean(axis=0) for number in range(len(present))])
    residual = known - means[own]
    covariance = residual.T @ residual / len(known)
    even = np.eye(len(covariance)) * max(float(np.trace(covariance)) / len(covariance), 1e-12)
    root = np.linalg.cholesky(np.linalg.inv((1 - SHRUNK) * covariance + SHRUNK * even))
    vectors, means = vectors @ root, means @ root
    squares = (vectors**2).sum(axis=1)[:, None] - 2 * vectors @ means.T + (means**2).sum(axis=1)
    nearest: DoubleArray = squares.min(axis=1)
    return nearest


def measures(confidence: DoubleArray, accepted: Mask, known: Mask) -> dict[str, float]:
    """What is measured on one split.

    Args:
        confidence: The confidence of each work's prediction, shape (n_works,).
        accepted: Whether the model takes it for a known creator's work, shape (n_works,).
        known: Whether it is one, shape (n_works,).

    >>> measures(np.array([0.9, 0.4, 0.1]), np.array([True, True, False]), np.array([True, False, False]))
    {'auroc': 1.0, 'accepted': 1.0, 'false_accepts': 0.5}
    """
    return {
        "auroc": auroc(confidence[known], confidence[~known]),
        "accepted": float(accepted[known].mean()),
        "false_accepts": float(accepted[~known].mean()),
    }
