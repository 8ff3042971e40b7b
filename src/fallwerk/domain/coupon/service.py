"""Issuing coupons: by the API, and by whoever else gives a person one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from fallwerk.domain.account.model import IdentClass
from fallwerk.domain.audit.model import AuditEvent
from fallwerk.domain.coupon.errors import BasicInWrongStatus, CouponLimitReached
from fallwerk.domain.coupon.model import Coupon, CouponSheet, CouponWish, IssuedCoupon
from fallwerk.domain.coupon.ports import CouponPrinter
from fallwerk.domain.document.model import Upload
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.document.service import store_content
from fallwerk.domain.idempotency import Answer, IdempotentCall, once
from fallwerk.domain.identcase.attempt import AttemptDetails, CaseFile
from fallwerk.domain.identcase.errors import CaseClosed
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.methods_lifecycle import is_legal
from fallwerk.domain.identcase.model import CaseStatus, IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import MethodStep, open_case, take_method_step
from fallwerk.domain.mail.service import mail_coupon
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork

REQUESTED = WantedStep(IdentStatus.COUPON_REQUESTED)


@dataclass(frozen=True, slots=True)
class CouponOffice:
    """Everything that a coupon takes: the cases, the printer, the place where its file is kept."""

    store: Transactions
    blobs: BlobStore
    printer: CouponPrinter

    async def issue(self, wish: CouponWish) -> IssuedCoupon:
        """
        Print a coupon, keep its file sealed, and leave the basic identification in `coupon requested`.

        Source: START §4; S-60 to S-67.

        Raises:
            CaseUnknown: no such START case of this tenant.
            CaseClosed: closed, or its validity is over.
            BasicInWrongStatus: the basic identification takes no coupon any more.
            CouponLimitReached: also for the loser of simultaneous requests.
        """
        sheet, content = await self._print(wish)
        return await store_content(
            self.blobs, self.store, wish.tenant_id, content, partial(record_coupon, wish, sheet, content)
        )

    async def issue_once(
        self, wish: CouponWish, call: IdempotentCall, answer_of: Callable[[IssuedCoupon], Answer]
    ) -> Answer:
        """
        Do the same under an idempotency key: a call that was answered before gets its first answer, whatever is since.

        Raises:
            IdempotencyKeyReused: the key came with another request. Otherwise as `issue`.
        """
        known = await self.store.read(lambda uow: uow.idempotency.find(call, now_us=wish.now_us))
        if known is not None:
            return known
        sheet, content = await self._print(wish)

        def work(uow: UnitOfWork, upload: Upload) -> Answer:
            issued: list[IssuedCoupon] = []

            def make() -> Answer:
                issued.append(record_coupon(wish, sheet, content, uow, upload))
                return answer_of(issued[0])

            answer = once(uow, call, now_us=wish.now_us, make=make)
            if not issued:
                # The same call was answered while this one printed.
                uow.blobs.discard(upload, now_us=wish.now_us)
            return answer

        return await store_content(self.blobs, self.store, wish.tenant_id, content, work)

    async def _print(self, wish: CouponWish) -> tuple[CouponSheet, bytes]:
        sheet = await self.store.read(lambda uow: plan_coupon(uow, wish))
        return sheet, await self.printer.print(sheet)


def plan_coupon(uow: UnitOfWork, wish: CouponWish) -> CouponSheet:
    """
    Return what the coupon is going to say, unless there can be none (checked again when it is recorded).

    Raises:
        CaseUnknown, CaseClosed, BasicInWrongStatus, CouponLimitReached: see `CouponOffice.issue`.
    """
    file = open_case(uow, wish.tenant_id, wish.case_id)
    _refuse(file, wish.now_us)
    sheet = _sheet(file, wish.now_us)
    return sheet if wish.named else replace(sheet, first_name="", last_name="")


def record_coupon(
    wish: CouponWish, sheet: CouponSheet, content: bytes, uow: UnitOfWork, upload: Upload
) -> IssuedCoupon:
    """Keep a printed coupon and take the step that goes with it; the case is held, so that nobody exceeds its limit."""
    file = open_case(uow, wish.tenant_id, wish.case_id, lock=True)
    _refuse(file, wish.now_us)
    step = MethodStep(Method.BASIC, REQUESTED, wish.actor, Role.USER, wish.now_us, partial(_counted, wish.now_us))
    take_method_step(uow, file, step)
    uow.blobs.add(upload, now_us=wish.now_us)
    coupon = Coupon(uow.new_id(), wish.tenant_id, wish.case_id, wish.now_us, upload.blob_key)
    uow.coupons.add(coupon)
    details: dict[str, str | int | bool | None] = {"coupon": coupon.coupon_id}
    uow.audit.add(AuditEvent(wish.tenant_id, wish.now_us, wish.actor, "coupon.issued", wish.case_id, details))
    if wish.mailed and file.client.settings.mails_user and file.contact and file.contact.email:
        mail_coupon(uow, file, coupon.coupon_id, now_us=wish.now_us)
    return IssuedCoupon(coupon.coupon_id, sheet, file.client.settings.coupon_file_type, content)


def _refuse(file: CaseFile, now_us: int) -> None:
    """Refuse in the order of the guide's requirements (S-66)."""
    case = file.case
    if case.status is CaseStatus.CLOSED or now_us >= case.valid_until_us:
        raise CaseClosed
    latest = file.latest(Method.BASIC)
    current = None if latest is None else latest.identification
    if not is_legal(Method.BASIC, current, REQUESTED, case_status=case.status, actor=Role.USER):
        raise BasicInWrongStatus
    if file.coupon_count >= file.client.settings.coupon_max:
        raise CouponLimitReached


def _sheet(file: CaseFile, now_us: int) -> CouponSheet:
    case, settings, contact = file.case, file.client.settings, file.contact
    return CouponSheet(
        case_id=case.case_id,
        reference_id=case.reference_id,
        accounting_number=settings.accounting_number,
        valid_until_us=case.valid_until_us,
        issued_us=now_us,
        language=file.order.preferred_language,
        first_name=(contact.first_name if contact else None) or "",
        last_name=(contact.last_name if contact else None) or "",
        company=settings.display_name,
        licence_wanted=settings.ident_class is IdentClass.MOBILITY,
    )


def _counted(now_us: int, details: AttemptDetails) -> AttemptDetails:
    return replace(details, coupon_downloads=details.coupon_downloads.once_more(now_us))
