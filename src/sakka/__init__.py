"""sakka (作家, the maker of a work): names the creator of a handmade work from its photo and its text.

What a notebook needs is offered here; `docs/python.md` shows it at work. Each name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sakka.version import __version__ as __version__

if TYPE_CHECKING:
    from sakka.audit.run import audit_catalog
    from sakka.catalog.build import build_catalog
    from sakka.catalog.works import Catalog, Work
    from sakka.copies.groups import near_identical as near_identical_works
    from sakka.describe.creator import describe_creator
    from sakka.describe.work import describe_work
    from sakka.errors import SakkaError
    from sakka.evaluation.monitor import Monitoring, monitor_table
    from sakka.evaluation.run import run_experiment
    from sakka.explain.explanation import explain as explain_work
    from sakka.models.asked_table import open_table
    from sakka.models.base import CreatorModel
    from sakka.models.classifier import SakkaClassifier
    from sakka.models.folder import load_model, save_model
    from sakka.models.fused import FusedModel
    from sakka.models.identification import Identification
    from sakka.models.identify_table import identify_table
    from sakka.models.question import Question
    from sakka.models.registry import make_model
    from sakka.pages.audit import write_audit
    from sakka.pages.evaluation import Evaluation, evaluate
    from sakka.pages.write_report import write_report
    from sakka.paper.presets import preset_plan
    from sakka.search.filters import Filters
    from sakka.search.find import search as search_works
    from sakka.search.find import similar as similar_works
    from sakka.search.index import Index
    from sakka.search.recommend import for_person as recommend_for_person
    from sakka.search.recommend import related_creators as related_creators
    from sakka.search.recommend import similar_by_others as recommend_for_work

_PUBLIC = {
    "Catalog": "sakka.catalog.works:Catalog",
    "CreatorModel": "sakka.models.base:CreatorModel",
    "Evaluation": "sakka.pages.evaluation:Evaluation",
    "Filters": "sakka.search.filters:Filters",
    "FusedModel": "sakka.models.fused:FusedModel",
    "Identification": "sakka.models.identification:Identification",
    "Index": "sakka.search.index:Index",
    "Monitoring": "sakka.evaluation.monitor:Monitoring",
    "Question": "sakka.models.question:Question",
    "SakkaClassifier": "sakka.models.classifier:SakkaClassifier",
    "SakkaError": "sakka.errors:SakkaError",
    "Work": "sakka.catalog.works:Work",
    "audit_catalog": "sakka.audit.run:audit_catalog",
    "build_catalog": "sakka.catalog.build:build_catalog",
    "describe_creator": "sakka.describe.creator:describe_creator",
    "describe_work": "sakka.describe.work:describe_work",
    "evaluate": "sakka.pages.evaluation:evaluate",
    "explain_work": "sakka.explain.explanation:explain",
    "identify_table": "sakka.models.identify_table:identify_table",
    "load_model": "sakka.models.folder:load_model",
    "make_model": "sakka.models.registry:make_model",
    "monitor_table": "sakka.evaluation.monitor:monitor_table",
    "near_identical_works": "sakka.copies.groups:near_identical",
    "open_table": "sakka.models.asked_table:open_table",
    "preset_plan": "sakka.paper.presets:preset_plan",
    "recommend_for_person": "sakka.search.recommend:for_person",
    "recommend_for_work": "sakka.search.recommend:similar_by_others",
    "related_creators": "sakka.search.recommend:related_creators",
    "run_experiment": "sakka.evaluation.run:run_experiment",
    "save_model": "sakka.models.folder:save_model",
    "search_works": "sakka.search.find:search",
    "similar_works": "sakka.search.find:similar",
    "write_audit": "sakka.pages.audit:write_audit",
    "write_report": "sakka.pages.write_report:write_report",
}
"""Public name -> module:name. No public name may be that of a subpackage: importing that would hide it."""

__all__ = [
    "Catalog",
    "CreatorModel",
    "Evaluation",
    "Filters",
    "FusedModel",
    "Identification",
    "Index",
    "Monitoring",
    "Question",
    "SakkaClassifier",
    "SakkaError",
    "Work",
    "audit_catalog",
    "build_catalog",
    "describe_creator",
    "describe_work",
    "evaluate",
    "explain_work",
    "identify_table",
    "load_model",
    "make_model",
    "monitor_table",
    "near_identical_works",
    "open_table",
    "preset_plan",
    "recommend_for_person",
    "recommend_for_work",
    "related_creators",
    "run_experiment",
    "save_model",
    "search_works",
    "similar_works",
    "write_audit",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import sakka` and the command line start fast."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'sakka' has no attribute {name!r}")
    module, _, attribute = _PUBLIC[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    """Public names, for completion in a notebook."""
    return [*__all__, "__version__"]
