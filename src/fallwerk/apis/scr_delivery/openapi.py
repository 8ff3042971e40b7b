"""The interface description of DELIVERY, made from its shapes, errors and examples (C-06)."""

from typing import Any, Final

from pydantic import TypeAdapter

from fallwerk.apis.scr_delivery import examples, schema
from fallwerk.apis.scr_delivery.errors import WIRE
from fallwerk.dialects.scr import case_parameters as parameters
from fallwerk.dialects.scr import openapi, openapi_cases
from fallwerk.dialects.scr.envelope import JSON
from fallwerk.dialects.scr.openapi_schemas import reference, response_components
from fallwerk.domain.identcase.codes import SUB_STATUS_REASONS, SUB_STATUSES
from fallwerk.domain.identcase.errors import CaseUnknown

TITLE: Final = "POSTIDENT SCR-Ident: delivery"
_REF_TEMPLATE: Final = "#/components/schemas/{model}"
_BAD_ARCHIVE: Final = openapi.bad_request_example("body", "The body must be a JSON array of strings.")


def document(public_base_url: str) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document.

    Args:
        public_base_url: Where callers reach this system.
    """
    paths = {
        openapi.path("{clientId}/cases/delivery"): {"get": _list_cases()},
        openapi.path("{clientId}/cases/delivery/{caseId}"): {"get": _get_case()},
        openapi.path("{clientId}/cases/archive"): {"patch": _archive("archiveCases", "Archive closed cases")},
        openapi.path("{clientId}/cases/delivery/archive"): {
            "patch": _archive("archiveDeliveryCases", "Archive closed cases, the sample's path")
        },
        **openapi.alive_path(),
    }
    return openapi.document(TITLE, _description(), public_base_url=public_base_url, paths=paths, schemas=_schemas())


def _description() -> str:
    def rows(codes: Any) -> str:  # noqa: ANN401 - a read-only mapping
        return "\n".join(f"| {code} | {text} |" for code, text in codes.items())

    return f"""\
Fetch the results of deliveries with identification, plain or encrypted, and archive what was fetched.

* Times are Europe/Berlin with the offset of that instant, in whole seconds.
* What is empty is left out. Expect further fields.
* With the header `x-scr-key` a result is encrypted for that key. Any other or unknown `x-scr-` header without it is an
  error, so that a typing mistake never turns an encrypted answer into a plain one.
* A closed case is deleted at the end of the account's retention, at most 90 days; after that it answers 404.
* Paths may end in a slash.

| sub status | meaning |
|---|---|
{rows(SUB_STATUSES)}

| reason | meaning |
|---|---|
{rows(SUB_STATUS_REASONS)}
"""


def _schemas() -> dict[str, dict[str, Any]]:
    single = schema.SingleDeliveryCaseResult.model_json_schema(ref_template=_REF_TEMPLATE)
    listed = schema.DeliveryCaseResult.model_json_schema(ref_template=_REF_TEMPLATE)
    archived = schema.ArchivedCase.model_json_schema(ref_template=_REF_TEMPLATE)
    archive_list = TypeAdapter(schema.ArchiveList).json_schema()
    return {
        **response_components("SingleDeliveryCaseResult", single),
        **response_components("DeliveryCaseResult", listed),
        **response_components("ArchivedCase", archived),
        **response_components("ArchiveList", archive_list),
    }


def _get_case() -> dict[str, Any]:
    found = openapi.result(
        "The result as it stands now.",
        reference("SingleDeliveryCaseResult"),
        {
            "success": {"summary": "Identified in a post office", "value": examples.SUCCESS_SINGLE},
            "declined": {"summary": "Declined: validity exceeded", "value": examples.DECLINED},
        },
    )
    bad = {
        "keyhash": {"summary": "A wrong HMAC", "value": openapi_cases.BAD_HEADER},
        "content_type": {"summary": "A body of another type", "value": openapi.WRONG_CONTENT_TYPE},
    }
    return {
        "operationId": "getDeliveryCase",
        "tags": ["cases"],
        "summary": "Get the result of one case",
        "description": "Answers 404 for another client's case just as for one that never was.",
        "parameters": [openapi.CLIENT_ID, openapi.CASE_ID_PARAMETER, *openapi.ENCRYPTION],
        "responses": {"200": found, "400": openapi.bad_requests(bad), **openapi.refusals((WIRE[CaseUnknown],))},
    }


def _list_cases() -> dict[str, Any]:
    array = {"type": "array", "maxItems": parameters.LIST_LIMIT, "items": reference("DeliveryCaseResult")}
    listed = openapi.result(
        f"The results that match, oldest first, at most {parameters.LIST_LIMIT:,}.",
        array,
        {
            "two": {"summary": "Two results", "value": examples.RESULT_LIST},
            "none": {"summary": "Nothing matches", "value": []},
        },
    )
    bad = {
        "date": {"summary": "A malformed date", "value": openapi_cases.BAD_DATE},
        "keyhash": {"summary": "A wrong HMAC", "value": openapi_cases.BAD_HEADER},
    }
    return {
        "operationId": "listDeliveryCases",
        "tags": ["cases"],
        "summary": "List results",
        "description": (
            "The status filters add up, the dates restrict; without any filter all closed cases that are not archived "
            "are listed. A closing date leaves out cases that are not closed. A parameter may be given once; unknown "
            "ones are ignored. Write a `+` as `%2B`; a bare one is understood too."
        ),
        "parameters": [openapi.CLIENT_ID, *openapi_cases.query_parameters(), *openapi.ENCRYPTION],
        "responses": {
            "200": {**listed, "headers": openapi_cases.PARTIAL},
            "400": openapi.bad_requests(bad),
            **openapi.refusals(()),
        },
    }


def _archive(operation_id: str, summary: str) -> dict[str, Any]:
    archived = openapi.success(
        "One entry for each closed case that was named, archived before or now, in the order of the request.",
        {"type": "array", "maxItems": parameters.ARCHIVE_LIMIT, "items": reference("ArchivedCase")},
        {
            "one": {"summary": "A case archived", "value": examples.ARCHIVE_RESPONSE},
            "none": {"summary": "No closed case was named", "value": []},
        },
    )
    bad = {
        "shape": {"summary": "No list of case ids", "value": _BAD_ARCHIVE},
        "content_type": {"summary": "Another content type", "value": openapi.WRONG_CONTENT_TYPE},
    }
    return {
        "operationId": operation_id,
        "tags": ["cases"],
        "summary": summary,
        "description": (
            "Both paths do the same. Cases that are not closed, and ids that are unknown or another client's, are "
            f"passed over. At most {parameters.ARCHIVE_LIMIT:,} ids in one call; more change nothing."
        ),
        "parameters": [openapi.CLIENT_ID],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": reference("ArchiveList"),
                    "examples": {"one": {"summary": "One case", "value": examples.ARCHIVE_REQUEST}},
                }
            },
        },
        "responses": {"200": archived, "400": openapi.bad_requests(bad), **openapi.refusals(())},
    }
