"""What a training has reached after an epoch, kept so that an interruption costs an epoch at most.

    cache_folder()/checkpoints/KEY/
      state-EPOCH.safetensors   parameters and momenta
      best-EPOCH.safetensors    the parameters of the best epoch so far
      checkpoint.json           which of them belong together; written last

KEY is the SHA-256 of all that the training depends on. A checkpoint that can't be read counts as none.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from sakka.cache import cache_folder
from sakka.files import canonical_json, write_json, writing_whole

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class EpochFigures:
    """How an epoch went.

    Attributes:
        epoch: From 1.
        loss: Mean loss of a training photo in the epoch.
        accuracy: On the validation photos; None where there are none.
        log_loss: On the validation photos; None where there are none.
    """

    epoch: int
    loss: float
    accuracy: float | None
    log_loss: float | None


@dataclass(frozen=True)
class Divergence:
    """An epoch that came to no finite number and was undone.

    Attributes:
        epoch: From 1.
        back_to: The epoch that was gone back to, the best before; 0: the start.
        learning_rate: From there on; None: the training ended there.
    """

    epoch: int
    back_to: int
    learning_rate: float | None

    @property
    def in_words(self) -> str:
        """What happened, as one clause.

        >>> Divergence(17, 5, 0.0025).in_words
        'epoch 17 came to no finite number and was done again from epoch 5 at learning_rate 0.0025'
        """
        start = f"epoch {self.back_to}" if self.back_to else "the start"
        if self.learning_rate is None:
            return f"epoch {self.epoch} came to no finite number, and the training ended; {start} is kept"
        return (
            f"epoch {self.epoch} came to no finite number and was done again from {start} at learning_rate "
            f"{self.learning_rate:g}"
        )


@dataclass(frozen=True)
class Reached:
    """What a training has reached.

    Attributes:
        history: Every epoch so far.
        best_epoch: The best of them.
        state: Parameters and momenta by name.
        best: The best epoch's parameters by name.
        divergences: The epochs that were undone.
    """

    history: tuple[EpochFigures, ...]
    best_epoch: int
    state: Tensors
    best: Tensors
    divergences: tuple[Divergence, ...] = ()


class TrainingCheckpoint:
    """The checkpoint of one training.

    Attributes:
        folder: Where it is kept.
    """

    def __init__(self, dependencies: dict[str, Any]) -> None:
        """Name the place after all that the training depends on, as JSON values."""
        key = hashlib.sha256(canonical_json(dependencies).encode()).hexdigest()
        self.folder: Path = cache_folder() / "checkpoints" / key

    def read(self) -> Reached | None:
        """What was reached; None where nothing is kept or it can't be read."""
        try:
            content = json.loads((self.folder / "checkpoint.json").read_text(encoding="utf-8"))
            history = tuple(EpochFigures(**figures) for figures in content["history"])
            best_epoch = int(content["best_epoch"])
            divergences = tuple(Divergence(**each) for each in content["divergences"])
            state = load_file(self._state(history[-1].epoch))
            return Reached(history, best_epoch, state, load_file(self._best(best_epoch)), divergences)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, SafetensorError):
            return None

    def write(self, reached: Reached) -> None:
        """Keep what was reached; what was kept before goes when the new is whole."""
        state, best = self._state(reached.history[-1].epoch), self._best(reached.best_epoch)
        _write(state, reached.state)
        if reached.best_epoch == reached.history[-1].epoch or not best.is_file():
            _write(best, reached.best)
        histories = {name: [asdict(each) for each in getattr(reached, name)] for name in ("history", "divergences")}
        write_json(self.folder / "checkpoint.json", {**histories, "best_epoch": reached.best_epoch})
        for path in self.folder.glob("*.safetensors"):
            if path not in (state, best):
                path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove what is kept."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _state(self, epoch: int) -> Path:
        return self.folder / f"state-{epoch}.safetensors"

    def _best(self, epoch: int) -> Path:
        return self.folder / f"best-{epoch}.safetensors"


def _write(path: Path, tensors: Tensors) -> None:
    with writing_whole(path) as part:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part)
