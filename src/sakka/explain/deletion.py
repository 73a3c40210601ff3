"""How far an explanation can be trusted: the deletion curve.

The regions of a photo, or the words of a text, are taken away step by step, in the order that an explanation names
them in or at random, and the model is asked each time. The area under the curve of the creator's probability over the
share taken away is small where what is named first matters most.

A region is taken away by a strong blur of the whole photo in its place, kept to the region by a mask with soft edges:
a grey patch would be something new for a network that reads texture.

Source: V. Petsiuk, A. Das, K. Saenko, RISE, BMVC 2018, https://arxiv.org/abs/1806.07421
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from sakka.arrays import Mask, Pixels
from sakka.catalog.works import Work
from sakka.explain.tokens import TITLE, Token
from sakka.words import normalise

BLUR_SHARE = 0.1  # the blur's radius as a share of the photo's side
SOFT_SHARE = 0.012  # that of the mask's edges

Order = npt.NDArray[np.int64]


def blurred(pixels: Pixels) -> Pixels:
    """A photo blurred until nothing but light and colour is left, shape (height, width, 3)."""
    radius = BLUR_SHARE * max(pixels.shape[:2])
    return np.array(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def without_cells(pixels: Pixels, hidden: Pixels, gone: Mask) -> Pixels:
    """A photo with some cells of a grid over it taken away.

    Args:
        pixels: Shape (height, width, 3).
        hidden: What stands in their place, same shape.
        gone: Which cells, shape (rows, columns).
    """
    height, width = pixels.shape[:2]
    mask = Image.fromarray(np.where(gone, 255, 0).astype(np.uint8)).resize((width, height), Image.Resampling.NEAREST)
    soft = mask.filter(ImageFilter.GaussianBlur(SOFT_SHARE * max(height, width)))
    return np.array(Image.composite(Image.fromarray(hidden), Image.fromarray(pixels), soft))


def without_words(work: Work, tokens: Sequence[Token], gone: Mask) -> Work:
    """The text of a work with some of its words taken out; everything else of the work is left out.

    Args:
        work: The work.
        tokens: Its words (`tokenized`).
        gone: Which of them, shape (n_tokens,).
    """
    texts = {True: list(normalise(work.title)), False: list(normalise(work.description))}
    for token, out in zip(tokens, gone.tolist(), strict=True):
        if out:
            text = texts[token.field == TITLE]
            text[token.start : token.stop] = " " * (token.stop - token.start)
    return Work(work.id, title="".join(texts[True]), description="".join(texts[False]))


def steps_of(order: Order, count: int, steps: int) -> list[Mask]:
    """What is taken away at each step from nothing to all, the same number at each, as near as can be.

    >>> [step.tolist() for step in steps_of(np.array([1, 0]), 2, 2)]
    [[False, False], [False, True], [True, True]]
    """
    stages = []
    for step in range(steps + 1):
        gone = np.zeros(count, dtype=np.bool_)
        gone[order[: round(count * step / steps)]] = True
        stages.append(gone)
    return stages


def area(curve: Sequence[float] | npt.NDArray[np.floating]) -> float:
    """The area under a curve whose points lie evenly between 0 and 1, by trapezoids.

    >>> area([1.0, 0.5, 0.0])
    0.5
    """
    values = np.asarray(curve, dtype=np.float64)
    return float((values[1:] + values[:-1]).mean() / 2)
