"""The training loop: stochastic gradient descent with momentum, the best epoch by validation.

    v <- momentum v + gradient,    w <- w - learning_rate v

The gradient is that of the mean loss of a batch. Beyond the paper, and only where it is asked for: the length of a
step may fall to 0 along half a cosine (I. Loshchilov, F. Hutter, ICLR 2017, https://arxiv.org/abs/1608.03983), photos
may be mirrored at random, and the pretrained part may stay as it is.

Where memory is short the batch is worked off in parts whose gradients add up to the same sum. The next part is gathered
while one is computed; photos travel as bytes, in the channels-last order that they are stored in, and become numbers on
the device.

The best epoch has the highest validation accuracy; among equals the lowest log-loss, then the earliest. Without
validation photos it is the last one. It is what a training gives, also one that ends badly.

An epoch that comes to a loss, a weight or a validation loss that is not a finite number is undone: it is done again
from the best epoch so far, without momentum, at half the learning rate, or the training ends (`on_divergence`). Until
an epoch has learned anything, that is, until its loss is below that of even shares, ln(creators), it is done again from
the start. Against such epochs the first steps may be shorter (P. Goyal et al., 2017, https://arxiv.org/abs/1706.02677),
and gradients may be clipped to a norm (R. Pascanu et al., ICML 2013, https://arxiv.org/abs/1211.5063).

On a CPU, equal works, settings and number of threads give equal bytes. On CUDA some sums are made in another order
from run to run, so figures differ in the last digits there.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from sakka.arrays import IntArray, Mask, Probabilities, log_probabilities
from sakka.errors import ModelError
from sakka.models.photo.checkpoints import Divergence, EpochFigures, Reached, Tensors, TrainingCheckpoint
from sakka.models.photo.finetuned_network import FineTunedNetwork
from sakka.networks.extractor import DTYPES
from sakka.networks.memory import kept_memory
from sakka.networks.pixels import Photos
from sakka.progress import Task, task

CPU_PARTS = 16
BYTES_A_PIXEL = 6000  # what VGG16 keeps of a pixel for the way back: 300 MB a photo of 224 pixels, float32
HALVE, STOP = "halve", "stop"
ON_DIVERGENCE = (HALVE, STOP)
MOST_HALVINGS = 10
MOMENTUM = "momentum."
PARAMETER = "network."

AfterEpoch = Callable[[EpochFigures], bool]


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Attributes:
        learning_rate: Length of a step.
        momentum: Share of the last step that is kept.
        batch: Photos a step.
        epochs: Passes over the photos.
        part: Photos that are computed at a time.
        dtype: `bfloat16`: products in bfloat16, sums and parameters in float32; or `float32`.
        seed: Draws the order of the photos, and which are mirrored.
        decays: Whether the length of a step falls to 0.
        mirrors: Whether half of the photos are mirrored, drawn anew in every epoch.
        head_only: Whether only the new layers learn.
        warm_up_epochs: Over so many epochs the length of a step rises from almost 0.
        clip_norm: The longest gradient of a batch that is not shortened; None: none is.
        on_divergence: What follows an epoch that came to no finite number, `halve` or `stop`.
    """

    learning_rate: float
    momentum: float
    batch: int
    epochs: int
    part: int
    dtype: str
    seed: int
    decays: bool = False
    mirrors: bool = False
    head_only: bool = False
    warm_up_epochs: int = 0
    clip_norm: float | None = None
    on_divergence: str = HALVE


@dataclass(frozen=True)
class Examples:
    """Works with photos to learn from, or to check on.

    Attributes:
        photos: The photos of more works than these.
        works: These works as indices, shape (n,); each has a photo.
        labels: The column of each one's creator, shape (n,).
    """

    photos: Photos
    works: IntArray
    labels: IntArray


