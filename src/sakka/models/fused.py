"""The model that reads a work's photo and its text: two models whose probabilities are fused (section 3.5).

`fit` holds out a fifth of each creator's works, fits both models on the rest, learns on the held-out works how to
fuse (`models/learned_fusion.py`), and then fits both models on all works. What is learned is kept where it has less
log-loss than the best fixed ratio (`models/fixed_ratio.py`) on held-out works that it was not learned on; it makes the
probabilities calibrated. With a fixed ratio a work with only a photo, or only a text, gets that model's prediction
alone; where no work has a photo (or none has a text) the other model is all there is.

The held-out works also give the threshold under which the confidence is too low for a known creator's
(`models/confidence.py`): 95 % of works by known creators pass it, with both, with the photo and with the text alone.

>>> from sakka import Catalog, FusedModel, Work
>>> listed = [("Mori", "桜の髪飾り"), ("Mori", "桜と梅のブローチ"), ("Sato", "革のバッグ"), ("Sato", "革の財布")]
>>> works = Catalog.from_works(Work(title, creator, title) for creator, title in listed)
>>> model = FusedModel().fit(works)
>>> model.predict(Catalog.from_works([Work("?", title="桜のコサージュ")]))
['Mori']
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from sakka.arrays import DoubleArray, IntArray, Mask, Probabilities, log_loss
from sakka.catalog.splits import deal
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.adding_creators import ExtensibleModel, extensible
from sakka.models.base import CreatorModel, Modality, ModelParts, Reads, known_labels
from sakka.models.confidence import confidence, threshold_of
from sakka.models.fixed_ratio import RATIOS, FixedRatio, best_ratio, correct_by_ratio
from sakka.models.fusion import HOWS, Fuser, How
from sakka.models.learned_fusion import FLOOR, KINDS, Kind, LearnedFusion, cross_fitted, fit_fusion
from sakka.models.registry import make_model, model_class

HOLD_OUT = 5  # one work in so many is held out to choose the ratio on
EQUAL = FixedRatio("log-linear", 0.5)
ROLES: dict[str, tuple[Modality, ...]] = {"photo": ("photo", "labels", "none"), "text": ("text", "none")}


class FusedModel(ExtensibleModel):
    """A photo model and a text model, fused.

    Attributes:
        fuser_: After `fit`: how the two are fused: by what was learned, or by a fixed ratio where that is set or did
            better on held-out works.
        thresholds_: After `fit`: the least confidence of a known creator's work, for `both`, `photo` and `text`; empty
            where nothing was held out.
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
        photo: str = "photo-efficientnet_lite0",
        text: str = "text-linear",
        *,
        how: How | None = None,
        photo_weight: float | None = None,
        fusion: Kind = "log-linear",
        photo_settings: dict[str, Any] | None = None,
        text_settings: dict[str, Any] | None = None,
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
            seed: Decides which works are held out, and is handed to both models.
        """
        self.photo = photo
        self.text = text
        self.how = how
        self.photo_weight = photo_weight
        self.fusion = fusion
        self.photo_settings = photo_settings
        self.text_settings = text_settings
        self.seed = seed

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Choose how to fuse on held-out works, then fit both models on all works."""
        creators = tuple(works.creators if creators is None else creators)
        labels = known_labels(works, creators)
        ratios = self._ratios()
        roles = _roles_in(works)
        self.fuser_: Fuser = EQUAL
        self.thresholds_: dict[str, float] = {}
        self.held_out_: dict[str, float] = {}
        if len(ratios) == 1:
            self.fuser_ = ratios[0]
        elif len(roles) == 2:
            self._choose(works, labels, creators, ratios)
        fitted = {role: self._make(role).fit(works, creators) for role in roles}
        self.photo_model_, self.text_model_ = fitted.get("photo"), fitted.get("text")
        self.creators_ = creators
        self.works_ = np.bincount(labels, minlength=len(creators))
        return self

    def fusion_in_words(self) -> list[str]:
        """What the fitted model consists of and how the fusion was chosen, a line each."""
        if self.photo_model_ is None:
            return [f"no work has a photo, so {self.text} answers alone"]
        if self.text_model_ is None:
            return [f"no work has a text, so {self.photo} answers alone"]
        said = self.fuser_.in_words(self.photo, self.text)
        if not self.held_out_:
            return [said]
        held, how = self.held_out_, "fitted" if self.fuser_.is_learned else "chosen"
        return [
            said,
            f"{how} on {held['works']:,} held-out works",
            f"accuracy there: fused {held['accuracy']:.3f}, photo {held['photo_accuracy']:.3f}, "
            f"text {held['text_accuracy']:.3f}",
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

    def part_weights(self, work: Catalog) -> dict[Reads, float]:
        """How far the fuser trusts photo and text; 1 where one of the two models is all there is."""
        trusted = super().part_weights(work)
        weights = self.fuser_.weights(_given(work)) if len(self._models()) == 2 else trusted
        return {name: weights[name] for name in trusted}

    def part_shares(self, work: Catalog, creator: int, against: int) -> dict[Reads, float]:
        """How many nats of the fused log-odds come of one nat of the photo model's, and of the text model's."""
        trusted, models = super().part_weights(work), self._models()
        if len(models) < 2:
            return trusted
        given = {name: models[name].predict_proba(work)[0] for name in _given(work)}
        shares = self.fuser_.shares(given, creator, against)
        return {name: shares[name] for name in trusted}

    def _models(self) -> dict[Reads, CreatorModel]:
        models: dict[Reads, CreatorModel | None] = {"photo": self.photo_model_, "text": self.text_model_}
        return {name: model for name, model in models.items() if model is not None}

    def _add(self, works: Catalog, added: Sequence[str]) -> None:
        """Add a column in each of the two models and a term in the fusion.

        The fusion's weights, the thresholds and the known creators' columns stay as they are.
        """
        for model in self._extensible_models():
            model._add(works, added)
        creators = (*self.creators_, *added)
        counts = np.bincount(works.creator_indices(creators))[len(self.creators_) :]
        self.fuser_ = self.fuser_.with_creators(counts // HOLD_OUT)
        self.works_ = np.append(self.works_, counts)
        self.creators_ = creators

    def _remove(self, label: int) -> None:
        for model in self._extensible_models():
            model._remove(label)
        self.fuser_ = self.fuser_.without(label)
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
        """The two models' probabilities, fused, shape (n_works, n_creators); neither sees a work that it can't read."""
        if self.photo_model_ is None or self.text_model_ is None:
            alone = self.photo_model_ or self.text_model_
            assert alone is not None
            return alone.predict_proba(works)
        seen = works.has_photo
        nothing = ~seen & ~works.has_text
        read = (
            works.has_text | nothing
        )  # a work with neither gets the text model's prediction for an empty text: the shares
        photo, text = _probabilities(self.photo_model_, works, seen), _probabilities(self.text_model_, works, read)
        fused = self.fuser_.predict(photo, text, seen, read)
        fused[nothing] = text[nothing]
        return fused

    def thresholds(self, works: Catalog) -> DoubleArray:
        """The least confidence of a known creator's work, by what each work has; -inf where nothing was held out."""
        view = np.where(~works.has_photo, "text", np.where(works.has_text, "both", "photo"))
        return np.array([self.thresholds_.get(name, -np.inf) for name in view], dtype=np.float64)

    def knows(self, works: Catalog, probabilities: Probabilities) -> Mask:
        """Say of each work whether it can be read and its confidence is high enough for a known creator's."""
        known: Mask = super().knows(works, probabilities) & (confidence(probabilities) >= self.thresholds(works))
        return known

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

    def _choose(self, works: Catalog, labels: IntArray, creators: tuple[str, ...], ratios: list[FixedRatio]) -> None:
        held = _held_out(labels, self.seed)
        if not held.any():
            self.fuser_ = best_ratio(dict.fromkeys(ratios, 0))
            return
        rest, held_out = works.take(np.flatnonzero(~held)), works.take(np.flatnonzero(held))
        photo, text = (self._make(role).fit(rest, creators).predict_proba(held_out) for role in ("photo", "text"))
        labels = labels[held]
        self._choose_ratio(photo, text, labels, held_out, ratios)
        if self.how is None and self.photo_weight is None:
            self._learn(photo, text, labels, held_out)
        self._set_thresholds(photo, text, labels)

    def _choose_ratio(
        self, photo: Probabilities, text: Probabilities, labels: IntArray, held_out: Catalog, ratios: list[FixedRatio]
    ) -> None:
        counts = correct_by_ratio(photo, text, labels, held_out.has_photo, held_out.has_text, ratios)
        self.fuser_ = chosen = best_ratio(counts)
        self.held_out_ = {
            "works": len(labels),
            "accuracy": counts[chosen] / len(labels),
            "photo_accuracy": float((photo.argmax(axis=1) == labels).mean()),
            "text_accuracy": float((text.argmax(axis=1) == labels).mean()),
        }

    def _learn(self, photo: Probabilities, text: Probabilities, labels: IntArray, held_out: Catalog) -> None:
        """Learn to fuse; keep it where it has less log-loss than the ratio on works that it was not learned on."""
        masks = held_out.has_photo, held_out.has_text
        learned = cross_fitted(photo, text, labels, *masks, seed=self.seed, kind=self.fusion)
        fixed = self.fuser_.predict(photo, text, *masks)
        if log_loss(learned, labels, FLOOR) < log_loss(fixed, labels, FLOOR):
            self.fuser_ = fit_fusion(photo, text, labels, *masks, kind=self.fusion)
            self.held_out_["accuracy"] = float((learned.argmax(axis=1) == labels).mean())

    def _set_thresholds(self, photo: Probabilities, text: Probabilities, labels: IntArray) -> None:
        """Set what 95 % of the held-out works pass; for a photo or a text alone, with the other one left out."""
        there, missing = np.ones(len(labels), np.bool_), np.zeros(len(labels), np.bool_)
        for view, seen, read in (("both", there, there), ("photo", there, missing), ("text", missing, there)):
            if self.fuser_.is_learned:
                fused = cross_fitted(photo, text, labels, seen, read, seed=self.seed, kind=self.fusion)
            else:
                fused = self.fuser_.predict(photo, text, seen, read)
            self.thresholds_[view] = threshold_of(confidence(fused))

    def _make(self, role: str) -> CreatorModel:
        name: str = getattr(self, role)
        allowed = model_class(name).modality
        if allowed not in ROLES[role]:
            raise ModelError(f"the model {name} reads {allowed}, so it can't be the {role} model of a fused one")
        settings = dict(getattr(self, f"{role}_settings") or {})
        if "seed" in make_model(name, **settings).settings():
            settings.setdefault("seed", self.seed)
        return make_model(name, **settings)

    def _export(self) -> ModelParts:
        return ModelParts(
            values={"fuser": self.fuser_.values(), "held_out": self.held_out_, "thresholds": self.thresholds_},
            tensors={"works": self.works_, **self.fuser_.tensors()},
            children={str(role): model for role, model in self._models().items()},
        )

    def _restore(self, parts: ModelParts) -> None:
        fuser = parts.values["fuser"]
        learned = "kind" in fuser
        self.fuser_ = LearnedFusion.from_tensors(fuser["kind"], parts.tensors) if learned else FixedRatio(**fuser)
        self.held_out_ = parts.values["held_out"]
        self.works_ = parts.tensors["works"]
        self.thresholds_ = parts.values["thresholds"]
        self.photo_model_, self.text_model_ = parts.children.get("photo"), parts.children.get("text")


def _given(work: Catalog) -> list[Reads]:
    """What one work has."""
    has: dict[Reads, bool] = {"photo": bool(work.has_photo[0]), "text": bool(work.has_text[0])}
    return [name for name, there in has.items() if there]


def _roles_in(works: Catalog) -> list[str]:
    if not works.has_photo.any():
        return ["text"]
    return ["photo", "text"] if works.has_text.any() else ["photo"]


def _held_out(labels: IntArray, seed: int) -> Mask:
    """Choose a fifth of each creator's works; a creator with one work keeps it to learn from."""
    chosen: Mask = deal(labels, np.random.default_rng((seed, 2)), HOLD_OUT) == 0
    held: Mask = chosen & (np.bincount(labels)[labels] >= 2)
    return held


def _probabilities(model: CreatorModel, works: Catalog, readable: Mask) -> Probabilities:
    table = np.zeros((len(works), len(model.creators_)), dtype=np.float32)
    if readable.any():
        table[readable] = model.predict_proba(works.take(np.flatnonzero(readable)))
    return table
