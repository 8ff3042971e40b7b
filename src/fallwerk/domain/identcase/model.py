"""What an identification case is, in the domain's words; wire names live in `apis/` only."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

CaseId = NewType("CaseId", str)
"""Twelve characters `[0-9A-Z]`, unique across the system (S-31)."""


class CaseKind(StrEnum):
    """The two kinds of case that do not see each other (decisions.md "Two kinds of case")."""

    START = "start"
    DELIVERY = "delivery"


class CaseStatus(StrEnum):
    """States of a case, in the words of DELIVERY §2.3."""

    NEW = "new"
    IN_PROGRESS = "in progress"
    CLOSED = "closed"


class Method(StrEnum):
    """Identification methods of both guides."""

    BASIC = "basic"
    VIDEO = "video"
    PHOTO = "photo"
    EID = "eid"
    DELIVERY = "delivery"


class IdentStatus(StrEnum):
    """States of an identification, in the words of DELIVERY §4.1 and START §4."""

    STARTED = "started"
    COUPON_REQUESTED = "coupon requested"
    DMC_PROVIDED = "dmc provided"
    PACKAGING_ANNOUNCED = "packaging announced"
    INCOMPLETE = "incomplete"
    DELIVERY_STARTED = "delivery started"
    REROUTED = "rerouted to postoffice"
    REVIEW_PENDING = "review pending"
    SUCCESS = "success"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address as START's table has it; countries are ISO 3166-1 alpha-3 or `RKS`."""

    street_address: str | None = None
    appendix: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class CallbackUrl:
    """Where a button of the portal leads, per platform (S-17, S-45)."""

    web: str | None = None
    ios: str | None = None
    android: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the person, as far as the client knew it."""

    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    mobile_phone: str | None = None
    email: str | None = None
    epost: str | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class IdentityDocument:
    """What the client knows of the person's identity document; dates are ISO calendar dates."""

    type: str | None = None
    number: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_name: str | None = None
    birth_date: str | None = None
    birth_place: str | None = None
    nationality: str | None = None
    address: Address | None = None
    date_issued: str | None = None
    date_of_expiry: str | None = None
    authority: str | None = None
    place_of_issue: str | None = None
    country_of_document: str | None = None


@dataclass(frozen=True, slots=True)
class LicenceClass:
    """One class of a driving licence; its dates are kept as sent (S-24 allows `D.M.YYYY` here)."""

    class_name: str | None = None
    date_issued: str | None = None
    date_of_expiry: str | None = None
    restrictions: str | None = None


@dataclass(frozen=True, slots=True)
class DrivingLicence:
    """What the client knows of the person's driving licence."""

    number: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_date: str | None = None
    birth_place: str | None = None
    classes: tuple[LicenceClass, ...] = ()
    restrictions: str | None = None
    date_issued: str | None = None
    date_of_expiry: str | None = None
    authority: str | None = None
    country_of_document: str | None = None
    spelling: str = "drivingLicenceProvided"
    """The spelling the caller used, given back in results (decision 1)."""
    classes_spelling: str = "drivingLicenceClasses"


@dataclass(frozen=True, slots=True)
class CaseOrder:
    """What a client sends to start a case; well-formed already, empty means that the portal asks for everything."""

    custom: tuple[str | None, str | None, str | None, str | None, str | None] = (None, None, None, None, None)
    """`custom1` … `custom5`, at most 100 characters each."""
    target_country: str = "DEU"
    preferred_language: str = "DE_DE"
    webhook_url: str | None = None
    webhook_url_partner: str | None = None
    reference_id: str | None = None
    """As given by the client; None: the case id takes its place (S-15)."""
    callbacks: dict[str, CallbackUrl] = field(default_factory=dict)
    """By `coupon_requested`, `review_pending`, `incomplete`, `success`, `declined`."""
    spellings: tuple[str, ...] = ()
    """Names of `processData` that the caller spelt as existing clients do, given back in results (decision 34)."""
    contact: Contact | None = None
    identity_document: IdentityDocument | None = None
    driving_licence: DrivingLicence | None = None


@dataclass(frozen=True, slots=True)
class SubStatus:
    """A code of DELIVERY §4.1 with its description."""

    code: int
    description: str


@dataclass(frozen=True, slots=True)
class PostOffice:
    """Where the envelope was handed over; possibly only the city is known (D-22)."""

    street_address: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True)
class Identification:
    """One attempt to identify; times are microseconds since 1970."""

    method: Method
    status: IdentStatus
    created_us: int
    modified_us: int
    sub_status: int | None = None
    sub_status_reason: int | None = None
    identified_us: int | None = None
    """When the person was in fact identified (decision 25)."""
    post_office: PostOffice | None = None


@dataclass(frozen=True, slots=True)
class IdentCase:
    """A case as the store keeps it; times are microseconds since 1970."""

    tenant_id: int
    case_id: CaseId
    kind: CaseKind
    status: CaseStatus
    archived: bool
    reference_id: str
    reference_given: bool
    created_us: int
    modified_us: int
    """Last change of the case status; archiving does not touch it (D-23)."""
    closed_us: int | None
    valid_until_us: int
