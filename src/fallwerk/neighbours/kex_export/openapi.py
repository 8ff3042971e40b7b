"""The interface description of the export, made from its shapes, errors and examples (C-06)."""

from typing import Any, Final

from fallwerk.dialects.kex import openapi
from fallwerk.dialects.kex.router import JSON
from fallwerk.dialects.problem import Wire
from fallwerk.dialects.scr.openapi_schemas import JsonObject, reference, request_components
from fallwerk.domain.loancase.errors import LoanCaseDeleted
from fallwerk.neighbours.kex_export import examples
from fallwerk.neighbours.kex_export.errors import WIRE
from fallwerk.neighbours.kex_export.routes import PATH, SCOPE
from fallwerk.neighbours.kex_export.schema import request_schema

VERSION: Final = "v1"
TITLE: Final = "KEX Vorgang export"
DESCRIPTION: Final = """\
Read a Vorgang with its applications by GraphQL.

* `Content-Type: application/json` is mandatory; another charset than UTF-8 is named there.
* The schema is there by introspection; there are queries only.
* A query may have 1,000 tokens, 500 fields with those of fragments, 10 aliases and 6 levels; its body 64 KiB.
* A Vorgang that is unknown (404) or out of reach (403) is null, with an entry in `errors`.
"""
_ERROR: Final[JsonObject] = {
    "type": "object",
    "description": "What is wrong, as GraphQL has it.",
    "properties": {
        "message": {"type": "string", "minLength": 1},
        "locations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"line": {"type": "integer"}, "column": {"type": "integer"}},
                "required": ["line", "column"],
            },
        },
        "path": {"type": "array", "items": {"type": ["string", "integer"]}},
        "extensions": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "status": {"type": "integer"}},
        },
        "status": {"type": "integer", "description": "The status that the other KEX interfaces would answer."},
    },
    "required": ["message"],
}
_ERRORS: Final[JsonObject] = {"type": "array", "minItems": 1, "items": reference("GraphQLError")}
_SCHEMAS: Final[dict[str, JsonObject]] = {
    "GraphQLError": _ERROR,
    "Result": {
        "type": "object",
        "description": "What was asked for, and what could not be answered of it.",
        "properties": {"data": {"type": ["object", "null"]}, "errors": _ERRORS},
        "required": ["data"],
    },
    "Refused": {
        "type": "object",
        "description": "The query cannot be run.",
        "properties": {"errors": _ERRORS},
        "required": ["errors"],
    },
}


def document(public_base_url: str) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    schemas = {**request_components("Query", request_schema()), **_SCHEMAS}
    return openapi.document(
        TITLE,
        DESCRIPTION,
        version=VERSION,
        public_base_url=public_base_url,
        paths={f"/{PATH}": {"post": _read()}},
        schemas=schemas,
    )


def _read() -> JsonObject:
    shown = {
        "found": {"summary": "Found", "value": examples.FOUND},
        "unknown": {"summary": "There is no such Vorgang", "value": examples.UNKNOWN},
    }
    deleted = WIRE[LoanCaseDeleted]
    refusals = openapi.refusals(SCOPE, (deleted,) if isinstance(deleted, Wire) else ())
    # A body that is no query is told in GraphQL's form.
    refused = {"description": "The body is no query, or one that asks for too much.", "content": {}}
    refused["content"] = {
        JSON: {"schema": reference("Refused"), "examples": {"too_deep": {"summary": "", "value": examples.REFUSED}}}
    }
    return {
        "operationId": "readVorgang",
        "tags": ["vorgang"],
        "summary": "Read a Vorgang",
        "description": "The query `vorgang(vorgangsnummer)`; only what is asked for is read.",
        "security": openapi.security(SCOPE),
        "requestBody": openapi.request_body(reference("Query"), examples.REQUESTS),
        "responses": {
            "200": openapi.success("The answer to the query.", reference("Result"), shown),
            **refusals,
            "400": refused,
        },
    }
