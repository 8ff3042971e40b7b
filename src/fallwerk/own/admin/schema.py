"""Wire shapes of the admin API: names, types and forms of what its callers send."""

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.dialects.scr.checking import Wire
from fallwerk.dialects.scr.fields import (
    GIVEN,
    NOT_FORMED,
    CalendarDate,
    Country,
    Text11,
    Text35,
    Text55,
    Text70,
    Text100,
)
from fallwerk.dialects.scr.orderdata import OrderData
from fallwerk.kit.jsonio import showable

Methods = list[Literal["basic", "video", "photo", "eid"]]
Periods = Annotated[int, Field(ge=0, le=90 * 24 * 3600)]
LARGEST_POSITION: Final = 2**31 - 1
FAULTS_REPORTED: Final = 100
"""Faults that one answer lists, so that it cannot become many times as large as its request."""


class Body(BaseModel):
    """A body of the admin API: exact types, unknown names refused, null means "not given"."""

    # Built when the first body is checked: a start needs none of them, and they are a tenth of its time.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class SettingsBody(Body):
    """Settings of an SCR client under their names of the control API; null puts a setting back to its default."""

    identClass: Literal["GwG", "TKG", "Standard", "Mobility"] | None = None
    methods: Methods | None = None
    couponActive: bool | None = None
    couponMax: int | None = None
    couponFileType: str | None = None
    accountingNumber: str | None = None
    validityDays: int | None = None
    retentionDays: int | None = None
    webhookActive: bool | None = None
    webhookEvents: list[str] | None = None
    webhookRetry: bool | None = None
    webhookHosts: list[str] | None = None
    webhookHttpAllowed: bool | None = None
    webhookUser: str | None = None
    webhookPassword: str | None = None
    webhookReferenceId: bool | None = None
    webhookCustom1: bool | None = None
    rsa2048Allowed: bool | None = None
    declinedCloses: Methods | None = None
    deliveryActive: bool | None = None
    mailsUser: bool | None = None
    reminderDays: int | None = None
    postOfficeDays: int | None = None
    shipmentWaitDays: int | None = None
    displayName: str | None = None
    iosScheme: str | None = None
    packageName: str | None = None
    helpEmail: str | None = None
    helpPhone: str | None = None
    privacyNoticeDe: str | None = None
    privacyNoticeEn: str | None = None
    consentTextDe: str | None = None
    consentTextEn: str | None = None


class NewClientBody(SettingsBody):
    """A new SCR client; without `clientId` one is drawn."""

    clientId: Annotated[str, Field(pattern="^[0-9A-Z]{1,16}$")] | None = None


class OAuthClientBody(Body):
    """What may be changed about an OAuth client."""

    partnerId: str | None = None
    scopes: list[str] | None = None
    edition: Literal["2020", "2025"] | None = None
    active: bool | None = None


class NewOAuthClientBody(OAuthClientBody):
    """A new OAuth client; without `clientId` one is drawn."""

    clientId: str | None = None


class PartnerBody(Body):
    """A partner's name and place; `parentId` null puts it at the top."""

    name: str | None = None
    parentId: str | None = None


class NewPartnerBody(PartnerBody):
    """A new partner; without `partnerId` one is drawn."""

    partnerId: str | None = None


class NewLoanCaseBody(Body):
    """A new Vorgang; without `vorgangsnummer` one is drawn."""

    vorgangsnummer: str | None = None
    partnerId: str | None = None
    datenkontext: Literal["ECHTGESCHAEFT", "TESTUMGEBUNG"] | None = None


class NewApplicationBody(Body):
    """A new Antrag."""

    produktanbieterantragsnummer: str | None = None


class RotateBody(Body):
    """How long the present secrets stay valid, in seconds."""

    overlapSeconds: Periods | None = None


class BackupBody(Body):
    """What a backup holds."""

    rows: Annotated[int, Field(ge=0, lt=2**53)]
    keysEncrypted: bool


class BrokerSettingsBody(Body):
    """Settings of a broker under their names of the control API; null puts a setting back to its default."""

    obligations: Literal["table", "example"] | None = None
    validDays: int | None = None
    salutations: list[int] | None = None
    titles: list[int] | None = None


class NewBrokerBody(BrokerSettingsBody):
    """A new broker; without `userId` one is drawn."""

    userId: int | None = None


class ChangedBrokerBody(BrokerSettingsBody):
    """What changes; a broker that is not active is answered as one that does not exist."""

    active: bool | None = None


