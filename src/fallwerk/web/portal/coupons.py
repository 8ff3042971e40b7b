"""The method basic: a coupon for the post office, with the limit and the states of the API's (S-45, S-66)."""

import hmac
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from fallwerk.domain.coupon.errors import BasicInWrongStatus, CouponLimitReached, NoAddress, NoCoupon, TooManyMails
from fallwerk.domain.coupon.mailing import coupon_file, send_coupon
from fallwerk.domain.coupon.model import CouponWish
from fallwerk.domain.coupon.service import CouponOffice
from fallwerk.domain.document.errors import BlobStoreUnavailable
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.callbacks import Platform
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.domain.identcase.service.person import CouponUse, count_coupon_use
from fallwerk.kit.ids import row_number
from fallwerk.kit.pages import HEADERS
from fallwerk.web.portal.choosing import stopped
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.texts import words

CONFLICT: Final = 409
TOO_MANY: Final = 429
MADE: Final = "coupon"
"""Parameter that names a coupon made by this visit, with the proof of that."""
SHOWN: Final = "zeigen"
"""Parameter that opens the coupon instead of saving it, for a phone at the counter."""


MAILED: Final = "gesendet"
"""Parameter that says that this visit had the coupon mailed, with the proof of that."""


class Coupons:
    """
    Makes coupons and hands them out again.

    Args:
        mails: Whether mails can leave at all.
    """

    def __init__(self, frame: Frame, office: CouponOffice, *, mails: bool) -> None:
        self._frame = frame
        self._office = office
        self._mails = mails

    async def show(self, turn: Turn) -> Response:
        """Offer a coupon, or the one that is there."""
        away = stopped(self._frame, turn, Method.BASIC)
        if away is not None:
            return away
        return self._page(turn)

    async def make(self, turn: Turn) -> Response:
        """
        Issue a coupon, then show its page with the download and the button back to the client.

        Without a confirmed visit the coupon carries no name, since the case's address alone shows none (W-01).
        """
        away = stopped(self._frame, turn, Method.BASIC)
        if away is not None:
            return away
        case = turn.case
        wish = CouponWish(
            case.tenant_id, case.case_id, turn.actor, turn.now_us, named=self._may_be_named(turn), mailed=True
        )
        texts = words(turn.language, case.account.display_name)
        try:
            issued = await self._office.issue(wish)
        except CouponLimitReached:
            return self._page(turn, CONFLICT, texts["coupon_limit"])
        except (BasicInWrongStatus, CaseClosed, CaseUnknown):
            return self._frame.to(turn)
        query = urlencode({MADE: self._proof(turn, issued.coupon_id)})
        return self._frame.to(turn, f"filiale?{query}")

    async def file(self, turn: Turn) -> Response:
        """Answer the PDF: that of this visit's coupon, or for a confirmed visit the latest."""
        if turn.case.method is not Method.BASIC and Method.BASIC not in turn.case.open_methods:
            return self._frame.to(turn)
        made = turn.request.query_params.get(MADE, "")
        shown = SHOWN in turn.request.query_params
        own = self._own(turn, made)
        if own is None and not self._may_be_named(turn):
            return self._frame.to(turn, "bestaetigen" if turn.case.factors else "filiale")
        case = turn.case
        kept = await self._frame.deps.store.read(lambda uow: coupon_file(uow, case.tenant_id, case.case_id, own))
        if kept is None:
            return self._frame.to(turn, "filiale")
        try:
            content = await self._office.blobs.read(kept.blob)
        except BlobStoreUnavailable as away:
            raise StoreUnavailable from away
        # Issuing counted the first download already.
        use = CouponUse.APP if shown else None if own else CouponUse.DOWNLOAD
        if use is not None:
            await self._frame.deps.store.write(
                lambda uow: count_coupon_use(uow, case.tenant_id, case.case_id, use, now_us=turn.now_us)
            )
        kind = "inline" if shown else "attachment"
        headers = {**HEADERS, "Cache-Control": "no-store", "Content-Disposition": f'{kind}; filename="{kept.name}"'}
        return Response(content, 200, headers, "application/pdf")

    async def mail(self, turn: Turn) -> Response:
        """
        Mail the latest coupon to the person's address, for a visit that may see whose it is (W-01).

        Reloading the page that follows sends nothing again.
        """
        away = stopped(self._frame, turn, Method.BASIC)
        if away is not None:
            return away
        if not self._mails or not self._may_be_named(turn):
            return self._frame.to(turn, "bestaetigen" if turn.case.factors and self._mails else "filiale")
        case, texts = turn.case, words(turn.language, turn.case.account.display_name)
        try:
            message_id = await self._frame.deps.store.write(
                lambda uow: send_coupon(uow, case.tenant_id, case.case_id, actor=turn.actor, now_us=turn.now_us)
            )
        except TooManyMails:
            return self._page(turn, TOO_MANY, texts["coupon_mails_enough"])
        except NoAddress:
            return self._frame.to(turn, "angaben")
        except NoCoupon:
            return self._frame.to(turn, "filiale")
        except (CaseClosed, CaseUnknown):
            return self._frame.to(turn)
        return self._frame.to(turn, f"filiale?{urlencode({MAILED: self._proof(turn, message_id, MAILED)})}")

    async def mail_again(self, turn: Turn) -> Response:
        """Lead somebody who reloads the address of the form to its page."""
        return self._frame.to(turn, "filiale")

    def _page(self, turn: Turn, status: int = 200, notice: str = "") -> Response:
        made = turn.request.query_params.get(MADE, "")
        own = self._own(turn, made) is not None
        ready = turn.case.ident_status in {IdentStatus.COUPON_REQUESTED, IdentStatus.INCOMPLETE}
        asked = not own and not self._may_be_named(turn)
        query = {MADE: made} if own else {}
        return self._frame.page(
            turn,
            "coupon.html",
            status,
            ready=ready and (own or self._may_be_named(turn)),
            asked=asked and bool(turn.case.factors),
            download=f"{turn.path('coupon.pdf')}?{urlencode(query)}" if query else turn.path("coupon.pdf"),
            shown=f"{turn.path('coupon.pdf')}?{urlencode({**query, SHOWN: '1'})}",
            on_phone=turn.platform is not Platform.WEB,
            notice=notice,
            mailed=self._signed(turn, turn.request.query_params.get(MAILED, ""), MAILED) is not None,
            may_mail=self._mails and self._may_be_named(turn),
            may_confirm=self._mails and not self._may_be_named(turn) and bool(turn.case.factors),
            callback=turn.callback,
        )

    def _may_be_named(self, turn: Turn) -> bool:
        return turn.visit.confirmed or not turn.case.holds_personal

    def _proof(self, turn: Turn, number: int, of: str = MADE) -> str:
        signed = self._frame.deps.visits.sign(turn.visit, f"{of}|{number}")
        return f"{number}.{urlsafe_b64encode(signed[:16]).decode().rstrip('=')}"

    def _own(self, turn: Turn, made: str) -> int | None:
        """Return the id of a coupon that this visit made; None if it made no such coupon."""
        return self._signed(turn, made, MADE)

    def _signed(self, turn: Turn, written: str, of: str) -> int | None:
        number = row_number(written.partition(".")[0])
        if number is None:
            return None
        right = hmac.compare_digest(written.encode(), self._proof(turn, number, of).encode())
        return number if right else None
