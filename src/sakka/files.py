"""Files that are written whole, then renamed, so that an interruption never leaves half a file behind."""

import csv
import ctypes
import fcntl
import glob
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

CHUNK_BYTES = 1 << 20
AT_WORKING_FOLDER, SWAP = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux's renameat2
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
_ADDRESS = re.compile(r"^([a-z][a-z0-9+.-]+):/(/?)", re.IGNORECASE)  # one letter is a drive of Windows


def remote_address(path: Path | str) -> str | None:
    """The address that was given where a path is expected; None where it is a path.

    A `Path` drops one of an address's slashes; here it has both again.

    >>> remote_address(Path("s3://bucket/works")), remote_address("works/1.jpg")
    ('s3://bucket/works', None)
    """
    found = _ADDRESS.match(str(path))
    return f"{found[1]}://{str(path)[found.end() :]}" if found else None


def as_written(path: Path | str) -> str:
    """A path as it was given, for messages; an address without its password.

    >>> as_written(Path("s3://shop/model")), as_written(Path("model"))
    ('s3://shop/model', 'model')
    """
    address = remote_address(path)
    return str(path) if address is None else shown_address(address)


def shown_address(written: str) -> str:
    """An address as a message may show it: without a name and a password, and of a web server without its options.

    A password may have any character, so where there is one, or a port, all is cut up to the last @.

    >>> shown_address("https://me:secret@shop.example/1.jpg?signature=secret"), shown_address("s3://shop/a?.jpg")
    ('https://shop.example/1.jpg', 's3://shop/a?.jpg')
    >>> shown_address("https://me:se/cr#t@shop.example/1.jpg"), shown_address("https://shop.example/a@2x.jpg")
    ('https://shop.example/1.jpg', 'https://shop.example/a@2x.jpg')
    """
    shown = re.sub(r"^([a-z0-9+.-]+://)[^/?#]*[:@].*@", r"\1", written, flags=re.IGNORECASE | re.DOTALL)
    shown = re.sub(r"^([a-z0-9+.-]+://)[^/?#@]*@", r"\1", shown, flags=re.IGNORECASE)
    return shown if shown.lower().startswith(("s3://", "gs://")) else re.split("[?#]", shown, maxsplit=1)[0]


def without_password(address: str) -> str:
    """An address as it may be shown, without its password and its options; a path stays as it is.

    >>> without_password("postgresql://me:secret@localhost:5432/shop?password=secret"), without_password("shop?.csv")
    ('postgresql://me@localhost:5432/shop', 'shop?.csv')
    """
    if "://" not in address:
        return address
    if "?" in address.rpartition("@")[0]:  # in a password, or an @ in an option: which of them can't be told
        return re.sub(r"(://[^:/?#@]*).*", r"\1", address, flags=re.DOTALL)
    return re.sub(r"://([^:/?#@]*).*@", r"://\1@", address, flags=re.DOTALL).partition("?")[0]


def why_not_a_folder(path: Path) -> str:
    """Why a path can't be read as a folder, as the start of a message; empty where it is one.

    >>> why_not_a_folder(Path("nothing/here"))
    'there is no folder nothing/here'
    """
    if path.is_dir():
        return ""
    if (address := remote_address(path)) is not None:
        return f"{without_password(address)} is an address, not a folder of this machine"
    return f"{path} is a file" if path.exists() else f"there is no folder {path}"


