"""A frozen graph of a few bytes, written by hand."""

import numpy as np
import pytest

from sakka.networks.onnx.wire import WireError
from sakka.object_labels.frozen_graph import constants


def _field(number: int, content: bytes) -> bytes:
    return bytes([8 * number + 2, len(content)]) + content


def _constant(name: str, values: bytes, sides: tuple[int, ...], kind: int = 1) -> bytes:
    shape = b"".join(_field(2, bytes([8, side])) for side in sides)
    tensor = bytes([8, kind]) + _field(2, shape) + values
    attribute = _field(1, b"value") + _field(2, _field(8, tensor))
    return _field(1, _field(1, name.encode()) + _field(2, b"Const") + _field(5, attribute))


def test_constants_are_read_whole_one_by_one_and_repeated() -> None:
    numbers = np.array([1, 2, 3, 4], dtype="<f4").tobytes()
    one_by_one = b"".join(bytes([8 * 5 + 5]) + numbers[start : start + 4] for start in range(0, 16, 4))
    whole, counted = _constant("whole", _field(4, numbers), (2, 2)), _constant("counts", _field(4, bytes(8)), (2,), 3)
    graph = whole + _constant("listed", one_by_one, (4,)) + _constant("same", one_by_one[:5], (3,)) + counted
    found = {name: values.tolist() for name, values in constants(graph).items()}
    assert found == {"whole": [[1, 2], [3, 4]], "listed": [1, 2, 3, 4], "same": [1, 1, 1]}


@pytest.mark.parametrize("values", [b"", _field(4, bytes(8))])
def test_a_constant_with_another_number_of_values_than_its_shape_is_refused(values: bytes) -> None:
    with pytest.raises(WireError, match=r"has \d bytes"):
        constants(_constant("broken", values, (3,)))
