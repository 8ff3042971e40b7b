"""What the portal knows of a case: what anybody may see of it, and apart from that what is personal (W-01)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from fallwerk.domain.account.model import IdentClass, ScrSettings
from fallwerk.domain.identcase.model import (
    CallbackUrl,
    CaseKind,
    CaseOrder,
    CaseStatus,
    Identification,
    IdentStatus,
    Method,
)
from fallwerk.domain.portal.confirmation import factors_of
from fallwerk.domain.portal.model import Factor
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork

CASE_ID_LENGTH: Final = 12
_SEPARATORS: Final = frozenset("-\u2010\u2011\u2013.")
_OPEN: Final = {
    IdentStatus.STARTED: "started",
    IdentStatus.COUPON_REQUESTED: "coupon_requested",
    IdentStatus.INCOMPLETE: "incomplete",
    IdentStatus.REVIEW_PENDING: "review_pending",
}


class State(Enum):
    """Where a case stands for the person it is about; each has its page."""

    NEW = "new"
    STARTED = "started"
    COUPON_REQUESTED = "coupon_requested"
    INCOMPLETE = "incomplete"
    REVIEW_PENDING = "review_pending"
    DECLINED_OPEN = "declined_open"
    """An attempt was declined and the account allows another."""
    SUCCESS = "success"
    DECLINED = "declined"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more can be done with the case (S-43)."""
        return self in {State.SUCCESS, State.DECLINED, State.EXPIRED}


@dataclass(frozen=True, slots=True)
class Account:
    """What an account says to the people it sends here; nothing of it is secret."""

    display_name: str = ""
    """May be empty."""
    ident_class: IdentClass = IdentClass.STANDARD
    methods: tuple[Method, ...] = ()
    coupon_active: bool = False
    help_email: str = ""
    help_phone: str = ""
    privacy_notice: Mapping[str, str] = field(default_factory=dict)
    """By language; a missing one is ours."""
    consent_text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its page shows it to anybody; times are microseconds since 1970."""

    case_id: str
    status: CaseStatus
    valid_until_us: int
    closed_us: int | None
    language: str
    """`de` or `en`: what the client said about its user."""
    tenant_id: int = 0
    method: Method | None = None
    """Of the latest attempt."""
    ident_status: IdentStatus | None = None
    callbacks: Mapping[str, CallbackUrl] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Contact fields that the dialogue asks for (S-41)."""
    factors: tuple[Factor, ...] = ()
    """Ways to show that the case is one's own."""
    holds_personal: bool = False
    """Whether anything is stored that only its owner may see."""
    account: Account = field(default_factory=Account)

    def state(self, now_us: int) -> State:
        """
        Judge by the time now: a case that is past its end counts as expired even before the system closes it.

        One that was finished in time stays finished.
        """
        if self.status is CaseStatus.CLOSED:
            in_time = self.closed_us is not None and self.closed_us < self.valid_until_us
            if not in_time:
                return State.EXPIRED
            return State.SUCCESS if self.ident_status is IdentStatus.SUCCESS else State.DECLINED
        if now_us >= self.valid_until_us:
            return State.EXPIRED
        if self.ident_status is None:
            return State.NEW
        return State(_OPEN.get(self.ident_status, "declined_open"))


FindCase = Callable[[str], Awaitable[CaseView | None]]
"""Returns the case with an id, None if there is none that the portal shows."""


def normalised(text: str) -> str | None:
    """Return the case id that somebody wrote or copied, small or grouped by blanks or hyphens; None if it is none."""
    written = "".join(sign for sign in text if not sign.isspace() and sign not in _SEPARATORS)
    if len(written) != CASE_ID_LENGTH or not written.isascii() or not written.isalnum():
        return None
    return written.upper()


def finder(store: Transactions, sender: CodeSender | None = None) -> FindCase:
    """
    Look cases up in the store; delivery cases have no page (decisions.md "Two kinds of case").

    Args:
        sender: How codes reach people; None: nobody is offered one.
    """

    async def find(case_id: str) -> CaseView | None:
        return await store.read(lambda uow: _find(uow, case_id, sender))

    return find


def _find(uow: UnitOfWork, case_id: str, sender: CodeSender | None) -> CaseView | None:
    tenant_id = uow.cases.find_tenant(case_id)
    if tenant_id is None:
        return None
    row = uow.cases.get(tenant_id, case_id, kind=CaseKind.START)
    if row is None:
        return None
    client = uow.accounts.scr_client_of(tenant_id)
    settings = client.settings if client else ScrSettings()
    latest: Identification | None = row.identification
    return CaseView(
        case_id=case_id,
        status=row.case.status,
        valid_until_us=row.case.valid_until_us,
        closed_us=row.case.closed_us,
        language="en" if row.order.preferred_language == "EN_UK" else "de",
        tenant_id=tenant_id,
        method=latest.method if latest else None,
        ident_status=latest.status if latest else None,
        callbacks=row.order.callbacks,
        missing=missing_fields(row.order, settings.ident_class),
        factors=factors_of(row.order, sender),
        holds_personal=holds_personal(row.order),
        account=account_of(settings),
    )


def account_of(settings: ScrSettings) -> Account:
    """Return what of an account's settings its people see."""
    return Account(
        display_name=settings.display_name,
        ident_class=settings.ident_class,
        methods=settings.methods,
        coupon_active=settings.coupon_active,
    )


def missing_fields(order: CaseOrder, ident_class: IdentClass) -> tuple[str, ...]:
    """
    Return the contact fields that the person must be asked for, in the order of START's table.

    Source: S-40, S-41; decisions 31, 32.
    """
    contact = order.contact
    wanted = ["first_name", "last_name", "email", *(["mobile_phone"] if ident_class is IdentClass.GWG else [])]
    return tuple(name for name in wanted if contact is None or not (getattr(contact, name) or "").strip())


def holds_personal(order: CaseOrder) -> bool:
    """Tell whether an order holds anything about its person."""
    return order.contact is not None or order.identity_document is not None or order.driving_licence is not None
