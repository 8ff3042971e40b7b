"""
What a caller of the list and the archive asks for.

Source: DELIVERY §6.5, §7.9; D-24, D-25 (a blank for a `+`), D-42; decisions.md "Dates in filters".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final, cast
from urllib.parse import unquote_to_bytes

from fallwerk.dialects.scr.case_parameters import ARCHIVE_LIMIT, DATE_FORMS, QUERY_PARAMETERS
from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.domain.identcase.filter import CaseFilter
from fallwerk.domain.identcase.model import CaseStatus
from fallwerk.kit.clock import BERLIN, to_us
from fallwerk.kit.jsonio import JsonFault, read_json

SECOND_US: Final = 1_000_000
GIVEN_TWICE: Final = "The parameter is given more than once."
NO_BOOLEAN: Final = "The value must be true or false."
_SECONDS_END: Final = len("hh:mm:ss")
_BOOLEANS: Final = {"true": True, "false": False}
_STATUS_DEFAULTS: Final = (
    (CaseStatus.NEW, "new"),
    (CaseStatus.IN_PROGRESS, "inProgress"),
    (CaseStatus.CLOSED, "closed"),
)
# The offset's sign may be a blank: what is left of a `+` that some layer took for one (D-25).
_DATE: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[Tt](?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)"
    r"(?:(?P<zulu>[Zz])|(?P<sign>[+\- ])(?P<hours>\d\d):(?P<minutes>\d\d))?)?",
    re.ASCII,
)
_CASE_ID: Final = re.compile("[0-9A-Z]{12}")


@dataclass(frozen=True, slots=True)
class _Moment:
    """A filter's date: the microseconds of the second it names, or of the day's first and last."""

    first_us: int
    last_us: int


def parse_filter(query: bytes) -> CaseFilter:
    """
    Read the list's filter parameters.

    Names are case sensitive; a `+` stays a `+`. A local time that Berlin has twice counts from its first and until its
    second occurrence, so that no case is missed; one that Berlin skips is read with the offset before the change.

    Raises:
        BadRequest: one fault per parameter with an invalid value or given twice, in the document's order.
    """
    given = _parameters(query)
    faults: list[Fault] = []
    flags: dict[str, bool] = {}
    moments: dict[str, _Moment] = {}
    for name, kind, default, _ in QUERY_PARAMETERS:
        values = given.get(name, [])
        if len(values) > 1:
            faults.append(Fault(name, GIVEN_TWICE))
        elif kind == "boolean":
            flag = _BOOLEANS.get(values[0].lower()) if values else default
            if flag is None:
                faults.append(Fault(name, NO_BOOLEAN))
            else:
                flags[name] = flag
        elif values:
            moment = _moment(values[0])
            if moment is None:
                faults.append(Fault(name, f"The value must be {DATE_FORMS}.", "90001", "wrong date format"))
            else:
                moments[name] = moment
    if faults:
        raise BadRequest(*faults)
    return _filter(flags, moments)


def parse_flag(query: bytes, name: str) -> bool:
    """
    Read one boolean parameter in any case; absent means false.

    Raises:
        BadRequest: given twice, or neither true nor false.
    """
    values = _parameters(query).get(name, [])
    if len(values) > 1:
        raise BadRequest(Fault(name, GIVEN_TWICE))
    flag = _BOOLEANS.get(values[0].lower()) if values else False
    if flag is None:
        raise BadRequest(Fault(name, NO_BOOLEAN))
    return flag


def read_archive_list(body: bytes) -> list[str]:
    """
    Read the case ids of an archive call, in request order.

    Strings that do not look like one (START §2 Response: twelve characters) are left out, like every unknown id; so
    no character that a database refuses gets further than here.

    Raises:
        BadRequest: key `body`, if it is not a JSON array of at most 10,000 strings (D-42).
    """
    try:
        value = read_json(body)
    except JsonFault as fault:
        raise BadRequest(Fault("body", str(fault))) from fault
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in cast("list[object]", value)):
        raise BadRequest(Fault("body", "The body must be a JSON array of strings."))
    case_ids = cast("list[str]", value)
    if len(case_ids) > ARCHIVE_LIMIT:
        raise BadRequest(Fault("body", f"The body holds too many case ids (max. {ARCHIVE_LIMIT})."))
    return [case_id for case_id in case_ids if _CASE_ID.fullmatch(case_id)]


def _parameters(query: bytes) -> dict[str, list[str]]:
    """Values by name; what is not UTF-8 gets replacement characters and so fails as a value of a known parameter."""
    given: dict[str, list[str]] = {}
    for part in query.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            given.setdefault(_text(name), []).append(_text(value))
    return given


def _text(encoded: bytes) -> str:
    return unquote_to_bytes(encoded).decode(errors="replace")


def _filter(flags: dict[str, bool], moments: dict[str, _Moment]) -> CaseFilter:
    def first(name: str) -> int | None:
        return moments[name].first_us if name in moments else None

    def last(name: str) -> int | None:
        return moments[name].last_us if name in moments else None

    return CaseFilter(
        statuses=frozenset(status for status, name in _STATUS_DEFAULTS if flags[name]),
        include_archived=flags["archived"],
        created_from_us=first("createdFrom"),
        created_until_us=last("createdUntil"),
        closed_from_us=first("closedFrom"),
        closed_until_us=last("closedUntil"),
    )


def _moment(value: str) -> _Moment | None:
    """Return what a date names, None if it is malformed or no date of the calendar."""
    match = _DATE.fullmatch(value)
    if match is None:
        return None
    try:
        if match["time"] is None:
            day = datetime.fromisoformat(match["date"])
            return _berlin(day, datetime.combine(day, time(23, 59, 59)))
        moment = datetime.fromisoformat(f"{match['date']}T{match['time'][:_SECONDS_END]}")
        zone = _zone(match)
    except ValueError:
        return None
    return _berlin(moment, moment) if zone is None else _fixed(moment, zone)


def _zone(match: re.Match[str]) -> timezone | None:
    """Return the offset that a date carries; None stands for Berlin's."""
    if match["zulu"]:
        return UTC
    if match["sign"] is None:
        return None
    hours, minutes = int(match["hours"]), int(match["minutes"])
    if minutes > 59:  # noqa: PLR2004 - minutes of an hour
        raise ValueError("no such offset")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if match["sign"] == "-" else offset)


def _fixed(moment: datetime, zone: timezone) -> _Moment:
    start = to_us(moment.replace(tzinfo=zone))
    return _Moment(start, start + SECOND_US - 1)


def _berlin(first: datetime, last: datetime) -> _Moment:
    """Both readings of a local time that exists twice are inside."""
    return _Moment(
        to_us(first.replace(tzinfo=BERLIN)),
        max(_instants(last.replace(tzinfo=BERLIN))) + SECOND_US - 1,
    )


def _instants(local: datetime) -> Iterable[int]:
    return (to_us(local), to_us(local.replace(fold=1)))
