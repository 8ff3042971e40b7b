"""
Results of cases of START as existing clients read them.

The list form is rendered with every change of a case and kept with it, so that a list is made by joining bytes; a
single result is the same, and the full one adds the records' data. Source: public-facts.md "POSTIDENT: what existing
clients of the SCR API do"; R-01 to R-06, decision 29.
"""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from fallwerk.domain.account.model import IdentClass, ScrClient
from fallwerk.domain.identcase.attempt import Attempt, AttemptDetails, BelongsTo, CaseFile, Count, Record
from fallwerk.domain.identcase.methods_codes import sub_status, sub_status_reason
from fallwerk.domain.identcase.model import IdentCase, IdentStatus, Method, SubStatus
from fallwerk.domain.identcase.ports import UntouchedCase
from fallwerk.kit.clock import berlin_seconds
from fallwerk.kit.parts import base64_parts
from fallwerk.neighbours.scr_results.checked import (
    Plain,
    checked_contact,
    checked_document,
    checked_licence,
    matching_contact,
    provided_contact,
    provided_document,
    provided_licence,
)

RESULT: Final = "result"
PDF: Final = "application/pdf"
_EXTENSIONS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_CUSTOM: Final = ("custom1", "custom2", "custom3", "custom4", "custom5")
_PROCESS: Final = (
    ("targetCountry", "target_country"),
    ("preferredLanguage", "preferred_language"),
    ("webHookUrl", "webhook_url"),
    ("webHookUrlPartner", "webhook_url_partner"),
    ("referenceId", "reference_id"),
)
_CALLBACKS: Final = (
    ("callbackUrlCouponRequested", "coupon_requested"),
    ("callbackUrlReviewPending", "review_pending"),
    ("callbackUrlIncomplete", "incomplete"),
    ("callbackUrlSuccess", "success"),
    ("callbackUrlDeclined", "declined"),
)
_PRODUCTS: Final = {
    Method.BASIC: "Postident Basic",
    Method.VIDEO: "Postident Video",
    Method.PHOTO: "Postident Photo",
    Method.EID: "Postident eID",
}
_UNTOUCHED: Final = "Postident"


def case_result(file: CaseFile) -> dict[str, Any]:
    """Build a result without the records' data; what is empty is left out, what readers never expect null is there."""
    names = _file_names(file)
    return _result(
        file.case,
        # The form in which untouched cases are read: one way of rendering an order for both.
        orjson.loads(orjson.dumps(file.order)),
        contact=checked_contact(file.contact, file.order.contact),
        identifications=[_identification(file, attempt, names) for attempt in file.attempts],
        accounting=_accounting(file.client, _product(file)),
    )


def render_untouched(case: UntouchedCase, client: ScrClient) -> bytes:
    """Render the list form of a case that nothing has happened to: `render_list_form` of the same case, but faster."""
    contact = matching_contact(case.order["contact"])
    accounting = _accounting(client, _UNTOUCHED)
    return orjson.dumps(_result(case, case.order, contact=contact, identifications=[], accounting=accounting))


def _result(
    case: IdentCase | UntouchedCase,
    order: Plain,
    *,
    contact: dict[str, Any],
    identifications: list[dict[str, Any]],
    accounting: dict[str, str],
) -> dict[str, Any]:
    result: dict[str, Any] = {"caseId": case.case_id, "caseStatus": case_status(case)}
    result["orderData"] = _order_data(order)
    if contact:
        result["contactData"] = contact
    result["identifications"] = identifications
    result["accountingData"] = accounting
    return result


def _accounting(client: ScrClient, product: str) -> dict[str, str]:
    return {"accountingNumber": client.settings.accounting_number, "accountingProduct": product}


def render_list_form(file: CaseFile) -> bytes:
    """Render the list form as UTF-8 JSON, not ASCII-escaped."""
    return orjson.dumps(case_result(file))


