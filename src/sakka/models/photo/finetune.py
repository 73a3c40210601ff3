"""A photo's creator by a pretrained network, all layers of which are trained further (the paper's section 3.3).

VGG16 from its ImageNet weights, one fully connected layer of 4,096 and a softmax; stochastic gradient descent with
learning rate 0.005, momentum 0.97, batches of 256, 100 epochs, of which the best on validation works is kept
(`training.py`). Where the paper is silent: photos are squashed to 224 pixels, as for the frozen networks; the new layer
has a ReLU and reads VGG16's last maps flattened; nothing is dropped out and no photo is altered; an epoch that comes to
no finite number is done again at half the learning rate. With few works `pools`, `mirrors` and `decays` do better
(docs/reference/fine-tuning.md); they are off unless asked for.

`predict_folds` takes a fold's validation part to choose the epoch; `fit`, which is given nothing to validate on, holds
out a fifth of each creator's works with a photo. A work without a photo gets the shares of the creators.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
import torch

from sakka.arrays import IntArray, Probabilities
from sakka.catalog.splits import Fold
from sakka.catalog.works import Catalog
from sakka.errors import ModelError
from sakka.models.base import CreatorModel, FoldPrediction, ModelParts, known_labels, shares_of_creators
from sakka.models.photo.checkpoints import Divergence, TrainingCheckpoint
from sakka.models.photo.finetuned_network import FineTunedNetwork
from sakka.models.photo.training import (
    HALVE,
    AfterEpoch,
    Examples,
    Training,
    TrainingSettings,
    check_dtype,
    check_on_divergence,
    fitting_part,
    predict_photos,
    training_device,
)
from sakka.models.work_reader import Modality
from sakka.networks.backbones import backbone, pretrained_network
from sakka.networks.extractor import measured_dtype
from sakka.networks.pixels import Photos, read_photos
from sakka.networks.weights.registry import weights_sha256
from sakka.version import __version__

HOLD_OUT = 5  # one of so many works of a creator is held out to choose the epoch
LEAST_SIDE_PX = 32  # VGG16 halves the side five times


class FineTuned(CreatorModel):
    """A pretrained network, trained further.

    Attributes:
        learning_rate: Length of a step.
        momentum: Share of the last step that is kept.
        batch: Photos a step.
        epochs: Passes over the photos; the best by validation is kept.
        hidden: Width of the fully connected layer; 0 leaves it out.
        input_px: Side of the square that photos are squashed to.
        micro_batch: Photos computed at a time, whose gradients add up to a batch's; None: what fits the device.
        dtype: `float32`, or `bfloat16` for products; None: the faster one on this machine.
        seed: Draws the new layers' start and the order of the photos.
        pools: Whether the last maps are averaged over their places instead of flattened; None: flattened for VGG16.
        mirrors: Whether half of the photos are mirrored while learning, drawn anew in every epoch.
        decays: Whether the length of a step falls to 0 along half a cosine.
        head_only: Whether the network stays as it was pretrained and only the new layers learn.
        warm_up_epochs: Over so many epochs the length of a step rises from almost 0 to `learning_rate`.
        clip_norm: A batch's gradient that is longer is shortened to this length; None: none is.
        on_divergence: After an epoch with a loss or a weight that is no finite number: `halve` does it again from the
            best epoch before at half the rate, `stop` ends the training with that epoch.
    """

    modality: ClassVar[Modality] = "photo"
    backbone: ClassVar[str]
    pools_by_default: ClassVar[bool]

    def __init__(
        self,
        *,
        learning_rate: float = 0.005,
        momentum: float = 0.97,
        batch: int = 256,
        epochs: int = 100,
        hidden: int = 4096,
        input_px: int = 224,
        micro_batch: int | None = None,
        dtype: str | None = None,
        seed: int = 0,
        pools: bool | None = None,
        mirrors: bool = False,
        decays: bool = False,
        head_only: bool = False,
        warm_up_epochs: int = 0,
        clip_norm: float | None = None,
        on_divergence: str = HALVE,
    ) -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.batch = batch
        self.epochs = epochs
        self.hidden = hidden
        self.input_px = input_px
        self.micro_batch = micro_batch
        self.dtype = dtype
        self.seed = seed
        self.pools = pools
        self.mirrors = mirrors
        self.decays = decays
        self.head_only = head_only
        self.warm_up_epochs = warm_up_epochs
        self.clip_norm = clip_norm
        self.on_divergence = on_divergence

    def fit(self, works: Catalog, creators: Sequence[str] | None = None) -> Self:
        """Learn from the works' featured photos; a fifth of each creator's is held out to choose the epoch.

        Raises:
            ModelError: There are no works, one's creator is not among `creators`, or a setting can't be used.
            PhotoError: A photo can't be read.
            WeightsError: The network's weights can't be had.
        """
        self._check_settings()
        self.creators_ = tuple(works.creators if creators is None else creators)
        labels = known_labels(works, self.creators_)
        photos = read_photos(works, self.input_px)
        train, validation = held_out(labels, np.flatnonzero(photos.has_photo), self.seed)
        self.shares_ = shares_of_creators(labels, len(self.creators_))
        checkpoint = self._learn(photos, labels, train, validation)
        checkpoint.remove()
        return self

    def fit_validated(
        self, train: Catalog, validation: Catalog, creators: Sequence[str], after_epoch: AfterEpoch
    ) -> Self:
        """Learn from `train`, choosing the epoch on `validation`, without checkpoints.

        Args:
            train: The works to learn from.
            validation: The works to choose the epoch on.
            creators: The columns to predict.
            after_epoch: Is told of every epoch and says whether to go on.

        Raises:
            SakkaError: As `fit`.
        """
        self._check_settings()
        self.creators_ = tuple(creators)
        known_labels(train, self.creators_)
        joined = replace(train, table=pl.concat([train.table, validation.table]))
        labels = joined.creator_indices(self.creators_)
        photos = read_photos(joined, self.input_px)
        rows = np.flatnonzero(photos.has_photo & (labels >= 0))
        self.shares_ = shares_of_creators(labels[: len(train)], len(self.creators_))
        parts = rows[rows < len(train)], rows[rows >= len(train)]
        self._learn(photos, labels, *parts, after_epoch=after_epoch)
        return self

    def predict_proba(self, works: Catalog) -> Probabilities:
        """Each work's probability of each creator, shape (n_works, n_creators), rows sum to 1."""
        photos = read_photos(works, self.input_px)
        return self._predict(photos, np.arange(len(works)))

    def predict_folds(self, works: Catalog, folds: Sequence[Fold], creators: Sequence[str]) -> Iterator[FoldPrediction]:
        """Train a network for each fold, its epoch chosen on the fold's validation part; photos are read once."""
        self._check_settings()
        labels = works.creator_indices(creators)
        for fold in folds:
            known_labels(works.take(fold.train), creators)
        photos = read_photos(works, self.input_px)
        for fold in folds:
            model = type(self)(**self.settings())
            model.creators_ = tuple(creators)
            model.shares_ = shares_of_creators(labels[fold.train], len(creators))
            train, validation = (rows[photos.has_photo[rows]] for rows in (fold.train, fold.validation))
            checkpoint = model._learn(photos, labels, train, validation)
            of_validation, of_test = (model._predict(photos, rows) for rows in (fold.validation, fold.test))
            yield FoldPrediction(fold, of_validation, of_test, model.deviations)
            checkpoint.remove()  # the caller has taken the predictions

    @property
    def deviations(self) -> tuple[str, ...]:
        """In what the training departed from the settings, one clause each: the epochs that were undone."""
        return tuple(each.in_words for each in self.divergences_)

    def _learn(
        self,
        photos: Photos,
        labels: IntArray,
        train: IntArray,
        validation: IntArray,
        after_epoch: AfterEpoch | None = None,
    ) -> TrainingCheckpoint:
        """Train on some works with photos; gives the checkpoint, which stays until its predictions are taken."""
        checkpoint = TrainingCheckpoint(self._dependencies(photos, labels, train, validation))
        self.network_: FineTunedNetwork | None = None
        self.history_: list[dict[str, Any]] = []
        self.divergences_: list[Divergence] = []
        if len(train) == 0:
            return checkpoint
        network = self._network(pretrained_network(self.backbone))
        network.draw(self.seed, self.creators_)
        training = Training(network, self._training_settings(), training_device())
        training.run(
            Examples(photos, train, labels[train]),
            Examples(photos, validation, labels[validation]),
            name=f"fine-tuning {self.backbone}, photos",
            checkpoint=checkpoint if after_epoch is None else None,
            after_epoch=after_epoch,
        )
        self.network_ = training.network
        self.history_ = [vars(figures) for figures in training.history]
        self.divergences_ = training.divergences
        return checkpoint

    def _network(self, body: torch.nn.Module) -> FineTunedNetwork:
        return FineTunedNetwork(
            backbone(self.backbone),
            body,
            n_creators=len(self.creators_),
            hidden=self.hidden,
            side_px=self.input_px,
            pools=self.pools_by_default if self.pools is None else self.pools,
        )

    def _training_settings(self) -> TrainingSettings:
        device = training_device()
        return TrainingSettings(
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            batch=self.batch,
            epochs=self.epochs,
            part=min(self.batch, self.micro_batch or fitting_part(device, self.input_px, self.batch)),
            dtype=check_dtype(self.dtype or self._faster_dtype(device)),
            seed=self.seed,
            decays=self.decays,
            mirrors=self.mirrors,
            head_only=self.head_only,
            warm_up_epochs=self.warm_up_epochs,
            clip_norm=self.clip_norm,
            on_divergence=self.on_divergence,
        )

    def _faster_dtype(self, device: torch.device) -> str:
        if device.type == "cuda":
            return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
        return measured_dtype(backbone(self.backbone))

    def _dependencies(self, photos: Photos, labels: IntArray, train: IntArray, validation: IntArray) -> dict[str, Any]:
        """All that a training's bytes depend on."""
        return {
            "network": [self.backbone, weights_sha256(self.backbone)],
            "settings": vars(self._training_settings()) | self.settings(),
            "device": [str(training_device()), torch.__version__, torch.get_num_threads()],
            "sakka": __version__,
            "creators": len(self.creators_),
            "train": [[photos.keys[row], int(labels[row])] for row in train],
            "validation": [[photos.keys[row], int(labels[row])] for row in validation],
        }

    def _predict(self, photos: Photos, works: IntArray) -> Probabilities:
        probabilities = np.tile(self.shares_, (len(works), 1))
        has_photo = photos.has_photo[works]
        if self.network_ is not None and has_photo.any():
            device = training_device()
            examples = Examples(photos, works[has_photo], works[has_photo])
            probabilities[has_photo] = predict_photos(
                self.network_.to(device), examples, self._training_settings(), device
            )
        return probabilities

    def _check_settings(self) -> None:
        numbers = (
            ("learning_rate", 0 < self.learning_rate < float("inf"), "a number above 0"),
            ("momentum", 0 <= self.momentum < 1, "a number from 0 to below 1"),
            ("batch", self.batch >= 1, "1 or more"),
            ("epochs", self.epochs >= 1, "1 or more"),
            ("hidden", self.hidden >= 0, "0 or more"),
            ("input_px", self.input_px >= LEAST_SIDE_PX, f"{LEAST_SIDE_PX} or more"),
            ("warm_up_epochs", self.warm_up_epochs >= 0, "0 or more"),
            ("clip_norm", self.clip_norm is None or self.clip_norm > 0, "a number above 0"),
            ("micro_batch", self.micro_batch is None or self.micro_batch >= 1, "1 or more"),
        )
        for name, holds, expected in numbers:
            if not holds:
                raise ModelError(f"got {name} {getattr(self, name)!r}; expected {expected}")
        check_on_divergence(self.on_divergence)
        if self.dtype is not None:
            check_dtype(self.dtype)

    def _export(self) -> ModelParts:
        tensors = {"shares": self.shares_}
        if self.network_ is not None:
            for name, tensor in self.network_.state_dict().items():
                tensors[f"network.{name}"] = tensor.detach().cpu().contiguous().numpy()
        divergences = [vars(each) for each in self.divergences_]
        return ModelParts(tensors=tensors, values={"history": self.history_, "divergences": divergences})

    def _restore(self, parts: ModelParts) -> None:
        parts.check_shapes({"shares": "creators"}, creators=len(self.creators_))
        self.shares_, self.history_ = parts.tensors["shares"], parts.values["history"]
        self.divergences_ = [Divergence(**each) for each in parts.values["divergences"]]
        own = {name.removeprefix("network."): each for name, each in parts.tensors.items() if name != "shares"}
        self.network_ = None
        if own:
            network = self._network(backbone(self.backbone).make())
            network.load_state_dict({name: torch.tensor(array) for name, array in own.items()})
            self.network_ = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def held_out(labels: IntArray, works: IntArray, seed: int) -> tuple[IntArray, IntArray]:
    """Part works into those to learn from and a fifth of each creator's, rounded down, to choose the epoch on.

    >>> held_out(np.array([0] * 5 + [1] * 4), np.arange(9), seed=0)[1].tolist()
    [2]
    """
    generator = np.random.default_rng(seed)
    chosen = []
    for label in dict.fromkeys(labels[works].tolist()):  # in an order that does not depend on that of the columns
        own = works[labels[works] == label]
        chosen.append(generator.permutation(own)[: len(own) // HOLD_OUT])
    validation = np.sort(np.concatenate(chosen)) if chosen else works[:0]
    return np.setdiff1d(works, validation), validation


class VGG16FineTuned(FineTuned):
    """The paper's photo model."""

    name: ClassVar[str] = "photo-vgg16-finetuned"
    backbone: ClassVar[str] = "vgg16"
    pools_by_default: ClassVar[bool] = False


class EfficientNetFineTuned(FineTuned):
    """EfficientNet-Lite0 trained the same way; its last maps are averaged, as its own classifier has it."""

    name: ClassVar[str] = "photo-lite0-finetuned"
    backbone: ClassVar[str] = "efficientnet_lite0"
    pools_by_default: ClassVar[bool] = True
