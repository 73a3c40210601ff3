"""An ONNX graph that is put together node by node: operators of the standard, weights in the file itself.

The package onnx makes the protocol buffers. The operator set is one that runtimes have read for years.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sakka.errors import MissingPartError
from sakka.files import writing_whole
from sakka.version import __version__

OPSET, IR_VERSION = 17, 8  # of 2022


class GraphWriter:
    """A graph in the making; what a node gives is called by a name that it is given here.

    Attributes:
        nodes: The nodes so far.
        weights: The constants so far.
    """

    def __init__(self) -> None:
        """Begin an empty graph.

        Raises:
            MissingPartError: The package onnx is not installed.
        """
        try:
            import onnx
        except ImportError as error:
            raise MissingPartError("onnx, which writes ONNX files,", "onnx", error) from error
        self._onnx: Any = onnx
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, shape: tuple[str | int, ...]) -> str:
        """An input of bytes; gives its name."""
        self._inputs.append(self._onnx.helper.make_tensor_value_info(name, self._onnx.TensorProto.UINT8, shape))
        return name

    def output(self, name: str, of: str, *sizes: int) -> None:
        """An output of shape (n, sizes) under a name."""
        shape = ("n", *sizes)
        self.nodes.append(self._onnx.helper.make_node("Identity", [of], [name]))
        self._outputs.append(self._onnx.helper.make_tensor_value_info(name, self._onnx.TensorProto.FLOAT, shape))

    def constant(self, values: npt.NDArray[Any]) -> str:
        """A constant; gives its name."""
        name = f"constant{len(self.weights)}"
        self.weights.append(self._onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def number(self, value: float) -> str:
        """A constant float32 without a shape; gives its name."""
        return self.constant(np.array(value, dtype=np.float32))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """An operator on named inputs; gives the name of its output."""
        name = f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(self._onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    def split(self, of: str, sizes: Sequence[int], axis: int) -> list[str]:
        """Parts of these sizes of a value along an axis; gives the names of them."""
        names = [f"split{len(self.nodes)}part{part}" for part in range(len(sizes))]
        inputs = [of, self.constant(np.array(sizes))]
        self.nodes.append(self._onnx.helper.make_node("Split", inputs, names, axis=axis))
        return names

    def cast(self, of: str, number: type[np.generic]) -> str:
        """A value in another number format; gives its name."""
        return self.node("Cast", of, to=self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(number)))

    def write(self, file: Path, said: Mapping[str, Any]) -> None:
        """Write what the outputs need of the graph, whole.

        Args:
            file: Where it goes.
            said: What the file says of itself, by key; each as JSON unless it is text.
        """
        content = self.content(said)
        with writing_whole(file) as part:
            part.write_bytes(content)

    def content(self, said: Mapping[str, Any]) -> bytes:
        """The bytes of the file that `write` writes."""
        helper = self._onnx.helper
        nodes, weights = self._needed()
        graph = helper.make_graph(nodes, "sakka", self._inputs, self._outputs, weights)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="sakka",
            producer_version=__version__,
        )
        texts = {
            key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in said.items()
        }
        helper.set_model_props(model, texts)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _needed(self) -> tuple[list[Any], list[Any]]:
        """The nodes and constants that the outputs are made of."""
        wanted = {output.name for output in self._outputs}
        nodes = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output):
                wanted.update(node.input)
                nodes.append(node)
        return nodes[::-1], [weight for weight in self.weights if weight.name in wanted]
