"""One connection: uvicorn's, with deadlines that bytes alone do not move, and so many for each client.

Uvicorn ends a connection that is silent after an answer. One that never asks, asks byte by byte, goes on with a body
that was answered long ago, or does not read its answer, stays open for ever, and many of them refuse everybody.
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from sakka.web.rate import client_key
from sakka.web.settings import Limits

LINGER_S = 2  # how long what was written of an answer may take to be read when the connection is closed


class Connection(H11Protocol):
    """A connection that is closed where its caller keeps it for nothing.

    A head has `head_seconds` to arrive from its first byte on (or from the connection's begin), the next one
    `idle_seconds` to begin, and an answer `seconds` to be read. A body's time is limited in `guard.py`.
    """

    def __init__(self, *given: Any, limits: Limits, most: int, proxies: Sequence[str] = (), **named: Any) -> None:
        """Store the limits.

        Args:
            given: What uvicorn gives.
            limits: The deadlines, and how many connections a client may have.
            most: How many connections there may be; before there is one more, that is closed which waited longest.
            proxies: Addresses or networks that connect for many clients, so that no share is kept.
            named: What uvicorn gives.
        """
        super().__init__(*given, **named)
        self.limits, self.most, self.proxies = limits, most, proxies
        self._key, self._head_begun = "", True
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless its client has as many as it may."""
        super().connection_made(transport)
        self._key = client_key(self.client[0]) if self.client else ""
        if self._is_one_too_many():
            transport.abort()
        else:
            self._close_in(self.limits.head_seconds)

    def data_received(self, data: bytes) -> None:
        """Read on; only a head that is whole ends its deadline."""
        if self.timeout_keep_alive_task is not None and not self._head_begun:
            self._head_begun = True
            self._close_in(self.limits.head_seconds)
        self.conn.receive_data(data)
        self.handle_events()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._head_begun = False
        super().on_response_complete()
        self._abort_if_closing()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection: its time is up."""
        super().timeout_keep_alive_handler()
        self._abort_if_closing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request."""
        super().send_400_response(msg)
        self._abort_if_closing()

    def pause_writing(self) -> None:
        """Wait until the caller has read some of the answer, but not for ever."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.limits.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Write on."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def _is_one_too_many(self) -> bool:
        if not is_among(self._key, self.proxies):
            mine = sum(isinstance(each, Connection) and each._key == self._key for each in self.connections)
            if mine > self.limits.client_connections:
                return True
        if len(self.connections) <= self.most:
            return False
        waiting = {each: each.timeout_keep_alive_task for each in self.connections if isinstance(each, Connection)}
        deadlines = {each: timer.when() for each, timer in waiting.items() if timer is not None}
        if deadlines:
            min(deadlines, key=deadlines.__getitem__).transport.abort()
        return not deadlines

    def _close_in(self, seconds: float) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _abort_if_closing(self) -> None:
        if self.transport.is_closing():  # which waits until everything is read
            self.loop.call_later(LINGER_S, self.transport.abort)


def is_among(address: str, networks: Sequence[str]) -> bool:
    """Tell whether an address is one of some addresses and networks.

    >>> is_among("10.1.2.3", ["10.0.0.0/8", "::1"]), is_among("192.0.2.1", ["10.0.0.0/8"])
    (True, False)
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(each) for each in networks)
