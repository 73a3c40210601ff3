"""A PyTorch network as nodes of an ONNX graph: its modules and functions one for one.

The network is traced by torch.fx and run once on zeros, so that the sides of all maps are known; each step of that run
is written as its ONNX operator. What has none here is refused.

Source: https://docs.pytorch.org/docs/stable/fx.html
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import fx, nn
from torch.nn import functional as F

from sakka.errors import ModelError
from sakka.networks.efficientnet_lite import SameConv2d
from sakka.networks.onnx.writing import GraphWriter


@dataclass(frozen=True)
class Named:
    """A value of the run on zeros with its name in the graph.

    Attributes:
        value: The value.
        name: The name.
    """

    value: torch.Tensor
    name: str


def write_network(writer: GraphWriter, network: nn.Module, photos: str, shape: tuple[int, ...]) -> dict[str, Named]:
    """Write a network's nodes.

    Args:
        writer: Where to.
        network: Ready to read from, in float32.
        photos: The name of its input in the graph.
        shape: The input's shape with one photo.

    Returns:
        What it gives, by name; under "" where it gives one value.

    Raises:
        ModelError: It has a step that can't be written.
    """
    tracer = _Tracer()
    traced = fx.GraphModule(network, tracer.trace(network))
    with torch.inference_mode():
        given = _Writing(traced, writer).run(Named(torch.zeros(shape), photos))
    return dict(given) if isinstance(given, dict) else {"": given}


class _Tracer(fx.Tracer):
    """Takes convolutions with padding of their own as one step."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, SameConv2d) or super().is_leaf_module(m, module_qualified_name)


class _Writing(fx.Interpreter):
    """Runs a traced network on named values and writes each step."""

    def __init__(self, traced: fx.GraphModule, writer: GraphWriter) -> None:
        super().__init__(traced)
        self.writer = writer

    def get_attr(self, target: Any, args: Any, kwargs: Any) -> Named:
        """A constant of the network."""
        value = super().get_attr(target, args, kwargs)
        return Named(value, self.writer.constant(value.float().numpy()))

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Named:  # noqa: ARG002  torch.fx's signature
        """A layer."""
        module = self.fetch_attr(target)
        (given,) = args
        write = next((write for kind, write in MODULES.items() if isinstance(module, kind)), None)
        if write is None:
            raise _not_writable(type(module).__name__)
        return Named(module(given.value), write(self.writer, module, given))

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A function of tensors, or taking one out of several."""
        if target is operator.getitem:
            return args[0][args[1]]
        return self._called(target, FUNCTIONS.get(target), args, kwargs)

    def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A method of a tensor."""
        return self._called(getattr(torch.Tensor, target), METHODS.get(target), args, kwargs)

    def _called(self, function: Callable[..., Any], write: "Write | None", args: Any, kwargs: Any) -> Named:
        if write is None:
            raise _not_writable(getattr(function, "__name__", str(function)))
        values = [each.value if isinstance(each, Named) else each for each in args]
        value = function(*values, **{name: each for name, each in kwargs.items() if name != "inplace"})
        return Named(value, write(self.writer, *args, **kwargs))


Write = Callable[..., str]


def _not_writable(what: str) -> ModelError:
    return ModelError(f"{what} can't be written as ONNX here; take a model on lite0, lite2 or vgg16")


def _convolution(writer: GraphWriter, module: Any, given: Named) -> str:
    if isinstance(module, SameConv2d) and module.stride[0] > 1:
        (low_y, high_y), (low_x, high_x) = (module._padding(side) for side in given.value.shape[2:])
        pads = [low_y, low_x, high_y, high_x]
    else:
        pads = [*module.padding, *module.padding]
    weights = [module.weight] if module.bias is None else [module.weight, module.bias]
    return writer.node(
        "Conv",
        given.name,
        *(writer.constant(each.detach().numpy()) for each in weights),
        strides=list(module.stride),
        dilations=list(module.dilation),
        pads=pads,
        group=module.groups,
    )


def _norm(writer: GraphWriter, module: Any, given: Named) -> str:
    parts = (module.weight, module.bias, module.running_mean, module.running_var)
    names = [writer.constant(part.detach().numpy()) for part in parts]
    return writer.node("BatchNormalization", given.name, *names, epsilon=module.eps)


def _linear(writer: GraphWriter, module: Any, given: Named) -> str:
    names = [writer.constant(part.detach().numpy()) for part in (module.weight, module.bias)]
    return writer.node("Gemm", given.name, *names, transB=1)


def _max_pool(writer: GraphWriter, module: Any, given: Named) -> str:
    pair = [module.kernel_size] * 2, [module.stride] * 2
    return writer.node("MaxPool", given.name, kernel_shape=pair[0], strides=pair[1])


MODULES: dict[type[nn.Module], Write] = {
    nn.Conv2d: _convolution,
    nn.BatchNorm2d: _norm,
    nn.Linear: _linear,
    nn.MaxPool2d: _max_pool,
    nn.ReLU: lambda writer, _module, given: writer.node("Relu", given.name),
    nn.Identity: lambda _writer, _module, given: given.name,
}


def _relu(writer: GraphWriter, given: Named, **_: Any) -> str:
    return writer.node("Relu", given.name)


def _relu6(writer: GraphWriter, given: Named, **_: Any) -> str:
    return writer.node("Clip", given.name, writer.number(0), writer.number(6))


def _mean(writer: GraphWriter, given: Named, dim: tuple[int, ...]) -> str:
    return writer.node("ReduceMean", given.name, axes=list(dim), keepdims=0)


def _flatten(writer: GraphWriter, given: Named, start: int) -> str:
    return writer.node("Flatten", given.name, axis=start)


def _average_pool(writer: GraphWriter, given: Named, side: int) -> str:
    sides = given.value.shape[2:]
    if any(each % side for each in sides):
        raise _not_writable(f"a pooling of {tuple(sides)} positions to {side}")
    kernel = [each // side for each in sides]
    return writer.node("AveragePool", given.name, kernel_shape=kernel, strides=kernel)


def _of_two(name: str) -> Write:
    def write(writer: GraphWriter, one: Named, other: Named) -> str:
        return writer.node(name, one.name, other.name)

    return write


FUNCTIONS: dict[Any, Write] = {
    torch.relu: _relu,
    F.relu: _relu,
    F.relu6: _relu6,
    F.adaptive_avg_pool2d: _average_pool,
    torch.add: _of_two("Add"),
    operator.add: _of_two("Add"),
    operator.sub: _of_two("Sub"),
    operator.truediv: _of_two("Div"),
}
METHODS: dict[str, Write] = {
    "mean": _mean,
    "flatten": _flatten,
    "float": lambda writer, given: writer.cast(given.name, np.float32),
}
