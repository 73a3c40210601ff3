"""A process that draws photos: `python -m sakka.market.worker FOLDER` with paths on standard input, then "end".

It writes each path to standard output when the photo stands, and ends when nobody listens any more.
"""

import os
import sys
from pathlib import Path

from sakka.market.folder import END_OF_ORDERS, draw_missing, read_settings


def main() -> None:
    """Draw the photos asked for."""
    folder = Path(sys.argv[1])
    paths = sys.stdin.read().split()
    if paths[-1:] != [END_OF_ORDERS]:  # whoever ordered was killed while writing, perhaps within a path
        return
    for path in draw_missing(folder, read_settings(folder), paths[:-1]):
        try:
            os.write(1, f"{path}\n".encode())  # one call a line: both workers write to one pipe
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
