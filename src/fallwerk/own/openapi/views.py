"""What the rendered page of an interface description shows, taken from the document alone."""

import json
import shlex
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from markdown_it import MarkdownIt
from markupsafe import Markup

METHODS: Final = ("get", "post", "put", "patch", "delete")
_SHOWN: Final = 12
"""Values of an enumeration that are listed; longer ones are cut."""
_NOT_PROVIDED: Final = {"type": ["string", "null"], "maxLength": 0}
_PHRASES: Final = {
    r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$": "no control characters",
    "^[0-9A-Z]{12}$": "12 characters 0–9, A–Z",
}
_PATTERN_SHOWN: Final = 60
_FIRST_ERROR: Final = 400
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema in words; `target` names the component it is or holds."""

    words: str
    facts: tuple[str, ...] = ()
    target: str | None = None
    code: str | None = None
    """A pattern, shown as it is."""


@dataclass(frozen=True, slots=True)
class Property:
    """One line of a table: a property, a parameter or a header."""

    name: str
    shape: Shape
    required: bool
    description: Markup
    deprecated: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """An example, as text."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """A body in one media type."""

    media_type: str
    shape: Shape
    properties: tuple[Property, ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One status of an operation."""

    status: str
    description: Markup
    headers: tuple[Property, ...]
    contents: tuple[Content, ...]

    @property
    def is_error(self) -> bool:
        """Tell whether the status is an error."""
        return int(self.status) >= _FIRST_ERROR


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    description: Markup
    curl: str
    parameters: tuple[Property, ...]
    body: tuple[Content, ...]
    body_required: bool
    always: tuple[Property, ...]
    """Headers that every answer has; the answers do not repeat them."""
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """One named schema."""

    name: str
    shape: Shape
    description: Markup
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A whole document."""

    title: str
    version: str
    openapi: str
    server: str
    description: Markup
    operations: tuple[OperationView, ...]
    components: tuple[Component, ...]


def document_view(document: Mapping[str, Any]) -> DocumentView:
    """Read what the page shows."""
    server = document["servers"][0]["url"]
    schemas = document["components"]["schemas"]
    return DocumentView(
        title=document["info"]["title"],
        version=document["info"]["version"],
        openapi=document["openapi"],
        server=server,
        description=_marked(document["info"].get("description", "")),
        operations=tuple(
            _operation(path, method, item[method], server, schemas)
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item
        ),
        components=tuple(
            Component(name, shape_of(schema), _marked(schema.get("description", "")), _properties(schema))
            for name, schema in schemas.items()
        ),
    )


def _marked(text: str) -> Markup:
    # The library escapes: raw HTML in a description stays text.
    return Markup(_MARKDOWN.render(text))  # noqa: S704


def _operation(
    path: str, method: str, operation: Mapping[str, Any], server: str, schemas: Mapping[str, Any]
) -> OperationView:
    body = operation.get("requestBody", {})
    contents = _contents(body.get("content", {}), schemas)
    answers = operation["responses"].values()
    always = set.intersection(*(set(answer.get("headers", {})) for answer in answers))
    return OperationView(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=_marked(operation.get("description", "")),
        curl=_curl(path, method, operation, server, contents),
        parameters=tuple(_parameter(parameter) for parameter in operation.get("parameters", ())),
        body=contents,
        body_required=body.get("required", False),
        always=_headers(next(iter(answers)), always),
        answers=tuple(_answer(status, answer, always, schemas) for status, answer in operation["responses"].items()),
    )


def _parameter(parameter: Mapping[str, Any]) -> Property:
    return Property(
        parameter["name"],
        shape_of(parameter["schema"]),
        parameter.get("required", False),
        _marked(parameter.get("description", "")),
        where=parameter["in"],
    )


def _answer(status: str, answer: Mapping[str, Any], always: AbstractSet[str], schemas: Mapping[str, Any]) -> Answer:
    headers = _headers(answer, set(answer.get("headers", {})) - always)
    return Answer(status, _marked(answer["description"]), headers, _contents(answer.get("content", {}), schemas))


def _headers(answer: Mapping[str, Any], names: AbstractSet[str]) -> tuple[Property, ...]:
    return tuple(
        Property(name, shape_of(header["schema"]), header.get("required", False), _marked(header["description"]))
        for name, header in answer.get("headers", {}).items()
        if name in names
    )


def _contents(content: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[Content, ...]:
    return tuple(
        Content(
            media_type,
            shape_of(described["schema"]),
            _properties(schemas.get(shape_of(described["schema"]).target or "", {})),
            tuple(
                Example(example.get("summary", name), _as_text(example["value"]))
                for name, example in described.get("examples", {}).items()
            ),
        )
        for media_type, described in content.items()
    )


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _properties(schema: Mapping[str, Any]) -> tuple[Property, ...]:
    required = schema.get("required", ())
    return tuple(
        Property(
            name,
            shape_of(inner),
            name in required,
            _marked(inner.get("description", "")),
            inner.get("deprecated", False),
        )
        for name, inner in schema.get("properties", {}).items()
    )


def shape_of(schema: Mapping[str, Any]) -> Shape:
    """Put a schema into words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Shape(name, target=name)
    if "anyOf" in schema and schema.get("type") is None:
        return _choice(schema["anyOf"])
    if schema.get("type") == "array":
        items = shape_of(schema.get("items", {}))
        limits = tuple(f"at most {schema['maxItems']:,} entries" for _ in (1,) if "maxItems" in schema)
        return Shape(f"array of {items.words}", (*limits, *items.facts), items.target, items.code)
    kind = schema.get("type", "any")
    words = " or ".join(kind) if isinstance(kind, list) else kind
    pattern = schema.get("pattern")
    shown = pattern if pattern and pattern not in _PHRASES and len(pattern) <= _PATTERN_SHOWN else None
    return Shape(words, tuple(_facts(schema)), code=shown)


