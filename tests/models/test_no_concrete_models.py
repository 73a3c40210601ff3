"""What is outside `models/` asks a model what it can do, never which class it is."""

import ast
import inspect
from pathlib import Path

import pytest

from sakka.models.base import CreatorModel
from sakka.models.registry import MODELS, model_class

SOURCES = Path(__file__).parents[2] / "src" / "sakka"
OUTSIDE = [path for path in SOURCES.rglob("*.py") if "models" not in path.relative_to(SOURCES).parts]


def concrete_models() -> set[str]:
    classes = {each for name in MODELS for each in model_class(name).__mro__ if issubclass(each, CreatorModel)}
    return {each.__name__ for each in classes if not inspect.isabstract(each)}


def asked_for(source: str, models: set[str]) -> list[str]:
    """The concrete models that are asked for, and the fitted attributes that are read by name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1):
            continue
        if node.func.id in ("isinstance", "issubclass"):
            names = [each for each in ast.walk(node.args[1]) if isinstance(each, ast.Name | ast.Attribute)]
            found += [name for each in names if (name := getattr(each, "id", getattr(each, "attr", ""))) in models]
        elif node.func.id in ("getattr", "hasattr") and isinstance(node.args[1], ast.Constant):
            name = str(node.args[1].value)
            found += [name] if name.endswith("_") and not name.startswith("__") else []
    return found


def test_nothing_outside_the_models_asks_for_a_concrete_model() -> None:
    models = concrete_models()
    assert {"FusedModel", "LinearText", "PhotoLinear", "EfficientNetLinear", "DummyModel"} <= models
    found = {str(path): asked for path in OUTSIDE if (asked := asked_for(path.read_text(encoding="utf-8"), models))}
    assert found == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("isinstance(model, (A, B))", ["B"]),
        ("isinstance(model, models.B)", ["B"]),
        ("getattr(model, 'photo_model_', model)", ["photo_model_"]),
        ("isinstance(model, A)", []),
        ("hasattr(table, '__arrow_c_stream__')", []),
    ],
)
def test_a_question_for_a_concrete_model_is_noticed(source: str, found: list[str]) -> None:
    assert asked_for(source, {"B"}) == found
