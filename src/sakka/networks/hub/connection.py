"""What a hub is asked through huggingface_hub, and its refusals in one line each.

A message holds statuses and addresses of pages, never what was sent: no token, no signed address of a file.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from logging import ERROR
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from sakka.errors import MissingPartError, WeightsError
from sakka.files import without_password
from sakka.progress import Task, task

HUB = "https://huggingface.co"
STORING = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}
UNAUTHORISED = 401
ANSWER_SECONDS, HINT_SECONDS = 20.0, 5.0


@dataclass(frozen=True)
class ListedFile:
    """A file of a repository.

    Attributes:
        n_bytes: Its size.
        sha256: Of its bytes, where the hub knows it (large files).
        blob: The name that git has for it: the SHA-1 of `blob SIZE`, a zero byte and its bytes; of small files.
    """

    n_bytes: int
    sha256: str | None = None
    blob: str | None = None


@dataclass(frozen=True)
class Contents:
    """What a repository has at a commit.

    Attributes:
        files: By name.
        licence: As the repository says; empty where it says none.
    """

    files: Mapping[str, ListedFile]
    licence: str


def endpoint() -> str:
    """The hub's address: `HF_ENDPOINT` where it is set."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def page(repository: str) -> str:
    """The address of a repository's page, as messages show it."""
    return f"{without_password(endpoint())}/{repository}"


def present_commit(repository: str, revision: str | None) -> str | None:
    """The commit that a branch or a tag points to at present; None where it can't be found out.

    Args:
        repository: The repository.
        revision: A branch, a tag, or the start of a commit; None: the main branch.
    """
    try:
        import huggingface_hub
        from httpx2 import HTTPError
    except ImportError:
        return None
    try:
        with _reserved():
            hub = huggingface_hub.HfApi(endpoint=endpoint())
            return hub.model_info(repository, revision=revision, timeout=HINT_SECONDS).sha
    except (OSError, HTTPError, ValueError, LookupError, TypeError, AttributeError):
        return None


def contents_of(repository: str, commit: str) -> Contents:
    """What a repository has at a commit.

    Raises:
        WeightsError: The hub doesn't say, or has no such commit.
        MissingPartError: huggingface_hub is not installed.
    """
    with _connection(repository, commit) as hub:
        found = hub.HfApi(endpoint=endpoint()).model_info(
            repository, revision=commit, files_metadata=True, timeout=ANSWER_SECONDS
        )
    if found.sha != commit:
        raise WeightsError(f"{page(repository)} gave commit {found.sha}, expected {commit}; copy the commit again")
    files = {
        each.rfilename: ListedFile(each.size, each.lfs.sha256 if each.lfs else None, each.blob_id)
        for each in found.siblings or []
        if each.size is not None
    }
    return Contents(MappingProxyType(files), _licence(found.card_data))


def download(repository: str, commit: str, name: str, n_bytes: int, folder: Path) -> Path:
    """Download a file of a repository into a folder, reporting progress in KiB; gives its path.

    Args:
        repository: The repository.
        commit: Its commit.
        name: The file.
        n_bytes: Its size; no more is taken.
        folder: Where it goes.

    Raises:
        WeightsError: It can't be had, or is longer.
    """
    with _connection(repository, commit) as hub, task(f"download {name}", total=n_bytes // 1024) as running:
        path = hub.hf_hub_download(
            repository,
            name,
            revision=commit,
            endpoint=endpoint(),
            local_dir=folder,
            etag_timeout=ANSWER_SECONDS,
            tqdm_class=partial(_Received, running, n_bytes),
        )
    return Path(path)


class _Received:
    """What huggingface_hub takes for a progress bar; it ends a download that is longer than announced."""

    def __init__(self, running: Task, most: int, initial: int = 0, **_: object) -> None:
        self.running, self.most, self.received = running, most, initial

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        pass

    def update(self, n_bytes: int) -> None:
        """Count bytes."""
        self.running.advance((self.received + n_bytes) // 1024 - self.received // 1024)
        self.received += n_bytes
        if self.received > self.most:
            raise WeightsError(f"a file has more than the {self.most:,} bytes that the hub announced; try again later")

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _connection(repository: str, commit: str) -> Iterator[Any]:
    """The package huggingface_hub; what it raises becomes one line."""
    try:
        import huggingface_hub
        from httpx2 import HTTPError
    except ImportError as error:
        raise MissingPartError("huggingface_hub, which networks named hf: are fetched with,", "hub", error) from error
    try:
        with _reserved():
            yield huggingface_hub
    except (OSError, HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
        if getattr(error, "errno", None) in STORING:
            raise
        raise WeightsError(f"hf:{repository}@{commit}: {_reason(error, repository)}") from error


@contextmanager
def _reserved() -> Iterator[None]:
    """huggingface_hub without warnings on the terminal, and without telling the hub of other software here."""
    from huggingface_hub import constants
    from huggingface_hub.utils import logging

    before = logging.get_verbosity(), constants.HF_HUB_DISABLE_TELEMETRY
    logging.set_verbosity(ERROR)
    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        yield
    finally:
        logging.set_verbosity(before[0])
        constants.HF_HUB_DISABLE_TELEMETRY = before[1]


def _reason(error: Exception, repository: str) -> str:
    from huggingface_hub import errors

    status = getattr(getattr(error, "response", None), "status_code", 0)
    at, hub = page(repository), without_password(endpoint())
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "not on this machine, and HF_HUB_OFFLINE is set; fetch it once without that"
    if isinstance(error, errors.GatedRepoError):
        return f"its terms are to be accepted ({status}): do so on {at}, and set HF_TOKEN"
    if isinstance(error, errors.RepositoryNotFoundError) or status == UNAUTHORISED:
        return f"no such repository at {at}, or a private one ({status}); check the name, or set HF_TOKEN"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"no such commit ({status}); copy one from {at}/commits/main"
    if status:
        return f"{hub} answered with {status}; look at {at}, or try again later"
    if "Consistency check" in str(error):
        return "a file came cut off; try again"
    if isinstance(error, errors.FileMetadataError | ValueError | LookupError | TypeError | AttributeError):
        return f"{hub} does not answer as a hub does; check HF_ENDPOINT and the proxy"
    said = " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
    return f"no connection to {hub} ({said}); check the network, and HF_ENDPOINT where a mirror is used"


def _licence(card: Any) -> str:
    return str(getattr(card, "license_name", None) or getattr(card, "license", None) or "")
