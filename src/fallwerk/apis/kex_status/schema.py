"""Wire shapes of STATUS."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from fallwerk.dialects.kex.applications import NO_NUMBER
from fallwerk.dialects.kex.checking import check
from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.domain.loancase.rules import STATUS_MANDATORY, TEXT_LONGEST, TEXTS_MAX, lacks_content
from fallwerk.domain.partner.model import Edition

ProviderValue = Literal["NICHT_BEARBEITET", "UNTERSCHRIEBEN", "ABGELEHNT", "ZURUECKGESTELLT"]
ApplicantValue = Literal["BEANTRAGT", "UNTERSCHRIEBEN", "NICHT_ANGENOMMEN", "WIDERRUFEN"]
Text = Annotated[str, Field(max_length=TEXT_LONGEST)]

NO_STATUS: Final = PointedFault(
    "/produktanbieterstatus", "One of produktanbieterstatus and antragstellerstatus is mandatory."
)
NO_CONTENT: Final = PointedFault("", "A status, kommentar or hinweise is needed.")


class StatusBody(BaseModel):
    """What is wanted of an application; unknown members are ignored, null means "not submitted"."""

    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)

    antragsnummer: str | None = None
    produktanbieterantragsnummer: str | None = None
    produktanbieterstatus: ProviderValue | None = None
    antragstellerstatus: ApplicantValue | None = None
    kommentar: Text | None = None
    hinweise: Annotated[list[Text], Field(max_length=TEXTS_MAX)] | None = None


_STATUS: Final = TypeAdapter(StatusBody)


def read_status(value: object, edition: Edition) -> StatusBody:
    """
    Return the body in its shape.

    Source: STATUS "Statuswechsel"; A-02, A-03, A-05, A-07, N-04.

    Raises:
        Problem: 400 with every fault.
    """
    body = check(_STATUS, value)
    faults = body if isinstance(body, list) else []
    if isinstance(value, dict):
        bad = {fault.pointer.split("/")[1] for fault in faults}
        good = _STATUS.validate_python({name: found for name, found in value.items() if name not in bad})
        faults = [*_lacking(good, bad, edition), *faults]
    if isinstance(body, list) or faults:
        raise bad_request(faults)
    return body


def _lacking(body: StatusBody, bad: set[str], edition: Edition) -> Iterator[PointedFault]:
    """Yield what is mandatory and missing; a value that is wrong is not missing."""
    given = {name for name in StatusBody.model_fields if getattr(body, name)} | bad
    if not given & {"antragsnummer", "produktanbieterantragsnummer"}:
        yield NO_NUMBER
    status = bool(given & {"produktanbieterstatus", "antragstellerstatus"})
    addition = bool({"kommentar", "hinweise"} & bad or body.kommentar or any(body.hinweise or ()))
    if lacks_content(edition, status=status, addition=addition):
        yield NO_STATUS if STATUS_MANDATORY.holds_in[edition] else NO_CONTENT


def request_schema() -> dict[str, Any]:
    """JSON Schema of the body."""
    return StatusBody.model_json_schema()