RoleName = Literal["admin", "packaging", "courier", "counter", "agent", "reviewer", "clerk"]


class HomeBody(Body):
    """Whose people somebody belongs to; exactly one is named."""

    scrClient: str | None = None
    partner: str | None = None
    broker: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class NewStaffBody(Body):
    """A new user; without `home` one of the operator's people. What is missing is as wrong as what is empty."""

    username: str = ""
    name: str = ""
    roles: list[RoleName] = Field(default_factory=list)
    home: HomeBody | None = None


class StaffChangeBody(Body):
    """What is to change of a user."""

    name: str | None = None
    roles: list[RoleName] | None = None
    active: bool | None = None


BodyT = TypeVar("BodyT", bound=BaseModel)


def read_body(model: type[BodyT], value: object) -> BodyT:
    """
    Turn parsed JSON into its shape.

    Raises:
        Problem: 400 with every fault.
    """
    body, faults = check_body(model, value)
    if body is None or faults:
        raise bad_request(faults)
    return body


def check_body(model: type[BodyT], value: object) -> tuple[BodyT | None, list[PointedFault]]:
    """Return what of a body has its form, None if nothing can, and the faults of the rest."""
    if not isinstance(value, dict):
        return None, [PointedFault("", "The body must be an object.")]
    try:
        return model.model_validate(value), []
    except ValidationError as failed:
        errors = failed.errors(include_url=False, include_context=True, include_input=False)
    bad = {error["loc"][0] for error in errors}
    rest = {name: content for name, content in value.items() if name not in bad}
    return model.model_validate(rest), [_fault(error) for error in errors[:FAULTS_REPORTED]]


_MESSAGES: Final = {
    "bool_type": "The value must be true or false.",
    "int_type": "The value must be a whole number.",
    "string_type": "The value must be a string.",
    "list_type": "The value must be an array.",
    "extra_forbidden": "There is no such member.",
    "string_pattern_mismatch": "The value must have 1 to 16 characters 0-9A-Z.",
}


def _fault(error: ErrorDetails) -> PointedFault:
    steps = [showable(str(step)).replace("~", "~0").replace("/", "~1") for step in error["loc"]]
    context: dict[str, Any] = error.get("ctx", {})
    if error["type"] == "literal_error":
        message = f"The value must be one of: {context['expected']}."
    elif error["type"] in {"greater_than_equal", "less_than_equal"}:
        message = "The value must lie between 0 and 7776000."
    else:
        message = _MESSAGES.get(error["type"], "The value cannot be used.")
    return PointedFault("".join(f"/{step}" for step in steps), message)


def _truth(value: object) -> object:
    if not isinstance(value, bool):
        raise PydanticCustomError(NOT_FORMED, "The provided value must be true or false.")
    return value


def _place(value: object) -> object:
    # START's agreement is strings only, and order files are written by the same clients.
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST_POSITION)):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_POSITION:
        raise PydanticCustomError(NOT_FORMED, "The provided value must be a whole number from 1 on.")
    return value


GivenText11 = Annotated[Text11, GIVEN]
GivenText35 = Annotated[Text35, GIVEN]
GivenText55 = Annotated[Text55, GIVEN]
GivenText70 = Annotated[Text70, GIVEN]
GivenText100 = Annotated[Text100, GIVEN]
GivenDate = Annotated[CalendarDate, GIVEN]
GivenCountry = Annotated[Country, GIVEN]


class RecipientAddress(Wire):
    """Where the envelope goes; S-20, everything but the appendix mandatory."""

    streetAddress: GivenText70
    appendix: Text55 | None = None
    postalCode: GivenText11
    city: GivenText55
    country: GivenCountry


class RecipientBody(Wire):
    """To whom the envelope goes."""

    firstName: GivenText35
    lastName: GivenText35
    birthDate: GivenDate
    address: RecipientAddress


class ReturnAddressBody(Wire):
    """Where an envelope that could not be delivered goes."""

    name: GivenText100
    streetAddress: GivenText70
    postalCode: GivenText11
    city: GivenText55
    country: GivenCountry


class OrderLine(Wire):
    """One line of a bulk order (D-06)."""

    clientId: Annotated[Text100, GIVEN]
    orderData: OrderData | None = None
    recipient: RecipientBody
    returnAddress: ReturnAddressBody
    jobId: Text100 | None = None
    position: Annotated[int, BeforeValidator(_place)] | None = None
    release: Annotated[bool, BeforeValidator(_truth)] | None = None
