"""One transaction over SQLAlchemy Core, with the repositories that use cases ask for."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, Executable, update

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.ports import UntouchedCase
from fallwerk.store.accounts import Accounts
from fallwerk.store.attempts import Attempts
from fallwerk.store.audit import Audit
from fallwerk.store.calls import Calls
from fallwerk.store.case_files import CaseFiles
from fallwerk.store.cases import Cases
from fallwerk.store.confirmations import Confirmations, WaitingPeople
from fallwerk.store.coupons import Coupons
from fallwerk.store.customers import Brokers, Customers
from fallwerk.store.desks import Desks
from fallwerk.store.documents import Blobs
from fallwerk.store.due import Due
from fallwerk.store.hints import Hints
from fallwerk.store.idempotency import Idempotency
from fallwerk.store.loancases import LoanCases
from fallwerk.store.mails import Mails
from fallwerk.store.notifications import Notifications
from fallwerk.store.partners import Partners
from fallwerk.store.persons import Persons, Records
from fallwerk.store.rows import Statement, ask, deferred, send
from fallwerk.store.sandbox import Sandbox
from fallwerk.store.sealing import KeyedHashes, Sealer
from fallwerk.store.signing_keys import SigningKeys
from fallwerk.store.staff import Staff
from fallwerk.store.start_results import StartResults
from fallwerk.store.tables import id_block
from fallwerk.store.tans import Tans

BLOCK: Final = 100_000
LOW: Final = 50_000


class RowIds:
    """
    Row ids from blocks that a process takes from the database, so that no insert waits for a sequence.

    A block is taken in a transaction of its own: one that is rolled back must not give its ids to somebody else.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0
        self._end = 0

    def low(self) -> bool:
        """Tell whether a new block should be taken before the next transaction."""
        return self._end - self._next < LOW

    def refill(self, connection: Connection) -> None:
        """Take a block; the caller commits before any id of it is used."""
        statement = (
            update(id_block)
            .where(id_block.c.name == "row")
            .values(next_id=id_block.c.next_id + BLOCK)
            .returning(id_block.c.next_id)
        )
        end = int(connection.execute(statement).scalar_one())
        with self._lock:
            self._next, self._end = end - BLOCK, end

    def next(self) -> int:
        """Return one id."""
        with self._lock:
            if self._next >= self._end:
                msg = "a transaction used more row ids than a block holds"
                raise RuntimeError(msg)
            self._next += 1
            return self._next - 1


def _nothing() -> None:
    """Do nothing: the default of a hook."""


def _no_result(_file: CaseFile) -> bytes:
    """Stand in for the API that renders results: a store without it can move no case of START."""
    msg = "nobody renders results"
    raise LookupError(msg)


def _no_untouched_result(_case: UntouchedCase, _client: ScrClient) -> bytes:
    """Stand in for the API that renders results: a store without it can list no untouched case of START."""
    msg = "nobody renders results"
    raise LookupError(msg)


def _nothing_due(_due_us: int) -> None:
    """Do nothing: the default of a hook."""


@dataclass(slots=True)
class StoreContext:
    """What all transactions of a process share."""

    sealer: Sealer
    hashes: KeyedHashes
    ids: RowIds = field(default_factory=RowIds)
    on_due_work: Callable[[int], None] = _nothing_due
    """Called after a commit that wrote due work, with the earliest due time."""
    on_accounts_changed: Callable[[], None] = _nothing
    """Called after a commit that changed an account."""
    render_result: Callable[[CaseFile], bytes] = _no_result
    """Renders what a client reads of a case of START; given by the API that owns the form."""
    render_untouched: Callable[[UntouchedCase, ScrClient], bytes] = _no_untouched_result
    """The same, faster, for a case that nothing has happened to yet."""


