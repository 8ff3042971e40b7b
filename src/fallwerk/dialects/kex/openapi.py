"""
What the interface descriptions of all KEX APIs share: the token, the trace id, the problem, the answers in common.

Each API's `openapi.py` adds its operations. Everything here is made from the code that answers, so that a description
cannot promise what the server does not do. Source: C-06, U-01 to U-05.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from fallwerk.dialects.kex import problems
from fallwerk.dialects.kex.problems import COMMON, TRACE_ID
from fallwerk.dialects.kex.router import JSON, LONGEST_KEY
from fallwerk.dialects.problem import MEDIA_TYPE, TITLES, PointedFault, Problem, Wire, bad_request
from fallwerk.dialects.scr.openapi import TRACE_ID as TRACE_HEADER
from fallwerk.dialects.scr.openapi import TRACE_ID_HEADER, TRACE_ID_PARAMETER
from fallwerk.dialects.scr.openapi_schemas import JsonObject, reference, referred_to
from fallwerk.domain.idempotency import IdempotencyKeyReused

TOKEN_PATH: Final = "/auth/token"  # noqa: S105 - a path
SCHEME: Final = "europace"
EXAMPLE_TRACE_ID: Final = "sys12345678"
LABELS: Final[Mapping[str, str]] = {
    "privatkredit:vorgang:schreiben": "KreditSmart-Vorgänge anlegen/verändern",
    "privatkredit:vorgang:lesen": "KreditSmart-Vorgänge lesen",
    "privatkredit:antrag:schreiben": "KreditSmart-Anträge anlegen/verändern",
}
"""Scope → its label in the provider's partner management."""

Examples = Mapping[str, JsonObject]
"""By name: `{"summary": …, "value": …}`."""

_DESCRIPTIONS: Final = {
    400: "The data is not of the expected form, or something mandatory is missing; every fault is listed.",
    401: "No token, or one that is malformed, expired, revoked or not ours.",
    403: "The token lacks the scope, or the Vorgang is outside the partner's reach.",
    404: "There is no such resource.",
    405: "The path exists, the method does not.",
    410: "The Vorgang is deleted.",
    413: "The body is larger than this operation takes.",
    415: "The content type is missing or not application/json, or its charset is not known.",
    422: "The idempotency key was used with another request, or what the request names cannot be used.",
    500: "Unexpected failure. Nothing was acknowledged.",
    503: "The store cannot take or give anything right now. Nothing was acknowledged; try again.",
}
_HEADERS: Final[dict[int, JsonObject]] = {
    401: {
        "WWW-Authenticate": {
            "description": "The challenge of RFC 6750.",
            "required": True,
            "schema": {"type": "string", "pattern": "^Bearer "},
        }
    },
    403: {
        "WWW-Authenticate": {
            "description": "Names the scope, if that is what is missing (RFC 6750).",
            "schema": {"type": "string", "pattern": "^Bearer "},
        }
    },
    405: {
        "Allow": {
            "description": "The methods that the path has.",
            "required": True,
            "schema": {"type": "string", "examples": ["POST"]},
        }
    },
    415: {
        "Accept": {"description": "The type that is taken.", "required": True, "schema": {"type": "string"}},
    },
    503: {
        "Retry-After": {
            "description": "Seconds after which another attempt makes sense.",
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        }
    },
}
_TEXT: Final[JsonObject] = {"type": "string", "minLength": 1}
PROBLEM_SCHEMAS: Final[dict[str, JsonObject]] = {
    "Problem": {
        "type": "object",
        "description": "What is wrong (RFC 9457). Further members may come.",
        "properties": {
            "type": {"type": "string", "const": "about:blank"},
            "title": {**_TEXT, "description": "The status' own name."},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string", "description": "What happened, in one sentence."},
            TRACE_ID: {**_TEXT, "maxLength": 128, "description": "Names this call; please quote it in questions."},
            "errors": {"type": "array", "minItems": 1, "items": reference("ProblemFault")},
        },
        "required": ["type", "title", "status", "detail", TRACE_ID],
    },
    "ProblemFault": {
        "type": "object",
        "description": "One fault of a request.",
        "properties": {
            "pointer": {
                "type": "string",
                "description": "JSON Pointer of the value, empty for the whole body; a bare name is a header.",
            },
            "detail": _TEXT,
        },
        "required": ["pointer", "detail"],
    },
}
IDEMPOTENCY_KEY: Final[JsonObject] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": (
        "Makes the call repeatable: the same key with the same request within 24 hours returns the first answer and "
        "changes nothing. The same key with another request is refused with 422."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "4d3c9a52-6d0f-4a38-9f60-2f0c3a7f4c11",
}


