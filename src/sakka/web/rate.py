"""How fast a client may ask: a token bucket each, in bounded memory.

A client has up to `burst` tokens and gets `per_second` new ones; a request takes some. A client is an address, or the
/64 network of one where it is IPv6: a client with one address there has all of them.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CLIENTS = 10_000
IPV6_PREFIX = 64


class RateLimiter:
    """Token buckets by client; the client that has been silent longest is forgotten first."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Store the rate.

        Args:
            per_second: Tokens that a client gets a second.
            burst: The most tokens that a client can have.
            clock: Gives seconds that never go back.
        """
        self.per_second, self.burst, self.clock = per_second, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()  # processes ask one limiter through threads of its own

    def __len__(self) -> int:
        return len(self._buckets)

    def wait_s(self, client: str, cost: float = 1.0) -> float:
        """Take `cost` tokens of a client and return 0, or take no token and return the seconds until there are enough.

        >>> limiter = RateLimiter(per_second=0.5, burst=2, clock=lambda: 0.0)
        >>> [limiter.wait_s("192.0.2.1") for _ in range(3)]
        [0.0, 0.0, 2.0]
        """
        key = client_key(client)
        with self._lock:
            now = self.clock()
            tokens, then = self._buckets.pop(key, (self.burst, now))
            tokens = min(self.burst, tokens + (now - then) * self.per_second)
            missing = max(0.0, cost - tokens)
            self._buckets[key] = (tokens if missing else tokens - cost, now)
            if len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
        return missing / self.per_second


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
