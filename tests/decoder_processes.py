"""The processes that decode photos, as the system shows them."""

import time
from collections.abc import Callable
from pathlib import Path


def state_of(process: int) -> list[str]:
    """What /proc/PID/stat says, from the state on (proc(5))."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def ticks_of(process: int) -> int:
    """The processor time that a process has taken, in hundredths of a second."""
    return sum(map(int, state_of(process)[11:13]))


def processes_of(parent: int) -> set[int]:
    """The decoders that a process has started."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_decoder = b"sakka.photos.decoders" in (folder / "cmdline").read_bytes()
            state, parent_of_it, *_ = state_of(int(folder.name))
        except OSError:
            continue  # it has just ended
        if is_decoder and int(parent_of_it) == parent and state != "Z":
            found.add(int(folder.name))
    return found


def waited_for(said: Callable[[], object], seconds: float = 20) -> bool:
    until_s = time.monotonic() + seconds
    while not said() and time.monotonic() < until_s:
        time.sleep(0.01)
    return bool(said())
