"""Fusion of a photo model and a text model of very many creators (`candidate_model.py`), by their candidates.

Each model puts its best creators on a shortlist; all that are on one of the two, and the sample that stands for the
rest, are the slate of a work (`candidates.py`). Both models score all of it, each as a softmax over all creators, and
the fusion is applied to these two. Its weights are learned as in `learned_fusion.py`, but without a term d_c of each
creator, for which there are too few works, and with the sample's creators counted for those they stand for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from sakka.arrays import FLOOR, TINY, DoubleArray, FloatArray, IntArray, Mask, Probabilities, log_probabilities, softmax
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel
from sakka.models.candidate_model import ASKED_AT_ONCE, SHORTLIST, CandidateModel, joined, parts_of
from sakka.models.candidates import SAMPLE, FirstCandidates, Slate
from sakka.models.cross_fusion import PARTS
from sakka.models.fixed_ratio import FixedRatio
from sakka.models.fusion import Fuser
from sakka.models.held_out import asked_cuts, text_parts, ways
from sakka.models.learned_fusion import (
    STEPS,
    UNDER_LOSS,
    VIEWS,
    Kind,
    LearnedFusion,
    View,
    Weights,
    every_so_many,
    features,
    log_counts,
    tables_of,
)
from sakka.models.learned_views import LearnedView, learn_views
from sakka.models.learning_limits import LEAST_WORKS, HeldOut
from sakka.models.limits import View as LimitsView
from sakka.models.limits import text_amounts, views_of
from sakka.models.work_reader import Reads

Models = Mapping[Reads, CandidateModel]
MOST_ON_A_SLATE = 2 * SHORTLIST + SAMPLE
MOST_WORKS = 2000  # that limits are learned on


@dataclass(frozen=True)
class SlateScores:
    """What two models say of works.

    Attributes:
        slate: The creators that are scored.
        tables: Each model's probabilities of the slate's columns among all creators, shape (n_works, n_columns).
        given: Which works have what a model reads, shape (n_works,).
        photos: How many photos of each work are read, shape (n_works,).
        n_creators: How many creators there are.
    """

    slate: Slate
    tables: Mapping[Reads, Probabilities]
    given: Mapping[Reads, Mask]
    photos: IntArray
    n_creators: int

    def of(self, name: Reads) -> Probabilities:
        """The probabilities of one model; where there is no such model, those of the other."""
        return self.tables[name] if name in self.tables else next(iter(self.tables.values()))

    def where_given(self, name: Reads) -> Mask:
        """Which works have what a model reads; none where there is no such model."""
        return self.given.get(name, np.zeros(len(self.photos), dtype=np.bool_))

    def fused(self, fuser: Fuser | None) -> FirstCandidates:
        """The first candidates; without a fuser those of the one model."""
        return self.alone(self.of("photo") if fuser is None else self._predicted(fuser))

    def losses(self, fuser: Fuser, labels: IntArray) -> DoubleArray:
        """The log-losses of the works, shape (n_works,); their creators are on the slate."""
        weights = self.slate.log_weights.astype(np.float64)
        probabilities = softmax(log_probabilities(self._predicted(fuser), TINY) + weights)
        own = ((self.slate.columns == labels[:, None]) & ~np.isneginf(weights)).argmax(axis=1)
        losses: DoubleArray = -log_probabilities(probabilities[np.arange(len(own)), own], FLOOR)
        return losses

    def _predicted(self, fuser: Fuser) -> Probabilities:
        read, columns = self.where_given("text"), self.slate.columns
        return fuser.predict(self.of("photo"), self.of("text"), self.photos, read, columns)

    def alone(self, table: Probabilities) -> FirstCandidates:
        """The first candidates by probabilities among the slate."""
        return self.slate.candidates(log_probabilities(table, TINY), self.n_creators)


def ask(models: Models, works: Catalog, also: IntArray | None = None) -> SlateScores:
    """What models say of works.

    Args:
        models: One or two.
        works: The works, not too many at a time.
        also: Columns that are to be on the slate, shape (n_works, n_columns).
    """
    found = {name: model.coordinates(works) for name, model in models.items()}
    n_creators = len(next(iter(models.values())).creators_)
    lists = {name: models[name].shortlist(coordinates) for name, (coordinates, _) in found.items()}
    given = {name: there for name, (_, there) in found.items()}
    for name, there in given.items():  # a work without a photo has the candidates of its text alone
        others = [other for other in lists if other != name]
        if others and not there.all():
            lists[name] = np.where(there[:, None], lists[name], lists[others[0]])
    slate = Slate.of([*lists.values(), *([] if also is None else [also])], n_creators)
    tables = {
        name: slate.probabilities(models[name].scores(coordinates, slate)) for name, (coordinates, _) in found.items()
    }
    photos = np.zeros(len(works), dtype=np.int64)
    if "photo" in models:
        photos = np.where(given["photo"], np.maximum(models["photo"].parts_read(works)[:, 0], 1), 0)
    return SlateScores(slate, tables, given, photos, n_creators)


def fused_candidates(models: Models, fuser: Fuser | None, works: Catalog, shares: Probabilities) -> FirstCandidates:
    """The first candidates of works.

    Args:
        models: The models.
        fuser: Fuses them.
        works: The works.
        shares: Each creator's share of the works learned from: the answer where nothing is read.
    """
    parts = []
    for part in parts_of(works):
        asked = ask(models, part)
        parts.append(asked.fused(fuser).where(np.any(list(asked.given.values()), axis=0), shares))
    return joined(parts, len(shares))


def _learn_fusion(
    asked: Sequence[SlateScores], labels: Sequence[IntArray], counts: IntArray, kind: Kind
) -> LearnedFusion:
    """Learn to fuse on works that neither model was fitted on, whose own creators are on their slates.

    Args:
        asked: What the models say of them, part after part.
        labels: Each one's creator as a column.
        counts: How many works of each creator there are, shape (n_creators,).
        kind: `log-linear` or `stacked`.
    """
    shares = np.log((counts + 1) / (counts + 1).sum())
    total = float(np.log((counts + 1).sum()))
    views: dict[View, Weights] = {}
    for view in VIEWS:
        problems = [_problem(each, own, shares, view, kind) for each, own in zip(asked, labels, strict=True)]
        views[view] = _fit(problems, shares, total, view)
    return LearnedFusion(kind, views)


@dataclass(frozen=True)
class _ViewOfWorks:
    """Some works of one view: features, the logarithms of their creators' shares, what to add, and the own column."""

    table: FloatArray
    shares: DoubleArray
    log_weights: DoubleArray
    own: IntArray


