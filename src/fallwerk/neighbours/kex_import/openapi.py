"""The interface description of the import, made from its shapes, errors and examples (C-06)."""

from typing import Any, Final

from fallwerk.dialects.kex import openapi
from fallwerk.dialects.problem import PointedFault, Problem
from fallwerk.dialects.scr.openapi_schemas import JsonObject, reference, request_components, response_components
from fallwerk.domain.loancase.model import Environment
from fallwerk.neighbours.kex_import import examples
from fallwerk.neighbours.kex_import.errors import MALFORMED, NUMBERS_USED_UP, OUT_OF_REACH, no_owner
from fallwerk.neighbours.kex_import.routes import PATH, SCOPE
from fallwerk.neighbours.kex_import.schema import NO_OBJECT, WRONG_ENVIRONMENT, answer_schema, request_schema

VERSION: Final = "v1"
TITLE: Final = "KEX Vorgang import"
DESCRIPTION: Final = """\
Create a Vorgang.

* Only the Kundenbetreuer's partner id is mandatory; everything else of the body is kept and not looked at.
* `Content-Type: application/json` is mandatory; another charset than UTF-8 is named there.
* Checks in this order: token, scope, content type, size, form (400), partner (422).
"""
_ENVIRONMENT: Final[JsonObject] = {
    "name": "environment",
    "in": "query",
    "description": "`PRODUCTION` for real business (ECHTGESCHAEFT); otherwise the Vorgang is a test (TESTUMGEBUNG).",
    "schema": {"type": "string", "enum": [one.value for one in Environment], "default": Environment.TEST.value},
    "example": Environment.PRODUCTION.value,
}


def document(public_base_url: str) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    paths = {f"/{PATH}": {"post": _create()}}
    schemas = {
        **request_components("Vorgang", request_schema()),
        **response_components("Imported", answer_schema()),
    }
    return openapi.document(
        TITLE, DESCRIPTION, version=VERSION, public_base_url=public_base_url, paths=paths, schemas=schemas
    )


def _create() -> JsonObject:
    created = openapi.success(
        "The Vorgang is created.", reference("Imported"), {"sample": {"summary": "Created", "value": examples.ANSWER}}
    )
    faults: dict[str, PointedFault] = {"no_object": NO_OBJECT, "environment": WRONG_ENVIRONMENT}
    problems: dict[str, Problem] = {
        "malformed_partner": no_owner(MALFORMED),
        "partner_out_of_reach": no_owner(OUT_OF_REACH),
        "no_number": Problem(503, NUMBERS_USED_UP),
    }
    return {
        "operationId": "importVorgang",
        "tags": ["vorgang"],
        "summary": "Create a Vorgang",
        "description": "The Vorgang belongs to the partner that is named as its Kundenbetreuer.",
        "security": openapi.security(SCOPE),
        "parameters": [_ENVIRONMENT, openapi.IDEMPOTENCY_KEY],
        "requestBody": openapi.request_body(reference("Vorgang"), examples.REQUESTS),
        "responses": {
            "201": created,
            **openapi.refusals(SCOPE, (openapi.idempotency_refusal(),), faults=faults, problems=problems),
        },
    }
