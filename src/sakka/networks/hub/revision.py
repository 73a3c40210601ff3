"""A repository of a hub at one commit, by the name that it is chosen with: `hf:REPOSITORY@COMMIT`.

A branch or a tag can be moved to other weights, and vectors and models that were made before would no longer fit. So
only a commit is taken; who names a branch is told the commit that it points to at present.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from sakka.cache import cache_folder
from sakka.errors import ModelError
from sakka.networks.hub.connection import page, present_commit

KIND = "hf"
REPOSITORY = re.compile(r"(?=.{1,96}$)[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Revision:
    """A repository at a commit.

    Attributes:
        repository: Such as `google/siglip2-base-patch16-224`.
        commit: 40 hexadecimal digits.
    """

    repository: str
    commit: str

    def __str__(self) -> str:
        return f"{KIND}:{self.repository}@{self.commit}"

    @property
    def file_name(self) -> str:
        """The repository as a file name."""
        return self.repository.replace("/", "--")

    @property
    def folder(self) -> Path:
        """Where its files are kept."""
        return cache_folder() / "hub" / self.file_name / self.commit


def named_revision(what: str) -> Revision:
    """The revision in a name.

    Args:
        what: `REPOSITORY@COMMIT`.

    Raises:
        ModelError: It names no repository, or no commit.
    """
    repository, _, commit = what.partition("@")
    if not REPOSITORY.fullmatch(repository) or ".." in repository or "--" in repository:
        raise ModelError(
            f"got {KIND}:{what}; expected {KIND}:REPOSITORY@COMMIT, such as "
            f"{KIND}:google/siglip2-base-patch16-224@ and the 40 digits of a commit"
        )
    if not COMMIT.fullmatch(commit):
        raise ModelError(_what_commit(repository, commit))
    return Revision(repository, commit)


def _what_commit(repository: str, got: str) -> str:
    found = present_commit(repository, got or None)
    if found and COMMIT.fullmatch(found):
        advice = f"{got or 'its main branch'} is at present {KIND}:{repository}@{found}: write that"
    else:
        advice = f"copy one from {page(repository)}/commits/main"
    return (
        f"got {KIND}:{repository}{f'@{got}' if got else ''}, which can change; expected the 40 hexadecimal digits of a "
        f"commit after the @; {advice}"
    )