def _problem(asked: SlateScores, labels: IntArray, shares: DoubleArray, view: View, kind: Kind) -> _ViewOfWorks:
    given = [asked.given[name] for name in (("photo", "text") if view == "both" else (view,))]
    rows = np.flatnonzero(np.all(given, axis=0))
    columns, weights = asked.slate.columns[rows], asked.slate.log_weights[rows].astype(np.float64)
    table = features(kind, tables_of(view, asked.tables["photo"][rows], asked.tables["text"][rows]))
    if view != "text":
        logs = log_counts(len(rows), asked.photos[rows])[:, None, None]
        table = np.concatenate([table, logs * table[:, :, :1]], axis=2)
    own = ((columns == labels[rows, None]) & ~np.isneginf(weights)).argmax(axis=1)
    return _ViewOfWorks(table, shares[columns], weights, own)


def _fit(problems: Sequence[_ViewOfWorks], shares: DoubleArray, total: float, view: View) -> Weights:
    """The weights of one view; without a work the equal ones that it starts from."""
    from scipy.optimize import minimize

    width = problems[0].table.shape[2]
    n_models, n_features = 1 + (view == "both"), width - (view != "text")
    start = np.zeros(width + 1)
    start[:n_models] = 1 / n_models

    def loss(parameters: DoubleArray) -> tuple[float, DoubleArray]:
        value, slope = float(((parameters - start) ** 2).sum() / 2), parameters - start
        for each in problems:
            rows = np.arange(len(each.own))
            scores = each.table @ parameters[:width].astype(np.float32) + parameters[width] * each.shares
            probabilities = softmax(scores + each.log_weights)
            value -= float(log_probabilities(probabilities[rows, each.own], UNDER_LOSS).sum())
            probabilities[rows, each.own] -= 1
            slope = slope + np.append(
                np.einsum("nk,nkf->f", probabilities, each.table), (probabilities * each.shares).sum()
            )
        return value, slope

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    photos = np.zeros(1) if view == "text" else found[n_features:width]
    return Weights(found[:n_features], found[width] * shares, np.array([found[width], total]), photos)