def with_documents(list_form: bytes, documents: Mapping[str, bytes]) -> Iterator[bytes]:
    """
    Yield a stored result with the records' data added to it, piece by piece: they may be many megabytes.

    Args:
        documents: Contents by record id; a record whose content is not among them stays without.
    """
    result = orjson.loads(list_form)
    # Stands where data goes; nobody who wrote a text of the result can have known it.
    place = secrets.token_hex(16)
    contents = []
    for identification in result["identifications"]:
        for record in identification.get("records", ()):
            content = documents.get(record["recordId"])
            if content is not None:
                record["documentData"] = place
                contents.append(content)
    begin, *others = orjson.dumps(result).split(place.encode())
    yield begin
    for content, text in zip(contents, others, strict=True):
        yield from base64_parts(content)
        yield text


def case_status(case: IdentCase | UntouchedCase) -> dict[str, Any]:
    """Build `caseStatus`; archiving does not touch `modified`."""
    return {
        "status": case.status,
        "archived": case.archived,
        "validUntil": berlin_seconds(case.valid_until_us),
        "created": berlin_seconds(case.created_us),
        "modified": berlin_seconds(case.modified_us),
    }


def visible_records(file: CaseFile, attempt: Attempt) -> Iterator[Record]:
    """Yield the records of an attempt that the client's identification class may see (R-04)."""
    for record in file.records_of(attempt.number):
        if record.belongs_to is BelongsTo.DRIVING_LICENCE:
            wanted: IdentClass | None = IdentClass.MOBILITY
        elif record.belongs_to is BelongsTo.IDENTITY_DOCUMENT or record.type == "userface":
            wanted = IdentClass.GWG
        else:
            wanted = None
        if wanted in {None, file.client.settings.ident_class}:
            yield record


def has_result_document(attempt: Attempt) -> bool:
    """Tell whether there is a result to put on paper: somebody looked at the person and came to an end."""
    identification = attempt.identification
    return identification.status is IdentStatus.SUCCESS


def result_record_id(file: CaseFile, attempt: Attempt) -> str:
    """Name the result document of an attempt; it is made when it is asked for and lies nowhere."""
    return f"{file.case.case_id}-{attempt.number}"


def _identification(file: CaseFile, attempt: Attempt, names: Mapping[str, str]) -> dict[str, Any]:
    found, details, settings = attempt.identification, attempt.details, file.client.settings
    status: dict[str, Any] = {"status": found.status.value}
    if found.sub_status is not None:
        status["subStatus"] = _code(sub_status(found.sub_status))
    if found.sub_status_reason is not None:
        status["subStatusReason"] = _code(sub_status_reason(found.sub_status_reason))
    if found.identified_us is not None:
        status["identificationTime"] = berlin_seconds(found.identified_us)
    status["created"] = berlin_seconds(found.created_us)
    status["modified"] = berlin_seconds(found.modified_us)
    result: dict[str, Any] = {
        "identificationMethod": found.method.value,
        "identificationStatus": status,
        # Existing readers never expect it to be missing, so an empty one stands.
        "identificationDocument": checked_document(_disclosed(attempt), file.order.identity_document),
    }
    licence = details.driving_licence if settings.ident_class is IdentClass.MOBILITY else None
    return result | _filled(
        drivingLicence=checked_licence(licence, file.order.driving_licence),
        records=list(_records(file, attempt, names)),
        additionalDataBasic=_basic(details) if found.method is Method.BASIC else {},
        additionalDataVideo=_video(details, settings.ident_class) if found.method is Method.VIDEO else {},
        additionalDataEid=_filled(dkk=details.dkk) if found.method is Method.EID else {},
    )


