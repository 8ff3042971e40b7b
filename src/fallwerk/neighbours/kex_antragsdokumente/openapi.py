"""The interface description of documents on applications, made from its shapes, errors and examples (C-06)."""

from typing import Any, Final

from fallwerk.dialects.kex import openapi
from fallwerk.dialects.kex.applications import AMBIGUOUS, DISAGREE, NO_NUMBER
from fallwerk.dialects.kex.documents import NOT_BASE64
from fallwerk.dialects.problem import PointedFault, Wire
from fallwerk.dialects.scr.openapi_schemas import JsonObject, reference, request_components, response_components
from fallwerk.neighbours.kex_antragsdokumente import examples
from fallwerk.neighbours.kex_antragsdokumente.errors import WIRE
from fallwerk.neighbours.kex_antragsdokumente.routes import PATH, SCOPE
from fallwerk.neighbours.kex_antragsdokumente.schema import request_schema, stored_schema

VERSION: Final = "v1"
TITLE: Final = "KEX Antragsdokumente"
DESCRIPTION: Final = """\
Add a document to an application (Antrag).

* `Content-Type: application/json` is mandatory; another charset than UTF-8 is named there.
* Unknown properties are ignored; `null` means that a property is not submitted.
* Checks in this order: token, scope, content type, size, form, application unknown, Vorgang deleted, out of reach.
"""


def document(public_base_url: str) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    paths = {f"/{PATH}": {"post": _add()}}
    return openapi.document(
        TITLE, DESCRIPTION, version=VERSION, public_base_url=public_base_url, paths=paths, schemas=_schemas()
    )


def _schemas() -> dict[str, JsonObject]:
    schemas = {
        **request_components("ApplicationDocument", request_schema()),
        **response_components("StoredDocument", stored_schema()),
    }
    body = schemas["ApplicationDocument"]
    numbers = ("antragsnummer", "produktanbieterantragsnummer")
    for name in numbers:
        body["properties"][name]["minLength"] = 1
    body["anyOf"] = [{"required": [name]} for name in numbers]
    return schemas


def _add() -> JsonObject:
    stored = openapi.success(
        "The application has the document.",
        reference("StoredDocument"),
        {"sample": {"summary": "Stored", "value": examples.STORED}},
    )
    faults = {
        "no_number": NO_NUMBER,
        "missing": PointedFault("/antragsdokument/fileName", "The value is missing or empty."),
        "no_base64": PointedFault("/antragsdokument/fileContent", NOT_BASE64),
        "several_applications": AMBIGUOUS,
        "two_applications": DISAGREE,
    }
    known = [wire for wire in WIRE.values() if isinstance(wire, Wire)]
    return {
        "operationId": "addApplicationDocument",
        "tags": ["antrag"],
        "summary": "Add a document to an application",
        "description": (
            "The whole request body may have 10 MiB. A document that the application has by name, comment and content "
            "is not added again."
        ),
        "security": openapi.security(SCOPE),
        "parameters": [openapi.IDEMPOTENCY_KEY],
        "requestBody": openapi.request_body(reference("ApplicationDocument"), examples.REQUESTS),
        "responses": {
            "201": stored,
            **openapi.refusals(SCOPE, (*known, openapi.idempotency_refusal()), faults=faults),
        },
    }
