"""Fetches files from addresses, photos above all: several at once, with further tries, within limits of bytes and time.

A try that fails for a reason that may pass (status 5xx or 429, a cut connection, silence, fewer bytes than announced)
is made again after 0.5, 1, 2, 4 s, or after what the server asks for. All tries of a file together have one limit of
time, so that a server that sends a byte a second costs that much and no more. A file that can't be had is an answer,
not an end; a host of which many in a row fail in this way is not asked again.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import wait
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sakka.errors import MissingPartError, PhotoError
from sakka.files import shown_address
from sakka.photos.limits import MOST_BYTES
from sakka.progress import task
from sakka.remote.addresses import BUCKETS, NOT_FETCHED, AllowedHosts, FileAddress
from sakka.remote.answer import FileAnswer, FileSource, TryAgain, Unchanged
from sakka.remote.cache import FRESH_S, FetchedFile, FetchedFiles

if TYPE_CHECKING:
    from sakka.remote.buckets import BucketFiles
    from sakka.remote.web import WebFiles

EXTRA = "remote"
STEP_S = 0.2


@dataclass(frozen=True)
class Fetching:
    """From where files may be fetched, and within which limits.

    Attributes:
        hosts: `HOST`, `HOST:PORT`, `s3://BUCKET` or `gs://BUCKET`; a private IP address with its port.
        at_once: The most requests at a time.
        most_bytes: Of a file.
        file_s: The most time for a file, all tries together, in seconds.
        silent_s: How long a server may send nothing, in seconds.
        tries: The most requests for a file.
        first_wait_s: Before the second try, in seconds; doubled before each further one.
        most_failed: After so many files of a host in a row that all tries failed for, it is not asked for others.
        fresh_s: For how long a file that is here is not asked for again, in seconds; later its server is asked whether
            it is still the same, by its etag.
    """

    hosts: Sequence[str]
    at_once: int = 16
    most_bytes: int = MOST_BYTES
    file_s: float = 120.0
    silent_s: float = 15.0
    tries: int = 5
    first_wait_s: float = 0.5
    most_failed: int = 50
    fresh_s: float = FRESH_S


class FileFetcher:
    """Fetches files; each address is asked for once, for as long as this is open.

    Args:
        settings: From where, and within which limits.
        cache: Where the files are kept.
        own: Addresses that the caller wrote out, as one types a command: their hosts need not be named.

    Raises:
        CatalogError: A host is written as none can be, or none is named.
        PhotoError: An own address can't be understood.
    """

    def __init__(self, settings: Fetching, cache: FetchedFiles | None = None, own: Sequence[str] = ()) -> None:
        self.settings = settings
        addresses = [FileAddress.parse(each) for each in own]
        named = AllowedHosts.of(settings.hosts) if settings.hosts or not own else AllowedHosts.of_own(addresses)
        self.hosts = named.with_own(addresses)
        self.cache = cache or FetchedFiles()
        self._failed: Counter[str] = Counter()  # files in a row, by host
        self._found: dict[str, FetchedFile | PhotoError] = {}
        self._web: WebFiles | None = None
        self._buckets: BucketFiles | None = None

    def __enter__(self) -> Self:
        self._using = ExitStack()
        self._using.enter_context(self.cache.in_use())
        self._loop = asyncio.new_event_loop()
        self._slots = asyncio.Semaphore(self.settings.at_once)
        self._thread = Thread(target=self._loop.run_forever, name="sakka-fetch", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._using.close()

    def fetch(self, addresses: Iterable[str], called: str = "photos fetched") -> None:
        """Fetch what is at some addresses, reporting progress; `file` then has it at once."""
        missing = [address for address in dict.fromkeys(addresses) if address not in self._found]
        if missing:
            with task(called, len(missing)) as running:
                self._run(self._fetch_all(missing, running.advance))

    def file(self, address: str) -> FetchedFile | PhotoError:
        """The file at an address, or why there is none; fetched where it was not yet.

        Raises:
            MissingPartError: The packages that fetch are not installed.
            SakkaError: The cache can't be used.
        """
        if address not in self._found:
            self._run(self._fetch_all([address], lambda: None))
        return self._found[address]

    def _run(self, work: Coroutine[None, None, None]) -> None:
        """Run what fetches, in its own thread.

        It is waited for in short steps: Python can't interrupt one long step where a package (polars does) lets the
        system take it up again after a signal.
        """
        running = asyncio.run_coroutine_threadsafe(work, self._loop)
        while not wait([running], timeout=STEP_S).done:
            if not self._thread.is_alive():  # closed meanwhile: nobody would answer
                raise PhotoError("fetching has ended", NOT_FETCHED)
        running.result()

    async def _fetch_all(self, addresses: Sequence[str], advance: Callable[[], None]) -> None:
        rest = iter(addresses)

        async def worker() -> None:
            for address in rest:
                self._found[address] = await self._answer(address)
                advance()

        await asyncio.gather(*(worker() for _ in range(min(self.settings.at_once, len(addresses)))))

    async def _answer(self, written: str) -> FetchedFile | PhotoError:
        try:
            address = FileAddress.parse(written)
            self.hosts.check(address)
            async with self._slots:
                known, age_s = self.cache.known(written) or (None, 0.0)
                self._check_bytes(known.n_bytes if known else 0)
                if known is not None and age_s <= self.settings.fresh_s:
                    return known
                return await self._asked(written, address, known)
        except PhotoError as error:
            return type(error)(f"{shown_address(written)}: {error}", error.reason)

    async def _asked(self, written: str, address: FileAddress, known: FetchedFile | None) -> FetchedFile:
        if self._failed[address.named] >= self.settings.most_failed:
            failed = f"{self.settings.most_failed} photos in a row could not be fetched from {address.named}"
            raise PhotoError(f"not asked for, since {failed}; try again later", NOT_FETCHED)
        try:
            found = await self._tries(written, address, known)
        except TryAgain as failure:
            self._failed[address.named] += 1
            raise PhotoError(str(failure), NOT_FETCHED) from failure
        self._failed[address.named] = 0
        return found

    async def _tries(self, written: str, address: FileAddress, known: FetchedFile | None) -> FetchedFile:
        wait_s, failed = self.settings.first_wait_s, ""
        try:
            async with asyncio.timeout(self.settings.file_s):
                for tries_left in reversed(range(self.settings.tries)):
                    try:
                        return await self._once(written, address, known)
                    except TryAgain as failure:
                        failed = str(failure)
                        if tries_left:
                            await asyncio.sleep(max(wait_s, failure.after_s))
                            wait_s *= 2
        except TimeoutError:
            failed = f"not here after {self.settings.file_s:g} s" + (f"; before that {failed}" if failed else "")
            raise TryAgain(failed) from None
        raise TryAgain(f"{failed}, {self.settings.tries} times")

    async def _once(self, written: str, address: FileAddress, known: FetchedFile | None) -> FetchedFile:
        try:
            return await self._received(written, address, known.etag if known else None)
        except Unchanged:
            if known is None:
                raise TryAgain("the server says that it is unchanged, which was not asked") from None
            self.cache.note(written, known)
            return known

    async def _received(self, written: str, address: FileAddress, etag: str | None) -> FetchedFile:
        with self.cache.part() as part:
            async with self._opened(address, etag) as answer:
                self._check_bytes(answer.n_bytes or 0)
                digest, received = hashlib.sha256(), 0
                with part.open("wb") as file:
                    async for piece in answer.pieces:
                        received += len(piece)
                        self._check_bytes(received)
                        digest.update(piece)
                        file.write(piece)
            if received != (answer.n_bytes or received):
                raise TryAgain(f"got {received:,} bytes, announced were {answer.n_bytes:,}")
            found = FetchedFile(digest.hexdigest(), received, answer.etag)
            self.cache.keep(written, found, part)
            return found

    def _check_bytes(self, n_bytes: int) -> None:
        if n_bytes > self.settings.most_bytes:
            raise PhotoError(f"more than the {self.settings.most_bytes:,} bytes that it may have", NOT_FETCHED)

    @asynccontextmanager
    async def _opened(self, address: FileAddress, etag: str | None) -> AsyncIterator[FileAnswer]:
        source: FileSource = self._bucket_files() if address.scheme in BUCKETS else self._web_files()
        strong = None if etag is None or etag.startswith("W/") else etag  # the same bytes, not only as good ones
        async with source.open(address, strong) as answer:
            yield answer

    def _web_files(self) -> "WebFiles":
        if self._web is None:
            try:
                from sakka.remote.web import WebFiles
            except ImportError as error:
                raise MissingPartError("httpcore2, which photos at https:// come by,", EXTRA, error) from error
            self._web = WebFiles(self.hosts, self.settings.at_once, self.settings.silent_s)
        return self._web

    def _bucket_files(self) -> "BucketFiles":
        if self._buckets is None:
            try:
                from sakka.remote.buckets import BucketFiles
            except ImportError as error:
                raise MissingPartError("obstore, which photos at s3:// and gs:// come by,", EXTRA, error) from error
            self._buckets = BucketFiles(self.hosts, self.settings.silent_s)
        return self._buckets

    async def _close(self) -> None:
        """End what is still being fetched, and close the connections."""
        running = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._web is not None:
            await self._web.close()
