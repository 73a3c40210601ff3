"""The exceptions of sakka.

A message says what was got, what was expected and what to do, on one line. It speaks Python, whoever reads it: an
argument that would help stands in backticks as one writes it (`min_works=7`, `columns={"id": COLUMN}`, `only`), and so
does a call (`build_catalog`). The command line puts its own options and commands in their place
(`cli/wording.py`), prints the message and exits with code 2; a traceback there is a bug.

    SakkaError
    ├── CatalogError      a listing or a catalog folder that can't be used
    ├── PhotoError        a photo that can't be read or that is too large
    ├── SplitError        works that can't be divided into folds
    ├── WeightsError      pretrained weights that are missing or not what they should be
    ├── ModelError        a model that is unknown, not fitted, or not usable for the works given
    │   └── ModelFolderError   a saved model that is damaged, changed or of another version
    ├── RunError          a run folder that is damaged or belongs to other arguments
    ├── SearchError       an index that can't be used, or a question that it can't answer
    │   └── IndexDatabaseError  an index that is damaged or gone, or that can't be written to
    ├── ServeError        a server that can't be started as asked
    ├── EngineError       workers elsewhere that can't be reached, or that died
    └── MissingPartError  an optional dependency that is not installed
"""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse


class SakkaError(Exception):
    """Anything that the person who called sakka can mend; it can be sent to another process."""

    def __reduce__(self) -> tuple[Any, ...]:
        """The class, the message and the attributes: a class may make its message of other arguments."""
        return Exception.__new__, (type(self), *self.args), vars(self)


class CatalogError(SakkaError):
    """A listing or a catalog folder can't be used."""


class PhotoError(SakkaError):
    """A photo can't be read, is of a kind that is not accepted, or is too large.

    Attributes:
        reason: The kind of trouble in a few words that are the same for every photo, to count by.
    """

    def __init__(self, message: str, reason: str = "photo unreadable") -> None:
        super().__init__(message)
        self.reason = reason


class SplitError(SakkaError):
    """The works can't be divided into the folds asked for."""


class WeightsError(SakkaError):
    """Pretrained weights are missing, or their bytes are not the expected ones."""


class ModelError(SakkaError):
    """A model is unknown, not fitted, or can't be used on the works given."""


class ModelFolderError(ModelError):
    """A saved model is damaged, was changed, or comes from another version."""


class RunError(SakkaError):
    """A run folder is damaged or belongs to other arguments."""


class SearchError(SakkaError):
    """An index can't be used, or a question to it can't be answered."""


class IndexDatabaseError(SearchError):
    """An index is damaged or gone, or it can't be written to."""


class ServeError(SakkaError):
    """A server can't be started with these settings."""


class EngineError(SakkaError):
    """Workers in other processes can't be reached, or died again and again."""


class MissingPartError(SakkaError):
    """An optional part is not installed.

    Args:
        part: Its name as people know it.
        extra: The extra of sakka that holds it (`pyproject.toml`).
        error: What importing it raised.
    """

    def __init__(self, part: str, extra: str, error: ImportError) -> None:
        super().__init__(f"{part} is not installed ({error}); {_install_command(extra)} adds it")


def _install_command(extra: str) -> str:
    """The command that adds an extra to this installation: from its checkout, its file or the index it came from.

    Source: https://packaging.python.org/en/latest/specifications/direct-url/ (what pip notes of an installation)
    """
    address = _installed_from()
    if not address:
        return f"pip install 'sakka[{extra}]'"
    folder = Path(unquote(urlparse(address).path))
    if not address.startswith("file:") or not (folder / "pyproject.toml").is_file():
        return f"pip install 'sakka[{extra}] @ {address}'"
    return f"pip install '{'.' if folder.samefile('.') else folder}[{extra}]'"


def _installed_from() -> str:
    """The address that pip installed sakka from; empty where it came from an index, or was not installed."""
    try:
        noted: dict[str, Any] = json.loads(distribution("sakka").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    return str(noted.get("url", ""))
