"""Memory for large maps of pixels that is kept between batches, not requested from the system each time.

glibc gives blocks of more than 32 MB back to the system when they are freed; the next batch asks for them again, and
the system fills every page with zeros first. In a training step of VGG16 that takes a sixth of the processor's time.
Two ways out:

- `use_huge_pages`: PyTorch asks for pages of 2 MB instead of 4 KB, which has to be said before it first allocates;
- `kept_memory`: glibc keeps what is freed while a block of code runs, for the convolutions' own scratch memory too.

Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

HUGE_PAGES = "THP_MEM_ALLOC_ENABLE"  # PyTorch's variable; the system must offer such pages, else nothing changes
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of malloc.h
USUAL = {M_TRIM_THRESHOLD: 128 << 10, M_MMAP_MAX: 65_536}
KEEPING = {M_TRIM_THRESHOLD: (1 << 31) - 1, M_MMAP_MAX: 0}


def use_huge_pages() -> None:
    """Let PyTorch allocate on huge pages, unless the environment says otherwise."""
    os.environ.setdefault(HUGE_PAGES, "1")


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let glibc keep freed memory inside the block and give it back at its end; does nothing with another C library."""
    library: Any = ctypes.CDLL(None) if os.name == "posix" else None
    if not hasattr(library, "mallopt"):
        yield
        return
    for option, value in KEEPING.items():
        library.mallopt(option, value)
    try:
        yield
    finally:
        for option, value in USUAL.items():
            library.mallopt(option, value)
        library.malloc_trim(0)