@dataclass(frozen=True)
class _DealtFusers:
    """What fuses the works held out.

    Attributes:
        part: The part that each work was dealt to, shape (n_works,).
        fusers: Of each part, not learned on its works; one part alone where nothing was learned.
    """

    part: IntArray
    fusers: Sequence[Fuser | None]

    def chunks(self, rows: IntArray) -> Iterator[tuple[IntArray, Fuser | None]]:
        """Which of some works go through one fusion, not too many at a time, as indices into them, and that fusion."""
        for number, fuser in enumerate(self.fusers):
            own = np.flatnonzero(self.part[rows] == number)
            for start in range(0, len(own), ASKED_AT_ONCE):
                yield own[start : start + ASKED_AT_ONCE], fuser


def _loss(asked: Sequence[SlateScores], labels: Sequence[IntArray], fusers: Iterable[Fuser]) -> float:
    """The mean log-loss of works, whose own creators are on their slates, each part of them under its fusion."""
    losses = [each.losses(fuser, own) for each, own, fuser in zip(asked, labels, fusers, strict=False)]
    return float(np.concatenate(losses).mean())


def candidate_views(
    works: Catalog, labels: IntArray, models: Models, dealt: _DealtFusers, *, is_learned: bool
) -> dict[LimitsView, list[HeldOut]]:
    """What models that were not fitted on some works say of them in each view, as `held_out_views`.

    Args:
        works: The works held out.
        labels: Each one's creator as a column, shape (n_works,).
        models: The models that there are.
        dealt: Fuses them.
        is_learned: Whether the fusion was learned on the works as they are.
    """
    text: CreatorModel | None = models.get("text")
    photo = models.get("photo")
    several = np.zeros(len(works), np.bool_) if photo is None else photo.parts_read(works)[:, 0] > 1
    found: dict[LimitsView, list[HeldOut]] = {}
    for cut in asked_cuts(works, text):
        if cut.is_by_featured:
            cut = cut.take(np.flatnonzero(several[cut.rows]))
        for reads in ways(photo is not None, text is not None):
            if cut.is_by_featured and "photo" not in reads:
                continue
            some = {name: models[name] for name in reads}
            for chunk, fuser in dealt.chunks(cut.rows):
                part = cut.take(chunk)
                asked = ask(some, part.works)
                candidates = asked.fused(fuser)
                views = np.array(views_of(_parts(asked, some, part.works)), dtype=object)
                if len(reads) > 1:
                    views[asked.photos == 0] = None  # asked without a photo already
                every = HeldOut(
                    candidates.table,
                    candidates.positions(labels[part.rows]),
                    text_amounts(part.works) * asked.where_given("text"),
                    is_learned and cut.is_whole,
                    cut.is_shortened,
                    has_rest=True,
                )
                for view in sorted(set(views) - {None}):
                    found.setdefault(view, []).append(every.take(np.flatnonzero(views == view)))
    return found


def _parts(asked: SlateScores, models: Models, works: Catalog) -> IntArray:
    parts = np.zeros((len(works), 3), dtype=np.int64)
    parts[:, 0] = asked.photos
    if "text" in models:
        parts[:, 1:] = text_parts(models["text"], works)
    return parts


def _accuracies(models: Models, dealt: _DealtFusers, works: Catalog, labels: IntArray) -> dict[str, float]:
    """How many works there are, and the share of them that the fused model and each of the two name correctly."""
    correct: dict[str, list[Mask]] = {}
    for chunk, fuser in dealt.chunks(np.arange(len(works))):
        asked = ask(models, works.take(chunk))
        answers = {"": asked.fused(fuser)}
        for name in models:
            answers[f"{name}_"] = asked.alone(asked.of(name))
        for answer, each in answers.items():
            correct.setdefault(f"{answer}accuracy", []).append(each.columns[:, 0] == labels[chunk])
    found = {name: float(np.concatenate(each).mean()) for name, each in correct.items()}
    return {"works": len(labels), **found}


