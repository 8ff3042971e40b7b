"""
Wire shapes of the sandbox control: what its calls take and give back.

Source: control-api.md "Sandbox control"; decisions.md "Simulate", "Time", "Sandbox".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

from fallwerk.domain.identcase.lifecycle import LegalStep
from fallwerk.domain.notification.model import Delivery
from fallwerk.domain.sandbox.model import CallFault, Component
from fallwerk.kit.clock import from_us
from fallwerk.kit.journal import JournalFilter, RecordedRequest
from fallwerk.own.sandbox.errors import fault

LONGEST_DELAY_MS: Final = 60_000
MOST_TIMES: Final = 1_000_000
LONGEST_PREFIX: Final = 500
LIMIT: Final = 500
"""Journal entries answered when the caller asks for no other number."""
HIGHEST_LIMIT: Final = 10_000

_CASE_ID: Final = re.compile(r"[0-9A-Z]{12}")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_FAULT_FIELDS: Final = ("match", "status", "delayMs", "times")
_MATCH_FIELDS: Final = ("method", "pathPrefix")
_COMPONENT_FIELDS: Final = ("component", "available")
_FILTERS: Final = ("method", "path", "pathPrefix", "status", "traceId", "account", "caseId", "limit")
_ERRORS_FROM, _ERRORS_TO = 400, 599


@dataclass(frozen=True, slots=True)
class ComponentSwitch:
    """A component that is to be unavailable, or available again."""

    component: Component
    available: bool


def is_case_id(text: str) -> bool:
    """Tell whether a text has a case id's form; anything else names no case."""
    return _CASE_ID.fullmatch(text) is not None


def read_advance(body: object) -> int:
    """
    Read by how many whole seconds the clock is to move.

    Raises:
        Problem: 400, not an integer that is zero or more.
    """
    fields = _object("", body, ("advanceSeconds",))
    return _integer("/advanceSeconds", fields.get("advanceSeconds"), 0, None)


def read_fault(body: object) -> CallFault | ComponentSwitch:
    """
    Read either form of an ordered fault; the id of a fault of calls is still 0.

    Raises:
        Problem: 400, unknown or mistyped fields, values out of range, or a fault that would do nothing.
    """
    if isinstance(body, dict) and "component" in body:
        return _component(_object("", body, _COMPONENT_FIELDS))
    fields = _object("", body, _FAULT_FIELDS)
    match = _object("/match", {} if fields.get("match") is None else fields["match"], _MATCH_FIELDS)
    status = fields.get("status")
    delay_ms = _optional("/delayMs", fields.get("delayMs"), 0, LONGEST_DELAY_MS, absent=0)
    if status is None and delay_ms == 0:
        raise fault("/status", "A fault needs a status, a delay, or both.")
    return CallFault(
        fault_id=0,
        method=_method(match.get("method")),
        path_prefix=_prefix(match.get("pathPrefix")),
        status=None if status is None else _integer("/status", status, _ERRORS_FROM, _ERRORS_TO),
        delay_ms=delay_ms,
        remaining=_optional("/times", fields.get("times"), 1, MOST_TIMES, absent=1),
    )


def read_journal_filter(query: Mapping[str, str]) -> JournalFilter:
    """
    Read the parameters of the request journal; unknown ones are refused, as a mistyped filter would show everything.

    Raises:
        Problem: 400.
    """
    for name in query:
        if name not in _FILTERS:
            raise fault(name, f"There is no such filter; known are {', '.join(_FILTERS)}.")
    return JournalFilter(
        method=query.get("method"),
        path=query.get("path"),
        path_prefix=query.get("pathPrefix"),
        status=_number(query, "status", 100, 599),
        trace_id=query.get("traceId"),
        account=query.get("account"),
        case_id=query.get("caseId"),
        limit=_number(query, "limit", 1, HIGHEST_LIMIT) or LIMIT,
    )


