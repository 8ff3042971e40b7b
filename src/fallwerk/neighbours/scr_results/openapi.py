"""The interface description of the results of START's cases, made from their shapes, errors and examples (C-06)."""

from typing import Any, Final

from fallwerk.dialects.scr import openapi, openapi_cases
from fallwerk.dialects.scr.case_parameters import LIST_LIMIT
from fallwerk.dialects.scr.openapi_schemas import reference, response_components
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.methods_codes import SUB_STATUS_REASONS, SUB_STATUSES
from fallwerk.neighbours.scr_results import examples, schema
from fallwerk.neighbours.scr_results.errors import WIRE

TITLE: Final = "POSTIDENT SCR-Ident: results"
_REF_TEMPLATE: Final = "#/components/schemas/{model}"
_EXAMPLES: Final = {
    "success": {"summary": "Identified in a video call", "value": examples.SUCCESS},
    "new": {"summary": "Nothing has happened yet", "value": examples.NEW},
}
_BINARY: Final = {
    "name": "includeBinaryData",
    "in": "query",
    "description": "Add each record's content as `documentData`, in base64.",
    "schema": {"type": "boolean", "default": False},
}


def document(public_base_url: str) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    paths = {
        openapi.path("{clientId}/cases"): {"get": _list_cases()},
        openapi.path("{clientId}/cases/{caseId}"): {"get": _get_case("getCase", "Get the result of one case")},
        openapi.path("{clientId}/cases/{caseId}/full"): {
            "get": _get_case("getFullCase", "Get the result of one case with its documents", _BINARY)
        },
    }
    schemas = response_components("CaseResult", schema.CaseResult.model_json_schema(ref_template=_REF_TEMPLATE))
    return openapi.document(TITLE, _description(), public_base_url=public_base_url, paths=paths, schemas=schemas)


def _description() -> str:
    def rows(codes: Any) -> str:  # noqa: ANN401 - a read-only mapping
        return "\n".join(f"| {code} | {text} |" for code, text in codes.items())

    return f"""\
Fetch what came of cases that were started for the methods basic, video, photo and eid, plain or encrypted.

* Every value that was found out says how it compares with what you provided: `new`, `match` or `change`.
* The account's identification class limits what is there: pictures of the identity document and of the face only in
  GwG, the TAN's channel only in GwG, reviews only in TKG, the driving licence only in Mobility.
* Times are Europe/Berlin with the offset of that instant, in whole seconds. What is empty is left out.
* Archive cases with `PATCH …/cases/archive`, as deliveries. A closed case is deleted at the end of the account's
  retention; after that it answers 404.
* The codes are this system's own.

| sub status | meaning |
|---|---|
{rows(SUB_STATUSES)}

| reason | meaning |
|---|---|
{rows(SUB_STATUS_REASONS)}
"""


def _get_case(operation_id: str, summary: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    bad = {
        "keyhash": {"summary": "A wrong HMAC", "value": openapi_cases.BAD_HEADER},
        "content_type": {"summary": "A body of another type", "value": openapi.WRONG_CONTENT_TYPE},
    }
    return {
        "operationId": operation_id,
        "tags": ["cases"],
        "summary": summary,
        "description": "Answers 404 for another client's case and for a delivery case, as for one that never was.",
        "parameters": [openapi.CLIENT_ID, openapi.CASE_ID_PARAMETER, *parameters, *openapi.ENCRYPTION],
        "responses": {
            "200": openapi.result("The result as it stands now.", reference("CaseResult"), _EXAMPLES),
            "400": openapi.bad_requests(bad),
            **openapi.refusals((WIRE[CaseUnknown],)),
        },
    }


def _list_cases() -> dict[str, Any]:
    listed = openapi.result(
        f"The results that match, oldest first, at most {LIST_LIMIT:,}; records come without their data.",
        {"type": "array", "maxItems": LIST_LIMIT, "items": reference("CaseResult")},
        {
            "two": {"summary": "Two results", "value": [examples.SUCCESS, examples.NEW]},
            "none": {"summary": "Nothing matches", "value": []},
        },
    )
    bad = {
        "date": {"summary": "A malformed date", "value": openapi_cases.BAD_DATE},
        "keyhash": {"summary": "A wrong HMAC", "value": openapi_cases.BAD_HEADER},
    }
    return {
        "operationId": "listCases",
        "tags": ["cases"],
        "summary": "List results",
        "description": (
            "The status filters add up, the dates restrict; without any filter all closed cases that are not archived "
            "are listed. Delivery cases have a list of their own."
        ),
        "parameters": [openapi.CLIENT_ID, *openapi_cases.query_parameters(), *openapi.ENCRYPTION],
        "responses": {
            "200": {**listed, "headers": openapi_cases.PARTIAL},
            "400": openapi.bad_requests(bad),
            **openapi.refusals(()),
        },
    }
