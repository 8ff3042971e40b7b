"""What the interface descriptions of the lists of results share: filters, dates, the header for more."""

from typing import Any, Final

from fallwerk.dialects.scr import openapi
from fallwerk.dialects.scr.case_parameters import DATE_FORMS, PARTIAL_HEADER, QUERY_PARAMETERS

_YEAR_MONTH: Final = r"[1-9][0-9]{3}-(0[1-9]|1[0-2])"
_LOCAL_TIME: Final = rf"^{_YEAR_MONTH}-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
_DATE: Final = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}, {"pattern": _LOCAL_TIME}]}
_DATE_EXAMPLES: Final = {
    "day": {"summary": "A day in Berlin", "value": "2026-12-27"},
    "offset": {"summary": "An instant", "value": "2026-12-27T00:00:00+01:00"},
    "local": {"summary": "A time in Berlin", "value": "2026-12-27T08:30:00"},
}
BAD_HEADER: Final = openapi.bad_request_example("x-scr-keyhash", "The provided value is not valid.")
BAD_DATE: Final = openapi.bad_request_example(
    "closedFrom", f"The value must be {DATE_FORMS}.", "90001", "wrong date format"
)
PARTIAL: Final = {
    PARTIAL_HEADER: {
        "description": "Present only if more cases match. Archive what was received, then ask again.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}


def query_parameters() -> list[dict[str, Any]]:
    """Describe the filters of a list."""
    described = []
    for name, kind, default, effect in QUERY_PARAMETERS:
        parameter: dict[str, Any] = {"name": name, "in": "query", "description": effect}
        if kind == "boolean":
            parameter["schema"] = {"type": "boolean", "default": default}
        else:
            parameter.update(schema=_DATE, examples=_DATE_EXAMPLES)
        described.append(parameter)
    return described
