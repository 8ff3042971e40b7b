"""The domain → the export's JSON; pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from fallwerk.domain.loancase.model import Environment, LoanCaseStatus
from fallwerk.kit.clock import from_us

CONTEXTS: Final[Mapping[Environment, str]] = {
    Environment.PRODUCTION: "ECHTGESCHAEFT",
    Environment.TEST: "TESTUMGEBUNG",
}
STATUSES: Final[Mapping[LoanCaseStatus, str]] = {LoanCaseStatus.ACTIVE: "AKTIV"}
"""A deleted Vorgang has none: it is not shown."""
ERRORS_SHOWN: Final = 20
MESSAGE_SHOWN: Final = 300
"""Characters of a message; it may repeat what the caller wrote."""


def instant(at_us: int) -> str:
    """Render an instant in UTC, to the millisecond."""
    return from_us(at_us).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def known_as(actor: str) -> str:
    """Name who acted as others know him: a client by its id, without what the audit log puts in front."""
    return actor.removeprefix("oauth:")


def rendered(data: dict[str, Any] | None, errors: Sequence[Mapping[str, Any]], *, has_data: bool) -> bytes:
    """Render GraphQL's answer; without errors there is no member `errors`, and a refused query has no `data`."""
    answer: dict[str, Any] = {"data": data} if has_data else {}
    if errors:
        answer["errors"] = [{**error, "message": _shown(error["message"])} for error in errors[:ERRORS_SHOWN]]
    return orjson.dumps(answer)


def _shown(message: str) -> str:
    # A caller's own text may hold half of a surrogate pair, which no JSON text can carry as it is.
    return message[:MESSAGE_SHOWN].encode("utf-8", "replace").decode()
