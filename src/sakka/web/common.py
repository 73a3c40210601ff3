"""What all processes of a server have in common: how fast a client has asked, and the answers that the page keeps.

A client's next request may come to another process, and so may the browser that is led to its answer. With one process
both are objects of it; with several they stand in the process that started the others, which ask it over a socket of
the system that only processes with the parent's random key can speak to (`multiprocessing.managers`).
"""

import threading
from dataclasses import dataclass
from multiprocessing.managers import BaseManager
from typing import Any

from sakka.web.answer_store import AnswerStore
from sakka.web.rate import RateLimiter
from sakka.web.settings import Limits


@dataclass(frozen=True)
class Common:
    """What processes have in common.

    Attributes:
        limiter: How fast each client may ask.
        answers: The answers of the page.
    """

    limiter: RateLimiter
    answers: AnswerStore

    @classmethod
    def of(cls, limits: Limits) -> "Common":
        """New ones, of this process."""
        return cls(RateLimiter(limits.requests_a_minute / 60, limits.burst), AnswerStore())

    def shared(self) -> Any:
        """Let processes that this one starts ask it; gives the address for `of_parent`."""
        server = _manager(self).get_server()
        threading.Thread(target=server.serve_forever, name="sakka-common", daemon=True).start()
        return server.address

    @classmethod
    def of_parent(cls, address: Any) -> "Common":
        """Those of the process that started this one."""
        manager: Any = _manager(None, address)
        manager.connect()
        return cls(manager.limiter(), manager.answers())


def _manager(common: Common | None, address: Any = None) -> BaseManager:
    """What gives access to the parent's, in the parent (with what it is) and in the other processes."""

    class Manager(BaseManager):
        pass

    Manager.register("limiter", None if common is None else lambda: common.limiter, exposed=("wait_s",))
    Manager.register("answers", None if common is None else lambda: common.answers, exposed=("keep", "get"))
    return Manager(address)