def document(
    title: str,
    description: str,
    *,
    version: str,
    public_base_url: str,
    paths: JsonObject,
    schemas: Mapping[str, JsonObject],
) -> JsonObject:
    """Put a document together; every call takes a trace id and every answer has one, and unused schemas stay out."""
    scopes: dict[str, str] = {}
    for operation in (operation for item in paths.values() for operation in item.values()):
        operation["parameters"] = [*operation.get("parameters", ()), TRACE_ID_PARAMETER]
        for answer in operation["responses"].values():
            answer["headers"] = {**answer.get("headers", {}), TRACE_HEADER: TRACE_ID_HEADER}
        scopes |= {scope: LABELS[scope] for way in operation["security"] for scope in way[SCHEME]}
    base = public_base_url.rstrip("/")
    flow = {"tokenUrl": base + TOKEN_PATH, "scopes": scopes}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "servers": [{"url": base or "/"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                SCHEME: {
                    "type": "oauth2",
                    "description": "A token of the token server, as bearer (RFC 6749 §4.4, RFC 6750).",
                    "flows": {"clientCredentials": flow},
                }
            },
            "schemas": referred_to(paths, {**schemas, **PROBLEM_SCHEMAS}),
        },
    }


def security(scope: str) -> list[JsonObject]:
    """Say that an operation needs a token with this scope."""
    return [{SCHEME: [scope]}]


def request_body(schema: JsonObject, examples: Examples) -> JsonObject:
    """Describe a JSON body, which is mandatory."""
    return {"required": True, "content": {JSON: {"schema": schema, "examples": dict(examples)}}}


def success(description: str, schema: JsonObject, examples: Examples) -> JsonObject:
    """Describe a success."""
    return {"description": description, "content": {JSON: {"schema": schema, "examples": dict(examples)}}}


def refusals(
    scope: str,
    wires: Sequence[Wire] = (),
    *,
    faults: Mapping[str, PointedFault] | None = None,
    problems: Mapping[str, Problem] | None = None,
    takes_body: bool = True,
) -> dict[str, JsonObject]:
    """
    Describe the errors by status; those that every operation can meet are added.

    Args:
        scope: What the operation asks for.
        wires: What its own error table renders, without the details of single errors.
        faults: Example faults of a 400 by name; with None the operation has nothing that could have a fault.
        problems: Further examples by name, of whatever status.
    """
    found: dict[int, dict[str, Problem]] = {}
    for name, problem in _common(scope, takes_body=takes_body):
        found.setdefault(problem.status, {})[name] = problem
    for name, fault in (faults or {}).items():
        found.setdefault(400, {})[name] = bad_request([fault])
    for name, problem in (problems or {}).items():
        found.setdefault(problem.status, {})[name] = problem
    for wire in wires:
        found.setdefault(wire.status, {})[_name(wire.detail)] = _from_wire(wire)
    return {str(status): _described(status, found[status]) for status in sorted(found)}


def _common(scope: str, *, takes_body: bool) -> list[tuple[str, Problem]]:
    known = [
        ("no_token", problems.unauthorized(presented=False)),
        ("bad_token", problems.unauthorized(presented=True)),
        ("no_scope", problems.insufficient_scope(scope)),
        ("no_resource", Problem(404, problems.NO_RESOURCE)),
        ("no_method", Problem(405, problems.NO_METHOD)),
        ("failed", Problem(500, problems.FAILED)),
    ]
    # The table of what every operation can meet: a key can be reused only where one is taken.
    known += [
        (_name(wire.detail), _from_wire(wire))
        for kind, wire in COMMON.items()
        if isinstance(wire, Wire) and kind is not IdempotencyKeyReused
    ]
    if takes_body:
        known += [
            ("not_json", problems.body_fault("The body is not valid JSON (line 1, column 2).")),
            ("too_large", Problem(413, problems.TOO_LARGE)),
            ("content_type", Problem(415, problems.MEDIA_TYPE)),
            ("charset", Problem(415, problems.CHARSET)),
        ]
    return known


def idempotency_refusal() -> Wire:
    """Return the refusal of a key that came with another request, for operations that take one."""
    wire = COMMON[IdempotencyKeyReused]
    if not isinstance(wire, Wire):
        raise TypeError(wire)
    return wire


def _from_wire(wire: Wire) -> Problem:
    return Problem(wire.status, wire.detail)


def _name(detail: str) -> str:
    return "_".join(word for word in detail.lower().rstrip(".").replace(";", "").split(" ")[:6])


def _described(status: int, found: Mapping[str, Problem]) -> JsonObject:
    examples: dict[str, Any] = {}
    for name, problem in found.items():
        value = orjson.loads(bytes(problems.render(problem, EXAMPLE_TRACE_ID).body))
        examples[name] = {"summary": problem.detail, "value": value}
    described: JsonObject = {"description": _DESCRIPTIONS.get(status, TITLES.get(status, ""))}
    if status in _HEADERS:
        described["headers"] = dict(_HEADERS[status])
    described["content"] = {MEDIA_TYPE: {"schema": reference("Problem"), "examples": examples}}
    return described
