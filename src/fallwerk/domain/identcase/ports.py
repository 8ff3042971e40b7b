"""What the case services need from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.attempt import Attempt, CaseFile, Consent, Person, Record
from fallwerk.domain.identcase.filter import CaseFilter
from fallwerk.domain.identcase.model import Address, CaseId, CaseKind, CaseOrder, Contact, IdentCase, Identification
from fallwerk.domain.identcase.plan import NewCase


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom an envelope goes, and where it returns to (D-06)."""

    first_name: str
    last_name: str
    birth_date: str
    address: Address
    return_name: str
    return_address: Address


@dataclass(frozen=True, slots=True)
class DeliveryOrder:
    """The physical side of a delivery case: its recipient and its place in a job."""

    recipient: Recipient
    job_id: str | None
    position: int | None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with its order, as a change needs it."""

    case: IdentCase
    order: CaseOrder
    identification: Identification | None
    """The latest attempt, None while there is none."""
    attempt: int = 0
    """Number of the latest attempt, counted from 1; 0 while there is none."""


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Stored results in their list form, oldest first."""

    results: list[bytes]
    more: bool
    """True if more cases match than were asked for (D-26)."""


class UntouchedCase(NamedTuple):
    """A case of START that nothing has happened to since its start: a list may hold ten thousand of them."""

    case_id: str
    status: str
    archived: bool
    created_us: int
    modified_us: int
    valid_until_us: int
    order: dict[str, Any]
    """`CaseOrder` as plain JSON: all of its fields, null where nothing is given."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What archiving found."""

    cases: list[IdentCase]
    """Every closed case named, in the order given, once each."""
    changed: list[CaseId]
    """Those that were not archived before."""


class ResultRenderer(Protocol):
    """Makes the list form of a result; given by the API that owns the form."""

    def __call__(self, case: IdentCase, custom1: str | None, identification: Identification | None) -> bytes:
        """Return the result's JSON, UTF-8."""


class CaseRepository(Protocol):
    """Cases of all tenants; every call names its tenant."""

    def add_many(self, cases: Sequence[NewCase], results: Sequence[bytes | None]) -> list[CaseId | None]:
        """
        Store new cases with one statement.

        Returns:
            Per case None if it was stored, otherwise the case that stands in its way: the one that holds its reference
            id, or its own id where that is taken already.
        """

    def add_delivery_orders(self, orders: Sequence[tuple[IdentCase, DeliveryOrder]]) -> None:
        """Store recipient and job position of new delivery cases."""

    def get(self, tenant_id: int, case_id: str, *, kind: CaseKind, lock: bool = False) -> CaseRow | None:
        """Return a case of a tenant and kind, None if there is none; `lock` holds it until the transaction ends."""

    def find_tenant(self, case_id: str) -> int | None:
        """Return the tenant a case id belongs to, for the portal and the sandbox."""

    def head(self, tenant_id: int, case_id: str) -> IdentCase | None:
        """Return a case of any kind without its order."""

    def save(self, row: CaseRow, result: bytes | None) -> None:
        """Store the state of a case, its latest identification and its rendered result."""

    def result(self, tenant_id: int, case_id: str) -> bytes | None:
        """Return the stored list form of a delivery case's result."""

    def results(self, tenant_id: int, wanted: CaseFilter, limit: int) -> ResultPage:
        """Return the results of the delivery cases that match, oldest first, at most `limit`."""

    def archive(self, tenant_id: int, case_ids: Sequence[str], mark: Callable[[bytes], bytes]) -> Archived:
        """
        Archive closed cases of a tenant; others are left alone.

        Args:
            mark: Turns a stored result into that of the archived case.
        """

    def erase(self, tenant_id: int, case_id: str) -> None:
        """Delete every row of a case but its audit events."""


class AttemptRepository(Protocol):
    """Attempts to identify by the methods of START; every call names its tenant."""

    def of_case(self, tenant_id: int, case_id: str) -> tuple[Attempt, ...]:
        """Return the attempts of a case, oldest first."""

    def save(self, tenant_id: int, case_id: str, attempt: Attempt) -> None:
        """Store an attempt, new or changed."""


class PersonRepository(Protocol):
    """What the person of a case told us; every call names its tenant."""

    def of_case(self, tenant_id: int, case_id: str) -> Person:
        """Return what the person of a case told us."""

    def save_contact(self, tenant_id: int, case_id: str, contact: Contact) -> None:
        """Store what the person entered, and what they can be found by from now on."""

    def add_consent(self, tenant_id: int, case_id: str, consent: Consent) -> None:
        """Store what the person agreed to."""


class RecordRepository(Protocol):
    """Pictures and documents of attempts; their contents are the blob repository's."""

    def of_case(self, tenant_id: int, case_id: str) -> tuple[Record, ...]:
        """Return the records of a case, oldest first."""

    def save(self, tenant_id: int, case_id: str, record: Record) -> None:
        """Store a record, new or judged."""

    def remove(self, tenant_id: int, case_id: str, record_id: int) -> None:
        """Delete a record's row; whoever calls this releases its content."""


class CaseFileRepository(Protocol):
    """Cases of START with everything that belongs to them, read with one wait for the database."""

    def get(self, tenant_id: int, case_id: str, *, lock: bool = False) -> CaseFile | None:
        """Return a case, None if the tenant has no such one of START; `lock` holds it until the transaction ends."""


class StartResultRepository(Protocol):
    """What clients read of their cases of START."""

    def one(self, client: ScrClient, case_id: str) -> bytes | None:
        """Return the list form of one case's result, None if the client has no such case of START."""

    def listed(self, client: ScrClient, wanted: CaseFilter, limit: int) -> ResultPage:
        """Return the results of the cases of START that match, oldest first, at most `limit`."""
