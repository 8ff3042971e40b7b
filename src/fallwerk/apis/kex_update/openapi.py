"""The interface description of UPDATE, made from its shapes, errors and examples (C-06)."""

from typing import Any, Final

from fallwerk.apis.kex_update import examples
from fallwerk.apis.kex_update.errors import WIRE
from fallwerk.apis.kex_update.routes import PREFIX, SCOPE
from fallwerk.apis.kex_update.schema import comments_schema, document_schema, stored_schema
from fallwerk.dialects.kex import openapi
from fallwerk.dialects.kex.documents import NOT_BASE64
from fallwerk.dialects.problem import PointedFault, Wire
from fallwerk.dialects.scr.openapi_schemas import JsonObject, closed_object, reference, response_components

VERSION: Final = "v1"
TITLE: Final = "KEX Vorgang update"
DESCRIPTION: Final = """\
Add documents and comments to a Vorgang that exists.

* `Content-Type: application/json` is mandatory; another charset than UTF-8 is named there.
* Unknown properties are ignored.
* Checks in this order: token, scope, content type, size, form, Vorgang unknown, deleted, out of reach.
"""
_CASE_NUMBER: Final[JsonObject] = {
    "name": "vorgangsnummer",
    "in": "path",
    "required": True,
    "description": "The Vorgang's number: six characters, capitals and small letters told apart.",
    "schema": {"type": "string", "pattern": "^[0-9A-Z]{6}$"},
    "example": "123456",
}
_MISSING: Final = "The value is missing or empty."
_S: Final = r"[A-Za-z0-9+/][\r\n]*"
_BASE64: Final = (
    rf"^[\r\n]*(?:(?:{_S}){{4}})*"
    rf"(?:(?:{_S}){{2}}(?:=[\r\n]*){{0,2}}|(?:{_S}){{3}}(?:=[\r\n]*)?|(?:{_S}){{4}})$"
)


def document(public_base_url: str) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    paths = {f"/{PREFIX}/dokument": {"post": _document()}, f"/{PREFIX}/kommentare": {"post": _comments()}}
    return openapi.document(
        TITLE, DESCRIPTION, version=VERSION, public_base_url=public_base_url, paths=paths, schemas=_schemas()
    )


def _schemas() -> dict[str, JsonObject]:
    body = _untitled(document_schema())
    content = body["properties"]["base64Content"]
    content |= {
        "minLength": 2,
        "pattern": _BASE64,
        "contentEncoding": "base64",
        "description": "The standard alphabet; line breaks are allowed, padding may be missing.",
    }
    body["properties"]["filename"]["description"] = "Shown as it is sent; never used as a path."
    return {
        "Document": body,
        **response_components("StoredDocument", stored_schema()),
        "Comments": _untitled(comments_schema()),
    }


def _untitled(schema: JsonObject) -> JsonObject:
    return {
        key: _untitled(value) if isinstance(value, dict) else value for key, value in schema.items() if key != "title"
    }


def _refusals(faults: dict[str, PointedFault], *more: Wire) -> dict[str, JsonObject]:
    known = [wire for wire in WIRE.values() if isinstance(wire, Wire)]
    return openapi.refusals(SCOPE, (*known, *more, openapi.idempotency_refusal()), faults=faults)


def _document() -> JsonObject:
    stored = openapi.success(
        "The document is stored.",
        reference("StoredDocument"),
        {"sample": {"summary": "Stored", "value": examples.STORED}},
    )
    faults = {
        "no_object": PointedFault("", "The body must be an object."),
        "missing": PointedFault("/filename", _MISSING),
        "no_base64": PointedFault("/base64Content", NOT_BASE64),
    }
    too_large = Wire(413, "The document is larger than 10485760 bytes.")
    return {
        "operationId": "addDocument",
        "tags": ["vorgang"],
        "summary": "Add a document to a Vorgang",
        "description": (
            "The decoded document may have 10 MiB unless configured otherwise; a larger one is refused while it is "
            "read. The same content sent again is listed again."
        ),
        "security": openapi.security(SCOPE),
        "parameters": [_CASE_NUMBER, openapi.IDEMPOTENCY_KEY],
        "requestBody": openapi.request_body(
            reference("Document"), {"sample": {"summary": "A document", "value": examples.DOCUMENT}}
        ),
        "responses": {"201": stored, **_refusals(faults, too_large)},
    }


def _comments() -> JsonObject:
    added = openapi.success(
        "Every comment is stored, in order.", closed_object({}), {"sample": {"summary": "Stored", "value": {}}}
    )
    faults = {
        "no_array": PointedFault("", "The body must be an array."),
        "no_string": PointedFault("/1", "The value must be a string."),
    }
    return {
        "operationId": "addComments",
        "tags": ["vorgang"],
        "summary": "Add comments to a Vorgang",
        "description": "Each element becomes a comment; empty ones are ignored.",
        "security": openapi.security(SCOPE),
        "parameters": [_CASE_NUMBER, openapi.IDEMPOTENCY_KEY],
        "requestBody": openapi.request_body(
            reference("Comments"), {"sample": {"summary": "One comment", "value": examples.COMMENTS}}
        ),
        "responses": {"200": added, **_refusals(faults)},
    }
