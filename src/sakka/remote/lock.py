"""Who is at work in a folder of a bucket: an object that can be made once only (`If-None-Match`).

Its owner writes anew every minute that it is alive. An owner that has not done so for five minutes, or whose process on
this machine is no more, is taken for dead, and its object replaced, again on the condition that it is still the same.
A token in it tells an owner whose own writing was answered by nobody from one who was replaced.
"""

import json
import os
import secrets
import socket
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Self

from sakka.errors import SakkaError
from sakka.remote.folder import Bucket

LOCK = ".lock"
RENEWED_S, DEAD_S = 60.0, 300.0


class RemoteLock:
    """Keeps others out of a folder in a bucket, as a context.

    Args:
        bucket: The folder.

    Raises:
        SakkaError: Somebody is at work there; the message says who.
    """

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._since = time.time()
        self._token = secrets.token_hex(16)
        self._writing = Lock()
        self._ended = Event()
        self._state: dict[str, str] | None = None

    def __enter__(self) -> Self:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            there = self.bucket.content(LOCK)
            self._write("create" if there is None else self._state_of_dead(*there))
        except (AlreadyExistsError, PreconditionError) as error:
            there = self.bucket.content(LOCK)
            said = "somebody" if there is None else _owner(there[0])
            raise SakkaError(f"{said} is at work in {self._address}; wait until it has ended") from error
        self._thread = Thread(target=self._renew, name="sakka-lock", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(SakkaError):  # it is taken for dead after a while
            if self._is_ours(self.bucket.content(LOCK)):
                self.bucket.remove([LOCK])

    def check(self) -> None:
        """Check that nobody has taken the folder over, by writing anew: this process may have been stopped for long.

        Raises:
            SakkaError: Somebody has, or the lock can't be written.
        """
        if not self._renewed():
            raise SakkaError(f"{self._address} was taken over by another process; give the same command again later")

    @property
    def _address(self) -> str:
        return self.bucket.remote.address

    def _state_of_dead(self, content: bytes, etag: str | None, version: str | None) -> dict[str, str]:
        try:
            owner = json.loads(content)
            silent_s, machine, process = time.time() - owner["alive"], owner["machine"], int(owner["process"])
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise SakkaError(f"{self._address}/{LOCK} is not a lock of sakka's; remove it") from error
        if -DEAD_S < silent_s < DEAD_S and not (machine == _machine() and not _is_alive(process)):
            raise SakkaError(
                f"{_owner(content)} is at work in {self._address}; wait until it has ended, or "
                f"{DEAD_S - silent_s:.0f} s if it was killed"
            )
        return _state(etag, version)

    def _write(self, mode: Any) -> None:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        owner = {
            "host": socket.gethostname(),
            "process": os.getpid(),
            "machine": _machine(),
            "since": self._since,
            "alive": time.time(),
            "token": self._token,
        }
        try:
            self._state = _state(*self.bucket.send(json.dumps(owner).encode(), LOCK, mode=mode))
        except (AlreadyExistsError, PreconditionError):
            there = self.bucket.content(LOCK)
            if there is None or not self._is_ours(there):
                raise
            self._state = _state(*there[1:])  # it was written, and the answer was lost

    def _is_ours(self, there: tuple[bytes, str | None, str | None] | None) -> bool:
        with suppress(ValueError, KeyError, TypeError):
            return there is not None and json.loads(there[0])["token"] == self._token
        return False

    def _renewed(self) -> bool:
        """Write anew; False where somebody else has taken the folder over."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._writing:
            if self._state is not None:
                try:
                    self._write(self._state)
                except (AlreadyExistsError, PreconditionError):
                    self._state = None
            return self._state is not None

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED_S):
            with suppress(SakkaError):  # else the next time
                if not self._renewed():
                    return


def _state(etag: str | None, version: str | None) -> dict[str, str]:
    return {name: value for name, value in (("e_tag", etag), ("version", version)) if value is not None}


def _owner(content: bytes) -> str:
    try:
        owner = json.loads(content)
        since = time.strftime("%Y-%m-%d %H:%M", time.gmtime(owner["since"]))
        return f"process {owner['process']} on {owner['host']} (since {since} UTC)"
    except (ValueError, KeyError, TypeError, OverflowError, OSError):  # of a time that no calendar has
        return "somebody"


def _machine() -> str:
    """What tells processes of one number on several machines, and in several containers, apart."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
