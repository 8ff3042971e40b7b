"""
JSON Schemas of the SCR APIs' interface descriptions: the error envelopes, and Pydantic's schemas made readable.

Pydantic describes shapes for itself: titles that repeat the name, `null` beside every optional property, the same 250
country codes at each address. Callers and their code generators get what the wire really has.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from fallwerk.dialects.scr.router import VERSION
from fallwerk.kit.forms import country_codes, nationality_codes

JsonObject = dict[str, Any]

SCHEMAS: Final = "#/components/schemas/"
NAMES_CASE: Final = "RefusalNamingCase"
CASE_ID: Final[JsonObject] = {"type": "string", "pattern": "^[0-9A-Z]{12}$"}

_ROWS: Final = re.compile(r" \((?:[SD]-\d|decision)[^)]*\)")
NOT_PROVIDED: Final[JsonObject] = {"type": ["string", "null"], "maxLength": 0}
"""Null or an empty string; not as a list of values, of which generators make classes that do not compile."""
_NULL: Final = {"type": "null"}


def reference(name: str) -> JsonObject:
    """Return a reference to a schema of the document."""
    return {"$ref": SCHEMAS + name}


def referred_to(paths: JsonObject, schemas: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
    """Return the schemas that the paths refer to, directly or through others, sorted by name."""
    found: dict[str, JsonObject] = {}
    searched = [orjson.dumps(paths)]
    while searched:
        text = searched.pop()
        for name, schema in schemas.items():
            if name not in found and f'"{SCHEMAS}{name}"'.encode() in text:
                found[name] = schema
                searched.append(orjson.dumps(schema))
    return dict(sorted(found.items()))


def request_components(name: str, schema: JsonObject) -> dict[str, JsonObject]:
    """Make a request's shape and its parts components; country codes become two lists of their own."""
    lists = {"CountryCode": sorted(country_codes()), "NationalityCode": sorted(nationality_codes())}
    named = {tuple(codes): list_name for list_name, codes in lists.items()}
    described = {
        "CountryCode": "ISO 3166-1 alpha-3, or RKS for Kosovo.",
        "NationalityCode": "A country code, or XXA, XXB, XXC, XXX for persons without a nationality.",
    }
    components = {
        list_name: {"type": "string", "enum": codes, "description": described[list_name]}
        for list_name, codes in lists.items()
    }
    return {**components, **_components(name, schema, named)}


def response_components(name: str, schema: JsonObject) -> dict[str, JsonObject]:
    """Make an answer's shape and its parts components; nothing is null, and nothing comes that is not described."""
    components = _components(name, schema, {})
    return {
        part: {"additionalProperties": False, **described} if "properties" in described else described
        for part, described in components.items()
    }


def _components(name: str, schema: JsonObject, named: Mapping[tuple[str, ...], str]) -> dict[str, JsonObject]:
    top = {key: value for key, value in schema.items() if key != "$defs"}
    return {key: _tidy(value, named) for key, value in {**schema.get("$defs", {}), name: top}.items()}


def _tidy(schema: JsonObject, named: Mapping[tuple[str, ...], str]) -> JsonObject:
    codes = schema.get("enum")
    if codes and tuple(codes) in named:
        return reference(named[tuple(codes)])
    tidied: JsonObject = {}
    for key, value in schema.items():
        if key == "properties":
            tidied[key] = {name: _tidy(inner, named) for name, inner in value.items()}
        elif key == "description":
            tidied[key] = _ROWS.sub("", value)
        elif key == "anyOf":
            tidied[key] = [_tidy(inner, named) for inner in value if inner != _NULL]
        elif key in {"items", "not"}:
            tidied[key] = _tidy(value, named)
        elif key != "title" and not (key == "default" and value is None):
            tidied[key] = value
    return _simplified(tidied)


def _simplified(schema: JsonObject) -> JsonObject:
    """Write a choice of one, or of a text and "not provided", as one schema."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(choices) == 1:
        return {**choices[0], **rest}
    first, *others = choices
    if others == [NOT_PROVIDED] and first.keys() <= {"type", "maxLength", "pattern"} and _takes_empty(first):
        return {**first, "type": ["string", "null"], **rest}
    return schema


def _takes_empty(schema: JsonObject) -> bool:
    return schema.get("type") == "string" and re.search(schema.get("pattern", ""), "") is not None


_TEXT: Final = {"type": "string", "minLength": 1}


def closed_object(properties: JsonObject, *, optional: Sequence[str] = (), **more: object) -> JsonObject:
    """Describe an object that has these properties and no others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


_FAULT: Final = closed_object(
    {
        "reason": {"type": "string", "enum": ["incorrect value", "wrong date format"]},
        "errorcode": {"type": "string", "enum": ["90001", "90005"]},
        "key": {**_TEXT, "description": "Path of the field, name of the header or parameter, or `body`."},
        "message": _TEXT,
    },
    description="One fault of a request.",
)
_ENTRY: Final = closed_object(
    {"errorcode": {"type": "string", "pattern": "^90[0-9]{3}$"}, "reason": _TEXT, "key": _TEXT, "message": _TEXT},
    optional=("errorcode", "reason"),
    description="Why a request was refused.",
)
_ENTRIES: Final = {"type": "array", "minItems": 1, "maxItems": 1, "items": reference("RefusalEntry")}
ENVELOPES: Final[dict[str, JsonObject]] = {
    "BadRequest": closed_object(
        {
            "apiVersion": {"type": "string", "const": VERSION},
            "error": closed_object(
                {
                    "code": {"type": "integer", "const": 400},
                    "message": {"type": "string", "const": "Bad Request"},
                    "errors": {"type": "array", "minItems": 1, "items": reference("Fault")},
                }
            ),
        },
        description="All faults of one request.",
    ),
    "Fault": _FAULT,
    "Refusal": closed_object(
        {"apiversion": {"type": "string", "const": VERSION}, "errors": _ENTRIES},
        description="Every error but 400. The name is `apiversion` here and `apiVersion` there: the guide has it so.",
    ),
    NAMES_CASE: closed_object(
        {"apiversion": {"type": "string", "const": VERSION}, "errors": _ENTRIES, "caseId": CASE_ID},
        description="A refusal that names the case which stands in the way.",
    ),
    "RefusalEntry": _ENTRY,
}
