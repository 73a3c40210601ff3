"""The checks that other packages run on their encoders, on ours and on ones that break the contract."""

from functools import partial

import numpy as np
import pytest
from tests.networks.mean_colour import MeanColour
from tests.networks.tiny_text_encoders import Glossary, Letters

from sakka.arrays import Features, Pixels
from sakka.networks.encoders import photo_encoders
from sakka.testing.encoder_checks import PHOTO_ENCODER_CHECKS, TEXT_ENCODER_CHECKS, MakePhotoEncoder
from sakka.testing.plugin import pytest_generate_tests as pytest_generate_tests


@pytest.mark.parametrize("make", [MeanColour, lambda: photo_encoders("lite0", "float32")[0]], ids=["colour", "lite0"])
def test_photo_encoders_keep_the_contract(make: MakePhotoEncoder, photo_encoder_check) -> None:
    photo_encoder_check(make)


@pytest.mark.parametrize("make", [Letters, Glossary])
def test_text_encoders_keep_the_contract(make, text_encoder_check) -> None:
    text_encoder_check(make)


class Broken(MeanColour):
    """One thing is wrong with it."""

    def __init__(self, wrong: str) -> None:
        self.wrong = wrong
        self.key = "two/parts" if wrong == "key" else "colour"
        self.sha256 = "0" * (63 if wrong == "sha256" else 64)
        self.size = 4 if wrong == "size" else 3
        self.asked = 0

    def vectors(self, pixels: Pixels) -> Features:
        self.asked += 1
        if self.wrong == "in place":
            pixels[:] = 0
        halves = pixels[:, :, :4] if self.wrong == "one side" else pixels
        vectors = halves.mean(axis=(1, 2)).astype(np.float64 if self.wrong == "format" else np.float32)
        if self.wrong == "batch":
            vectors += 100 * len(pixels)
        return vectors + (self.asked if self.wrong == "drifts" else np.nan if self.wrong == "nan" else 0)


@pytest.mark.parametrize("wrong", ["key", "sha256", "size", "in place", "one side", "format", "batch", "drifts", "nan"])
def test_an_encoder_that_breaks_the_contract_is_noticed(wrong: str) -> None:
    broken = []
    for check in PHOTO_ENCODER_CHECKS:
        try:
            check(partial(Broken, wrong))
        except AssertionError:
            broken.append(check)
    assert broken
    assert len(broken) < len(PHOTO_ENCODER_CHECKS)


def test_every_check_is_on_its_list() -> None:
    import sakka.testing.encoder_checks as module

    checks = {value for name, value in vars(module).items() if name.startswith("check_")}
    assert checks == {*PHOTO_ENCODER_CHECKS, *TEXT_ENCODER_CHECKS}
