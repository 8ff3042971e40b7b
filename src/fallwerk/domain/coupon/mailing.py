"""Mailing a coupon that is there: by the person's wish, and what the worker attaches when the mail leaves."""

from dataclasses import dataclass
from typing import Final

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.coupon.errors import NoAddress, NoCoupon, TooManyMails
from fallwerk.domain.coupon.model import Coupon
from fallwerk.domain.document.model import Blob
from fallwerk.domain.identcase.errors import CaseClosed
from fallwerk.domain.identcase.model import CaseStatus, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.identcase.service.case_state import client_of
from fallwerk.domain.identcase.service.person import CouponUse, count_coupon_use
from fallwerk.domain.mail.model import MailKind, Message
from fallwerk.domain.mail.service import mail_coupon
from fallwerk.domain.unit_of_work import UnitOfWork

MAILS: Final = 5
"""Coupons that are mailed within `PERIOD_US`: whoever has a case's address cannot fill a mailbox with it."""
PERIOD_US: Final = 24 * 3600 * 1_000_000
USABLE: Final = frozenset({IdentStatus.COUPON_REQUESTED, IdentStatus.INCOMPLETE})
"""While the identification in the post office stands so, its coupon can be used."""


@dataclass(frozen=True, slots=True)
class CouponFile:
    """A coupon's file and its name."""

    name: str
    coupon: Coupon
    blob: Blob


def file_name(case_id: str, file_type: str) -> str:
    """Return the name of a coupon's file (decision 6)."""
    return f"{case_id}_pi-coupon_{file_type}.pdf"


def send_coupon(uow: UnitOfWork, tenant_id: int, case_id: str, *, actor: Actor, now_us: int) -> int:
    """
    Mail the latest coupon to the person of its case, because they ask for it.

    Source: W-06; public-facts.md `additionalDataBasic` counts it. The account's `mailsUser` is about mails that nobody
    asked for, so it does not matter here.

    Returns:
        The message's id.

    Raises:
        CaseUnknown: no such START case of this tenant.
        CaseClosed: closed, or its validity is over.
        NoCoupon, NoAddress, TooManyMails: nothing was sent.
    """
    file = open_case(uow, tenant_id, case_id, lock=True)
    if file.case.status is CaseStatus.CLOSED or now_us >= file.case.valid_until_us:
        raise CaseClosed
    attempt = file.latest(Method.BASIC)
    coupons = uow.coupons.of_case(tenant_id, case_id)
    if attempt is None or attempt.identification.status not in USABLE or not coupons:
        raise NoCoupon
    if file.contact is None or not file.contact.email:
        raise NoAddress
    if uow.mails.count_of_kind(tenant_id, case_id, MailKind.COUPON, since_us=now_us - PERIOD_US) >= MAILS:
        raise TooManyMails
    count_coupon_use(uow, tenant_id, case_id, CouponUse.MAIL, now_us=now_us)
    message = mail_coupon(uow, file, coupons[-1].coupon_id, now_us=now_us)
    details: dict[str, str | int | bool | None] = {"coupon": coupons[-1].coupon_id}
    uow.audit.add(AuditEvent(tenant_id, now_us, actor, "coupon.mailed", case_id, details))
    return message.message_id


def coupon_file(uow: UnitOfWork, tenant_id: int, case_id: str, coupon_id: int | None) -> CouponFile | None:
    """Return one coupon of a case, or the latest; None if it is gone."""
    coupons = uow.coupons.of_case(tenant_id, case_id)
    wanted = [coupon for coupon in coupons if coupon_id in {None, coupon.coupon_id}]
    blob = uow.blobs.get(tenant_id, wanted[-1].blob_key) if wanted else None
    if blob is None:
        return None
    name = file_name(case_id, client_of(uow, tenant_id).settings.coupon_file_type)
    return CouponFile(name, wanted[-1], blob)


def file_of(uow: UnitOfWork, message: Message) -> CouponFile | None:
    """Return the coupon that goes with a message; None: none does."""
    coupon_id = message.facts.get("coupon")
    if coupon_id is None:
        return None
    return coupon_file(uow, message.tenant_id, message.case_id, int(coupon_id))