def choose_candidate_fusion(
    models: Models,
    works: Catalog,
    labels: IntArray,
    counts: IntArray,
    ratios: Sequence[FixedRatio],
    *,
    kind: Kind | None,
    seed: int,
) -> tuple[Fuser | None, dict[str, float], dict[LimitsView, LearnedView]]:
    """The fusion with the least log-loss on held-out works, what it comes to there, and what was learned of each view.

    A learned fusion is judged, and asked in each view, on works that it was not learned on; at last it learns from all.

    Args:
        models: The models that there are, which were not fitted on the works.
        works: The works held out.
        labels: Each one's creator as a column, shape (n_works,).
        counts: How many works of each creator there are, shape (n_creators,).
        ratios: The ratios to choose from.
        kind: The kind of fusion to learn; None: none.
        seed: Deals the works into parts.

    Returns:
        The fusion, None where there is one model; and the rest as said.
    """
    fuser: Fuser | None = None
    dealt = _DealtFusers(np.zeros(len(works), dtype=np.int64), [None])
    held_out: dict[str, float] = {}
    if len(models) == 2:
        some = every_so_many(np.arange(len(works)), MOST_ON_A_SLATE)
        fuser, dealt = _chosen(models, works, labels, some, counts, ratios, kind=kind, seed=seed)
        held_out = _accuracies(models, replace(dealt, part=dealt.part[some]), works.take(some), labels[some])
    learned: dict[LimitsView, LearnedView] = {}
    if len(works) >= LEAST_WORKS:
        is_learned = fuser is not None and fuser.is_learned
        rows = np.arange(len(works))[:: max(1, -(-len(works) // MOST_WORKS))]
        of_rows = replace(dealt, part=dealt.part[rows])
        views = candidate_views(works.take(rows), labels[rows], models, of_rows, is_learned=is_learned)
        learned = learn_views(views, len(counts))
    return fuser, held_out, learned


def _chosen(
    models: Models,
    works: Catalog,
    labels: IntArray,
    some: IntArray,
    counts: IntArray,
    ratios: Sequence[FixedRatio],
    *,
    kind: Kind | None,
    seed: int,
) -> tuple[Fuser, _DealtFusers]:
    """The fusion with the least log-loss on some of the works held out, and what fuses all of these works."""
    part = deal(labels, np.random.default_rng((seed, 3)), PARTS)
    chunks = [
        own[start : start + ASKED_AT_ONCE]
        for own in (some[part[some] == number] for number in range(PARTS))
        for start in range(0, len(own), ASKED_AT_ONCE)
    ]
    asked = [ask(models, works.take(chunk), labels[chunk, None]) for chunk in chunks]
    own, parts = [labels[chunk] for chunk in chunks], [int(part[chunk[0]]) for chunk in chunks]
    losses = {ratio: _loss(asked, own, repeat(ratio)) for ratio in ratios}
    fixed = min(ratios, key=lambda ratio: losses[ratio])
    if kind is not None and len(set(parts)) > 1:
        rests = [[place for place, own_part in enumerate(parts) if own_part != number] for number in range(PARTS)]
        crossed = [
            _learn_fusion([asked[place] for place in rest], [own[place] for place in rest], counts, kind)
            for rest in rests
        ]
        if _loss(asked, own, [crossed[number] for number in parts]) < losses[fixed]:
            return _learn_fusion(asked, own, counts, kind), _DealtFusers(part, crossed)
    return fixed, _DealtFusers(np.zeros(len(works), dtype=np.int64), [fixed])


def shares_of_parts(models: Models, fuser: Fuser, work: Catalog, creator: int, against: int) -> dict[Reads, float]:
    """How many nats of the fused log-odds come of one nat of each model's own, by what one work has.

    Args:
        models: The photo model and the text model.
        fuser: Fuses them.
        work: A catalog of one work.
        creator: The column spoken for.
        against: The column compared with.
    """
    asked = ask(models, work, np.array([[creator, against]]))
    there = ~np.isneginf(asked.slate.log_weights[0])
    positions = [int(np.flatnonzero((asked.slate.columns[0] == column) & there)[0]) for column in (creator, against)]
    given = {name: table[0] for name, table in asked.tables.items() if asked.given[name][0]}
    return fuser.shares(given, positions[0], positions[1], int(asked.photos[0]))
