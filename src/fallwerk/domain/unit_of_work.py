"""What a use case may ask of the store inside its one transaction."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from fallwerk.domain.account.ports import AccountRepository
from fallwerk.domain.audit.model import AuditedTenant, AuditEvent, ChainReport, UnsealedEvents
from fallwerk.domain.call.ports import CallRepository, TanRepository
from fallwerk.domain.coupon.ports import CouponRepository
from fallwerk.domain.customer.ports import BrokerRepository, CustomerRepository
from fallwerk.domain.desk.ports import DeskRepository
from fallwerk.domain.document.ports import BlobRepository
from fallwerk.domain.idempotency import IdempotencyRepository
from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.ports import (
    AttemptRepository,
    CaseFileRepository,
    CaseRepository,
    PersonRepository,
    RecordRepository,
    StartResultRepository,
)
from fallwerk.domain.loancase.ports import HintRepository, LoanCaseRepository
from fallwerk.domain.mail.ports import MailRepository
from fallwerk.domain.notification.ports import DueRepository, NotificationRepository
from fallwerk.domain.partner.ports import PartnerRepository
from fallwerk.domain.portal.ports import ConfirmationRepository, WaitingRepository
from fallwerk.domain.signing.model import SigningKeyRepository
from fallwerk.domain.staff.ports import StaffRepository

T = TypeVar("T")
Item = TypeVar("Item")


class AuditLog(Protocol):
    """The append-only log (C-02)."""

    def add(self, *events: AuditEvent) -> None:
        """Append events; the worker seals them into their tenant's chain later."""

    def add_many(self, events: Sequence[AuditEvent]) -> None:
        """Append many events with one statement."""

    def events(
        self, tenant_id: int, subject: str | None, limit: int, before: int | None = None
    ) -> list[dict[str, Any]]:
        """Return a tenant's events as they are kept, newest first, optionally of one subject or before an event."""

    def tenants(self) -> list[AuditedTenant]:
        """Return everybody who has a chain: the system, then all tenants by kind and name."""

    def unsealed(self) -> UnsealedEvents:
        """Measure what waits for its seal."""

    def has_unsealed(self) -> bool:
        """Tell whether anything waits for its seal."""

    def seal(self, *, now_us: int, limit: int) -> int:
        """Seal the oldest committed events, each into its tenant's chain; return how many."""

    def verify(self, tenant_id: int) -> ChainReport:
        """Recompute a tenant's chain from its events."""


class UnitOfWork(Protocol):
    """One transaction: everything done through it is committed together or not at all."""

    @property
    def cases(self) -> CaseRepository:
        """Identification cases."""

    @property
    def case_files(self) -> CaseFileRepository:
        """Cases of START with all that belongs to them."""

    @property
    def attempts(self) -> AttemptRepository:
        """Attempts by the methods of START."""

    @property
    def persons(self) -> PersonRepository:
        """What the persons of cases told us."""

    @property
    def records(self) -> RecordRepository:
        """Pictures and documents of attempts."""

    @property
    def start_results(self) -> StartResultRepository:
        """What clients read of their cases of START."""

    @property
    def accounts(self) -> AccountRepository:
        """Accounts and their credentials."""

    @property
    def partners(self) -> PartnerRepository:
        """Partners of the loan platform and their OAuth clients."""

    @property
    def hints(self) -> HintRepository:
        """Hints of loan cases that were ticked off."""

    @property
    def loans(self) -> LoanCaseRepository:
        """Loan cases (Vorgänge) and what is theirs."""

    @property
    def signing_keys(self) -> SigningKeyRepository:
        """Keys that sign access tokens."""

    @property
    def brokers(self) -> BrokerRepository:
        """Brokers and their tokens."""

    @property
    def customers(self) -> CustomerRepository:
        """Customers of brokers."""

    @property
    def notifications(self) -> NotificationRepository:
        """Webhook deliveries."""

    @property
    def mails(self) -> MailRepository:
        """Messages to people."""

    @property
    def due(self) -> DueRepository:
        """The outbox."""

    @property
    def audit(self) -> AuditLog:
        """The audit log."""

    @property
    def coupons(self) -> CouponRepository:
        """Coupons of cases."""

    @property
    def blobs(self) -> BlobRepository:
        """References to what lies in the blob store."""

    @property
    def idempotency(self) -> IdempotencyRepository:
        """First answers of creating calls."""

    @property
    def desks(self) -> DeskRepository:
        """What waits at the desks."""

    @property
    def staff(self) -> StaffRepository:
        """People who sign in, and their sessions."""

    @property
    def waiting(self) -> WaitingRepository:
        """Who waits for a video call."""

    @property
    def calls(self) -> CallRepository:
        """Seats and signals of video calls."""

    @property
    def tans(self) -> TanRepository:
        """TANs of video calls."""

    @property
    def confirmations(self) -> ConfirmationRepository:
        """Who tried to show that a case is theirs."""

    def result_of(self, file: CaseFile) -> bytes:
        """Render what a client reads of a case of START: UTF-8 JSON, in the form in which lists are made of it."""

    def new_id(self) -> int:
        """Return a row id that no other row of the system has."""


class Transactions(Protocol):
    """The store, as a handler sees it; every call answers after its durable commit and never before."""

    async def write(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run a use case in one transaction; what it raises undoes its changes and is passed on."""

    async def write_together(
        self, many: Callable[[UnitOfWork, Sequence[Item]], Sequence[T | Exception]], item: Item
    ) -> T:
        """Run a set-based use case over this item and those of calls that wait at the same time."""

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run a query against one snapshot."""
