"""
What the interface descriptions of all SCR APIs share: security, parameters, the two error envelopes, `alive`.

Each API's `openapi.py` adds its operations. Everything here is made from the code that answers, so that a description
cannot promise what the server does not do. Source: C-06, S-03, S-34, S-36, S-80, D-80 to D-83.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import orjson

from fallwerk.dialects.scr.encryption import A256CBC_HS512, ALG, ENC, KEY, KEY_HASH, MEDIA_TYPE, RSA_OAEP_256
from fallwerk.dialects.scr.envelope import (
    CHALLENGE,
    FAILED,
    JSON,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_LARGE_WIRE,
    UNAUTHORIZED,
    UNAVAILABLE,
    Wire,
    refusal,
)
from fallwerk.dialects.scr.idempotency import HEADER, LONGEST
from fallwerk.dialects.scr.openapi_schemas import (
    CASE_ID,
    ENVELOPES,
    NAMES_CASE,
    JsonObject,
    closed_object,
    reference,
    referred_to,
)
from fallwerk.dialects.scr.router import PREFIX, VERSION

Examples = Mapping[str, JsonObject]
"""By name: `{"summary": …, "value": …}`."""

_DESCRIPTIONS: Final = {
    400: "The request is malformed; every fault is listed, in the order of the fields.",
    401: "Wrong or missing credentials, an unknown client, one not configured for this API, or one of somebody else's.",
    404: "Nothing is there, or nothing that this client may see.",
    405: "The path exists, the method does not.",
    409: "The request contradicts what is stored.",
    410: "The case is closed, or its validity is over.",
    413: "The announced body is many times larger than this system takes (1 MiB unless configured otherwise).",
    500: "Unexpected failure. Nothing was acknowledged.",
    503: "The store cannot take or give anything right now. Nothing was acknowledged; try again.",
}
_HEADERS: Final[dict[int, JsonObject]] = {
    401: {
        "WWW-Authenticate": {
            "description": "The challenge of HTTP Basic.",
            "required": True,
            "schema": {"type": "string", "const": CHALLENGE},
        }
    },
    405: {
        "Allow": {
            "description": "The methods that the path has.",
            "required": True,
            "schema": {"type": "string", "examples": ["GET, HEAD"]},
        }
    },
    503: {
        "Retry-After": {
            "description": "Seconds after which another attempt makes sense.",
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        }
    },
}


def path(template: str) -> str:
    """Return the full path of an operation, as its route spells it."""
    return f"{PREFIX}/{VERSION}/{template}"


def document(
    title: str, description: str, *, public_base_url: str, paths: JsonObject, schemas: Mapping[str, JsonObject]
) -> JsonObject:
    """Put a document together; every call takes a trace id and every answer has one, and unused schemas stay out."""
    for operation in (operation for item in paths.values() for operation in item.values()):
        operation["parameters"] = [*operation["parameters"], TRACE_ID_PARAMETER]
        for answer in operation["responses"].values():
            answer["headers"] = {**answer.get("headers", {}), TRACE_ID: TRACE_ID_HEADER}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": description},
        "servers": [{"url": public_base_url.rstrip("/") or "/"}],
        "security": [{"basic": []}],
        "tags": [{"name": "cases"}, {"name": "availability"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "User name and password of the account, UTF-8 (RFC 2617, RFC 7617).",
                }
            },
            "schemas": referred_to(paths, {**schemas, **ENVELOPES}),
        },
    }


TRACE_ID: Final = "X-TraceId"
_TRACE_ID_FORM: Final = {"type": "string", "pattern": "^[!-~]([ -~]{0,126}[!-~])?$"}
TRACE_ID_PARAMETER: Final[JsonObject] = {
    "name": TRACE_ID,
    "in": "header",
    "description": (
        "Your name for this call, to find it again in both sides' logs: 1 to 128 printable ASCII characters without "
        "blanks. The system makes one if there is none, or none that it can repeat."
    ),
    "schema": {"type": "string"},
    "example": "4b570a2841af605383587efd5b82594e",
}
TRACE_ID_HEADER: Final[JsonObject] = {
    "description": "Names this call; please quote it in questions.",
    "required": True,
    "schema": _TRACE_ID_FORM,
}
CLIENT_ID: Final[JsonObject] = {
    "name": "clientId",
    "in": "path",
    "required": True,
    "description": "The account's identifier, case sensitive.",
    "schema": {"type": "string", "pattern": "^[0-9A-Z]{1,16}$"},
    "example": "1234ABCD",
}
CASE_ID_PARAMETER: Final[JsonObject] = {
    "name": "caseId",
    "in": "path",
    "required": True,
    "description": "The identifier that starting the case returned.",
    "schema": CASE_ID,
    "example": "KRZ1A8M4UBZZ",
}
IDEMPOTENCY_KEY: Final[JsonObject] = {
    "name": HEADER,
    "in": "header",
    "description": (
        "Makes the call repeatable: the same key with the same body within 24 hours returns the first answer and "
        "creates nothing. The same key with another body is refused with 409."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "4d3c9a52-6d0f-4a38-9f60-2f0c3a7f4c11",
}
_BASE64: Final = "^[A-Za-z0-9+/]+={0,2}$"
ENCRYPTION: Final[tuple[JsonObject, ...]] = (
    {
        "name": KEY,
        "in": "header",
        "description": (
            "An RSA public key of 3072 or 4096 bits (2048 only if the account allows it): base64 of its DER "
            "SubjectPublicKeyInfo. With it the answer is a JWE in compact form."
        ),
        "schema": {"type": "string", "pattern": _BASE64},
    },
    {
        "name": KEY_HASH,
        "in": "header",
        "description": f"Required with `{KEY}`: base64 of the HMAC-SHA256 of the key, made with the data password.",
        "schema": {"type": "string", "pattern": _BASE64, "minLength": 43, "maxLength": 44},
        "example": "YAcCWwCyEyE6Fg0wuCgip3Aj0k2mU/rU/UGuTW506p0=",
    },
    {
        "name": ALG,
        "in": "header",
        "description": f"Encryption of the content key; only together with `{KEY}`, and {RSA_OAEP_256} without it.",
        # No default of the schema: generated clients would send it without a key.
        "schema": {"type": "string", "enum": [RSA_OAEP_256]},
    },
    {
        "name": ENC,
        "in": "header",
        "description": f"Encryption of the content; only together with `{KEY}`, and {A256CBC_HS512} without it.",
        "schema": {"type": "string", "enum": [A256CBC_HS512]},
    },
)
_JOSE_HEADER: Final = "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIn0"
JOSE_EXAMPLE: Final = f"{_JOSE_HEADER}.UGyP0kbw5PLe.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTG.U0m_YmjN04DJ"
JOSE: Final[JsonObject] = {
    "schema": {
        "type": "string",
        "description": "The JSON answer as JWE in compact form, encrypted to the key of the request.",
        "pattern": r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){4}$",
    },
    "examples": {"encrypted": {"summary": "Shortened", "value": JOSE_EXAMPLE}},
}


def result(description: str, schema: JsonObject, examples: Examples) -> JsonObject:
    """Describe a success that can also come encrypted."""
    content = {JSON: {"schema": schema, "examples": dict(examples)}, MEDIA_TYPE: JOSE}
    return {"description": description, "content": content}


def success(description: str, schema: JsonObject, examples: Examples) -> JsonObject:
    """Describe a success in plain JSON."""
    return {"description": description, "content": {JSON: {"schema": schema, "examples": dict(examples)}}}


def bad_requests(examples: Examples) -> JsonObject:
    """Describe 400."""
    content = {JSON: {"schema": reference("BadRequest"), "examples": dict(examples)}}
    return {"description": _DESCRIPTIONS[400], "content": content}


def refusals(wires: Sequence[Wire], known: Examples | None = None) -> dict[str, JsonObject]:
    """
    Describe the errors other than 400 by status; those that every operation can meet are added.

    Args:
        known: Example bodies by the `reason` or `key` of their wire; the others' are rendered. A wire with `extra`
            needs one.
    """
    by_status: dict[int, list[Wire]] = {}
    for wire in (UNAUTHORIZED, *wires, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE_WIRE, FAILED, UNAVAILABLE):
        by_status.setdefault(wire.status, []).append(wire)
    return {str(status): _refusal(status, by_status[status], known or {}) for status in sorted(by_status)}


def _refusal(status: int, wires: Iterable[Wire], known: Examples) -> JsonObject:
    examples: JsonObject = {}
    schemas: set[str] = set()
    for wire in wires:
        name = (wire.reason or wire.message).rstrip(".").replace(" ", "_").lower()
        body = known.get(wire.reason or wire.key) or orjson.loads(bytes(refusal(wire).body))
        examples[name] = {"summary": wire.message.replace("{holder}", body.get("caseId", "")), "value": body}
        schemas.add(NAMES_CASE if wire.extra else "Refusal")
    refs = [reference(name) for name in sorted(schemas)]
    described: JsonObject = {"description": _DESCRIPTIONS[status]}
    if status in _HEADERS:
        described["headers"] = _HEADERS[status]
    described["content"] = {JSON: {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}, "examples": examples}}
    return described


def alive_path() -> JsonObject:
    """Describe the availability check, which START and DELIVERY share."""
    answer = closed_object({"status": {"type": "string", "enum": ["OK", "NOK"]}})
    responses = {
        "200": success(
            "`OK`, or `NOK` while at least one component is not available.",
            answer,
            {
                "available": {"summary": "All is well", "value": {"status": "OK"}},
                "unavailable": {"summary": "A component is missing", "value": {"status": "NOK"}},
            },
        ),
        "400": bad_requests({"content_type": {"summary": "A body of another type", "value": WRONG_CONTENT_TYPE}}),
        **refusals(()),
    }
    operation = {
        "operationId": "checkAlive",
        "tags": ["availability"],
        "summary": "Check whether the system is available",
        "description": (
            "Also open to the account's alive user, who may read nothing else. At most two real checks a minute and "
            "client: within 30 seconds the last answer is repeated."
        ),
        "parameters": [CLIENT_ID],
        "responses": responses,
    }
    return {path("{clientId}/alive"): {"get": operation}}


def bad_request_example(
    key: str, message: str, errorcode: str = "90005", reason: str = "incorrect value"
) -> JsonObject:
    """Make the 400 body of a single fault."""
    fault = {"reason": reason, "errorcode": errorcode, "key": key, "message": message}
    return {"apiVersion": VERSION, "error": {"code": 400, "message": "Bad Request", "errors": [fault]}}


WRONG_CONTENT_TYPE: Final = bad_request_example("Content-Type", "The content type must be application/json.")