def time_text(at_us: int) -> str:
    """Render an instant: ISO 8601 in UTC with milliseconds and `Z`."""
    return from_us(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock_body(now_us: int, offset_us: int) -> dict[str, Any]:
    """Render the clock."""
    return {"now": time_text(now_us), "offsetSeconds": offset_us // 1_000_000}


def illegal_step_body(error: str, legal: Sequence[LegalStep]) -> dict[str, Any]:
    """Render what may come next instead of an illegal step."""
    return {
        "error": error,
        "legalNext": [
            {
                "status": step.status.value,
                "subStatus": step.sub_status,
                "subStatusReasons": list(step.sub_status_reasons),
            }
            for step in legal
        ],
    }


def fault_body(ordered: CallFault | ComponentSwitch) -> dict[str, Any]:
    """Render a fault as it was understood."""
    if isinstance(ordered, ComponentSwitch):
        return {"component": ordered.component.value, "available": ordered.available}
    return {
        "match": {"method": ordered.method, "pathPrefix": ordered.path_prefix},
        "status": ordered.status,
        "delayMs": ordered.delay_ms,
        "times": ordered.remaining,
    }


def delivery_body(delivery: Delivery) -> dict[str, Any]:
    """Render one entry of the webhook log; absent values are `null`."""
    next_us = delivery.next_attempt_at_us
    return {
        "deliveryId": str(delivery.delivery_id),
        "caseId": delivery.case_id,
        "url": delivery.url,
        "body": orjson.loads(delivery.body),
        "status": delivery.status.value,
        "attempts": [
            {"at": time_text(attempt.at_us), "statusCode": attempt.status_code, "error": attempt.error}
            for attempt in delivery.attempts
        ],
        "nextAttemptAt": None if next_us is None else time_text(next_us),
    }


def request_body(entry: RecordedRequest) -> dict[str, Any]:
    """Render one entry of the journal; bodies are texts, as they may be cut or no JSON at all."""
    return {
        "at": time_text(entry.at_us),
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "traceId": entry.trace_id,
        "account": entry.account,
        "caseId": entry.case_id or None,
        "requestBody": entry.request_body,
        "responseBody": entry.response_body,
        "durationMs": entry.duration_us / 1000,
    }


def _component(fields: Mapping[str, object]) -> ComponentSwitch:
    name, available = fields["component"], fields.get("available")
    known = tuple(component.value for component in Component)
    if not isinstance(name, str) or name not in known:
        raise fault("/component", f"Must be one of: {', '.join(known)}.")
    if not isinstance(available, bool):
        raise fault("/available", "Must be true or false.")
    return ComponentSwitch(Component(name), available)


def _object(pointer: str, value: object, known: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise fault(pointer, "Must be an object.")
    for name in value:
        if name not in known:
            raise fault(pointer, f"Has an unknown field; known are {', '.join(known)}.")
    return cast("Mapping[str, object]", value)


def _integer(pointer: str, value: object, lowest: int, highest: int | None) -> int:
    # JSON's true is an int to Python and would pass for 1.
    if isinstance(value, bool) or not isinstance(value, int):
        raise fault(pointer, "Must be an integer.")
    if value < lowest or (highest is not None and value > highest):
        bounds = f"{lowest} or more" if highest is None else f"from {lowest} to {highest}"
        raise fault(pointer, f"Must be {bounds}.")
    return value


def _optional(pointer: str, value: object, lowest: int, highest: int, *, absent: int) -> int:
    return absent if value is None else _integer(pointer, value, lowest, highest)


def _method(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value.upper() not in _METHODS:
        raise fault("/match/method", f"Must be one of: {', '.join(_METHODS)}.")
    return value.upper()


def _prefix(value: object) -> str | None:
    if value is None:
        return None
    if (
        not isinstance(value, str)
        or not value.startswith("/")
        or len(value) > LONGEST_PREFIX
        or not value.isprintable()
    ):
        raise fault("/match/pathPrefix", f"Must begin with / and have at most {LONGEST_PREFIX} characters.")
    return value


def _number(query: Mapping[str, str], name: str, lowest: int, highest: int) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    if not digits or not lowest <= int(text) <= highest:
        raise fault(name, f"Must be a number from {lowest} to {highest}.")
    return int(text)
