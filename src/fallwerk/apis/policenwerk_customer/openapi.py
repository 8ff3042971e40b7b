"""The interface description of CUSTOMER, made from its shape, errors and examples (C-06)."""

import copy
from collections.abc import Sequence
from typing import Any, Final

import orjson

from fallwerk.apis.policenwerk_customer import examples
from fallwerk.apis.policenwerk_customer.routes import CREATE, PATH
from fallwerk.apis.policenwerk_customer.schema import CustomerBody
from fallwerk.dialects.policenwerk import envelope
from fallwerk.dialects.policenwerk.fields import DOMAIN_NAMES, WIRE_NAMES
from fallwerk.dialects.policenwerk.router import HEADER, LONGEST_KEY
from fallwerk.domain.customer.model import Obligations
from fallwerk.domain.customer.rules import LARGEST_USER_ID, MANDATORY

JsonObject = dict[str, Any]

TITLE: Final = "Policenwerk: Kunden erstellen"
DESCRIPTION: Final = """\
Create a customer of a broker, or update the one with the same e-mail address.

* Every request names its sender by `user_id` and `login_token` in the body.
* A field that is absent, `null`, empty or blank is not filled. Numbers and numeric texts are interchangeable.
* All faults of a request are reported together, with messages in German, in the order of the fields.
* Anything beyond ASCII leaves as `\\u…`.
"""
SCHEMAS: Final = "#/components/schemas/"
REFUSALS: Final[dict[int, tuple[envelope.Wire, ...]]] = {
    401: envelope.CREDENTIALS,
    404: (envelope.NOT_FOUND,),
    405: (envelope.METHOD_NOT_ALLOWED,),
    413: (envelope.TOO_LARGE,),
    422: (envelope.KEY_REUSED,),
    500: (envelope.FAILED,),
    503: (envelope.UNAVAILABLE,),
}
"""Errors other than 400 by status."""
DESCRIPTIONS: Final = {
    401: "The credentials are missing, wrong or expired. Nothing else was evaluated.",
    404: "Nothing is there.",
    405: "Only POST is taken.",
    413: "The body is larger than this system takes (1 MiB unless configured otherwise).",
    422: "The idempotency key came with another body within 24 hours.",
    500: "Unexpected failure. Nothing was acknowledged.",
    503: "The store cannot take or give anything right now. Nothing was acknowledged; try again.",
}
_TRACE_ID: Final = "X-TraceId"
_TRACE_HEADER: Final = {
    "description": "Names this call; please quote it in questions.",
    "required": True,
    "schema": {"type": "string", "pattern": "^[!-~]([ -~]{0,126}[!-~])?$"},
}
_HEADERS: Final[dict[int, JsonObject]] = {
    405: {"Allow": {"description": "What is taken.", "required": True, "schema": {"type": "string", "const": "POST"}}},
    503: {"Retry-After": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}},
}
_PARAMETERS: Final[Sequence[JsonObject]] = (
    {
        "name": HEADER,
        "in": "header",
        "description": (
            "Makes the call repeatable: the same key with the same body within 24 hours returns the first answer and "
            "changes nothing. The same key with another body is refused with 422."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        "example": "4d3c9a52-6d0f-4a38-9f60-2f0c3a7f4c11",
    },
    {
        "name": _TRACE_ID,
        "in": "header",
        "description": "Your name for this call: 1 to 128 printable ASCII characters without blanks.",
        "schema": {"type": "string"},
        "example": "4b570a2841af605383587efd5b82594e",
    },
)
_LOGIN: Final[JsonObject] = {
    "login": {"type": "boolean", "const": True},
    "token_valid_until": {
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$",
        "description": "Europe/Berlin.",
    },
    "warning": {"type": "string", "enum": ["", envelope.ABOUT_TO_EXPIRE]},
}
_DESCRIBED: Final = {
    "anrede": "Anrede; what the numbers mean is agreed with the provider.",
    "titel": "Titel; what the numbers mean is agreed with the provider.",
    "geburtstag": "YYYY-MM-DD, not in the future. Mandatory unless the account is set to `example`.",
    "land": "1 is Germany, 2 Austria, 3 Switzerland.",
    "email": "Tells the broker's customers apart, whatever its case.",
    "kontoinhaber": "Only if it is somebody else.",
    "iban": "At most 22 characters without blanks. Mandatory unless the account is set to `example`.",
    "firma": "Mandatory if `ustid`, `handelsr_nr` or `handelsr` is filled.",
    "ustid": "Two letters, 2 to 18 letters and digits.",
}


def document(public_base_url: str) -> JsonObject:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    operation = {
        "operationId": CREATE,
        "tags": ["customers"],
        "summary": "Create or update a customer",
        "description": "A broker has one customer per e-mail address; another request with it updates that customer.",
        "parameters": list(_PARAMETERS),
        "requestBody": {"required": True, "content": _json(_reference("Customer"), dict(examples.REQUESTS))},
        "responses": {"200": _created(), "400": _bad_requests(), **_refusals()},
    }
    for answer in operation["responses"].values():  # type: ignore[attr-defined]
        answer["headers"] = {**answer.get("headers", {}), _TRACE_ID: _TRACE_HEADER}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "v1", "description": DESCRIPTION},
        "servers": [{"url": public_base_url.rstrip("/") or "/"}],
        # The credentials stand in the body, where no security scheme of OpenAPI reaches.
        "security": [],
        "tags": [{"name": "customers"}],
        "paths": {PATH: {"post": operation}},
        "components": {"schemas": _schemas()},
    }


