"""The API described on a page of its own: what `/openapi.json` says, in tables; nothing is loaded from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from sakka.web.view import View

REFERENCE = "#/components/schemas/"
LIMITS = {
    "minimum": "≥ {:g}",
    "maximum": "≤ {:g}",
    "minLength": "≥ {} characters",
    "maxLength": "≤ {} characters",
    "minItems": "≥ {} items",
    "maxItems": "≤ {} items",
    "default": "default {}",
}
METHODS = ("get", "post")


@dataclass(frozen=True)
class DocumentedField:
    """A field of a body or an answer, or a parameter.

    Attributes:
        name: Its name.
        where: Of a parameter: `query`, `path`; else empty.
        type: Its type in words.
        limits: What it may be, in words.
        required: Whether it must be given.
        description: What it is.
        shape: The name of the shape that it has; empty where it is a plain value.
    """

    name: str
    where: str
    type: str
    limits: str
    required: bool
    description: str
    shape: str


@dataclass(frozen=True)
class Operation:
    """What a program can ask for.

    Attributes:
        method: GET or POST.
        path: Its path, with parameters in braces.
        description: What it does.
        parameters: In the address.
        body: Of what it sends, by content type.
        answer: The type of the answer in words.
        shape: The name of the answer's shape; empty where it is a plain value.
        problems: The statuses of answers that are no success.
    """

    method: str
    path: str
    description: str
    parameters: tuple[DocumentedField, ...]
    body: Mapping[str, tuple[DocumentedField, ...]]
    answer: str
    shape: str
    problems: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its name within the page."""
        return f"{self.method.lower()}{self.path}".translate(str.maketrans("/", "-", "{}"))


def add_docs(router: APIRouter, view: View, hidden: dict[str, Any]) -> None:
    """Add the page; `hidden` is what keeps a page out of the schema."""

    @router.get("/docs", **hidden)
    async def docs(request: Request) -> HTMLResponse:
        schema = request.app.openapi()
        return view.page(request, "docs.html", groups=operations_of(schema), shapes=shapes_of(schema))


def operations_of(schema: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """The operations of an OpenAPI schema, by their first tag."""
    groups: dict[str, list[Operation]] = {}
    shapes = schema["components"]["schemas"]
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                said = methods[method]
                groups.setdefault(said["tags"][0], []).append(_operation(method.upper(), path, said, shapes))
    return groups


def shapes_of(schema: Mapping[str, Any]) -> dict[str, tuple[str, tuple[DocumentedField, ...]]]:
    """The shapes of an OpenAPI schema, by name: what each is, and its fields. Those of forms stand with operations."""
    shapes = schema["components"]["schemas"].items()
    return {name: (said.get("description", ""), _fields(said)) for name, said in shapes if not name.startswith("Body_")}


def _operation(method: str, path: str, said: Mapping[str, Any], shapes: Mapping[str, Any]) -> Operation:
    parameters = tuple(
        _field(each["name"], {**each["schema"], **each}, each.get("required", False), each["in"])
        for each in said.get("parameters", ())
    )
    content = said.get("requestBody", {}).get("content", {})
    body = {kind: _fields(_resolved(each["schema"], shapes)) for kind, each in content.items()}
    answers: dict[str, Any] = said["responses"]["200"].get("content", {})
    kind = next(iter(answers), "")
    shape = answers.get(kind, {}).get("schema", {})
    words = type_words(shape) if kind == "application/json" else kind
    problems = tuple(status for status in said["responses"] if status != "200")
    return Operation(method, path, said.get("description", ""), parameters, body, words, _shape(shape), problems)


def _resolved(shape: Mapping[str, Any], shapes: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = shapes.get(shape.get("$ref", "").removeprefix(REFERENCE), shape)
    return found


def _fields(shape: Mapping[str, Any]) -> tuple[DocumentedField, ...]:
    required = shape.get("required", ())
    return tuple(_field(name, said, name in required) for name, said in shape.get("properties", {}).items())


def _field(name: str, said: Mapping[str, Any], required: bool, where: str = "") -> DocumentedField:
    limits = "; ".join(words.format(said[key]) for key, words in LIMITS.items() if said.get(key) not in (None, "", []))
    return DocumentedField(name, where, type_words(said), limits, required, said.get("description", ""), _shape(said))


def type_words(shape: Mapping[str, Any]) -> str:
    """The type that a schema describes, in words.

    >>> type_words({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}})
    'list of string or null'
    """
    if "$ref" in shape:
        return str(shape["$ref"]).removeprefix(REFERENCE)
    if "anyOf" in shape:
        return " or ".join(dict.fromkeys(map(type_words, shape["anyOf"])))
    if "enum" in shape:
        return " or ".join(f"“{each}”" for each in shape["enum"])
    if shape.get("type") == "array":
        return f"list of {type_words(shape.get('items', {}))}"
    if isinstance(more := shape.get("additionalProperties"), Mapping):
        return f"object of {type_words(more)}"
    kind = shape.get("format") or shape.get("contentMediaType") or shape.get("type", "any")
    return "file" if kind in ("binary", "application/octet-stream") else str(kind)


def _shape(shape: Mapping[str, Any]) -> str:
    """The name of the first shape that a schema names."""
    if "$ref" in shape:
        return str(shape["$ref"]).removeprefix(REFERENCE)
    inner = [*shape.get("anyOf", ()), *([shape["items"]] if isinstance(shape.get("items"), Mapping) else [])]
    return next((name for each in inner if (name := _shape(each))), "")
