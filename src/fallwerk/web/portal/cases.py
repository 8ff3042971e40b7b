"""What the portal knows of a case: what anybody may see of it, and apart from that what is personal (W-01)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from fallwerk.domain.account.model import IdentClass, ScrSettings
from fallwerk.domain.identcase.attempt import Attempt, CaseFile, Record, ValidationStatus
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.model import CallbackUrl, CaseStatus, Contact, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.portal.confirmation import factors_of
from fallwerk.domain.portal.model import Factor
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork

CASE_ID_LENGTH: Final = 12
_SEPARATORS: Final = frozenset("-\u2010\u2011\u2013.")
_ASKED_BY: Final = {9141: "idfrontside", 9142: "idbackside", 9143: "userface"}
"""Reasons of `methods_codes` that name a picture."""
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
    declined_closes: tuple[Method, ...] = ()
    """Methods whose decline, giving up among them, ends the case."""
    coupon_file_type: str = "printable"
    help_email: str = ""
    help_phone: str = ""
    privacy_notice: Mapping[str, str] = field(default_factory=dict)
    """By language; a missing one is ours."""
    consent_text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the photo attempt, without its content."""

    type: str
    """One of `attempt.RECORD_TYPES`."""
    taken_us: int
    submitted: bool
    fault: str = ""
    """Why a reviewer wants another one: a word of the results, or `asked`; empty if it is fine."""

    @property
    def is_usable(self) -> bool:
        """Tell whether it can be sent off, or was and is fine."""
        return not self.fault


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
    """Of the attempt that the page is about: the one that decided the case, or the latest."""
    ident_status: IdentStatus | None = None
    status_of: Mapping[Method, IdentStatus] = field(default_factory=dict)
    """Of the latest attempt by each method."""
    open_methods: tuple[Method, ...] = ()
    """Methods with an attempt that can go on, oldest first."""
    agreed: frozenset[tuple[str, str]] = frozenset()
    """Kind and text version of each consent that was given."""
    pictures: tuple[Picture, ...] = ()
    """Of the open photo attempt, the newest of each type."""
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
    try:
        file = open_case(uow, tenant_id, case_id)
    except CaseUnknown:
        return None
    return view_of(file, sender)


def view_of(file: CaseFile, sender: CodeSender | None) -> CaseView:
    """Reduce a case to what its pages need."""
    case, settings, contact = file.case, file.client.settings, file.contact
    current = _current(file)
    return CaseView(
        case_id=case.case_id,
        status=case.status,
        valid_until_us=case.valid_until_us,
        closed_us=case.closed_us,
        language="en" if file.order.preferred_language == "EN_UK" else "de",
        tenant_id=case.tenant_id,
        method=current.method if current else None,
        ident_status=current.identification.status if current else None,
        status_of={attempt.method: attempt.identification.status for attempt in file.attempts},
        open_methods=tuple(attempt.method for attempt in file.attempts if attempt.open),
        agreed=frozenset((consent.kind, consent.text_version) for consent in file.person.consents),
        pictures=_pictures(file),
        callbacks=file.order.callbacks,
        missing=missing_fields(contact, settings.ident_class),
        factors=factors_of(contact, file.order.identity_document, sender),
        holds_personal=_holds_personal(file),
        account=account_of(settings),
    )


def _current(file: CaseFile) -> Attempt | None:
    """The attempt that the case's page is about."""
    decided = [attempt for attempt in file.attempts if attempt.identification.status is IdentStatus.SUCCESS]
    # Whoever goes back to a method that waits for a review has something open that is newer; that is what they do now.
    return decided[-1] if decided else max(file.attempts, key=_moved, default=None)


def _moved(attempt: Attempt) -> tuple[bool, int, int]:
    return attempt.open, attempt.identification.modified_us, attempt.number


def _pictures(file: CaseFile) -> tuple[Picture, ...]:
    attempt = file.latest(Method.PHOTO)
    if attempt is None or not attempt.open:
        return ()
    newest = {record.type: record for record in file.records if record.attempt == attempt.number}
    incomplete = attempt.identification.status is IdentStatus.INCOMPLETE
    asked = _ASKED_BY.get(attempt.identification.sub_status_reason or 0) if incomplete else None
    return tuple(_picture(record, asked=record.type == asked) for record in newest.values())


def _picture(record: Record, *, asked: bool) -> Picture:
    validation = record.validation
    fault = validation.sub_status if validation and validation.status is ValidationStatus.INVALID else ""
    # A new picture that waits to be sent answers what was asked.
    if not fault and asked and record.submitted:
        fault = "asked"
    return Picture(record.type, record.created_us, record.submitted, fault)


def account_of(settings: ScrSettings) -> Account:
    """Return what of an account's settings its people see."""
    return Account(
        display_name=settings.display_name,
        ident_class=settings.ident_class,
        methods=settings.methods,
        declined_closes=settings.declined_closes,
        coupon_file_type=settings.coupon_file_type,
        help_email=settings.help_email,
        help_phone=settings.help_phone,
        privacy_notice={"de": settings.privacy_notice_de, "en": settings.privacy_notice_en},
        consent_text={"de": settings.consent_text_de, "en": settings.consent_text_en},
    )


def missing_fields(contact: Contact | None, ident_class: IdentClass) -> tuple[str, ...]:
    """
    Return the contact fields that the person must be asked for, in the order of START's table.

    Source: S-40, S-41; decisions 31, 32.
    """
    wanted = ["first_name", "last_name", "email", *(["mobile_phone"] if ident_class is IdentClass.GWG else [])]
    return tuple(name for name in wanted if contact is None or not (getattr(contact, name) or "").strip())


def _holds_personal(file: CaseFile) -> bool:
    """Tell whether anything about the person is stored."""
    order = file.order
    return any((file.contact, order.identity_document, order.driving_licence))
