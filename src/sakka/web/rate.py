"""How fast a client may ask: a token bucket each, in memory of a fixed size that processes can share.

A client has up to `burst` tokens and gets `per_second` new ones; a request takes some. A client is an address, or the
/64 network of one where it is IPv6: a client with one address there has all of them.

The buckets stand in a table, `WAYS` in a group. A client's group follows from its hash, and in a full group the client
that has been silent longest is forgotten first. Several processes map the table from one file and lock it for the few
microseconds that a request takes; the system unlocks it where a process dies.
"""

import fcntl
import ipaddress
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from weakref import finalize

import numpy as np

GROUPS, WAYS = 2048, 8  # as a set-associative cache has them
MOST_CLIENTS = GROUPS * WAYS
IPV6_PREFIX = 64
BUCKET = np.dtype([("client", np.uint64), ("tokens", np.float64), ("then_s", np.float64)])


class RateLimiter:
    """Token buckets by client."""

    def __init__(
        self,
        per_second: float,
        burst: float,
        clock: Callable[[], float] = time.monotonic,
        file: Path | None = None,
    ) -> None:
        """Store the rate.

        Args:
            per_second: Tokens that a client gets a second.
            burst: The most tokens that a client can have.
            clock: Gives seconds that never go back, the same ones to all processes.
            file: Where processes find the buckets, as `make_file` wrote it; None: they are this process's alone.
        """
        self.per_second, self.burst, self.clock = per_second, burst, clock
        self._lock, self._file = threading.Lock(), None
        if file is None:
            self._buckets = np.zeros((GROUPS, WAYS), BUCKET)
        else:
            self._file = os.open(file, os.O_RDWR)
            finalize(self, os.close, self._file)
            self._buckets = np.memmap(file, BUCKET, "r+", shape=(GROUPS, WAYS))

    @staticmethod
    def make_file(file: Path) -> None:
        """Write buckets that nobody has asked for yet."""
        np.zeros((GROUPS, WAYS), BUCKET).tofile(file)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._buckets["client"]))

    def wait_s(self, client: str, cost: float = 1.0) -> float:
        """Take `cost` tokens of a client and return 0, or take no token and return the seconds until there are enough.

        >>> limiter = RateLimiter(per_second=0.5, burst=2, clock=lambda: 0.0)
        >>> [limiter.wait_s("192.0.2.1") for _ in range(3)]
        [0.0, 0.0, 2.0]
        """
        number = 1 + int.from_bytes(blake2b(client_key(client).encode(), digest_size=7).digest(), "little")
        group = self._buckets[number % GROUPS]
        with self._alone():
            now_s = self.clock()
            known = group["client"] == number
            place = int(known.argmax() if known.any() else group["then_s"].argmin())
            tokens = self.burst
            if known[place]:
                bucket = group[place]
                tokens = min(tokens, float(bucket["tokens"] + (now_s - bucket["then_s"]) * self.per_second))
            missing = max(0.0, cost - tokens)
            group[place] = (number, tokens if missing else tokens - cost, now_s)
        return missing / self.per_second

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other thread and no other process at the buckets."""
        with self._lock:
            if self._file is None:
                yield
                return
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)


def client_key(address: str) -> str:
    """What a client is known by.

    >>> client_key("192.0.2.1"), client_key("2001:db8::1:2:3:4")
    ('192.0.2.1', '2001:db8::/64')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