def training_device() -> torch.device:
    """The first CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fitting_part(device: torch.device, side_px: int, batch: int) -> int:
    """How many photos can be computed at a time on a device: a power of 2, or the whole batch."""
    if device.type != "cuda":
        return min(batch, CPU_PARTS)
    room = torch.cuda.get_device_properties(device).total_memory // 2 // (BYTES_A_PIXEL * side_px * side_px)
    return min(batch, 1 << max(0, int(room).bit_length() - 1))


class Training:
    """The state of one training.

    Attributes:
        network: What is trained; after `run` it has the parameters of the best epoch.
        history: Every epoch so far.
        best_epoch: The best of them, 0 before the first.
        divergences: The epochs that were undone, in order.
    """

    def __init__(self, network: FineTunedNetwork, settings: TrainingSettings, device: torch.device) -> None:
        # `Module.to` is typed for one format or the other, not for both at once.
        self.network = network.to(device=device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.settings, self.device = settings, device
        self.network.body.requires_grad_(not settings.head_only)
        self.trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        # Fused: one pass over the weights in place of three; VGG16's layer of 4,096 has 100 million of them.
        self.optimiser = torch.optim.SGD(self.trained, settings.learning_rate, settings.momentum, fused=True)
        self.history: list[EpochFigures] = []
        self.best_epoch = 0
        self.divergences: list[Divergence] = []
        self._best: Tensors = {}
        self._start = self._copied_parameters()  # until an epoch has learned anything

    def run(
        self,
        train: Examples,
        validation: Examples,
        *,
        name: str,
        checkpoint: TrainingCheckpoint | None = None,
        after_epoch: AfterEpoch | None = None,
    ) -> None:
        """Train to the end, or until `after_epoch` says no; start from the checkpoint where there is one.

        Raises:
            ModelError: No epoch came to a finite number.
        """
        reached = checkpoint.read() if checkpoint else None
        if reached is not None:
            self._take_over(reached)
        left = range(len(self.history) + 1, self.settings.epochs + 1)
        with kept_memory(), task(name, total=len(left) * (len(train.works) + len(validation.works))) as running:
            for epoch in left:
                figures = self._epoch(epoch, train, validation, running)
                if figures is None:
                    break
                if checkpoint is not None:
                    checkpoint.write(self._reached())
                if after_epoch is not None and not after_epoch(figures):
                    break
        self.network.load_state_dict(self._best)

    def _epoch(self, epoch: int, train: Examples, validation: Examples, running: Task) -> EpochFigures | None:
        """Do an epoch, again where it diverged; None where the training ends before it."""
        while (figures := self._attempt(epoch, train, validation, running)) is None:
            if not self._go_back(epoch):
                return None
        earlier = [_goodness(self.history[self.best_epoch - 1])] if self.history else []
        self.history.append(figures)
        if self._has_learned(figures):
            self._start = {}
        if not earlier or figures.accuracy is None or _goodness(figures) > earlier[0]:
            self.best_epoch = epoch
            self._best = self._copied_parameters()
        return figures

    def _attempt(self, epoch: int, train: Examples, validation: Examples, running: Task) -> EpochFigures | None:
        """Do an epoch; None where a loss or a weight is no finite number."""
        loss = self.learn(epoch, train, running)
        if not math.isfinite(loss) or not all(bool(weights.isfinite().all()) for weights in self.trained):
            return None
        accuracy, log_loss = self._check(validation, running)
        if log_loss is not None and not math.isfinite(log_loss):
            return None
        return EpochFigures(epoch, loss, accuracy, log_loss)

    def _go_back(self, epoch: int) -> bool:
        """Go back to the best epoch, at half the learning rate; False where the training ends there.

        Raises:
            ModelError: There is no epoch to end with.
        """
        halvings, back_to = len(self.divergences) + 1, 0 if self._start else self.best_epoch
        ends = self.settings.on_divergence == STOP or halvings > MOST_HALVINGS
        if ends and self.best_epoch == 0:
            raise ModelError(
                f"the loss is not a finite number in epoch {epoch}, with learning_rate {self._full_rate()} and "
                f"momentum {self.settings.momentum}; take a lower learning_rate"
            )
        if ends:
            self.divergences.append(Divergence(epoch, self.best_epoch, None))
            return False
        self.divergences.append(Divergence(epoch, back_to, self.settings.learning_rate / 2**halvings))
        self.network.load_state_dict(self._start or self._best)
        self.optimiser.state.clear()
        self.optimiser.zero_grad(set_to_none=True)
        return True

    def learn(self, epoch: int, train: Examples, running: Task) -> float:
        """Go once through the works in the epoch's own order; gives the mean loss of a work before its step.

        Ends at once where the loss is not a finite number, and gives that.
        """
        self.network.train()
        generator = np.random.default_rng([self.settings.seed, epoch])
        order = generator.permutation(len(train.works))
        mirrored = generator.random(len(train.works)) < 0.5 if self.settings.mirrors else None
        size, part = self.settings.batch, self.settings.part
        steps = [order[start : start + size] for start in range(0, len(order), size)]
        parts = [(step[start : start + part], len(step)) for step in steps for start in range(0, len(step), part)]
        total, seen = 0.0, 0
        photos_of = gathered(train, [rows for rows, _ in parts], self.device, mirrored)
        for (rows, step_size), photos in zip(parts, photos_of, strict=True):
            targets = torch.from_numpy(train.labels[rows]).to(self.device)
            with self._autocast():
                scores = self.network(photos)
            loss = F.cross_entropy(scores, targets, reduction="sum")
            (loss / step_size).backward()  # type: ignore[no-untyped-call]
            total, seen = total + loss.item(), seen + len(rows)
            if not math.isfinite(total):
                break
            if seen % size == 0 or seen == len(order):
                self._set_rate(epoch - 1 + (seen - step_size) / len(order), epoch - 1 + seen / len(order))
                if self.settings.clip_norm is not None:
                    torch.nn.utils.clip_grad_norm_(self.trained, self.settings.clip_norm)
                self.optimiser.step()
                self.optimiser.zero_grad(set_to_none=True)
            running.advance(len(rows))
        return total / len(order)

    def _check(self, validation: Examples, running: Task) -> tuple[float | None, float | None]:
        if len(validation.works) == 0:
            return None, None
        probabilities = predict_photos(self.network, validation, self.settings, self.device, running)
        own = probabilities[np.arange(len(probabilities)), validation.labels]
        accuracy = float(np.mean(probabilities.argmax(axis=1) == validation.labels))
        return accuracy, float(-log_probabilities(own.astype(np.float64)).mean())

    def _full_rate(self) -> float:
        """The learning rate, halved as often as the training has gone back."""
        return self.settings.learning_rate * 0.5 ** len(self.divergences)

    def _set_rate(self, begun: float, ended: float) -> None:
        """Set the length of the step that begins and ends at so many epochs."""
        rate, settings = self._full_rate(), self.settings
        if settings.decays:
            rate *= (1 + math.cos(math.pi * begun / settings.epochs)) / 2
        if ended < settings.warm_up_epochs:
            rate *= ended / settings.warm_up_epochs
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.settings.dtype == "bfloat16")

    def _has_learned(self, figures: EpochFigures) -> bool:
        """Whether an epoch's loss is below that of even shares."""
        return figures.loss < math.log(self.network.n_creators)

    def _copied_parameters(self) -> Tensors:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    def _reached(self) -> Reached:
        return Reached(tuple(self.history), self.best_epoch, self._state(), self._best, tuple(self.divergences))

    def _state(self) -> Tensors:
        state = {PARAMETER + name: tensor for name, tensor in self.network.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            if parameter.requires_grad:
                state[MOMENTUM + name] = self.optimiser.state[parameter]["momentum_buffer"]
        return {name: tensor.detach().cpu() for name, tensor in state.items()}

    def _take_over(self, reached: Reached) -> None:
        own = {name.removeprefix(PARAMETER): each for name, each in reached.state.items() if name.startswith(PARAMETER)}
        self.network.load_state_dict(own)
        for name, parameter in self.network.named_parameters():
            if not parameter.requires_grad:
                continue
            momentum = torch.empty_like(parameter)  # in the parameter's own order of bytes
            momentum.copy_(reached.state[MOMENTUM + name])
            self.optimiser.state[parameter]["momentum_buffer"] = momentum
        self.history, self.best_epoch, self._best = list(reached.history), reached.best_epoch, dict(reached.best)
        self.divergences = list(reached.divergences)
        if any(map(self._has_learned, self.history)):
            self._start = {}


def _goodness(figures: EpochFigures) -> tuple[float, float]:
    return (figures.accuracy or 0.0, -(figures.log_loss or 0.0))


def gathered(
    examples: Examples,
    parts: list[IntArray],
    device: torch.device,
    mirrored: Mask | None = None,
) -> Iterator[torch.Tensor]:
    """The photos of each part on the device, uint8, shape (n, 3, side, side); the next is gathered meanwhile.

    Args:
        examples: The photos.
        parts: Rows of `examples`, for each part.
        device: Where the photos are wanted.
        mirrored: Which of the examples are mirrored, shape (n_examples,); None: none.
    """

    def gather(rows: IntArray) -> torch.Tensor:
        pixels = examples.photos.take(examples.works[rows])
        if mirrored is not None:
            pixels[mirrored[rows]] = pixels[mirrored[rows], :, ::-1]
        photos = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        return photos.pin_memory() if device.type == "cuda" else photos

    with ThreadPoolExecutor(1, thread_name_prefix="sakka-gather") as pool:
        waiting = pool.submit(gather, parts[0]) if parts else None
        for number in range(len(parts)):
            assert waiting is not None
            photos = waiting.result()
            waiting = pool.submit(gather, parts[number + 1]) if number + 1 < len(parts) else None
            yield photos.to(device, non_blocking=True)


def predict_photos(
    network: FineTunedNetwork,
    examples: Examples,
    settings: TrainingSettings,
    device: torch.device,
    running: Task | None = None,
) -> Probabilities:
    """The creators' probabilities for each work, shape (n_works, n_creators)."""
    network.eval()
    part, total = settings.part, len(examples.works)
    parts = [np.arange(start, min(start + part, total)) for start in range(0, total, part)]
    tables = []
    with (
        torch.inference_mode(),
        torch.autocast(device.type, dtype=torch.bfloat16, enabled=settings.dtype == "bfloat16"),
    ):
        for rows, photos in zip(parts, gathered(examples, parts, device), strict=True):
            tables.append(torch.softmax(network(photos), dim=1).cpu())
            if running is not None:
                running.advance(len(rows))
    table: Probabilities = torch.cat(tables).numpy()
    return table


def check_on_divergence(name: str) -> None:
    """Refuse what can't follow an epoch that came to no finite number.

    Raises:
        ModelError: It is none of `ON_DIVERGENCE`.
    """
    if name not in ON_DIVERGENCE:
        raise ModelError(f"got on_divergence {name!r}; expected {' or '.join(ON_DIVERGENCE)}")


def check_dtype(dtype: str) -> str:
    """The name of a number format back.

    Raises:
        ModelError: There is no such format.
    """
    if dtype not in DTYPES:
        raise ModelError(f"no number format is called {dtype!r}; known are {', '.join(DTYPES)}")
    return dtype
