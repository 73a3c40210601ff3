"""How a fused model's log-odds are made of its photo model's and its text model's.

With p and t the two models' probabilities of creator c and of the other one, r, each part's factor says how many nats
of the fused log-odds come of one nat of that model's own:

    log-linear, learned    a log(p_c / p_r) + b log(t_c / t_r) + (d_c - d_r)       factors a and b
    log-linear, a ratio    the same with a = w, b = 1 - w, d = 0
    arithmetic             log of w p_c + (1 - w) t_c over the same of r           first-order: the photo's part of the
                           mixture, the mean of both creators'

A probability below `stacking.FLOOR` counts as that under the logarithm, and the factor is made smaller accordingly.
A fusion that is `stacked` has no such form: the factors are its weights of the two logarithms, and what its other
features say is left to the rest of the explanation.
"""

from dataclasses import dataclass

import numpy as np

from sakka.arrays import SMALLEST, TINY, Probabilities
from sakka.catalog.works import Catalog
from sakka.models.base import CreatorModel, Reads
from sakka.models.fused import FusedModel
from sakka.models.stacking import FLOOR, View


@dataclass(frozen=True)
class Part:
    """One model that reads something of the work.

    Attributes:
        reads: What it reads.
        model: The model.
        factor: How many nats of the whole model's log-odds come of one nat of its own.
    """

    reads: Reads
    model: CreatorModel
    factor: float


def parts_of(model: CreatorModel, works: Catalog, creator: int, against: int) -> list[Part]:
    """The models that read something of a work; none where nothing of it is read.

    Args:
        model: Any fitted model.
        works: A catalog of one work.
        creator: The column spoken for.
        against: The column compared with.
    """
    trusted = trusted_parts(model, works)
    if not isinstance(model, FusedModel) or model.photo_model_ is None or model.text_model_ is None:
        return trusted
    answers = {part.reads: part.model.predict_proba(works)[0] for part in trusted}
    if model.fusion_ is None and len(trusted) < 2:
        return trusted
    if model.fusion_ is None and model.mixture_.how == "arithmetic":
        factors = _first_order(answers, model.mixture_.photo_weight, [creator, against])
        return [Part(part.reads, part.model, factors[part.reads]) for part in trusted]
    floor = SMALLEST if model.fusion_ is None else FLOOR
    return [
        Part(part.reads, part.model, part.factor * _kept(answers[part.reads], creator, against, floor))
        for part in trusted
    ]


def trusted_parts(model: CreatorModel, works: Catalog) -> list[Part]:
    """The models that read something of a work, the factor being the weight that the fusion gives each.

    Args:
        model: Any fitted model.
        works: A catalog of one work.
    """
    has: dict[Reads, bool] = {"photo": bool(works.has_photo[0]), "text": bool(works.has_text[0])}
    if not isinstance(model, FusedModel):
        return [Part(name, model, 1.0) for name in model.reads if has[name]]
    children: dict[Reads, CreatorModel | None] = {"photo": model.photo_model_, "text": model.text_model_}
    able = {name: child for name, child in children.items() if child is not None and has[name]}
    weights = _weights(model, tuple(able))
    return [Part(name, child, weights[name]) for name, child in able.items() if child.modality != "none"]


def _weights(model: FusedModel, able: tuple[Reads, ...]) -> dict[Reads, float]:
    if not able or model.photo_model_ is None or model.text_model_ is None:
        return dict.fromkeys(able, 1.0)
    if model.fusion_ is not None:
        view: View = "both" if len(able) == 2 else able[0]
        weights = model.fusion_.views[view].features[: len(able)].tolist()
        return dict(zip(able, weights, strict=True))
    photo = model.mixture_.photo_weight
    return {"photo": photo, "text": 1 - photo} if len(able) == 2 else dict.fromkeys(able, 1.0)


def _first_order(answers: dict[Reads, Probabilities], photo_weight: float, pair: list[int]) -> dict[Reads, float]:
    photo = photo_weight * answers["photo"][pair].astype(np.float64)
    text = (1 - photo_weight) * answers["text"][pair].astype(np.float64)
    part = float((photo / np.maximum(photo + text, SMALLEST)).mean())
    return {"photo": part, "text": 1 - part}


def _kept(answers: Probabilities, creator: int, against: int, floor: float) -> float:
    """How much of a model's log-odds is left when probabilities below the floor count as the floor, 0 to 1."""
    first, second = (float(answers[place]) for place in (creator, against))
    whole = np.log(max(first, TINY)) - np.log(max(second, TINY))
    left = np.log(max(first, floor)) - np.log(max(second, floor))
    return float(left / whole) if whole else 1.0
