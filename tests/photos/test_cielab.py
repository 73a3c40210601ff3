"""The conversion to CIELAB and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sakka.photos.cielab import to_lab, to_rgb


def test_cielab_is_that_of_known_colours() -> None:
    lab = to_lab([[255, 0, 0], [0, 0, 255], [119, 119, 119]])
    known = [[53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [50.03, 0.0, 0.0]]  # CIE under D65
    np.testing.assert_allclose(lab, known, atol=0.05)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour_comes_back_from_cielab(rgb: tuple[int, int, int]) -> None:
    assert to_rgb(to_lab([rgb])).tolist() == [list(rgb)]
