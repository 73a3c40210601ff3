"""Protocol buffers as they stand in a file: the fields of a message one after the other, without what they mean.

A message is a list of (key, content). The key is a number: 8 times the field's number plus how the content is written:
0 a number of 1 to 10 bytes, 1 eight bytes, 2 a length and as many bytes, 5 four bytes. 3 and 4 are no longer written.
Contents are views of the file's bytes: gigabytes of weights are stepped over, not read.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator
from typing import TypeAlias

NUMBER, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
MOST_NUMBER_BYTES = 10

Content: TypeAlias = int | memoryview


class WireError(ValueError):
    """Bytes that are not a message."""


def fields(message: memoryview) -> Iterator[tuple[int, Content]]:
    r"""The fields of a message in order, as (number, content); fixed-width numbers are given as bytes.

    Raises:
        WireError: The bytes are no message, or are cut off.

    >>> list(fields(memoryview(b"\x08\x96\x01")))
    [(1, 150)]
    """
    position, stop = 0, len(message)
    while position < stop:
        key, position = _number(message, position)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise WireError("a field has the number 0")
        if kind == NUMBER:
            content, position = _number(message, position)
            yield number, content
            continue
        if kind == BYTES:
            length, position = _number(message, position)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            length = 8 if kind == EIGHT_BYTES else 4
        else:
            raise WireError(f"a field is written in the way {kind}")
        if length > stop - position:
            raise WireError(f"{length:,} bytes are announced where {stop - position:,} follow")
        yield number, message[position : position + length]
        position += length


def numbers(content: Content) -> Iterator[int]:
    """The numbers of a repeated field: one, or several packed into bytes."""
    if isinstance(content, int):
        yield content
        return
    position = 0
    while position < len(content):
        number, position = _number(content, position)
        yield number


def _number(message: memoryview, position: int) -> tuple[int, int]:
    """The number that starts at a position, and where it ends."""
    value = 0
    for index, byte in enumerate(message[position : position + MOST_NUMBER_BYTES]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position + index + 1
    raise WireError("a number does not end")
