"""Takes over a model, an index, a catalog or an audit that is replaced on disk, without a restart.

Every second it is looked whether the folders are still those that were loaded; SIGHUP says so without looking. What is
new is loaded and warmed up beside what answers, then answers in its place; requests that are under way end with the old
one. What can't be loaded is refused with a line in the log, and the old one stays.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import torch
from starlette.types import ASGIApp, Receive, Scope, Send

from sakka.errors import SakkaError
from sakka.files import remote_address
from sakka.web.engine import FINDINGS_FILE, Engine
from sakka.web.metrics import Metrics
from sakka.web.pages import Pages
from sakka.web.settings import Settings

LOOK_EVERY_S = 1.0
LOG = logging.getLogger("sakka.web")
MARKED = {
    "model": ("", "manifest.json"),
    "index": ("", "parts.lance/_versions", "works.lance/_versions"),
    "catalog": ("", "catalog.json", "works.parquet"),
    "audit": (FINDINGS_FILE,),
}
"""What changes where a folder of a setting is replaced, or written anew in its place."""

Marks = tuple[tuple[int, ...] | None, ...]


@dataclass
class Served:
    """What answers: an application over one engine.

    Attributes:
        engine: What answers are made of.
        pages: Its pages.
        app: The application.
        marks: Of the folders that it was loaded from.
        in_flight: How many requests it is answering.
    """

    engine: Engine
    pages: Pages
    app: ASGIApp
    marks: Marks = ()
    in_flight: int = field(default=0, init=False)
    ended: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.in_flight += 1
        self.ended.clear()
        try:
            await self.app(scope, receive, send)
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self.ended.set()

    async def close(self) -> None:
        """Wait for the requests that are under way, and end."""
        if self.in_flight:
            await self.ended.wait()
        await asyncio.to_thread(self.engine.close)


class Takeover:
    """Answers with what was loaded last.

    Attributes:
        current: What answers now.
    """

    def __init__(self, settings: Settings, metrics: Metrics, make: Callable[[], Served]) -> None:
        """Load what answers first.

        Args:
            settings: The folders.
            metrics: Where takeovers are counted.
            make: Loads what answers.

        Raises:
            SakkaError: A folder is not what it should be, or two of them do not belong together.
        """
        self.settings, self.metrics, self.make = settings, metrics, make
        self._threads = torch.get_num_threads()  # nothing computes yet, so it is the process's own
        self._seen = marks_of(settings)
        self.current = make()
        self.current.marks = self._seen
        self._closing: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or start and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self.current.answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._watching():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[None]:
        try:
            await asyncio.to_thread(self.current.engine.warm_up)  # no limit on its time
        except BaseException:
            await asyncio.to_thread(self.current.engine.close)
            raise
        hung_up = asyncio.Event()
        with suppress(RuntimeError, ValueError):  # only the main thread gets signals
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up.set)
        watch = asyncio.create_task(self._watch(hung_up))
        yield
        watch.cancel()
        await asyncio.gather(watch, self.current.close(), *self._closing, return_exceptions=True)

    async def _watch(self, hung_up: asyncio.Event) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(hung_up.wait(), LOOK_EVERY_S)
            marks = await asyncio.to_thread(marks_of, self.settings)
            settled = marks == self._seen
            self._seen = marks
            if hung_up.is_set() or (settled and marks != self.current.marks):
                hung_up.clear()
                await self._replace(marks)

    async def _replace(self, marks: Marks) -> None:
        loading = asyncio.create_task(asyncio.to_thread(self._loaded))
        try:
            new = await asyncio.shield(loading)
        except asyncio.CancelledError:  # the server ends, and what is being loaded is not used
            with suppress(Exception):
                await (await loading).close()
            raise
        except Exception as error:  # whatever is wrong with it, the old one answers
            words = "what was replaced on disk is refused, and the old one goes on answering: %s"
            LOG.error(words, error, exc_info=None if isinstance(error, SakkaError) else error)
            self.current.marks = marks  # it is not looked at again until it changes
            self.metrics.record_takeover("refused")
            return
        new.marks, old = marks, self.current
        self.current = new
        self.metrics.record_takeover("taken over")
        closing = asyncio.create_task(old.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _loaded(self) -> Served:
        torch.set_num_threads(self._threads)  # while others compute with one each, a new thread would have one
        new = self.make()
        try:
            new.engine.warm_up()
        except BaseException:
            new.engine.close()
            raise
        return new


def marks_of(settings: Settings) -> Marks:
    """What tells whether a folder is still the one that it was; nothing of an address in an object store."""
    places = [
        Path(folder) / name
        for setting, names in MARKED.items()
        if (folder := getattr(settings, setting)) is not None and not remote_address(folder)
        for name in names
    ]
    return tuple(map(_mark, places))


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    changed = () if path.is_dir() and path.name != "_versions" else (found.st_mtime_ns, found.st_size)
    return found.st_dev, found.st_ino, *changed
