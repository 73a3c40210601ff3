"""Processes that decode the photos of others, each within limits of time and memory.

A hole in a decoder is then one in a process that has none of sakka's files open, and a photo that hangs it, fills its
memory or ends it costs that process only, in whose stead another is started for the next photo. The one that asks
counts the parts of a photo (`headers.py`), waits until there is memory for it (`memory.py`) and sends those that its
pixels depend on; what comes back are pixels, or a line that says what is wrong:

    kind, shrink, number of bytes, the bytes  ->  PIXELS, rows of RGB  or  DAMAGED, number of bytes, the words

Nothing is pickled and no lock is shared, as in the pools of multiprocessing, pebble and loky: who has taken over a
process could run code in the one that unpickles its answer, and one that is killed with a lock holds it for ever.
Each process has a socket of its own, and one thread at a time that asks it.
"""

import atexit
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from math import ceil, inf
from pathlib import Path
from queue import LifoQueue

from PIL import Image

from sakka.errors import SakkaError
from sakka.photos.headers import PhotoHeader, read_header
from sakka.photos.limits import DECODER_BYTES, DECODER_SECONDS, DECODERS
from sakka.photos.memory import TRIMMED_BYTES, give_back
from sakka.photos.pixels import pixels_of

WAITED = 12  # times the processor time that a photo may take: so long it may take on a busy machine
START_S = 60.0
MOST_WORDS = 400
BAND_PIXELS = 1 << 18  # what is sent at once: each side holds so much twice
KEPT_BYTES = 32 << 20  # of freed memory: to get it anew takes as long as decoding does
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(KEPT_BYTES),  # mallopt(3)
    "MALLOC_TRIM_THRESHOLD_": str(KEPT_BYTES),
}
_PROGRAM = "import sys; sys.path[:] = sys.argv[3:]; from sakka.photos.decoders import main; main()"
_ASKED = struct.Struct("!4sBQ")
_WORDS = struct.Struct("!H")
_READY, _PIXELS, _DAMAGED, _MEMORY = b"R", b"P", b"D", b"M"


class DecoderError(Exception):
    """A photo took more than a decoder may have, or ended it; the message goes on from the photo's name."""


class Decoders:
    """A few processes, each started when a photo finds none that is idle.

    Attributes:
        seconds: Of processor time, that a photo may take.
        most_bytes: Of memory, that a process may take beyond what it starts with.
    """

    def __init__(self, most: int = DECODERS, seconds: float = DECODER_SECONDS, most_bytes: int = DECODER_BYTES) -> None:
        """Start no process yet; there will be `most` at the most."""
        self.seconds, self.most_bytes, self._most = seconds, most_bytes, most
        self._begin()
        os.register_at_fork(after_in_child=self._begin)  # those that are here answer the process that started them
        atexit.register(self.close)

    def _begin(self) -> None:
        self._started: set[_Decoder] = set()
        self._idle: LifoQueue[_Decoder | None] = LifoQueue()
        for _ in range(self._most):
            self._idle.put(None)

    def pixels(self, header: PhotoHeader, shrink: int) -> Image.Image:
        """What `pixels_of` gives, from a process that is idle; waits for one.

        Raises:
            ValueError: The photo is damaged.
            DecoderError: It took too much, or ended its decoder.
            SakkaError: No process can be started.
        """
        process, kept = self._idle.get(), None
        try:
            if process is None or process.has_ended:
                self._end(process)
                process = _Decoder(self.seconds, self.most_bytes)
                self._started.add(process)
            found = process.pixels(header, shrink)
            kept = process
        finally:
            if kept is None:
                self._end(process)
            self._idle.put(kept)
        if isinstance(found, str):
            raise ValueError(found)
        return found

    def _end(self, process: "_Decoder | None") -> None:
        if process is not None:
            process.end()
            self._started.discard(process)

    def close(self) -> None:
        """End the processes; for the next photo one would be started."""
        for process in list(self._started):
            self._end(process)


@cache
def shared_decoders(most: int, seconds: float) -> Decoders:
    """The processes that all threads of this one share."""
    return Decoders(most, seconds)


