"""Models by name; a model's module is imported when it is asked for, so that the command line starts fast."""

import re
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sakka.errors import MissingPartError, ModelError
from sakka.models.base import CreatorModel

MODELS: dict[str, str] = {
    "photo-lite0": "sakka.models.photo.linear:EfficientNetLinear",
    "photo-lite0-distilled": "sakka.models.photo.distilled:EfficientNetDistilled",
    "photo-vgg16": "sakka.models.photo.linear:VGG16Linear",
    "photo-lite0-finetuned": "sakka.models.photo.finetune:EfficientNetFineTuned",
    "photo-vgg16-finetuned": "sakka.models.photo.finetune:VGG16FineTuned",
    "text-linear": "sakka.models.text.linear:LinearText",
    "text-fasttext": "sakka.paper.models.fasttext:FastText",
    "text-word2vec": "sakka.paper.models.word2vec:Word2VecLightGBM",
    "text-doc2vec": "sakka.paper.models.doc2vec:Doc2VecLightGBM",
    "text-tfidf_lightgbm": "sakka.paper.models.tfidf_lightgbm:TfidfLightGBM",
    "labels-lightgbm": "sakka.paper.models.labels_lightgbm:LabelsLightGBM",
    "fused": "sakka.models.fused:FusedModel",
    "dummy": "sakka.models.dummy:DummyModel",
}

ON_ENCODERS: dict[str, str] = {
    "photo": "sakka.models.photo.linear:photo_linear",
    "text": "sakka.models.text.encoded:text_encoded",
}
"""What `photo-ENCODER` and `text-ENCODER` are (`networks/encoders.py`): `module:function` of the encoder's name."""

COLUMN, ON_COLUMNS = "column:", "sakka.models.column:column_model"
"""What a model called `photo-column:NAME` or `text-column:NAME` is; it takes `photo` or `text`, and the name."""

ESTIMATOR = re.compile(r"(.+)~([A-Za-z_]\w*(?:\.\w+)*\.[A-Z]\w*)")
ON_ESTIMATORS = "sakka.models.sklearn_model:sklearn_model"
"""What a model called `MODEL~CLASS` is: a classifier of scikit-learn on the vectors of another model."""

CANDIDATES, ON_CANDIDATES = "~candidates", "sakka.models.candidate_model:candidate_model"
"""What a model called `MODEL~candidates` is: that model for very many creators; it decides among the first of them."""

FORMER, CURRENT = "photo-efficientnet_lite0", "photo-lite0"

GROUP = "sakka.models"
"""The group of entry points; each names a class of `CreatorModel`, whose `name` is the entry point's."""


@cache
def offered_models() -> dict[str, EntryPoint]:
    """The models that installed packages offer, by name.

    Raises:
        ModelError: Two have the same name, or one has that of a model of sakka's own.
    """
    found: dict[str, EntryPoint] = {}
    for offered in entry_points(group=GROUP):
        if offered.name in MODELS or offered.name in found:
            other = "sakka has" if offered.name in MODELS else f"{found[offered.name].value} has"
            raise ModelError(
                f"the installed {offered.value} offers a model called {offered.name!r}, as {other}; remove its "
                "package, or ask its makers for another name"
            )
        found[offered.name] = offered
    return found


def current_name(name: str) -> str:
    """A model's name as it is today; a script may have one of before.

    >>> current_name("photo-efficientnet_lite0-finetuned")
    'photo-lite0-finetuned'
    """
    return CURRENT + name.removeprefix(FORMER) if name.startswith(FORMER) else name


def model_class(name: str) -> type[CreatorModel]:
    """The class of the model called `name`.

    Raises:
        ModelError: No model has that name.
        MissingPartError: The model needs a package that is not installed.
    """
    name = current_name(name)
    if name in offered_models():
        return _offered(offered_models()[name])
    where, given = _found(name)
    module, _, attribute = where.partition(":")
    try:
        found: Any = getattr(import_module(module), attribute)
        kind: type[CreatorModel] = found(*given) if given else found
    except ImportError as error:
        raise MissingPartError(f"what the model {name} needs", "paper", error) from error
    return kind


def _found(name: str) -> tuple[str, tuple[str, ...]]:
    """Where a model's class is, or the function that makes it, and what that function is given.

    Raises:
        ModelError: No model has that name.
    """
    if name in MODELS:
        return MODELS[name], ()
    if name.endswith(CANDIDATES):
        return ON_CANDIDATES, (name.removesuffix(CANDIDATES),)
    if classified := ESTIMATOR.fullmatch(name):
        return ON_ESTIMATORS, (classified[1], classified[2])
    reads, _, encoder = name.partition("-")
    if reads in ("photo", "text") and encoder.startswith(COLUMN):
        return ON_COLUMNS, (reads, encoder.removeprefix(COLUMN))
    if reads in ON_ENCODERS:
        return ON_ENCODERS[reads], (encoder,)
    raise ModelError(f"no model is called {name!r}; known are {', '.join(sorted([*MODELS, *offered_models()]))}")


def _offered(offered: EntryPoint) -> type[CreatorModel]:
    """The class that an entry point names.

    Raises:
        ModelError: It can't be imported, or is no model of that name.
    """
    try:
        kind: Any = offered.load()
    except Exception as error:
        raise ModelError(
            f"the model {offered.name} ({offered.value}) can't be imported ({error!r}); ask its makers, or choose "
            "another"
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, CreatorModel) and kind.name == offered.name):
        raise ModelError(
            f"the entry point {offered.name} is {offered.value}, expected a class of CreatorModel called "
            f"{offered.name!r}"
        )
    return kind


def make_model(name: str, **settings: Any) -> CreatorModel:
    """Make an unfitted model by name.

    Raises:
        ModelError: No model has that name, or it has no such setting.
    """
    try:
        return model_class(name)(**settings)
    except TypeError as error:
        raise ModelError(f"the model {name} does not take these settings: {error}") from error
