"""The training loop: stochastic gradient descent with momentum, the best epoch by validation.

    v <- momentum v + gradient,    w <- w - learning_rate v

The gradient is that of the mean loss of a batch. Beyond the paper, and only where it is asked for: the length of a
step may fall to 0 along half a cosine (I. Loshchilov, F. Hutter, ICLR 2017, https://arxiv.org/abs/1608.03983), photos
may be mirrored at random, and the pretrained part may stay as it is.

Where memory is short the batch is worked off in parts whose gradients add up to the same sum. The next part is gathered
while one is computed; photos travel as bytes, in the channels-last order that they are stored in, and become numbers on
the device.

The best epoch has the highest validation accuracy; among equals the lowest log-loss, then the earliest. Without
validation photos it is the last one.

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
from sakka.models.photo.checkpoints import EpochFigures, Reached, Tensors, TrainingCheckpoint
from sakka.models.photo.finetuned_network import FineTunedNetwork
from sakka.networks.extractor import DTYPES
from sakka.networks.memory import kept_memory
from sakka.networks.pixels import Photos
from sakka.progress import Task, task

CPU_PARTS = 16
BYTES_A_PIXEL = 6000  # what VGG16 keeps of a pixel for the way back: 300 MB a photo of 224 pixels, float32
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
    """

    def __init__(self, network: FineTunedNetwork, settings: TrainingSettings, device: torch.device) -> None:
        # `Module.to` is typed for one format or the other, not for both at once.
        self.network = network.to(device=device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.settings, self.device = settings, device
        self.network.body.requires_grad_(not settings.head_only)
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        # Fused: one pass over the weights in place of three; VGG16's layer of 4,096 has 100 million of them.
        self.optimiser = torch.optim.SGD(trained, settings.learning_rate, settings.momentum, fused=True)
        self.history: list[EpochFigures] = []
        self.best_epoch = 0
        self._best: Tensors = {}

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
            ModelError: The loss is no number any more.
        """
        reached = checkpoint.read() if checkpoint else None
        if reached is not None:
            self._take_over(reached)
        left = range(len(self.history) + 1, self.settings.epochs + 1)
        with kept_memory(), task(name, total=len(left) * (len(train.works) + len(validation.works))) as running:
            for epoch in left:
                figures = self._epoch(epoch, train, validation, running)
                if checkpoint is not None:
                    checkpoint.write(Reached(tuple(self.history), self.best_epoch, self._state(), self._best))
                if after_epoch is not None and not after_epoch(figures):
                    break
        self.network.load_state_dict(self._best)

    def _epoch(self, epoch: int, train: Examples, validation: Examples, running: Task) -> EpochFigures:
        loss = self.learn(epoch, train, running)
        accuracy, log_loss = self._check(validation, running)
        figures = EpochFigures(epoch, loss, accuracy, log_loss)
        earlier = [_goodness(self.history[self.best_epoch - 1])] if self.history else []
        self.history.append(figures)
        if not earlier or accuracy is None or _goodness(figures) > earlier[0]:
            self.best_epoch = epoch
            self._best = {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}
        return figures

    def learn(self, epoch: int, train: Examples, running: Task) -> float:
        """Go once through the works in the epoch's own order; gives the mean loss of a work before its step.

        Raises:
            ModelError: The loss is no number any more.
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
            self._refuse_no_number(total, epoch)
            if seen % size == 0 or seen == len(order):
                self._set_rate((epoch - 1 + (seen - step_size) / len(order)) / self.settings.epochs)
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

    def _set_rate(self, done: float) -> None:
        """Set the length of the next step when a share of the training is done."""
        if self.settings.decays:
            rate = self.settings.learning_rate * (1 + math.cos(math.pi * done)) / 2
            for group in self.optimiser.param_groups:
                group["lr"] = rate

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.settings.dtype == "bfloat16")

    def _refuse_no_number(self, total: float, epoch: int) -> None:
        if not np.isfinite(total):
            raise ModelError(
                f"the loss is no number any more in epoch {epoch} with learning_rate {self.settings.learning_rate} and "
                f"momentum {self.settings.momentum}; take a lower learning_rate"
            )

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


def check_dtype(dtype: str) -> str:
    """The name of a number format back.

    Raises:
        ModelError: There is no such format.
    """
    if dtype not in DTYPES:
        raise ModelError(f"no number format is called {dtype!r}; known are {', '.join(DTYPES)}")
    return dtype