class Unit:
    """The unit of work of both engines."""

    def __init__(self, connection: Connection, context: StoreContext) -> None:
        self.connection = connection
        self.context = context
        self.sealer = context.sealer
        self.hashes = context.hashes
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.unsent: list[Statement] = []
        """Inserts of PostgreSQL that nobody waits for: they travel with the next statement or with the commit."""
        self.earliest_due_us: int | None = None
        self.changed_accounts = False

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run a Core statement in this transaction."""
        if self.unsent:
            send(self)
        return self.connection.execute(statement, parameters)

    def ask(self, statements: Sequence[Executable], parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Run queries that share their parameters, with one wait for all on PostgreSQL; return the rows of each."""
        if self.is_sqlite:
            return [self.connection.execute(statement, parameters).all() for statement in statements]
        return ask(self, [deferred(self, statement, parameters) for statement in statements])

    def later(self, statement: Executable, parameters: Mapping[str, Any]) -> None:
        """Run a statement whose result nobody needs: on PostgreSQL with the next one, or with the commit."""
        if self.is_sqlite:
            self.connection.execute(statement, parameters)
        else:
            self.unsent.append(deferred(self, statement, parameters))

    def result_of(self, file: CaseFile) -> bytes:
        """Render what a client reads of a case of START."""
        return self.context.render_result(file)

    def new_id(self) -> int:
        """Return a row id that no other row of the system has."""
        return self.context.ids.next()

    def wrote_due_work(self, due_us: int) -> None:
        """Note that this transaction orders work for an instant."""
        if self.earliest_due_us is None or due_us < self.earliest_due_us:
            self.earliest_due_us = due_us

    def committed(self) -> None:
        """Tell the process what the commit means for it; called once, after the commit."""
        if self.earliest_due_us is not None:
            self.context.on_due_work(self.earliest_due_us)
        if self.changed_accounts:
            self.context.on_accounts_changed()

    @cached_property
    def cases(self) -> Cases:
        """Identification cases."""
        return Cases(self)

    @cached_property
    def case_files(self) -> CaseFiles:
        """Cases of START with all that belongs to them."""
        return CaseFiles(self)

    @cached_property
    def attempts(self) -> Attempts:
        """Attempts by the methods of START."""
        return Attempts(self)

    @cached_property
    def persons(self) -> Persons:
        """What the persons of cases told us."""
        return Persons(self)

    @cached_property
    def records(self) -> Records:
        """Pictures and documents of attempts."""
        return Records(self)

    @cached_property
    def start_results(self) -> StartResults:
        """What clients read of their cases of START."""
        return StartResults(self)

    @cached_property
    def accounts(self) -> Accounts:
        """Accounts and their credentials."""
        return Accounts(self)

    @cached_property
    def partners(self) -> Partners:
        """Partners of the loan platform and their OAuth clients."""
        return Partners(self)

    @cached_property
    def hints(self) -> Hints:
        """Hints of loan cases that were ticked off."""
        return Hints(self)

    @cached_property
    def loans(self) -> LoanCases:
        """Loan cases (Vorgänge) and what is theirs."""
        return LoanCases(self)

    @cached_property
    def signing_keys(self) -> SigningKeys:
        """Keys that sign access tokens."""
        return SigningKeys(self)

    @cached_property
    def brokers(self) -> Brokers:
        """Brokers and their tokens."""
        return Brokers(self)

    @cached_property
    def customers(self) -> Customers:
        """Customers of brokers."""
        return Customers(self)

    @cached_property
    def notifications(self) -> Notifications:
        """Webhook deliveries."""
        return Notifications(self)

    @cached_property
    def mails(self) -> Mails:
        """Messages to people."""
        return Mails(self)

    @cached_property
    def due(self) -> Due:
        """The outbox."""
        return Due(self)

    @cached_property
    def audit(self) -> Audit:
        """The audit log."""
        return Audit(self)

    @cached_property
    def coupons(self) -> Coupons:
        """Coupons of cases."""
        return Coupons(self)

    @cached_property
    def blobs(self) -> Blobs:
        """References to what lies in the blob store."""
        return Blobs(self)

    @cached_property
    def idempotency(self) -> Idempotency:
        """First answers of creating calls."""
        return Idempotency(self)

    @cached_property
    def desks(self) -> Desks:
        """What waits at the desks."""
        return Desks(self)

    @cached_property
    def staff(self) -> Staff:
        """People who sign in, and their sessions."""
        return Staff(self)

    @cached_property
    def waiting(self) -> WaitingPeople:
        """Who waits for a video call."""
        return WaitingPeople(self)

    @cached_property
    def calls(self) -> Calls:
        """Seats and signals of video calls."""
        return Calls(self)

    @cached_property
    def tans(self) -> Tans:
        """TANs of video calls."""
        return Tans(self)

    @cached_property
    def confirmations(self) -> Confirmations:
        """Who tried to show that a case is theirs."""
        return Confirmations(self)

    @cached_property
    def sandbox(self) -> Sandbox:
        """The sandbox's clock offset and ordered faults."""
        return Sandbox(self)
