"""sakka (作家, the maker of a work): names the creator of a handmade work from its photo and its text."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sakka.version import __version__ as __version__

if TYPE_CHECKING:
    from sakka.catalog.build import build_catalog
    from sakka.catalog.works import Catalog, Work
    from sakka.models.folder import load_model, save_model
    from sakka.models.fused import FusedModel

_PLACES = {
    "Catalog": "sakka.catalog.works",
    "FusedModel": "sakka.models.fused",
    "Work": "sakka.catalog.works",
    "load_model": "sakka.models.folder",
    "save_model": "sakka.models.folder",
    "build_catalog": "sakka.catalog.build",
}

__all__ = ["Catalog", "FusedModel", "Work", "build_catalog", "load_model", "save_model"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import sakka` and the command line start fast."""
    if name not in _PLACES:
        raise AttributeError(f"module 'sakka' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
