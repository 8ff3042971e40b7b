"""Wire shapes of the import: one member is looked at, everything else is kept as it comes (N-01)."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.domain.loancase.model import Environment
from fallwerk.domain.partner.rules import is_partner_id
from fallwerk.neighbours.kex_import.errors import MALFORMED, no_owner

REF_TEMPLATE: Final = "#/components/schemas/{model}"
NO_OBJECT: Final = PointedFault("", "The body must be an object.")
WRONG_ENVIRONMENT: Final = PointedFault("environment", "The value must be one of: PRODUCTION, TEST.")


class PartnerBody(BaseModel):
    """A partner, by its id."""

    model_config = ConfigDict(strict=True, frozen=True)

    partnerId: Annotated[str, Field(pattern="^[0-9A-Z]{5}$")]


class VorgangBody(BaseModel):
    """A Vorgang; other members are kept and not looked at."""

    model_config = ConfigDict(strict=True, frozen=True)

    kundenbetreuer: PartnerBody


class ApplicantAnswer(BaseModel):
    """An Antragsteller, by its id here."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(min_length=1)]


class ImportedAnswer(BaseModel):
    """The new Vorgang; `messages` would tell what could not be taken over, and everything is."""

    model_config = ConfigDict(extra="forbid")

    vorgangsnummer: Annotated[str, Field(pattern="^[0-9A-Z]{6}$")]
    messages: list[str]
    antragsteller1: ApplicantAnswer


EnvironmentValue = Literal["PRODUCTION", "TEST"]


def read_partner_id(value: object) -> str:
    """
    Return whose Vorgang it is.

    Source: public-facts.md "Europace KEX neighbours" (import); N-01.

    Raises:
        Problem: 400, no object; 422, it names no partner.
    """
    if not isinstance(value, dict):
        raise bad_request([NO_OBJECT])
    owner = value.get("kundenbetreuer")
    partner_id = owner.get("partnerId") if isinstance(owner, dict) else None
    if not isinstance(partner_id, str) or not is_partner_id(partner_id):
        raise no_owner(MALFORMED)
    return partner_id


def read_environment(query: bytes) -> Environment:
    """
    Return what the Vorgang is for; without the parameter it is a test, so that nobody makes real business unawares.

    Raises:
        Problem: 400, another value, or the parameter twice.
    """
    found = [
        value for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if name == "environment"
    ]
    if not found:
        return Environment.TEST
    if len(found) > 1 or found[0] not in {one.value for one in Environment}:
        raise bad_request([WRONG_ENVIRONMENT])
    return Environment(found[0])


def request_schema() -> dict[str, Any]:
    """JSON Schema of the body."""
    return VorgangBody.model_json_schema(ref_template=REF_TEMPLATE)


def answer_schema() -> dict[str, Any]:
    """JSON Schema of the answer."""
    return ImportedAnswer.model_json_schema(ref_template=REF_TEMPLATE)