def _choice(choices: list[Mapping[str, Any]]) -> Shape:
    others = [shape_of(choice) for choice in choices if choice != _NOT_PROVIDED]
    empty = ('null or "" for none',) if len(others) < len(choices) else ()
    if len(others) == 1:
        only = others[0]
        return Shape(only.words, (*only.facts, *empty), only.target, only.code)
    targets = [shape.target for shape in others if shape.target]
    return Shape(" or ".join(shape.words for shape in others), empty, targets[0] if targets else None)


def _facts(schema: Mapping[str, Any]) -> list[str]:
    facts = []
    if "const" in schema:
        facts.append(f"always {schema['const']}")
    if "enum" in schema:
        values = [str(value) for value in schema["enum"]]
        rest = f" … ({len(values)} in all)" if len(values) > _SHOWN else ""
        facts.append("one of " + ", ".join(values[:_SHOWN]) + rest)
    formats = [schema, *(choice for choice in schema.get("anyOf", ()))]
    facts.extend(f"format {described['format']}" for described in formats if "format" in described)
    if "maxLength" in schema:
        facts.append(f"at most {schema['maxLength']} characters")
    if "default" in schema:
        facts.append(f"default {json.dumps(schema['default'])}")
    if schema.get("pattern") in _PHRASES:
        facts.append(_PHRASES[schema["pattern"]])
    return facts


def _curl(path: str, method: str, operation: Mapping[str, Any], server: str, contents: tuple[Content, ...]) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", parameter.get("example", parameter["name"]))
    lines = ["curl --user 'USER:PASSWORD'"]
    if method != "get":
        lines[0] += f" --request {method.upper()}"
    for content in contents[:1]:
        lines.append(f"--header 'Content-Type: {content.media_type}'")
        # An empty object says nothing about the body, a long one hides the call.
        telling = (example.text for example in content.examples if len(example.text) > len("{}"))
        text = min(telling, key=len, default="{}")
        lines.append("--data " + shlex.quote(json.dumps(json.loads(text), ensure_ascii=False)))
    lines.append(shlex.quote(server.rstrip("/") + path))
    return " \\\n  ".join(lines)
