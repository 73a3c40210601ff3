"""What all processes of a server have in common: how fast a client has asked, and the answers that the page keeps.

A client's next request may come to another process, and so may the browser that is led to its answer. With one process
both are objects of it. With several, all map the clients' rates from one file, as each request asks for them. The
answers stand in the process that started the others, which ask it over a socket of the system that only processes with
the parent's random key can speak to (`multiprocessing.managers`).
"""

import threading
from dataclasses import dataclass
from multiprocessing.managers import BaseManager
from pathlib import Path
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
        return cls(_limiter(limits), AnswerStore(limits))

    @classmethod
    def of_parent(cls, shared: "Shared", limits: Limits) -> "Common":
        """Those of the process that started this one."""
        manager: Any = _manager(None, shared.address)
        manager.connect()
        return cls(_limiter(limits, shared.rates), manager.answers())


@dataclass(frozen=True)
class Shared:
    """Where processes find what they have in common.

    Attributes:
        address: Where the parent answers.
        rates: The file of the clients' rates.
    """

    address: Any
    rates: Path

    @classmethod
    def make(cls, folder: Path, limits: Limits | None = None) -> "Shared":
        """Let processes that this one starts share what stands here and in a file of a folder."""
        rates = folder / "rates"
        RateLimiter.make_file(rates)
        server = _manager(AnswerStore(limits)).get_server()
        threading.Thread(target=server.serve_forever, name="sakka-common", daemon=True).start()
        return cls(server.address, rates)


def _limiter(limits: Limits, file: Path | None = None) -> RateLimiter:
    return RateLimiter(limits.requests_a_minute / 60, limits.burst, file=file)


def _manager(answers: AnswerStore | None, address: Any = None) -> BaseManager:
    """What gives access to the parent's answers, in the parent (with what they are) and in the other processes."""

    class Manager(BaseManager):
        pass

    Manager.register("answers", None if answers is None else lambda: answers, exposed=("keep", "get"))
    return Manager(address)
