"""From an output of a network to the values that are taken of it: a vector, a token, or statistics.

    mean = (1/n) sum over i of x_i,    std = sqrt((1/n) sum over i of (x_i - mean)^2)

over the tokens after the prefix, or over the positions of a map.
"""

import numpy as np
import numpy.typing as npt

from sakka.arrays import FloatArray
from sakka.networks.onnx.description import Output

RANKS = {"vector": (2,), "cls": (3,), "mean": (3, 4), "std": (3, 4), "mean+std": (3, 4)}
IN_WORDS = {2: "(1, values)", 3: "(1, tokens, values)", 4: "(1, channels, height, width)"}


def pooled_size(output: Output, shape: tuple[int, ...]) -> int:
    """How many values are taken of an output of that shape; 0 where its pooling does not read such a shape.

    >>> pooled_size(Output("maps", "mean+std"), (1, 24, 7, 7)), pooled_size(Output("tokens", "vector"), (1, 50, 768))
    (48, 0)
    """
    if len(shape) not in RANKS[output.pooling] or shape[0] != 1 or 0 in shape:
        return 0
    if len(shape) == 3 and shape[1] <= output.prefix_tokens:
        return 0
    return (shape[1] if len(shape) == 4 else shape[-1]) * len(output.pooling.split("+"))


def expected_shapes(output: Output) -> str:
    """The shapes that an output's pooling reads, in words."""
    return " or ".join(IN_WORDS[rank] for rank in RANKS[output.pooling])


def pooled(output: Output, given: npt.NDArray[np.generic]) -> FloatArray:
    """The values of one output for one photo or text, float32, shape (n_values,).

    Args:
        output: What is wanted of it.
        given: What the network gave, of a shape that `pooled_size` knows.
    """
    values: FloatArray = given[0].astype(np.float32)
    if values.ndim == 1:
        return values
    if values.ndim == 3:  # a map: (positions, channels)
        values = values.reshape(len(values), -1).T
    if output.pooling == "cls":
        return np.ascontiguousarray(values[0])
    values = values[output.prefix_tokens :]
    statistics = {"mean": values.mean(axis=0), "std": values.std(axis=0)}
    return np.concatenate([statistics[name] for name in output.pooling.split("+")])
