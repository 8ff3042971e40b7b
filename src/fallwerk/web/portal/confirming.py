"""Confirming that a case is one's own, and then seeing what is stored (W-01)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from starlette.responses import Response

from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.model import Address, Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.portal.confirmation import CODE_DIGITS, confirm_birth_date, confirm_code, send_code
from fallwerk.domain.portal.errors import NoSuchFactor, TooManyAnswers, TooManyCodes, WrongAnswer
from fallwerk.domain.portal.model import Factor
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.moments import day_words, moment
from fallwerk.web.portal.texts import words

CODE: Final = "code"
REFUSED: Final = 403
UNPROCESSABLE: Final = 422
TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Said:
    """What the page says besides its question."""

    status: int = 200
    faults: Mapping[str, str] | None = None
    notice: str = ""
    sent: bool = False
    locked: bool = False


class Confirming:
    """
    The question and the page behind it.

    Args:
        sender: How codes reach people; None: nobody is offered one.
    """

    def __init__(self, frame: Frame, sender: CodeSender | None) -> None:
        self._frame = frame
        self._sender = sender

    async def show(self, turn: Turn) -> Response:
        """Ask."""
        if turn.visit.confirmed:
            return self._frame.to(turn, "daten")
        return self._page(turn, Said())

    async def take(self, turn: Turn) -> Response:
        """Judge an answer or send a code."""
        way = turn.form.get("way", "")
        try:
            if way == Factor.BIRTH_DATE.value:
                return await self._birth_date(turn)
            if way == CODE:
                return await self._code(turn)
            return await self._send(turn, Factor(way))
        except TooManyAnswers as locked:
            return self._page(turn, replace(self._until(turn, "confirm_locked", locked.until_us), locked=True))
        except TooManyCodes as enough:
            return self._page(turn, self._until(turn, "confirm_enough", enough.until_us))
        except (NoSuchFactor, ValueError):
            # A way that the page did not offer: a forged form, or a case that changed meanwhile.
            return self._page(turn, Said(UNPROCESSABLE))

    async def stored(self, turn: Turn) -> Response:
        """Show what is stored, to whoever confirmed."""
        if not turn.visit.confirmed:
            return self._frame.to(turn, "bestaetigen")
        case = turn.case
        file = await self._frame.deps.store.read(lambda uow: open_case(uow, case.tenant_id, case.case_id))
        return self._frame.page(turn, "stored.html", data=stored_data(file, turn.language))

    async def _birth_date(self, turn: Turn) -> Response:
        given = birth_date(turn.form)
        texts = self._texts(turn)
        if given is None:
            return self._page(turn, Said(UNPROCESSABLE, {"birth": texts["confirm_no_date"]}))
        case = turn.case

        def judge(uow: UnitOfWork) -> WrongAnswer | None:
            file = open_case(uow, case.tenant_id, case.case_id)
            return confirm_birth_date(uow, file, given, actor=turn.actor, now_us=turn.now_us)

        wrong = await self._frame.deps.store.write(judge)
        return self._judged(turn, wrong, "birth", texts["confirm_wrong_birth"])

    async def _code(self, turn: Turn) -> Response:
        given = "".join(sign for sign in turn.form.get(CODE, "") if not sign.isspace())
        texts = self._texts(turn)
        if len(given) != CODE_DIGITS or not given.isascii() or not given.isdigit():
            return self._page(turn, Said(UNPROCESSABLE, {CODE: texts["confirm_no_code"]}))
        case = turn.case

        def judge(uow: UnitOfWork) -> WrongAnswer | None:
            file = open_case(uow, case.tenant_id, case.case_id)
            return confirm_code(uow, file, given, actor=turn.actor, now_us=turn.now_us)

        wrong = await self._frame.deps.store.write(judge)
        return self._judged(turn, wrong, CODE, texts["confirm_wrong_code"])

    async def _send(self, turn: Turn, factor: Factor) -> Response:
        sender, case = self._sender, turn.case
        if sender is None:
            raise NoSuchFactor

        def send(uow: UnitOfWork) -> None:
            file = open_case(uow, case.tenant_id, case.case_id)
            send_code(uow, file, factor, sender=sender, language=turn.language, actor=turn.actor, now_us=turn.now_us)

        await self._frame.deps.store.write(send)
        return self._page(turn, Said(sent=True))

    def _judged(self, turn: Turn, wrong: WrongAnswer | None, field: str, message: str) -> Response:
        if wrong is not None:
            return self._page(turn, Said(REFUSED, {field: message.replace("{left}", str(wrong.left))}))
        # A new visit: whoever learnt the old one's cookie before must not inherit what was confirmed now.
        visit = replace(self._frame.deps.visits.new(turn.case.case_id), confirmed=True, language=turn.visit.language)
        # Whoever came for the coupon goes on with it.
        return self._frame.to(turn, "filiale" if turn.case.method is Method.BASIC else "daten", visit=visit)

    def _until(self, turn: Turn, text: str, until_us: int) -> Said:
        at = moment(until_us, turn.language)
        return Said(TOO_MANY, notice=self._texts(turn)[text].replace("{until}", f"{at.day}, {at.clock}"))

    def _page(self, turn: Turn, said: Said) -> Response:
        return self._frame.page(
            turn,
            "confirm.html",
            said.status,
            ways={factor.name.lower(): factor in turn.case.factors for factor in Factor},
            faults=said.faults or {},
            notice=said.notice,
            sent=said.sent,
            locked=said.locked,
            typed=turn.form,
        )

    def _texts(self, turn: Turn) -> dict[str, str]:
        return words(turn.language, turn.case.account.display_name)


def birth_date(form: Mapping[str, str]) -> str | None:
    """Read day, month and year as people write them; None if there is no such date."""
    parts = [form.get(name, "").strip().rstrip(".") for name in ("year", "month", "day")]
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts[0]) != 4:  # noqa: PLR2004 - a year
        return None
    try:
        return date(*(int(part) for part in parts)).isoformat()
    except ValueError:
        return None


def stored_data(file: CaseFile, language: str) -> list[tuple[str, str]]:
    """Return what is stored about the person, as text keys with values."""
    contact, document = file.contact, file.order.identity_document
    found: list[tuple[str, str | None]] = []
    if contact:
        found += [
            ("stored_title", contact.title),
            ("first_name", contact.first_name),
            ("last_name", contact.last_name),
            ("email", contact.email),
            ("mobile_phone", contact.mobile_phone),
            ("stored_address", _address(contact.address)),
        ]
    if document:
        found += [
            *([] if contact else [("first_name", document.first_name), ("last_name", document.last_name)]),
            ("stored_birth_name", document.birth_name),
            ("stored_birth_date", _day(document.birth_date, language)),
            ("stored_birth_place", document.birth_place),
            ("stored_nationality", document.nationality),
            ("stored_document", document.number),
            ("stored_until", _day(document.date_of_expiry, language)),
        ]
    return [(name, value) for name, value in found if value]


def _day(written: str | None, language: str) -> str | None:
    return written and day_words(date.fromisoformat(written), language)


def _address(address: Address | None) -> str | None:
    if address is None:
        return None
    place = " ".join(filter(None, (address.postal_code, address.city)))
    return ", ".join(filter(None, (address.street_address, address.appendix, place, address.country)))