def _records(file: CaseFile, attempt: Attempt, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    if has_result_document(attempt):
        record_id = result_record_id(file, attempt)
        yield {
            "recordId": record_id,
            "belongsTo": BelongsTo.METHOD.value,
            "type": RESULT,
            "mimeType": PDF,
            "fileName": names[record_id],
        }
    for record in visible_records(file, attempt):
        described: dict[str, Any] = {
            "recordId": str(record.record_id),
            "belongsTo": record.belongs_to.value,
            "type": record.type,
        }
        if record.validation is not None:
            described["validationStatus"] = record.validation.status.value
            described |= _filled(
                validationSubStatus=record.validation.sub_status, validationRemark=record.validation.remark
            )
        yield {**described, "mimeType": record.mime_type, "fileName": names[str(record.record_id)]}


def _file_names(file: CaseFile) -> dict[str, str]:
    """
    Name every record of a case by its id; a second one of a type gets `_2`.

    Source: R-05. All records count, those that a class hides too: a name never depends on the account's class.
    """
    names: dict[str, str] = {}
    taken: dict[str, int] = {}

    def name(record_id: str, stem: str, mime_type: str) -> None:
        number = taken[stem] = taken.get(stem, 0) + 1
        suffix = f"_{number}" if number > 1 else ""
        names[record_id] = f"{file.case.case_id}_{stem}{suffix}.{_EXTENSIONS.get(mime_type, 'bin')}"

    for attempt in file.attempts:
        if has_result_document(attempt):
            name(result_record_id(file, attempt), f"{RESULT}_{attempt.method.value}", PDF)
        for record in file.records_of(attempt.number):
            name(str(record.record_id), record.type, record.mime_type)
    return names


def _order_data(order: Plain) -> dict[str, Any]:
    """Build `orderData`; never empty, since the target country and the language have defaults."""
    data: dict[str, Any] = {}
    if custom := {name: text for name, text in zip(_CUSTOM, order["custom"], strict=True) if text}:
        data["customData"] = custom
    data["processData"] = _process_data(order)
    if contact := provided_contact(order["contact"]):
        data["contactDataProvided"] = contact
    if document := provided_document(order["identity_document"]):
        data["identificationDocumentProvided"] = document
    given = order["driving_licence"]
    if licence := provided_licence(given):
        data[given["spelling"]] = licence
    return data


def _process_data(order: Plain) -> dict[str, Any]:
    """Give `processData` back, each name as the caller spelt it (decision 34)."""
    spellings, callbacks = order["spellings"], order["callbacks"]
    process = {wire: value for wire, name in _PROCESS if (value := order[name])}
    if spellings:
        spelt = {name.lower(): name for name in spellings}
        process = {spelt.get(name.lower(), name): value for name, value in process.items()}
    for wire, name in _CALLBACKS if callbacks else ():
        if urls := callbacks.get(name):
            ios_name = "iOSUrl" if f"{name}.iOSUrl" in spellings else "iosUrl"
            given = (("webUrl", urls["web"]), (ios_name, urls["ios"]), ("androidUrl", urls["android"]))
            process[wire] = {name: url for name, url in given if url}
    return process


def _disclosed(attempt: Attempt) -> Any:  # noqa: ANN401 - a document or None
    """What was read from the document; nothing while a review may still change it (S-46)."""
    return None if attempt.identification.status is IdentStatus.REVIEW_PENDING else attempt.details.identity_document


def _basic(details: AttemptDetails) -> dict[str, Any]:
    counts = (
        ("couponByPiAppRequest", details.app_requests),
        ("couponDownload", details.coupon_downloads),
        ("couponByEmailRequest", details.mail_requests),
    )
    return {name: value for stem, count in counts for name, value in _count(stem, count)}


def _count(stem: str, count: Count) -> Iterator[tuple[str, Any]]:
    if count.last_us is not None:
        yield f"{stem}Count", count.times
        yield f"{stem}LastTimestamp", berlin_seconds(count.last_us)


def _video(details: AttemptDetails, ident_class: IdentClass) -> dict[str, Any]:
    reviews = ", ".join(f"{review.name}: {'ok' if review.passed else 'not ok'}" for review in details.reviews)
    accepted = details.recording_accepted_us
    return _filled(
        identificationServiceCenter=details.service_center,
        identificationAgentAlias=details.agent_alias,
        identReviews=reviews if ident_class is IdentClass.TKG else "",
        videoRecordingAccepted=None if accepted is None else berlin_seconds(accepted),
        tanChannel=details.tan_channel if ident_class is IdentClass.GWG else "",
    )


def _product(file: CaseFile) -> str:
    """The product of the attempt that succeeded, otherwise of the latest one."""
    for attempt in reversed(file.attempts):
        if attempt.identification.status is IdentStatus.SUCCESS:
            return _PRODUCTS[attempt.method]
    return _PRODUCTS[file.attempts[-1].method] if file.attempts else _UNTOUCHED


def _code(entry: SubStatus) -> dict[str, Any]:
    return {"code": entry.code, "description": entry.description}


def _filled(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a JSON text
    """Leave out what is empty: since the provider's release 17 results hold no empty objects."""
    return {name: value for name, value in values.items() if value not in (None, "", {}, [])}
