"""The model that reads a work's photo and its text: two models whose probabilities are fused (section 3.5).

`fit` fits both models on all works. To learn how to fuse them (`models/learned_fusion.py`) it holds out a fifth of each
creator's works and fits both on the rest, with the settings that the first ones chose. What is learned is kept where
it has less log-loss than the best fixed ratio (`models/fixed_ratio.py`) on held-out works that it was not learned on;
it makes the probabilities calibrated. With a fixed ratio a work with only a photo, or only a text, gets that model's
prediction alone; where no work has a photo (or none has a text) the other model is all there is.

The held-out works also give the limits between the three answers (`models/limits.py`), and the temperatures that the
probabilities are taken at, by what a work offers: a photo, a title, a photo and a title ...

>>> from sakka import Catalog, FusedModel, Work
>>> listed = [("Mori", "桜の髪飾り"), ("Mori", "桜と梅のブローチ"), ("Sato", "革のバッグ"), ("Sato", "革の財布")]
>>> works = Catalog.from_works(Work(title, creator, title) for creator, title in listed)
>>> model = FusedModel().fit(works)
>>> model.predict(Catalog.from_works([Work("?", title="桜のコサージュ")]))
['Mori']
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask, Probabilities
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.adding_creators import ExtensibleModel, extensible
from sakka.models.base import CreatorModel, ModelParts, known_labels
from sakka.models.calibration import at_temperature
from sakka.models.candidates import FirstCandidates
from sakka.models.choosing_fusion import choose_fusion
from sakka.models.confidence import confidence
from sakka.models.conformal import ConformalScores, creator_sets
from sakka.models.default_models import DEFAULT_PHOTO_MODEL, DEFAULT_TEXT_MODEL, MANY_CREATORS
from sakka.models.feature_model import FeatureModel
from sakka.models.fixed_ratio import RATIOS, FixedRatio, best_ratio
from sakka.models.fusion import HOWS, Fuser, How
from sakka.models.held_out import Seen, held_out_views
from sakka.models.identification import CreatorSet
from sakka.models.learned_fusion import KINDS, Kind, LearnedFusion
from sakka.models.learned_views import LearnedView, learn_views, shapes_of, tensors_of, values_of, views_from
from sakka.models.learning_limits import LEAST_WORKS
from sakka.models.limits import View, ViewLimits, limits_in_words, text_amounts, views_of
from sakka.models.registry import CANDIDATES, make_model, model_class
from sakka.models.work_reader import Modality, Reads

if TYPE_CHECKING:
    from sakka.models.candidate_model import CandidateModel

MOST_HELD_OUT = 4000  # of very many creators
REFITTED_ABOVE = 0.05  # of the works held out, the models of very many creators are fitted again on all
HOLD_OUT = 5  # one work in so many is held out to choose the ratio on
EQUAL = FixedRatio("log-linear", 0.5)
ROLES: dict[str, tuple[Modality, ...]] = {"photo": ("photo", "labels", "none"), "text": ("text", "none")}


class FusedModel(ExtensibleModel):
    """A photo model and a text model, fused.

    Attributes:
        fuser_: After `fit`: how the two are fused: by what was learned, or by a fixed ratio where that is set or did
            better on held-out works.
        views_: After `fit`: the limits between the answers, and what p-values and sets of possible creators rest on,
            for each view that enough works were held out of; empty where nothing was held out.
        held_out_: After `fit`: how many works the fuser was chosen on, and the share of them whose creator the
            fused model (`accuracy`) and each of the two (`photo_accuracy`, `text_accuracy`) named before it was
            fitted on all works. Empty where there was nothing to choose.
        photo_model_: After `fit`: the photo model; None where no work had a photo.
        text_model_: After `fit`: the text model; None where every work lacked a text.
    """

    name: ClassVar[str] = "fused"
    modality: ClassVar[Modality] = "both"

    def __init__(
        self,
        photo: str = DEFAULT_PHOTO_MODEL,
        text: str = DEFAULT_TEXT_MODEL,
        *,
        how: How | None = None,
        photo_weight: float | None = None,
        fusion: Kind = "log-linear",
        photo_settings: dict[str, Any] | None = None,
        text_settings: dict[str, Any] | None = None,
        candidates: bool | None = None,
        seed: int = 0,
    ) -> None:
        """Store the settings.

        Args:
            photo: The photo model's name.
            text: The text model's name.
            how: `arithmetic` or `log-linear`; None chooses on held-out works.
            photo_weight: The photo's weight, 0 to 1; None chooses on held-out works. With both None the fusion may be
                a learned one.
            fusion: The kind of the learned one: `log-linear`, whose predictions can be explained to the last nat, or
                `stacked`, which is more accurate on some works (docs/reference/evaluation.md).
            photo_settings: Settings of the photo model; None means its defaults.
            text_settings: Settings of the text model; None means its defaults.
            candidates: Whether both models decide among the first candidates alone (`candidate_model.py`); None: where
                there are more than `MANY_CREATORS` creators.
            seed: Decides which works are held out, and is handed to both models.
        """
        self.photo = photo
        self.text = text
        self.how = how
        self.photo_weight = photo_weight
        self.fusion = fusion
        self.photo_settings = photo_settings
        self.text_settings = text_settings
        self.candidates = candidates
        self.seed = seed

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Fit both models on all works; learn how to fuse them, and the limits, from others fitted without a fifth."""
        creators = tuple(works.creators if creators is None else creators)
        labels = known_labels(works, creators)
        ratios = self._ratios()
        roles = self._roles_in(works)
        if self._is_of_candidates(len(creators), roles):
            return self._fit_candidates(works, labels, creators, ratios)
        fitted = {role: self._make(role).fit(works, creators) for role in roles}
        self.photo_model_, self.text_model_ = fitted.get("photo"), fitted.get("text")
        self.fuser_: Fuser = ratios[0] if len(ratios) == 1 else EQUAL
        self.views_: dict[View, LearnedView] = {}
        self.held_out_: dict[str, float] = {}
        if len(ratios) > 1:
            self._hold_out(works, labels, creators, ratios)
        self.creators_ = creators
        self.works_ = np.bincount(labels, minlength=len(creators))
        return self

    def fill_cache(self, works: Catalog) -> None:
        """Compute what both models read and the cache lacks."""
        for role in self._roles_in(works):
            self._make(role).fill_cache(works)

    def fusion_in_words(self) -> list[str]:
        """What the fitted model consists of and how the fusion was chosen, a line each."""
        limits = limits_in_words(self.limits_)
        if self.photo_model_ is None:
            return [f"no work has a photo, so {self.text} answers alone", limits]
        if self.text_model_ is None:
            return [f"no work has a text, so {self.photo} answers alone", limits]
        said = self.fuser_.in_words(self.photo, self.text)
        if not self.held_out_:
            return [said, limits]
        held, how = self.held_out_, "fitted" if self.fuser_.is_learned else "chosen"
        return [
            said,
            f"{how} on {held['works']:,} held-out works",
            f"accuracy there: fused {held['accuracy']:.3f}, photo {held['photo_accuracy']:.3f}, "
            f"text {held['text_accuracy']:.3f}",
            limits,
        ]

    def in_words(self) -> list[str]:
        """Its name, its creators, what it consists of, and how well it did on held-out works."""
        fitted = self.fusion_in_words() if self.is_fitted else [f"{self.photo} + {self.text}"]
        return [*super().in_words(), *fitted]

    @property
    def reads(self) -> tuple[Reads, ...]:
        """What the models read that it has."""
        return tuple(name for model in self._models().values() for name in model.reads)

    def reader(self, name: Reads) -> CreatorModel | None:
        """The photo model or the text model; None where there is none that reads."""
        model = self._models().get(name)
        return None if model is None else model.reader(name)

    @property
    def photos_read(self) -> int:
        """How many photos of a work its photo model reads at most."""
        reader = self.reader("photo")
        return 0 if reader is None else reader.photos_read

    def part_weights(self, work: Catalog) -> dict[Reads, float]:
        """How far the fuser trusts photo and text; 1 where one of the two models is all there is."""
        trusted = super().part_weights(work)
        weights = self.fuser_.weights(self._given(work), self._photos(work)) if len(self._models()) == 2 else trusted
        return {name: weights[name] for name in trusted}

    def part_shares(self, work: Catalog, creator: int, against: int) -> dict[Reads, float]:
        """How many nats of the fused log-odds come of one nat of the photo model's, and of the text model's."""
        shares, models = super().part_weights(work), self._models()
        (temperature,) = self._temperatures(work)
        if len(models) == 2 and (of_candidates := self._of_candidates()):
            from sakka.models.candidate_fusion import shares_of_parts

            found = shares_of_parts(of_candidates, self.fuser_, work, creator, against)
            shares = {name: found[name] for name in shares}
        elif len(models) == 2:
            given = {name: models[name].predict_proba(work)[0] for name in self._given(work)}
            found = self.fuser_.shares(given, creator, against, self._photos(work))
            shares = {name: found[name] for name in shares}
        return {name: share / temperature for name, share in shares.items()}

    @property
    def kept_columns(self) -> tuple[str, ...]:
        """The kept columns that the models read that it has."""
        models = self._models().values() if self.is_fitted else map(self._make, ROLES)
        return tuple(dict.fromkeys(name for model in models for name in model.kept_columns))

    def can_read(self, works: Catalog) -> Mask:
        """Say of each work whether it has anything that one of the models reads."""
        return reduce(np.logical_or, (model.can_read(works) for model in self._models().values()))

    def parts_read(self, works: Catalog) -> IntArray:
        """What the models read of each work, shape (n_works, 3)."""
        return reduce(np.maximum, (model.parts_read(works) for model in self._models().values()))

    def unusable(self, works: Catalog) -> dict[int, str]:
        """What a work holds instead of what one of the models would read."""
        return {row: held for model in self._models().values() for row, held in model.unusable(works).items()}

    def read_in_words(self) -> tuple[str, str]:
        """What the models read, and what to give them."""
        if not self.reads:
            return next(each for each in self._models().values() if each.kept_columns).read_in_words()
        read, wanted = super().read_in_words()
        return "".join([read, *(f" and the column {name!r}" for name in self.kept_columns)]), wanted

    def why_unreadable(self, works: Catalog) -> str:  # noqa: ARG002
        """Nothing: it reads what there is."""
        return ""

    def _given(self, work: Catalog) -> list[Reads]:
        """What one work has that is read."""
        return [role for role, model in self._models().items() if _readable(role, model, work)[0]]

    def _roles_in(self, works: Catalog) -> list[Reads]:
        """The roles that there is something to read for in some works."""
        there = {"photo": works.has_photo, "text": works.has_text}
        roles: list[Reads] = ["photo", "text"]
        if works.kept:  # one of them may be read in the place of photos or texts
            there = {role: _readable(role, self._make(role), works) for role in roles}
        return [role for role in roles if there[role].any()] or ["text"]

    def _photos(self, work: Catalog) -> int:
        return int(self.parts_read(work)[0, 0])

    def _models(self) -> dict[Reads, CreatorModel]:
        models: dict[Reads, CreatorModel | None] = {"photo": self.photo_model_, "text": self.text_model_}
        return {name: model for name, model in models.items() if model is not None}

    def _add(self, works: Catalog, added: Sequence[str]) -> None:
        """Add a column in each of the two models and a term in the fusion.

        The fusion's weights, the limits and the known creators' columns stay as they are; of candidates one of those
        who stand for the rest may change.
        """
        for model in self._extensible_models():
            model._add(works, added)
        creators = (*self.creators_, *added)
        counts = np.bincount(works.creator_indices(creators))[len(self.creators_) :]
        self.fuser_ = self.fuser_.with_creators(counts if self._of_candidates() else counts // HOLD_OUT)
        self.views_ = {view: each.with_creators(len(added)) for view, each in self.views_.items()}
        self.works_ = np.append(self.works_, counts)
        self.creators_ = creators

    def _remove(self, label: int) -> None:
        for model in self._extensible_models():
            model._remove(label)
        self.fuser_ = self.fuser_.without(label)
        self.views_ = {view: each.without(label) for view, each in self.views_.items()}
        self.works_ = np.delete(self.works_, label)
        self.creators_ = (*self.creators_[:label], *self.creators_[label + 1 :])

    def check_can_add(self) -> None:
        """Refuse where creators can't be added.

        Raises:
            ModelError: One of the two models can't take in creators or kept no works.
        """
        for model in self._extensible_models():
            model.check_can_add()

    def forget_works(self) -> None:
        """Let go of what was kept of single works; creators can be removed but no longer added then."""
        for model in self._models().values():
            if isinstance(model, ExtensibleModel):
                model.forget_works()

    def _extensible_models(self) -> list[ExtensibleModel]:
        return [extensible(model) for model in self._models().values()]

    def predict_proba(self, works: Catalog) -> Probabilities:
        """The two models' probabilities, fused, shape (n_works, n_creators); neither sees a work that it can't read.

        They are taken at the temperature of what each work offers. What others than the first candidates have
        together is shared out in proportion to their works.
        """
        if self._of_candidates():
            found = self.predict_candidates(works)
            assert isinstance(found, FirstCandidates)
            return found.dense(self._shares())
        fused = self._fused(works)
        temperatures = self._temperatures(works)
        for temperature in sorted(set(temperatures) - {1.0}):
            rows = np.flatnonzero(temperatures == temperature)
            fused[rows] = at_temperature(fused[rows], temperature)
        return fused

    def predict_candidates(self, works: Catalog) -> Probabilities | FirstCandidates:
        """The first candidates of each work, fused, where the models decide among these; else the table of all."""
        models = self._of_candidates()
        if not models:
            return super().predict_candidates(works)
        from sakka.models.candidate_fusion import fused_candidates

        found = fused_candidates(models, self.fuser_ if len(models) == 2 else None, works, self._shares())
        return found.at_temperatures(self._temperatures(works))

    def p_values(self, works: Catalog, probabilities: Probabilities | FirstCandidates) -> list[float | None]:
        """The p-value of each work's being by a known creator, by what it offers; None where none was learned."""
        if self._of_candidates() and not isinstance(probabilities, FirstCandidates):
            probabilities = FirstCandidates.of(probabilities)
        table = probabilities.table if isinstance(probabilities, FirstCandidates) else probabilities
        rows = zip(self._learned(works), confidence(table).tolist(), text_amounts(works).tolist(), strict=True)
        return [None if each is None else each.conformal.known.p_value(score, amount) for each, score, amount in rows]

    def _shares(self) -> Probabilities:
        shares: Probabilities = (self.works_ / max(1, self.works_.sum())).astype(np.float32)
        return shares

    def _is_of_candidates(self, n_creators: int, roles: Sequence[Reads]) -> bool:
        """Whether the models decide among candidates: where that is wanted, and they can."""
        from sakka.models.candidate_model import CandidateModel

        named = [name for name in (getattr(self, role) for role in roles) if name.endswith(CANDIDATES)]
        if named and self.candidates is False:
            raise ModelError(
                f"the model {named[0]} decides among candidates, and candidates=False says that none does; "
                f"name {named[0].removesuffix(CANDIDATES)}, or leave candidates out"
            )
        wanted = bool(named) or (n_creators > MANY_CREATORS if self.candidates is None else self.candidates)
        are_linear = (issubclass(model_class(getattr(self, role)), FeatureModel) for role in roles)
        return wanted and n_creators >= CandidateModel.fewest and all(are_linear)

    def _of_candidates(self) -> "dict[Reads, CandidateModel]":
        """The models, where all of them have an index of their creators; else none."""
        from sakka.models.candidate_model import CandidateModel

        models = self._models()
        found = {name: model for name, model in models.items() if isinstance(model, CandidateModel) and model.has_index}
        return found if len(found) == len(models) else {}

    @property
    def limits_(self) -> Mapping[View, ViewLimits]:
        """The limits between the answers, for each view that enough works were held out of."""
        return {view: each.limits for view, each in self.views_.items()}

    def limits(self, works: Catalog) -> list[ViewLimits | None]:
        """The limits between the answers to each work, by what it offers; None where none were learned for that."""
        return [None if each is None else each.limits for each in self._learned(works)]

    @property
    def held_out_scores(self) -> Mapping[View, ConformalScores]:
        """What sets of creators rest on, for each view that enough works were held out of."""
        return {view: each.conformal for view, each in self.views_.items()}

    def creator_sets(
        self, works: Catalog, probabilities: Probabilities | FirstCandidates, count: int
    ) -> list[tuple[CreatorSet, ...]]:
        """The creators who may have made each work, at each coverage, by what it offers."""
        if not isinstance(probabilities, FirstCandidates):
            probabilities = FirstCandidates.of(probabilities, len(self.creators_))
        rows = zip(self._learned(works), probabilities.columns, probabilities.probabilities, strict=True)
        return [
            () if learned is None else creator_sets(learned.conformal, columns, own, self.creators_, count)
            for learned, columns, own in rows
        ]

    def are_all_possible(
        self, works: Catalog, probabilities: Probabilities | FirstCandidates, coverage: float
    ) -> list[bool]:
        """Whether each work rules out none of several creators, by what it offers; False where none was learned."""
        if isinstance(probabilities, FirstCandidates):
            columns, table = probabilities.columns, probabilities.probabilities
        else:
            columns, table = np.tile(np.arange(len(self.creators_)), (len(works), 1)), probabilities
        rows = zip(self._learned(works), columns, table, strict=True)
        return [
            learned is not None and learned.conformal.is_everyone_possible(own, coverage, columns)
            for learned, columns, own in rows
        ]

    def _learned(self, works: Catalog) -> list[LearnedView | None]:
        """What was learned of what each work offers; None where nothing was."""
        if not self.views_:
            return [None] * len(works)
        return [None if view is None else self.views_.get(view) for view in views_of(self.parts_read(works))]

    def _temperatures(self, works: Catalog) -> DoubleArray:
        return np.array([1.0 if each is None else each.limits.temperature for each in self._learned(works)])

    def _fused(self, works: Catalog) -> Probabilities:
        if self.photo_model_ is None or self.text_model_ is None:
            alone = self.photo_model_ or self.text_model_
            assert alone is not None
            return alone.predict_proba(works)
        photos = _photos_read(self.photo_model_, works)
        seen = photos > 0
        has_text = _readable("text", self.text_model_, works)
        nothing = ~seen & ~has_text
        read = has_text | nothing  # a work with neither gets the text model's prediction for an empty text: the shares
        photo, text = _probabilities(self.photo_model_, works, seen), _probabilities(self.text_model_, works, read)
        fused = self.fuser_.predict(photo, text, photos, read)
        fused[nothing] = text[nothing]
        return fused

    def _ratios(self) -> list[FixedRatio]:
        hows = HOWS if self.how is None else (self.how,)
        weights = RATIOS if self.photo_weight is None else (self.photo_weight,)
        if any(how not in HOWS for how in hows) or not all(0 <= weight <= 1 for weight in weights):
            raise ModelError(
                f"fusing {self.how!r} with weight {self.photo_weight} on the photo is not possible; "
                f"expected {' or '.join(HOWS)} and a weight of 0 to 1"
            )
        if self.fusion not in KINDS:
            raise ModelError(f"no learned fusion is called {self.fusion!r}; known are {', '.join(KINDS)}")
        return [FixedRatio(how, weight) for how in hows for weight in weights]

    def _hold_out(self, works: Catalog, labels: IntArray, creators: tuple[str, ...], ratios: list[FixedRatio]) -> None:
        """Fit the models that there are on the works but for a fifth; choose how to fuse, and the limits, on that."""
        held = _held_out(labels, self.seed)
        models = self._models()
        if not held.any() or (len(models) < 2 and held.sum() < LEAST_WORKS):
            if len(models) == 2:
                self.fuser_ = best_ratio(dict.fromkeys(ratios, 0))
            return
        rest, held_out, labels = works.take(np.flatnonzero(~held)), works.take(np.flatnonzero(held)), labels[held]
        there = self._roles_in(rest)
        fitted = {name: _anew(model).fit(rest, creators) for name, model in models.items() if name in there}
        if len(fitted) < len(models):
            self.fuser_ = best_ratio(dict.fromkeys(ratios, 0))
        photo, text = fitted.get("photo"), fitted.get("text")
        seen, fuse = None, None
        if photo is not None:
            seen = Seen.of(photo, held_out, _photos_read(photo, held_out))
        if seen is not None and text is not None:
            kind = self.fusion if self.how is None and self.photo_weight is None else None
            said, given = text.predict_proba(held_out), (seen.photos, _readable("text", text, held_out))
            chosen = choose_fusion(seen.probabilities, said, labels, given, ratios, kind=kind, seed=self.seed)
            self.fuser_, self.held_out_, fuse = chosen.fuser, chosen.held_out, chosen.fuse
        if fitted and held.sum() >= LEAST_WORKS:
            learned = self.fuser_.is_learned
            asked = held_out_views(held_out, labels, seen, text, fuse, is_learned=learned)
            self.views_ = learn_views(asked, len(creators))

    def check_can_save(self) -> None:
        """Refuse where one of the two models can't be saved."""
        for role in ROLES:
            self._make(role).check_can_save()

    def _fit_candidates(
        self, works: Catalog, labels: IntArray, creators: tuple[str, ...], ratios: list[FixedRatio]
    ) -> Self:
        """Fit both models on all works but some held out, the fusion and the limits on these.

        Where those held out are few beside the others the models stay as they are, else they are fitted again on all.
        With a ratio that is set nothing is held out.
        """
        from sakka.models.candidate_fusion import choose_candidate_fusion

        held = _held_out(labels, self.seed)
        rows = np.flatnonzero(held)
        if len(rows) > MOST_HELD_OUT:
            rows = np.sort(np.random.default_rng((self.seed, 2)).permutation(rows)[:MOST_HELD_OUT])
        rows = rows[: len(rows) if len(ratios) > 1 else 0]
        rest = works.take(np.setdiff1d(np.arange(len(works)), rows))
        fitted = {role: self._make(role, of_candidates=True).fit(rest, creators) for role in self._roles_in(rest)}
        self.photo_model_, self.text_model_ = fitted.get("photo"), fitted.get("text")
        self.creators_, self.works_ = creators, np.bincount(labels, minlength=len(creators))
        self.fuser_ = best_ratio(dict.fromkeys(ratios, 0))
        self.views_, self.held_out_ = {}, {}
        models = self._of_candidates()
        if models and len(rows):
            kind = self.fusion if self.how is None and self.photo_weight is None else None
            chosen = choose_candidate_fusion(
                models, works.take(rows), labels[rows], self.works_, ratios, kind=kind, seed=self.seed
            )
            fuser, self.held_out_, self.views_ = chosen
            self.fuser_ = fuser or self.fuser_
        if len(rows) > REFITTED_ABOVE * len(works):
            fitted = {name: _anew(model).fit(works, creators) for name, model in fitted.items()}
        for role in self._roles_in(works):  # one may be readable in none but the works held out
            if role not in fitted:
                fitted[role] = self._make(role, of_candidates=True).fit(works, creators)
        self.photo_model_, self.text_model_ = fitted.get("photo"), fitted.get("text")
        return self

    def _make(self, role: str, *, of_candidates: bool = False) -> CreatorModel:
        name: str = getattr(self, role)
        if of_candidates and issubclass(model_class(name), FeatureModel) and not name.endswith(CANDIDATES):
            name += CANDIDATES
        allowed = model_class(name).modality
        if allowed not in ROLES[role]:
            raise ModelError(f"the model {name} reads {allowed}, so it can't be the {role} model of a fused one")
        settings = dict(getattr(self, f"{role}_settings") or {})
        if "seed" in make_model(name, **settings).settings():
            settings.setdefault("seed", self.seed)
        return make_model(name, **settings)

    def _export(self) -> ModelParts:
        return ModelParts(
            values={"fuser": self.fuser_.values(), "held_out": self.held_out_, "limits": values_of(self.views_)},
            tensors={"works": self.works_, **self.fuser_.tensors(), **tensors_of(self.views_)},
            children={str(role): model for role, model in self._models().items()},
        )

    def _restore(self, parts: ModelParts) -> None:
        fuser = parts.values["fuser"]
        learned = "kind" in fuser
        shapes = {"works": "creators", **(LearnedFusion.shapes(fuser["kind"]) if learned else {})}
        parts.check_shapes({**shapes, **shapes_of(parts.values["limits"])}, creators=len(self.creators_))
        if any(child.creators_ != self.creators_ for child in parts.children.values()):
            raise ValueError("a model in it knows other creators")
        self.fuser_ = LearnedFusion.from_tensors(fuser["kind"], parts.tensors) if learned else FixedRatio(**fuser)
        self.held_out_ = parts.values["held_out"]
        self.works_ = parts.tensors["works"]
        self.views_ = views_from(parts.values["limits"], parts.tensors)
        self.photo_model_, self.text_model_ = parts.children.get("photo"), parts.children.get("text")


def _anew(model: CreatorModel) -> CreatorModel:
    """The model before it was fitted, set to what it chose then: by another choice it would be less sure, or surer."""
    return make_model(model.name, **model.chosen_settings())


def _readable(role: Reads, model: CreatorModel, works: Catalog) -> Mask:
    """Whether a model can read each work, shape (n_works,); a baseline counts as one that reads what its role says."""
    if model.reads or model.kept_columns:
        return model.can_read(works)
    return works.has_photo if role == "photo" else works.has_text


def _photos_read(model: CreatorModel, works: Catalog) -> IntArray:
    """How many photos of each work a model reads, shape (n_works,); a vector, and what a baseline is given, is one."""
    return np.maximum(model.parts_read(works)[:, 0], _readable("photo", model, works))


def _held_out(labels: IntArray, seed: int) -> Mask:
    """Choose a fifth of each creator's works; a creator with one work keeps it to learn from."""
    chosen: Mask = deal(labels, np.random.default_rng((seed, 2)), HOLD_OUT) == 0
    held: Mask = chosen & (np.bincount(labels)[labels] >= 2)
    return held


def _probabilities(model: CreatorModel, works: Catalog, readable: Mask) -> Probabilities:
    table = np.zeros((len(works), len(model.creators_)), dtype=np.float32)
    if readable.any():
        own = works if readable.all() else works.take(np.flatnonzero(readable))
        table[readable] = model.predict_proba(own)
    return table
