"""What a photo's header says, read before a decoder reads the rest.

Sources: the JPEG standard (ITU T.81, annex B), the WebP container (RFC 9649).
"""

import re
import struct

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # not a stuffed byte, not a fill byte, not a restart
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


def jpeg_scans(content: bytes) -> int:
    """Count the scans of a JPEG's first picture: 1 for a baseline photo, about 10 for a progressive one."""
    scans, position = 0, 2
    while (found := _MARKER.search(content, position)) is not None:
        marker, start = content[found.start() + 1], found.end()
        if marker == _END_OF_IMAGE or start + 2 > len(content):
            break
        scans += marker == _START_OF_SCAN
        position = start + int.from_bytes(content[start : start + 2], "big")
    return scans


def webp_size(content: bytes) -> tuple[int, int]:
    """The width and height in pixels that a WebP file states.

    Raises:
        ValueError: The first chunk does not state a size.
    """
    kind, data = content[12:16], content[20:30]
    if len(data) == 10 and kind == b"VP8X":
        return int.from_bytes(data[4:7], "little") + 1, int.from_bytes(data[7:10], "little") + 1
    if len(data) == 10 and kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if len(data) >= 5 and kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise ValueError("the WebP header states no size")