def why_no_name(path: Path) -> str:
    r"""Why a path can't be the name of an output, as a message; empty where it can.

    >>> why_no_name(Path("花")), why_no_name(Path("a\udcff"))
    ('', "'a\\udcff' is no UTF-8; choose another name")
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return f"{str(path)!r} is no UTF-8; choose another name"
    return ""


@contextmanager
def writing_whole(path: Path, *, one_of_many: bool = False) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to `path` when the block ends without an error.

    What the disk has of the file then is whole, also where the power fails. What a process that was killed left of the
    same file is removed.

    Args:
        path: Where the file goes; its folder is made if it is missing.
        one_of_many: Whether it is one of thousands that are made or fetched again where they are missing or damaged;
            the disk is not waited for then, and nothing looked for that was left.

    Yields:
        The path to write to. It is removed when the block raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not one_of_many:
        _remove_abandoned(path)
    with _new_beside(path, tempfile.mkstemp) as part:
        try:
            yield part
            part.chmod(0o644)
            if not one_of_many:
                _sync(part)
            part.replace(path)
            if not one_of_many:
                _sync(path.parent)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def writing_whole_folder(folder: Path, *, one_of_many: bool = False) -> Iterator[Path]:
    """An empty folder beside `folder`, which replaces `folder` when the block ends without an error.

    Args:
        folder: Where the folder goes; a folder that is already there is replaced.
        one_of_many: As `writing_whole` has it.

    Yields:
        The folder to fill. It is removed when the block raises.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not one_of_many:
        _remove_abandoned(folder)
    with _new_beside(folder, tempfile.mkdtemp) as part:
        try:
            yield part
            part.chmod(0o755)
            for path in () if one_of_many else (*part.rglob("*"), part):
                _sync(path)
            if not folder.exists():
                part.replace(folder)
            elif not _exchange(part, folder):
                old = part.with_suffix(".old.part")
                folder.replace(old)
                part.replace(folder)
                shutil.rmtree(old)
            if not one_of_many:
                _sync(folder.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _new_beside(path: Path, make: Callable[..., Any]) -> Iterator[Path]:
    """A new file or folder beside a path, with a lock by which others see that it is not abandoned."""
    handle, part = _locked_beside(path, make)
    try:
        yield part
    finally:
        os.close(handle)


def _locked_beside(path: Path, make: Callable[..., Any]) -> tuple[int, Path]:
    while True:
        made = make(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        handle, name = (os.open(made, os.O_RDONLY), made) if isinstance(made, str) else made
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_own = _is_at(handle, Path(name))
        except BlockingIOError:  # another process takes it for abandoned
            is_own = False
        except OSError:  # a disk without locks, where nothing is taken for abandoned
            is_own = True
        if is_own:
            return handle, Path(name)
        os.close(handle)


def _remove_abandoned(path: Path) -> None:
    """Remove what processes that were killed left of a file or folder: nobody holds its lock."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):
            handle = os.open(part, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if part.is_dir():
                    shutil.rmtree(part)
                else:
                    part.unlink()
            finally:
                os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file or folder is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    """Wait until the disk has a file's bytes, or a folder's names where the system can."""
    with suppress(OSError) if path.is_dir() else nullcontext():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step, so that at no moment one is missing; False where the system can't."""
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2  # Linux
    except (AttributeError, OSError, TypeError):
        return False
    return bool(swap(AT_WORKING_FOLDER, os.fsencode(one), AT_WORKING_FOLDER, os.fsencode(other), SWAP) == 0)


@contextmanager
def opened_folder(folder: Path) -> Iterator[tuple[Path, Callable[[], bool]]]:
    """A folder that stays the one that it is now, also where another takes its place meanwhile.

    Yields:
        A path to it, and a function that says whether it is still the one at its path.

    Raises:
        OSError: There is no such folder.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        path = Path(f"/proc/self/fd/{handle}")  # of Linux
        yield (path if path.exists() else folder), partial(_is_at, handle, folder)
    finally:
        os.close(handle)


@contextmanager
def alone_in(folder: Path, lock: Path, error: Callable[[str], Exception], *, waits: bool = False) -> Iterator[None]:
    """Keep a second process out of a folder; the lock goes with the process, however it ends.

    Args:
        folder: The folder.
        lock: A file, which is there meanwhile; in the folder, or beside one that is replaced as a whole.
        error: What is raised where another process is at work there, or the lock can't be made.
        waits: Whether to wait for another process instead.
    """
    while True:
        try:
            file = lock.open("w")
        except OSError as trouble:
            raise error(f"{folder} can't be written to: {trouble.strerror}; choose another folder") from trouble
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
            except BlockingIOError as locked:
                raise error(f"another process is at work in {folder}; wait until it has ended") from locked
            if _is_at(file.fileno(), lock):  # else who had it has removed it since
                try:
                    yield
                finally:
                    lock.unlink(missing_ok=True)
                return


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole, then rename."""
    with writing_whole(path) as part:
        part.write_text(text, encoding="utf-8")


def no_formula(cell: str) -> str:
    """A cell of a csv that no spreadsheet takes for a formula: one that would be gets an apostrophe before it.

    Source: https://owasp.org/www-community/attacks/CSV_Injection

    >>> no_formula("=1+1"), no_formula("-12.5"), no_formula("花")
    ("'=1+1", '-12.5', '花')
    """
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(cell) else cell


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    r"""Write rows, the head first, as the CSV that a spreadsheet opens (RFC 4180 but for line feeds).

    It begins with the mark that says it is UTF-8, without which Excel shows Japanese as noise; no cell is taken for a
    formula.

    >>> csv_text([("title", "price"), ("Rose, red", "=1+1")])
    '\ufefftitle,price\n"Rose, red",\'=1+1\n'
    """
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(map(no_formula, row) for row in rows)
    return f"\ufeff{buffer.getvalue()}"


def canonical_json(value: Any) -> str:
    r"""Write a JSON value in the one form that sakka stores: sorted keys, two spaces, a line feed at the end.

    >>> canonical_json({"b": 1, "a": "作家"})
    '{\n  "a": "作家",\n  "b": 1\n}\n'
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value in canonical form, whole, then rename."""
    write_text(path, canonical_json(value))


def with_checksum(content: dict[str, Any]) -> dict[str, Any]:
    """A JSON object with the SHA-256 of its canonical form beside it, as `sha256`.

    >>> with_checksum({"works": 1})["sha256"][:8]
    '2a26090b'
    """
    return {**content, "sha256": hashlib.sha256(canonical_json(content).encode()).hexdigest()}


def read_with_checksum(text: str) -> dict[str, Any]:
    """The JSON object, without its checksum, of a text that `write_json` wrote of what `with_checksum` gave.

    Raises:
        ValueError: A byte of it was changed.
    """
    found = json.loads(text)
    content = {key: value for key, value in found.items() if key != "sha256"}
    if canonical_json(with_checksum(content)) != text:
        raise ValueError("its own sha256 differs")
    return content


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes in hexadecimal, reading it in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
