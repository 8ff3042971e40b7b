"""
Results of delivery cases as DELIVERY §7 has them.

The list form is rendered with every change of a case and kept with it, so that a list is made by joining bytes; the
single form is the list form with one object repeated. Source: D-21 to D-23, decisions 7, 8, 10, 39.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from fallwerk.domain.identcase.codes import sub_status, sub_status_reason
from fallwerk.domain.identcase.model import IdentCase, Identification, PostOffice, SubStatus
from fallwerk.kit.clock import berlin_seconds

_ADDITIONAL: Final = "additionalDataDelivery"
# In a JSON text a quote inside a string is escaped: a name followed by a bare quote and a colon is always a member.
_ADDITIONAL_MEMBER: Final = f'"{_ADDITIONAL}":'.encode()


def case_result(case: IdentCase, custom1: str | None, identification: Identification | None) -> dict[str, Any]:
    """
    Build the list form of a result; what is empty is left out.

    Args:
        custom1: The only order datum that comes back.
        identification: None while the case is `new`.
    """
    result: dict[str, Any] = {"caseId": case.case_id}
    if identification is not None and identification.identified_us is not None:
        result["identificationTime"] = berlin_seconds(identification.identified_us)
    result["caseStatus"] = case_status(case)
    if custom1:
        result["orderData"] = {"customData": {"custom1": custom1}}
    if identification is not None:
        result["identification"] = _identification(identification)
    return result


def render_list_form(case: IdentCase, custom1: str | None, identification: Identification | None) -> bytes:
    """Render the list form as UTF-8 JSON, not ASCII-escaped (D-23); this is the domain's `ResultRenderer`."""
    return orjson.dumps(case_result(case, custom1, identification))


def single_from_list(list_form: bytes) -> bytes:
    """
    Make the single form of a stored result: the post office stands beside `identification` as well.

    Source: decision 7. Without a post office both forms are the same bytes.
    """
    if _ADDITIONAL_MEMBER not in list_form:
        return list_form
    result = orjson.loads(list_form)
    return orjson.dumps({**result, _ADDITIONAL: result["identification"][_ADDITIONAL]})


def archived_form(list_form: bytes) -> bytes:
    """Make the stored result of a case that is archived now; its times stay (D-23)."""
    result = orjson.loads(list_form)
    result["caseStatus"]["archived"] = True
    return orjson.dumps(result)


def case_status(case: IdentCase) -> dict[str, Any]:
    """Build `caseStatus`: JSON's own booleans (decision 10), the time of the last status change."""
    return {"status": case.status.value, "archived": case.archived, "modified": berlin_seconds(case.modified_us)}


def archive_entries(cases: Sequence[IdentCase]) -> list[dict[str, Any]]:
    """Build the archive answer, one entry per closed case in the order given (D-41)."""
    return [{"caseId": case.case_id, "caseStatus": case_status(case)} for case in cases]


def _identification(identification: Identification) -> dict[str, Any]:
    status: dict[str, Any] = {"status": identification.status.value}
    if identification.sub_status is not None:
        status["subStatus"] = _code(sub_status(identification.sub_status))
    if identification.sub_status_reason is not None:
        status["subStatusReason"] = _code(sub_status_reason(identification.sub_status_reason))
    status["modified"] = berlin_seconds(identification.modified_us)
    result: dict[str, Any] = {"identificationMethod": identification.method.value, "identificationStatus": status}
    additional = _additional(identification.post_office)
    if additional:
        result[_ADDITIONAL] = additional
    return result


def _code(entry: SubStatus) -> dict[str, Any]:
    return {"code": entry.code, "description": entry.description}


def _additional(office: PostOffice | None) -> dict[str, str]:
    if office is None:
        return {}
    fields = {"postOfficeStreetAddress": office.street_address, "postOfficeCity": office.city}
    return {name: value for name, value in fields.items() if value}
