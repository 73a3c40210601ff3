"""What an ONNX file consists of, as far as it decides whether it may be run: read from its bytes, without running it.

The numbers of the fields are those of onnx.proto3. A field that may stand once and stands twice is read twice, as
protobuf merges the two; a text that stands twice counts in its last form.

Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sakka.networks.onnx.wire import Content, WireError, fields

MOST_NODES = 100_000
MOST_DEPTH = 8  # of graphs within graphs
MOST_TEXT_BYTES = 4096  # of a name
MOST_INPUTS = 1024  # or outputs


@dataclass(frozen=True)
class ValueInfo:
    """An input or an output as it is announced.

    Attributes:
        name: Its name.
        number: The number of its number format in onnx.proto3; 0 where it is no tensor.
        shape: Its sizes, None where one may vary; None where nothing is said.
    """

    name: str
    number: int
    shape: tuple[int | None, ...] | None


@dataclass
class OnnxContents:
    """What stands in a file.

    Attributes:
        operators: (domain, name) of every operator, in graphs within graphs too.
        inputs: What the graph is given, without the constants of old files.
        outputs: What it gives.
        external: The file name of each tensor that lies in another file.
        functions: How many functions the file defines itself.
        sparse: How many sparse tensors it has.
        training: How many parts for training it has.
        nodes: How many nodes there are.
    """

    operators: set[tuple[str, str]] = field(default_factory=set)
    inputs: list[ValueInfo] = field(default_factory=list)
    outputs: list[ValueInfo] = field(default_factory=list)
    external: set[str] = field(default_factory=set)
    functions: int = 0
    sparse: int = 0
    training: int = 0
    nodes: int = 0


def read_contents(content: memoryview) -> OnnxContents:
    """Read what stands in a file.

    Args:
        content: The file's bytes.

    Raises:
        WireError: They are no ONNX file, are cut off, or hold more than any network has.
    """
    found = OnnxContents()
    has_version = False
    graphs = []
    for number, part in fields(content):
        has_version |= number == 1
        found.functions += number == 25
        found.training += number == 20
        if number == 7:
            graphs.append(_message(part))
    if not has_version or not graphs:
        raise WireError("no version or no graph stands in it")
    constants: set[str] = set()
    for graph in graphs:
        _read_graph(graph, found, constants, depth=0)
    found.inputs = [each for each in found.inputs if each.name not in constants]
    return found


def _read_graph(graph: memoryview, found: OnnxContents, constants: set[str], *, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise WireError(f"graphs stand within graphs, more than {MOST_DEPTH} deep")
    for number, part in fields(graph):
        if number == 1:
            _read_node(_message(part), found, depth=depth)
        elif number == 5:
            constants.add(_read_tensor(_message(part), found))
        elif number == 15:
            found.sparse += 1
        elif number in (11, 12) and depth == 0:
            values = found.inputs if number == 11 else found.outputs
            values.append(_value_info(_message(part)))
            if len(values) > MOST_INPUTS:
                raise WireError(f"it has more than {MOST_INPUTS:,} inputs or outputs")


def _read_node(node: memoryview, found: OnnxContents, *, depth: int) -> None:
    found.nodes += 1
    if found.nodes > MOST_NODES:
        raise WireError(f"it has more than {MOST_NODES:,} nodes")
    operator = domain = ""
    for number, part in fields(node):
        if number == 4:
            operator = _text(part)
        elif number == 7:
            domain = _text(part)
        elif number == 5:
            _read_attribute(_message(part), found, depth=depth)
    found.operators.add((domain, operator))


def _read_attribute(attribute: memoryview, found: OnnxContents, *, depth: int) -> None:
    for number, part in fields(attribute):
        if number in (5, 10):
            _read_tensor(_message(part), found)
        elif number in (6, 11):
            _read_graph(_message(part), found, set(), depth=depth + 1)
        elif number in (22, 23):
            found.sparse += 1


def _read_tensor(tensor: memoryview, found: OnnxContents) -> str:
    """Note where a tensor lies; gives its name."""
    name, is_external, location = "", False, ""
    for number, part in fields(tensor):
        if number == 8:
            name = _text(part)
        elif number == 13:
            is_external = True
            key, value = _pair(_message(part))
            location = value if key == "location" else location
        elif number == 14:
            is_external |= part == 1
    if is_external:
        found.external.add(location)
    return name


def _value_info(value: memoryview) -> ValueInfo:
    name, number_format, shape = "", 0, None
    for number, part in fields(value):
        if number == 1:
            name = _text(part)
        for tensor in _inside(part, 1) if number == 2 else ():
            for inner, content in fields(tensor):
                if inner == 1 and isinstance(content, int):
                    number_format = content
                elif inner == 2:
                    shape = tuple(_size(each) for each in _inside(content, 1))
    return ValueInfo(name, number_format, shape)


def _size(dimension: memoryview) -> int | None:
    """A size; None where it has a name or nothing is said."""
    size = None
    for number, part in fields(dimension):
        size = part if number == 1 and isinstance(part, int) else None
    return size


def _pair(entry: memoryview) -> tuple[str, str]:
    parts = {number: _text(part) for number, part in fields(entry) if number in (1, 2)}
    return parts.get(1, ""), parts.get(2, "")


def _inside(message: Content, number: int) -> Iterator[memoryview]:
    """The messages in the field of a number."""
    return (_message(part) for found, part in fields(_message(message)) if found == number)


def _message(content: Content) -> memoryview:
    if isinstance(content, int):
        raise WireError("a number stands where a message should")
    return content


def _text(content: Content) -> str:
    message = _message(content)
    if len(message) > MOST_TEXT_BYTES:
        raise WireError(f"a name has {len(message):,} bytes")
    return bytes(message).decode()  # what is no UTF-8 is a ValueError too
