"""The constants of a TensorFlow graph whose weights were frozen into it, without TensorFlow.

The file is a GraphDef: nodes, each with its name, its operator, its inputs and its attributes. A weight is a node
`Const` whose attribute `value` holds a TensorProto: a number format, a shape, and the values as bytes or one by one.

Sources: tensorflow/core/framework/graph.proto, node_def.proto, attr_value.proto and tensor.proto, whose field numbers
stand below.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from sakka.arrays import FloatArray
from sakka.networks.onnx.wire import Content, WireError, fields

NODE = 1
NAME, OPERATOR, ATTRIBUTE = 1, 2, 5
KEY, VALUE = 1, 2
TENSOR = 8
FORMAT, SHAPE, BYTES, FLOATS = 1, 2, 4, 5
DIMENSION = 2
SIZE = 1
FLOAT32 = 1


def constants(graph: bytes) -> dict[str, FloatArray]:
    """The float32 constants by name, as views of the file's bytes where it has them as bytes.

    Args:
        graph: The file.

    Raises:
        WireError: The bytes are no such graph, or are cut off.
    """
    found = {}
    for number, node in fields(memoryview(graph)):
        if number != NODE:
            continue
        name = operator = ""
        values: FloatArray | None = None
        for part, content in fields(_message(node)):
            if part in (NAME, OPERATOR):
                text = bytes(_message(content)).decode()
                name, operator = (text, operator) if part == NAME else (name, text)
            elif part == ATTRIBUTE and operator == "Const":
                values = next(map(_values, _tensors(content)), values)
        if values is not None:
            found[name] = values
    return found


def _tensors(attribute: Content) -> Iterator[memoryview]:
    """The tensor of an attribute, if it holds one."""
    for part, value in fields(_message(attribute)):
        if part == VALUE:
            yield from (_message(content) for kind, content in fields(_message(value)) if kind == TENSOR)


def _values(tensor: memoryview) -> FloatArray | None:
    """A tensor's values; None where they are no float32."""
    shape: list[int] = []
    packed = b""
    for part, content in fields(tensor):
        if part == FORMAT and content != FLOAT32:
            return None
        if part == SHAPE:
            shape = [_size(each) for kind, each in fields(_message(content)) if kind == DIMENSION]
        elif part in (BYTES, FLOATS):
            packed = packed + _message(content) if packed else bytes(_message(content))
    if len(packed) not in (4, 4 * prod(shape)):
        raise WireError(f"a tensor of shape {tuple(shape)} has {len(packed):,} bytes")
    values = np.frombuffer(packed, dtype="<f4")
    return (np.broadcast_to(values, prod(shape)) if len(values) == 1 else values).reshape(shape)


def _size(dimension: Content) -> int:
    return next((size for part, size in fields(_message(dimension)) if part == SIZE and isinstance(size, int)), 0)


def _message(content: Content) -> memoryview:
    if isinstance(content, int):
        raise WireError("a number stands where a message should")
    return content
