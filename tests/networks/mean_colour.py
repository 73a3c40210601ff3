"""An encoder of three values a photo: what another package might offer, in a dozen lines."""

from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest

from sakka.arrays import Features, Pixels
from sakka.networks import encoders
from sakka.networks.encoders import PhotoEncoder


class MeanColour(PhotoEncoder):
    """The mean colour of a photo."""

    name = "mean-colour"
    key = "mean-colour-1"  # type: ignore[assignment]
    input_px = 8  # type: ignore[assignment]
    size = 3  # type: ignore[assignment]
    sha256 = "0" * 64  # type: ignore[assignment]

    def load(self) -> None:
        pass

    def vectors(self, pixels: Pixels) -> Features:
        return pixels.mean(axis=(1, 2)).astype(np.float32)

    def of_mirror_images(self) -> "MeanColour":
        return self


def offer_encoder(patch: pytest.MonkeyPatch, name: str = "mean-colour", where: str = f"{__name__}:MeanColour") -> None:
    """Let an installed package offer an encoder: a name, and `module:function` of what makes it."""
    point = EntryPoint(name, where, encoders.PHOTO_GROUP)
    patch.setattr(encoders, "entry_points", lambda group: EntryPoints([point]).select(group=group))
