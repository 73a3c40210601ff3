"""Writing to a folder at an address: a local folder is worked in, and what is finished there is sent as it is.

An object store has no folder that could be renamed, so the order does it: files go in the order in which they were
finished, what describes the folder last, and what is no longer there is removed after that. Whoever reads meanwhile
sees that the description and the files don't agree, and waits (`copies.py`).
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path

from sakka.errors import MissingPartError, SakkaError
from sakka.files import sha256_of
from sakka.progress import track
from sakka.remote.cache import FOLDERS, FetchedFiles
from sakka.remote.copies import CATALOG, MANIFEST, MOST_FILES, PLAN, fetched_files, speaking_of
from sakka.remote.folder import Bucket, RemoteFolder, is_hidden, is_safe
from sakka.remote.lock import RemoteLock

AT_ONCE = 16


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder on the cache's disk; also removed when a process that had one was killed."""
    cache = FetchedFiles()
    with cache.in_use():
        (cache.folder / FOLDERS).mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="working-", dir=(cache.folder / FOLDERS).resolve()))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def send_folder(local: Path, remote: RemoteFolder, last: str, before: Iterable[str] = ()) -> None:
    """Send all files of a local folder, those at its top first, and the one that describes it last.

    Args:
        local: The folder.
        remote: Where to.
        last: The name of the file that comes last.
        before: The files that a folder there had before; those that this one has not are removed.

    Raises:
        SakkaError: One can't be written.
    """
    bucket = Bucket(remote)
    names = sorted(_files_below(local), key=lambda name: (name == last, name.count("/"), name))
    for name in track(names, "files sent", total=len(names)):
        bucket.send(local / name, name)
    bucket.remove(sorted({*before} - {*names}))


def send_by_sha256(photos: Mapping[str, Path], bucket: Bucket, name_of: Callable[[str], str]) -> None:
    """Send photos that are not there yet, several at once.

    Args:
        photos: Files by the SHA-256 that they have to have.
        bucket: Where to.
        name_of: The name of a photo there, by its SHA-256.

    Raises:
        SakkaError: A file is not the one of its SHA-256, or can't be read or written.
    """

    def send(photo: tuple[str, Path]) -> None:
        sha256, path = photo
        if sha256_of(path) != sha256:
            raise SakkaError(f"{path} is not the photo that the catalog was built with; build the catalog again")
        bucket.send(path, name_of(sha256))

    with ThreadPoolExecutor(AT_ONCE, "sakka-send") as pool:
        for _ in track(pool.map(send, photos.items()), "photos sent", total=len(photos)):
            pass


@contextmanager
def working_in(folder: Path | str, error: Callable[[str], SakkaError], *, goes_on: bool = False) -> Iterator[Path]:
    """A folder to write to: itself, or for an address a local one, whose finished files are sent at the end.

    Args:
        folder: A path or an address.
        error: What is raised where it can't be read or written.
        goes_on: Whether what stands there is worked on: it is fetched first, others are kept out meanwhile, what
            `send_finished` finds is sent at once, also before an error, and what is removed here is removed there. Else
            a folder with a model, a catalog or a run is refused.
    """
    remote = RemoteFolder.of(folder)
    if remote is None:
        yield Path(folder)
        return
    with ExitStack() as held:
        local = held.enter_context(temporary_folder())
        held.enter_context(speaking_of(remote, local))
        with _raising(error, remote.address):
            working = _Working(local, Bucket(remote))
            working.check_free(goes_on=goes_on)
            if goes_on:
                working.lock = held.enter_context(RemoteLock(working.bucket))
                working.fill()
        _open[local] = working
        try:
            yield local
        except BaseException:
            with suppress(SakkaError):  # what of a run is finished is kept; the error is another
                if goes_on:
                    working.send()
            raise
        finally:
            del _open[local]
        with _raising(error, remote.address):
            working.send()


def send_finished(folder: Path) -> None:
    """Send what is finished in a folder that `working_in` gave, or in one below it; of another there is nothing to do.

    Raises:
        SakkaError: It can't be written, or somebody else has taken the folder over.
    """
    for local, working in _open.items():
        if folder == local or local in folder.parents:
            working.send()


class _Working:
    """A local folder, and what of it is in the bucket.

    Args:
        local: The folder.
        bucket: The bucket.
    """

    def __init__(self, local: Path, bucket: Bucket) -> None:
        self.local, self.bucket = local, bucket
        self.lock: RemoteLock | None = None
        self._sent: dict[str, tuple[int, int]] = {}

    def check_free(self, *, goes_on: bool) -> None:
        """Check that nothing of another kind stands there, before anything is fetched or sent.

        Args:
            goes_on: Whether it may be a run, which has a catalog's description too.

        Raises:
            SakkaError: Something does.
        """
        found = {each.name for each in self.bucket.top_files()[0]} & {MANIFEST, PLAN, CATALOG}
        if found and not (goes_on and PLAN in found):
            wanted = "a run" if goes_on else "a report"
            raise SakkaError(f"{self.bucket.remote.address} has {min(found)}; choose another folder for {wanted}")

    def fill(self) -> None:
        """Put what the bucket has into the folder."""
        listed = (each.name for each in self.bucket.files() if is_safe(each.name) and not is_hidden(each.name))
        names = list(islice(listed, MOST_FILES + 1))
        if len(names) > MOST_FILES:
            raise SakkaError(f"{self.bucket.remote.address} has more than {MOST_FILES:,} files; give another folder")
        cache = FetchedFiles()
        for name, found in fetched_files(self.bucket.remote, dict.fromkeys(names), cache).items():
            (self.local / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(cache.path(found.sha256), self.local / name)  # what is written to changes no cached file
        self._sent = self._states()

    def send(self) -> None:
        """Send what has changed since, in the order in which it was finished.

        What a run has no more goes first: its results do not count together with what comes anew.
        """
        now = self._states()
        gone = [name for name in self._sent if name not in now]
        if self.lock is not None:
            self.lock.check()
            self.bucket.remove(gone)
        changed = [name for name in now if self._sent.get(name) != now[name]]
        for name in sorted(changed, key=lambda name: now[name][1]):
            self.bucket.send(self.local / name, name)
            self._sent[name] = now[name]
        self._sent = now

    def _states(self) -> dict[str, tuple[int, int]]:
        found = {name: (self.local / name).stat() for name in _files_below(self.local)}
        return {name: (state.st_size, state.st_mtime_ns) for name, state in found.items()}


_open: dict[Path, _Working] = {}


def _files_below(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not is_hidden(name))


@contextmanager
def _raising(error: Callable[[str], SakkaError], address: str) -> Iterator[None]:
    try:
        yield
    except MissingPartError:
        raise
    except SakkaError as trouble:
        raise error(str(trouble)) from trouble
    except OSError as trouble:
        raise error(
            f"{address} can't be copied ({trouble.strerror or trouble}); check the disk, and that no name there is "
            "too long or a file's and a folder's"
        ) from trouble
