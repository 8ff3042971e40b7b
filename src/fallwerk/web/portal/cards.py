"""The method eid: to the eID server and back; in the sandbox, a card with chosen data is played on a page of ours."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import urlencode

from starlette.responses import Response

from fallwerk.domain.eid.ports import CardOutcome, CardProblem, EidServer, EidServerUnavailable, OutcomePending
from fallwerk.domain.eid.service import record_card
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.identcase.model import IdentityDocument, Method
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.kit.forms import is_calendar_date, is_longer
from fallwerk.kit.pages import HEADERS
from fallwerk.web.portal.choosing import stopped
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.texts import words

BAD_GATEWAY: Final = 502
UNPROCESSABLE: Final = 422
SESSION: Final = "s"
_SESSION_BYTES: Final = 16
_PROOF_BYTES: Final = 16
CARD_FIELDS: Final = {
    "first_name": 35,
    "last_name": 35,
    "birth_date": 10,
    "birth_place": 55,
    "nationality": 3,
    "date_of_expiry": 10,
}
"""What can be chosen of a played card, with the lengths of S-21."""


class Cards:
    """
    Starts the reading of a card and records what became of it.

    Args:
        server: None: none is set up, and the sandbox plays the card.
    """

    def __init__(self, frame: Frame, server: EidServer | None) -> None:
        self._frame = frame
        self._server = server

    async def show(self, turn: Turn) -> Response:
        """Say what happens next, and offer to start."""
        away = stopped(self._frame, turn, Method.EID)
        return away or self._frame.page(turn, "card.html", notice="")

    async def start(self, turn: Turn) -> Response:
        """Open a session at the eID server and send the browser there."""
        away = stopped(self._frame, turn, Method.EID)
        if away is not None:
            return away
        if self._server is None:
            return self._frame.to(turn, "karte")
        session = secrets.token_urlsafe(_SESSION_BYTES)
        back = f"{self._frame.deps.public_base_url}{turn.path('online-ausweis-zurueck')}"
        proof = self._proof(turn, session)
        try:
            address = await self._server.start(session, f"{back}?{urlencode({SESSION: f'{session}.{proof}'})}")
        except EidServerUnavailable:
            return self._unavailable(turn)
        # A page's policy allows forms to lead to ourselves only, so the way out is a link's, not a form's.
        response = self._frame.page(turn, "card_go.html", address=address)
        response.headers["Content-Security-Policy"] = HEADERS["Content-Security-Policy"]
        return response

    async def back(self, turn: Turn) -> Response:
        """Fetch and record the outcome; the address proves that the session was begun for this case."""
        session, _, proof = turn.request.query_params.get(SESSION, "").rpartition(".")
        right = hmac.compare_digest(proof.encode(), self._proof(turn, session).encode())
        if self._server is None or not right or Method.EID not in turn.case.open_methods:
            return self._frame.to(turn)
        try:
            outcome = await self._server.outcome(session)
        except OutcomePending:
            texts = words(turn.language, turn.case.account.display_name)
            return self._frame.page(turn, "card_go.html", address="", notice=texts["card_pending"])
        except EidServerUnavailable:
            return self._unavailable(turn)
        return await self._record(turn, outcome)

    async def card(self, turn: Turn) -> Response:
        """Show the played card, filled with what is known of the person where this visit may see it."""
        away = stopped(self._frame, turn, Method.EID)
        if away is not None:
            return away
        typed = await self._known(turn) if turn.visit.confirmed else {}
        return self._card(turn, {**_EXAMPLE, **typed}, {})

    async def play(self, turn: Turn) -> Response:
        """Take the played card's outcome."""
        away = stopped(self._frame, turn, Method.EID)
        if away is not None:
            return away
        played = turn.form.get("outcome", "")
        if played in set(CardProblem):
            return await self._record(turn, CardOutcome(problem=CardProblem(played)))
        typed = {name: turn.form.get(name, "").strip() for name in CARD_FIELDS}
        faults = _faults(typed, words(turn.language, turn.case.account.display_name))
        if faults:
            return self._card(turn, typed, faults)
        document = replace(IdentityDocument(type="1", country_of_document="DEU"), **cast("dict[str, Any]", typed))
        return await self._record(turn, CardOutcome(document, dkk=secrets.token_hex(_SESSION_BYTES)))

    def _card(self, turn: Turn, typed: dict[str, str], faults: dict[str, str]) -> Response:
        return self._frame.page(
            turn,
            "played_card.html",
            UNPROCESSABLE if faults else 200,
            fields=CARD_FIELDS,
            typed=typed,
            faults=faults,
            problems=[problem.value for problem in CardProblem],
        )

    async def _known(self, turn: Turn) -> dict[str, str]:
        case = turn.case
        file = await self._frame.deps.store.read(lambda uow: open_case(uow, case.tenant_id, case.case_id))
        document, contact = file.order.identity_document, file.contact
        known = {name: getattr(document, name, None) or getattr(contact, name, None) for name in CARD_FIELDS}
        return {name: value for name, value in known.items() if value}

    async def _record(self, turn: Turn, outcome: CardOutcome) -> Response:
        case = turn.case
        try:
            await self._frame.deps.store.write(
                lambda uow: record_card(
                    uow, case.tenant_id, case.case_id, outcome, actor=turn.actor, now_us=turn.now_us
                )
            )
        except (IllegalStep, CaseUnknown):
            # The same return twice, or the case was closed meanwhile: its page says where it stands.
            return self._frame.to(turn)
        return self._frame.to(turn)

    def _unavailable(self, turn: Turn) -> Response:
        texts = words(turn.language, turn.case.account.display_name)
        return self._frame.page(turn, "card.html", BAD_GATEWAY, notice=texts["card_unavailable"])

    def _proof(self, turn: Turn, session: str) -> str:
        signed = self._frame.deps.visits.sign_for_case(turn.case.case_id, f"eid|{session}")
        return urlsafe_b64encode(signed[:_PROOF_BYTES]).decode().rstrip("=")


_EXAMPLE: Final = {
    "first_name": "ERIKA",
    "last_name": "MUSTERMANN",
    "birth_date": "1964-08-12",
    "birth_place": "BERLIN",
    "nationality": "DEU",
    "date_of_expiry": "2031-10-31",
}
"""The specimen card that everybody knows."""


def _faults(typed: dict[str, str], texts: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, longest in CARD_FIELDS.items():
        value = typed[name]
        if not value:
            found[name] = texts["fault_missing"]
        elif is_longer(value, longest) or not value.isprintable():
            found[name] = texts["fault_too_long"].replace("{max}", str(longest))
        elif "date" in name and not is_calendar_date(value):
            found[name] = texts["fault_date"]
    return found
