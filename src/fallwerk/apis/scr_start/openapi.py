"""The interface description of START, made from its shapes, errors and examples (C-06)."""

from typing import Any, Final

from fallwerk.apis.scr_start import examples
from fallwerk.apis.scr_start.errors import WIRE
from fallwerk.apis.scr_start.schema import NO_CONTENT, CouponResponse, request_schema, response_schema
from fallwerk.dialects.scr import openapi
from fallwerk.dialects.scr.envelope import COMMON, JSON
from fallwerk.dialects.scr.openapi_schemas import NOT_PROVIDED, reference, request_components, response_components
from fallwerk.domain.coupon.errors import BasicInWrongStatus, CouponLimitReached, CouponNotActive
from fallwerk.domain.idempotency import IdempotencyKeyReused
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown, ReferenceIdTaken

TITLE: Final = "POSTIDENT SCR-Ident: start"
DESCRIPTION: Final = """\
Open an identification case and send the person to the portal or the app.

* Values are strings; a missing attribute, `null` and an empty string all mean "not provided".
* Attribute names are camelCase. An unknown name in camelCase is ignored, any other is an error.
* `Content-Type: application/json` is needed with a body, in UTF-8, and at no other time.
* All faults of a request are reported together.
* Paths may end in a slash.
"""
_REQUEST: Final = "StartRequest"
_BAD_REQUESTS: Final = {
    "email": {"summary": "A malformed e-mail address", "value": examples.BAD_EMAIL},
    "date": {"summary": "A malformed date", "value": examples.BAD_DATE},
    "content_type": {"summary": "Another content type", "value": openapi.WRONG_CONTENT_TYPE},
    "not_json": {
        "summary": "No JSON",
        "value": openapi.bad_request_example("body", "The body is not valid JSON (line 1, column 2)."),
    },
}
_WRAPPED: Final = {
    "wrapped": {"summary": "The same inside orderData", "value": {"orderData": examples.CONTACT_REQUEST}},
}


def document(public_base_url: str) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    paths = {
        openapi.path("{clientId}/cases"): {"post": _start_case()},
        openapi.path("{clientId}/cases/{caseId}/piCouponByFile"): {"post": _issue_coupon()},
        **openapi.alive_path(),
    }
    return openapi.document(TITLE, DESCRIPTION, public_base_url=public_base_url, paths=paths, schemas=_schemas())


def _schemas() -> dict[str, dict[str, Any]]:
    schemas = request_components("OrderData", request_schema())
    order = schemas["OrderData"]
    # decisions.md 4: a body that holds `orderData` and nothing else is taken for its content.
    wrapper = {
        "anyOf": [reference("OrderData"), NOT_PROVIDED],
        "description": "May hold the whole order; counts only if nothing stands beside it.",
    }
    schemas[_REQUEST] = {**order, "properties": {**order["properties"], "orderData": wrapper}}
    return {
        **schemas,
        **response_components("StartResponse", response_schema()),
        **response_components("CouponResponse", response_schema(CouponResponse)),
    }


def _start_case() -> dict[str, Any]:
    created = openapi.success(
        "The case is stored.",
        reference("StartResponse"),
        {"sample": {"summary": "The guide's sample answer", "value": examples.SAMPLE_RESPONSE}},
    )
    known = {
        "unauthorized": examples.UNAUTHORIZED,
        "referenceId not unique": examples.REFERENCE_TAKEN,
    }
    refusals = openapi.refusals((WIRE[ReferenceIdTaken], COMMON[IdempotencyKeyReused]), known)
    return {
        "operationId": "startCase",
        "tags": ["cases"],
        "summary": "Start an identification case",
        "description": (
            "All data is optional; the portal asks the person for what is missing. If the first or the last name is "
            "missing, all contact data is dropped. A `referenceId` is unique among the cases of a client."
        ),
        "parameters": [openapi.CLIENT_ID, openapi.IDEMPOTENCY_KEY],
        "requestBody": {
            "required": False,
            "content": {JSON: {"schema": reference(_REQUEST), "examples": {**examples.REQUESTS, **_WRAPPED}}},
        },
        "responses": {"201": created, "400": openapi.bad_requests(_BAD_REQUESTS), **refusals},
    }


def _issue_coupon() -> dict[str, Any]:
    created = openapi.success(
        "The coupon is made; the basic identification is in status `coupon requested`.",
        reference("CouponResponse"),
        {"sample": {"summary": "The guide's sample answer, its document shortened", "value": examples.COUPON_RESPONSE}},
    )
    facts = (CouponNotActive, CaseUnknown, CaseClosed, BasicInWrongStatus, CouponLimitReached)
    wires = (*(WIRE[fact] for fact in facts), COMMON[IdempotencyKeyReused])
    known = {"unauthorized": examples.UNAUTHORIZED}
    bad = {
        "body": {"summary": "A body that says something", "value": openapi.bad_request_example("body", NO_CONTENT)},
        "content_type": {"summary": "A body of another type", "value": openapi.WRONG_CONTENT_TYPE},
    }
    return {
        "operationId": "issueCoupon",
        "tags": ["cases"],
        "summary": "Create a coupon for the post office",
        "description": (
            "Answers a printable PDF (one A4 page) with a Data Matrix for the counter. The account must have coupons "
            "activated; a case takes as many as the account allows while its basic identification does not exist or is "
            "`started`, `coupon requested` or `incomplete`. To be called without a body; `{}` and `null` are taken too."
        ),
        "parameters": [openapi.CLIENT_ID, openapi.CASE_ID_PARAMETER, openapi.IDEMPOTENCY_KEY],
        "requestBody": {
            "required": False,
            "content": {
                JSON: {
                    "schema": {"type": ["object", "null"], "additionalProperties": False},
                    "examples": {"empty": {"value": {}}},
                }
            },
        },
        "responses": {"201": created, "400": openapi.bad_requests(bad), **openapi.refusals(wires, known)},
    }
