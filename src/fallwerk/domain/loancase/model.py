"""Loan cases (Vorgänge) and what is theirs: applications with their history, comments, documents."""

from dataclasses import dataclass
from enum import StrEnum

from fallwerk.domain.audit.model import Actor


class LoanCaseStatus(StrEnum):
    """Whether a Vorgang still takes anything; a deleted one is only shown (decisions.md "KEX")."""

    ACTIVE = "active"
    DELETED = "deleted"


class Environment(StrEnum):
    """What a Vorgang is for (public-facts.md "Europace KEX neighbours")."""

    PRODUCTION = "PRODUCTION"
    TEST = "TEST"


class ProviderStatus(StrEnum):
    """What the Produktanbieter says of an application (A-03)."""

    NOT_PROCESSED = "NICHT_BEARBEITET"
    SIGNED = "UNTERSCHRIEBEN"
    DECLINED = "ABGELEHNT"
    DEFERRED = "ZURUECKGESTELLT"


class ApplicantStatus(StrEnum):
    """What the Antragsteller says of an application (A-03)."""

    APPLIED = "BEANTRAGT"
    SIGNED = "UNTERSCHRIEBEN"
    NOT_ACCEPTED = "NICHT_ANGENOMMEN"
    WITHDRAWN = "WIDERRUFEN"


@dataclass(frozen=True, slots=True)
class LoanCase:
    """A Vorgang; its tenant is the partner that looks after it (`kundenbetreuer`, decision 43)."""

    tenant_id: int
    case_number: str
    status: LoanCaseStatus
    environment: Environment
    created_us: int
    modified_us: int
    deleted_us: int | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """
    A loan application (Antrag).

    Attributes:
        provider_number: Its name at the Produktanbieter; not unique, not even within one partner.
    """

    tenant_id: int
    application_number: str
    case_number: str
    provider_number: str | None
    provider_status: ProviderStatus
    applicant_status: ApplicantStatus
    created_us: int
    modified_us: int


@dataclass(frozen=True, slots=True)
class StatusOrder:
    """
    What a caller wants of an application: other statuses, a comment, hints; None leaves a status as it is.

    At least one of the two numbers is given.
    """

    application_number: str | None = None
    provider_number: str | None = None
    provider_status: ProviderStatus | None = None
    applicant_status: ApplicantStatus | None = None
    comment: str = ""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One entry of an application's history; a status that did not change is None (A-06, A-09)."""

    at_us: int
    actor: str
    provider_status: ProviderStatus | None
    applicant_status: ApplicantStatus | None
    comment: str
    hints: tuple[str, ...]
    change_id: int = 0
    """Names it within its application, counted from 1; 0 while it is not stored."""


@dataclass(frozen=True, slots=True)
class HintPlace:
    """Which hint of an application's history is meant."""

    application_number: str
    change_id: int
    number: int
    """Place in its change's list, counted from 1."""


@dataclass(frozen=True, slots=True)
class HintTick:
    """That somebody ticked a hint of the check-list off."""

    at_us: int
    actor: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A text that somebody added to a loan case."""

    at_us: int
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """
    A file that somebody added to a loan case or to one of its applications.

    Attributes:
        file_name: As it was sent: it may hold anything, and is never used as a path (U-11).
        sha256: Of the content, in hexadecimal.
    """

    at_us: int
    actor: str
    file_name: str
    size_bytes: int
    sha256: str
    blob_key: bytes
    application_number: str | None = None
    comment: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewDocument:
    """
    A document that is to be added; its content lies in the blob store already.

    Attributes:
        application_number: None adds it to the loan case itself; comment and tags are for documents of applications.
    """

    file_name: str
    size_bytes: int
    sha256: str
    blob_key: bytes
    application_number: str | None = None
    comment: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedData:
    """
    What a loan case was opened with by another system.

    Attributes:
        applicant_id: Names the first applicant; given by us.
        request: The importing system's JSON, byte for byte in UTF-8.
    """

    applicant_id: str
    request: bytes


@dataclass(frozen=True, slots=True)
class ImportedLoanCase:
    """A loan case that another system opened, and what its first applicant is called here."""

    case: LoanCase
    applicant_id: str


@dataclass(frozen=True, slots=True)
class DocumentOrder:
    """What a caller says of a document that it adds to an application."""

    file_name: str
    comment: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationRecord:
    """An application with its history and documents, oldest first."""

    application: Application
    history: tuple[StatusChange, ...]
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class LoanCaseRecord:
    """Everything there is about a loan case, oldest first (U-11, U-21, A-09)."""

    case: LoanCase
    comments: tuple[Comment, ...]
    documents: tuple[Document, ...]
    applications: tuple[ApplicationRecord, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """
    In whose name something is done to a loan case.

    Attributes:
        reach: Tenants whose loan cases the caller may touch (decision 43); None for an operator, who may touch all.
    """

    actor: Actor
    reach: frozenset[int] | None