class _Decoder:
    """A process that decodes one photo after the other."""

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._seconds, self._most_bytes = seconds, most_bytes
        self._socket, asked = socket.socketpair()
        command = [sys.executable, "-I", "-c", _PROGRAM, str(ceil(seconds)), str(most_bytes), *sys.path]
        environment = {**ENVIRONMENT, "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
        try:
            with asked:
                self._popen = subprocess.Popen(
                    command,
                    stdin=asked.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=environment,
                    process_group=0,  # Ctrl-C is for who asks
                )
        except OSError as error:
            self._socket.close()
            raise SakkaError(f"no process can be started to decode photos ({error}); end what is not needed") from error
        try:
            _received(self._socket, len(_READY), time.monotonic() + START_S)
        except BaseException as error:
            how = self.end()
            if not isinstance(error, EOFError | OSError):
                raise
            raise SakkaError(f"a process to decode photos did not start ({how}); end what is not needed") from error

    @property
    def has_ended(self) -> bool:
        """Whether it is not there any more."""
        return self._popen.poll() is not None

    def end(self) -> str:
        """Kill it, unless it has ended; says how it ended."""
        self._popen.kill()
        status = self._popen.wait()
        self._socket.close()
        return signal.Signals(-status).name if status < 0 else f"exit code {status}"

    def pixels(self, header: PhotoHeader, shrink: int) -> Image.Image | str:
        """The pixels of a photo, or what is wrong with it.

        Raises:
            DecoderError: It took too much, or ended the process; that is not to be asked again.
        """
        until_s = time.monotonic() + WAITED * self._seconds
        asked = _ASKED.pack(header.kind.encode(), shrink, sum(map(len, header.parts)))
        try:
            self._socket.settimeout(WAITED * self._seconds)
            self._socket.sendall(b"".join((asked, *header.parts)))
            answer = _received(self._socket, len(_PIXELS), until_s)
            if answer == _PIXELS:
                return self._rows(*_shrunk_size(header, shrink), until_s)
            if answer == _DAMAGED:
                (length,) = _WORDS.unpack(_received(self._socket, _WORDS.size, until_s))
                return _received(self._socket, min(length, MOST_WORDS), until_s).decode(errors="replace")
        except TimeoutError as error:
            raise DecoderError(f"takes more than {WAITED * self._seconds:g} s to decode") from error
        except (OSError, EOFError) as error:
            how = self.end()
            if how == signal.SIGXCPU.name:
                raise DecoderError(f"takes more than {self._seconds:g} s of processor time to decode") from error
            raise DecoderError(f"ended the process that decodes it ({how})") from error
        raise DecoderError(f"takes more than {self._most_bytes >> 20:,} MiB of memory to decode")

    def _rows(self, width: int, height: int, until_s: float) -> Image.Image:
        """The pixels, as they come: not all are here twice."""
        bands = _bands(width, height)
        if len(bands) == 1:
            return self._band(width, height, until_s)
        whole = Image.new("RGB", (width, height))
        for top, rows in bands:
            whole.paste(self._band(width, rows, until_s), (0, top))
        return whole

    def _band(self, width: int, rows: int, until_s: float) -> Image.Image:
        return Image.frombytes("RGB", (width, rows), _received(self._socket, 3 * width * rows, until_s))


def _shrunk_size(header: PhotoHeader, shrink: int) -> tuple[int, int]:
    width, height = header.size
    return -(-width // shrink), -(-height // shrink)


def _bands(width: int, height: int) -> list[tuple[int, int]]:
    """Where each band of a picture begins, and how many rows it has."""
    rows = max(1, BAND_PIXELS // width)
    return [(top, min(rows, height - top)) for top in range(0, height, rows)]


def _received(asked: socket.socket, count: int, until_s: float = inf) -> bytearray:
    """So many bytes.

    Raises:
        TimeoutError: They did not come in time.
        EOFError, OSError: The other end was closed.
    """
    content = bytearray(count)
    left = memoryview(content)
    while left:
        asked.settimeout(None if until_s == inf else max(0.001, until_s - time.monotonic()))
        came = asked.recv_into(left)
        if not came:
            raise EOFError
        left = left[came:]
    return content


def main() -> None:
    """Decode the photos that come through the socket that is standard input, until it is closed."""
    seconds, most_bytes = map(int, sys.argv[1:3])
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # it writes no file
        (resource.RLIMIT_AS, _held_bytes() + most_bytes),
    ):
        _set_limit(limit, most, most)
    with socket.socket(fileno=0) as asked, suppress(EOFError, OSError):
        asked.sendall(_READY)
        while _answer(asked, seconds):
            pass


def _answer(asked: socket.socket, seconds: int) -> bool:
    """Decode the next photo; whether one may be decoded after it."""
    kind, shrink, count = _ASKED.unpack(_received(asked, _ASKED.size))
    most_s = ceil(time.process_time()) + seconds
    _set_limit(resource.RLIMIT_CPU, most_s, resource.getrlimit(resource.RLIMIT_CPU)[1])
    try:
        header = read_header(kind.rstrip(b"\0").decode(), bytes(_received(asked, count)))
        pixels = pixels_of(header, shrink)
        if pixels.size != _shrunk_size(header, shrink):
            raise ValueError(f"it has {pixels.size} pixels, where its header says {_shrunk_size(header, shrink)}")
    except MemoryError:
        asked.sendall(_MEMORY)
        return False
    except Exception as error:  # noqa: BLE001  whatever a decoder raises
        words = (" ".join(str(error).split()) or type(error).__name__).encode(errors="replace")[:MOST_WORDS]
        asked.sendall(_DAMAGED + _WORDS.pack(len(words)) + words)
        return True
    asked.sendall(_PIXELS)
    for top, rows in _bands(*pixels.size):
        band = pixels if rows == pixels.height else pixels.crop((0, top, pixels.width, top + rows))
        asked.sendall(band.tobytes())
    del pixels, band
    if 4 * header.pixels >= TRIMMED_BYTES:
        give_back()
    return True


def _set_limit(limit: int, soft: int, hard: int) -> None:
    with suppress(OSError, ValueError):  # a system without it, or with a narrower one
        resource.setrlimit(limit, (soft, hard))


def _held_bytes() -> int:
    """How much memory this process has mapped; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0
