"""
What callers of DELIVERY may ask for, and its limits; `query.py` reads it, `openapi.py` publishes it.

Source: DELIVERY §6.5, §7.9.
"""

from typing import Final

PARTIAL_HEADER: Final = "X-PARTIAL-DELIVERY"
"""Present, as `true`, only if more cases match than are returned (D-26, decision 26)."""
LIST_LIMIT: Final = 10_000
ARCHIVE_LIMIT: Final = 10_000
DATE_FORMS: Final = "`YYYY-MM-DD`, or `YYYY-MM-DDThh:mm:ss` with `Z`, `±hh:mm` or no offset (Europe/Berlin)"

QUERY_PARAMETERS: Final[tuple[tuple[str, str, bool | None, str], ...]] = (
    ("new", "boolean", False, "Include cases with status new."),
    ("inProgress", "boolean", False, "Include cases with status in progress."),
    ("closed", "boolean", True, "Include cases with status closed."),
    ("archived", "boolean", False, "Include archived cases besides the others."),
    ("createdFrom", "string", None, f"Only cases created at or after this time: {DATE_FORMS}."),
    ("createdUntil", "string", None, f"Only cases created at or before this time: {DATE_FORMS}."),
    ("closedFrom", "string", None, f"Only cases closed at or after this time: {DATE_FORMS}."),
    ("closedUntil", "string", None, f"Only cases closed at or before this time: {DATE_FORMS}."),
)
"""Name, JSON type, default and effect of each list parameter, in the document's order."""
