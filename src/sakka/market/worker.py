"""A process that draws photos: `python -m sakka.market.worker FOLDER` with ids on standard input, then "end".

It writes each id to standard output when the photo stands, and ends when nobody listens any more.
"""

import os
import sys
from pathlib import Path

from sakka.market.folder import END_OF_ORDERS, draw_missing, read_settings


def main() -> None:
    """Draw the photos asked for."""
    folder = Path(sys.argv[1])
    identifiers = sys.stdin.read().split()
    if identifiers[-1:] != [END_OF_ORDERS]:  # whoever ordered was killed while writing, perhaps within an id
        return
    for identifier in draw_missing(folder, read_settings(folder), identifiers[:-1]):
        try:
            os.write(1, f"{identifier}\n".encode())  # one call a line: both workers write to one pipe
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