def _reference(name: str) -> JsonObject:
    return {"$ref": SCHEMAS + name}


def _json(schema: JsonObject, shown: JsonObject) -> JsonObject:
    return {envelope.JSON: {"schema": schema, "examples": shown}}


def _closed(properties: JsonObject, description: str) -> JsonObject:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schemas() -> dict[str, JsonObject]:
    messages = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    faults = {
        "type": "object",
        "properties": dict.fromkeys(DOMAIN_NAMES, messages),
        "additionalProperties": False,
        "minProperties": 1,
    }
    text = {"type": "string", "minLength": 1}
    saved = {
        "error": {"type": "string", "const": ""},
        "success": {"type": "boolean", "const": True},
        "customer_id": {"type": "string", "pattern": "^[0-9]{1,20}$"},
    }
    return {
        "Customer": request_schema(),
        "Saved": _closed({**_LOGIN, **saved}, "The customer is stored."),
        "FieldFaults": _closed({**_LOGIN, "error": faults}, "What is wrong with each field."),
        "Refused": _closed({"login": {"type": "boolean", "const": False}, "error": text}, "Not let in."),
        "RefusedLater": _closed({**_LOGIN, "error": text}, "Let in, and refused as a whole."),
    }


def request_schema() -> JsonObject:
    """Describe the request's body: who sends it, and the fields in the order of the document's tables."""
    properties: JsonObject = {
        "user_id": {
            "description": "Makler-ID, as number or numeric text.",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": LARGEST_USER_ID},
                {"type": "string", "pattern": "^[0-9]{1,8}$"},
            ],
        },
        "login_token": {"type": "string", "format": "uuid"},
    }
    generated = copy.deepcopy(CustomerBody.model_json_schema()["properties"])
    mandatory = [WIRE_NAMES[name] for name in WIRE_NAMES if name in MANDATORY[Obligations.EXAMPLE]]
    for name, described in generated.items():
        choices = [choice for choice in described["anyOf"] if choice != {"type": "null"}]
        flat = [one for choice in choices for one in choice.get("anyOf", [choice])]
        if name in mandatory:
            flat = [{**one, "pattern": one.get("pattern", r"\S")} if one["type"] == "string" else one for one in flat]
        else:
            flat.append({"type": "null"})
        properties[name] = flat[0] if len(flat) == 1 else {"anyOf": flat}
        if name in _DESCRIBED:
            properties[name] = {"description": _DESCRIBED[name], **properties[name]}
    required = ["user_id", "login_token", *mandatory]
    return {"type": "object", "description": "A customer.", "properties": properties, "required": required}


def _created() -> JsonObject:
    shown = {
        "created": {"summary": "The document's answer", "value": examples.CREATED_RESPONSE},
        "expiring": {"summary": "The token expires soon", "value": examples.EXPIRING_RESPONSE},
    }
    return {"description": "The customer is stored.", "content": _json(_reference("Saved"), shown)}


def _bad_requests() -> JsonObject:
    shown: JsonObject = {"fields": {"summary": "The document's answer", "value": examples.REFUSED_RESPONSE}}
    for wire in (envelope.EXPECTED_JSON, envelope.MALFORMED_JSON):
        shown[_name(wire)] = _shown(wire)
    shown[_name(envelope.BAD_KEY)] = _shown(envelope.BAD_KEY, login=True)
    content = _json({"anyOf": [_reference(name) for name in ("FieldFaults", "Refused", "RefusedLater")]}, shown)
    return {"description": "The request is malformed; every fault of a field is listed.", "content": content}


def _refusals() -> dict[str, JsonObject]:
    return {str(status): _refusal(status, wires) for status, wires in REFUSALS.items()}


def _refusal(status: int, wires: Sequence[envelope.Wire]) -> JsonObject:
    # An idempotency key is looked at after the login; a failure can happen on both sides of it.
    names = {422: ["RefusedLater"], 500: ["Refused", "RefusedLater"], 503: ["Refused", "RefusedLater"]}
    refs = [_reference(name) for name in names.get(status, ["Refused"])]
    shown = {_name(wire): _shown(wire, login=status == envelope.KEY_REUSED.status) for wire in wires}
    described: JsonObject = {"description": DESCRIPTIONS[status]}
    if status in _HEADERS:
        described["headers"] = dict(_HEADERS[status])
    described["content"] = _json(refs[0] if len(refs) == 1 else {"anyOf": refs}, shown)
    return described


def _name(wire: envelope.Wire) -> str:
    return wire.error.partition(" - ")[2].replace(" ", "_").replace("-", "_").replace(",", "").lower()


def _shown(wire: envelope.Wire, *, login: bool = False) -> JsonObject:
    body = orjson.loads(bytes(envelope.refusal(wire).body))
    if login:
        body = {**{name: examples.CREATED_RESPONSE[name] for name in _LOGIN}, "error": wire.error}
    return {"summary": wire.error, "value": body}
