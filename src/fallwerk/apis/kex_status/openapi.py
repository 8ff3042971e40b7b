"""The interface description of STATUS, made from its shapes, errors and examples (C-06)."""

from typing import Any, Final

from fallwerk.apis.kex_status import examples
from fallwerk.apis.kex_status.errors import WIRE
from fallwerk.apis.kex_status.routes import PATH, SCOPE
from fallwerk.apis.kex_status.schema import NO_CONTENT, NO_STATUS, request_schema
from fallwerk.dialects.kex import openapi
from fallwerk.dialects.kex.applications import AMBIGUOUS, DISAGREE, NO_NUMBER
from fallwerk.dialects.problem import PointedFault, Wire
from fallwerk.dialects.scr.openapi_schemas import JsonObject, closed_object, reference

VERSION: Final = "v1"
TITLE: Final = "KEX Antragsstatus"
DESCRIPTION: Final = """\
Change the status of an application (Antrag), or add a comment and hints to the one it has.

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
    paths = {f"/{PATH}": {"post": _change()}}
    return openapi.document(
        TITLE, DESCRIPTION, version=VERSION, public_base_url=public_base_url, paths=paths, schemas=_schemas()
    )


def _schemas() -> dict[str, JsonObject]:
    body = _untitled(request_schema())
    numbers = ("antragsnummer", "produktanbieterantragsnummer")
    statuses = ("produktanbieterstatus", "antragstellerstatus")
    # What is mandatory without the other: STATUS "Statuswechsel"; a client of the newer edition may leave both out.
    body["allOf"] = [{"anyOf": [_submitted(name) for name in pair]} for pair in (numbers, statuses)]
    return {"StatusChange": body}


def _submitted(name: str) -> JsonObject:
    """Demand a property with a value: null and an empty text are not submitted."""
    return {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}


def _untitled(schema: JsonObject) -> JsonObject:
    return {
        key: _untitled(value) if isinstance(value, dict) else value
        for key, value in schema.items()
        if key not in {"title", "default"}
    }


def _change() -> JsonObject:
    changed = openapi.success(
        "The statuses, the comment and the hints are stored.",
        closed_object({}),
        {"sample": {"summary": "Stored", "value": {}}},
    )
    wrong = "The value must be one of: NICHT_BEARBEITET, UNTERSCHRIEBEN, ABGELEHNT, ZURUECKGESTELLT."
    faults = {
        "no_number": NO_NUMBER,
        "no_status": NO_STATUS,
        "another_status": PointedFault("/produktanbieterstatus", wrong),
        "several_applications": AMBIGUOUS,
        "two_applications": DISAGREE,
        "nothing_to_change_edition_2025": NO_CONTENT,
    }
    known = [wire for wire in WIRE.values() if isinstance(wire, Wire)]
    return {
        "operationId": "changeStatus",
        "tags": ["antrag"],
        "summary": "Change the status of an application",
        "description": (
            "Any status may follow any other. One that is the current one already changes nothing; comment and hints "
            "are added all the same. Both statuses are changed at once, or none. A client of the provider's newer "
            "edition (`2025`) may send a comment or hints alone."
        ),
        "security": openapi.security(SCOPE),
        "parameters": [openapi.IDEMPOTENCY_KEY],
        "requestBody": openapi.request_body(reference("StatusChange"), examples.REQUESTS),
        "responses": {
            "200": changed,
            **openapi.refusals(SCOPE, (*known, openapi.idempotency_refusal()), faults=faults),
        },
    }
