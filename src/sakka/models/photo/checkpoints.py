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
class Reached:
    """What a training has reached.

    Attributes:
        history: Every epoch so far.
        best_epoch: The best of them.
        state: Parameters and momenta by name.
        best: The best epoch's parameters by name.
    """

    history: tuple[EpochFigures, ...]
    best_epoch: int
    state: Tensors
    best: Tensors


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
            state = load_file(self._state(history[-1].epoch))
            return Reached(history, best_epoch, state, load_file(self._best(best_epoch)))
        except (OSError, ValueError, LookupError, TypeError, AttributeError, SafetensorError):
            return None

    def write(self, reached: Reached) -> None:
        """Keep what was reached; what was kept before goes when the new is whole."""
        state, best = self._state(reached.history[-1].epoch), self._best(reached.best_epoch)
        _write(state, reached.state)
        if reached.best_epoch == reached.history[-1].epoch or not best.is_file():
            _write(best, reached.best)
        history = [asdict(figures) for figures in reached.history]
        write_json(self.folder / "checkpoint.json", {"history": history, "best_epoch": reached.best_epoch})
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
