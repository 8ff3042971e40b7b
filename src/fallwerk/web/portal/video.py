"""The method video: consent to the recording, the waiting room with one's place in the queue, and the call in it."""

from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from fallwerk.domain.call.errors import NoTanAsked, WrongTan
from fallwerk.domain.call.model import Place, Side, TanState, TanView
from fallwerk.domain.call.tan import DIGITS, confirm_tan, needs_tan, tan_of
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import MethodNotOffered, open_case
from fallwerk.domain.identcase.service.person import record_consent
from fallwerk.domain.portal.queue import stop_waiting, wait_for_call
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.pages import HEADERS, asks_for_json
from fallwerk.web.calls import Calls, is_own_page
from fallwerk.web.portal.cases import CaseView, normalised
from fallwerk.web.portal.choosing import stopped
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.notices import version_of
from fallwerk.web.portal.texts import LANGUAGES, words

FORBIDDEN: Final = 403
CONFLICT: Final = 409
UNPROCESSABLE: Final = 422
REFUSED: Final = 1008
RECORDING: Final = "recording"
"""Kind of consent."""


class VideoRoom:
    """Asks for the consent, then keeps a place in the queue."""

    def __init__(self, frame: Frame, calls: Calls) -> None:
        self._frame = frame
        self._calls = calls

    async def show(self, turn: Turn) -> Response:
        """Ask, or show the place in the queue."""
        away = self._away(turn)
        if away is not None:
            return away
        if not has_accepted_recording(turn):
            return self._consent(turn, {})
        return await self._room(turn)

    async def take(self, turn: Turn) -> Response:
        """Record the consent to the recording (W-02), or leave the queue."""
        away = self._away(turn)
        if away is not None:
            return away
        case = turn.case
        if turn.form.get("leave") == "yes":
            await self._frame.deps.store.write(
                lambda uow: stop_waiting(uow, case.tenant_id, case.case_id, actor=turn.actor, now_us=turn.now_us)
            )
            return self._frame.to(turn)
        texts = words(turn.language, case.account.display_name)
        if turn.form.get("agreed") != "yes" or turn.form.get("version") != version_of(texts["recording_text"]):
            return self._consent(turn, {"agreed": texts["recording_needed"]})
        await self._frame.deps.store.write(
            lambda uow: record_consent(
                uow,
                case.tenant_id,
                case.case_id,
                kind=RECORDING,
                text_version=version_of(texts["recording_text"]),
                language=turn.language,
                actor=turn.actor,
                now_us=turn.now_us,
            )
        )
        return self._frame.to(turn, "video")

    async def back(self, turn: Turn) -> Response:
        """Lead whoever reloads what a TAN was answered with back into the call."""
        return self._frame.to(turn, "video")

    async def take_tan(self, turn: Turn) -> Response:
        """Judge the TAN that the person typed; the page's script asks for a short answer, so that the call goes on."""
        away = self._away(turn)
        if away is not None or not has_accepted_recording(turn):
            return away or self._frame.to(turn, "video")
        texts, case = words(turn.language, turn.case.account.display_name), turn.case
        given = "".join(sign for sign in turn.form.get("tan", "") if not sign.isspace())
        if len(given) != DIGITS or not given.isascii() or not given.isdigit():
            return await self._tan_said(turn, UNPROCESSABLE, texts["tan_no_digits"])

        def judge(uow: UnitOfWork) -> WrongTan | None:
            file = open_case(uow, case.tenant_id, case.case_id, lock=True)
            attempt = file.latest(Method.VIDEO)
            if attempt is None:
                raise NoTanAsked(TanState.NONE)
            return confirm_tan(uow, file, attempt, given, actor=turn.actor, now_us=turn.now_us)

        try:
            wrong = await self._frame.deps.store.write(judge)
        except NoTanAsked as refused:
            return await self._tan_said(turn, CONFLICT, texts[f"tan_{refused.state}"])
        if wrong is not None:
            # After the last one the page itself says what to do.
            said = texts["tan_wrong"].replace("{left}", str(wrong.left)) if wrong.left else ""
            return await self._tan_said(turn, FORBIDDEN, said)
        return await self._tan_said(turn, 200, "")

    async def _tan_said(self, turn: Turn, status: int, said: str) -> Response:
        if asks_for_json(turn.request):
            return JSONResponse({"said": said}, status, {**HEADERS, "Cache-Control": "no-store"})
        return await self._room(turn, status, said) if said else self._frame.to(turn, "video")

    async def _room(self, turn: Turn, status: int = 200, said: str = "") -> Response:
        position = await self._wait(turn)
        if position is None:
            return self._frame.to(turn)
        tan = await self._frame.deps.store.read(lambda uow: _tan(uow, turn))
        page = self._frame.page(turn, "waiting.html", status, position=position, tan=tan, said=said)
        page.headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=(self), payment=()"
        return page

    async def call(self, socket: WebSocket) -> None:
        """Connect a waiting person's page; the call begins as soon as an agent has taken it."""
        deps = self._frame.deps
        case_id = normalised(str(socket.path_params["case_id"])) or ""
        known = deps.visits.read(socket, case_id) is not None and is_own_page(socket, deps.public_base_url)
        case = await deps.find(case_id) if known else None
        if case is None or not _may_call(case, deps.clock.now_us()):
            await socket.close(REFUSED)
            return

        async def allowed() -> bool:
            now = await deps.find(case_id)
            return now is not None and _may_call(now, deps.clock.now_us())

        await self._calls.serve(socket, Place(case.tenant_id, case_id, Side.PERSON), allowed)

    async def place(self, turn: Turn) -> Response:
        """Answer the place in the queue for the page's script; also the sign that somebody still waits."""
        waits = Method.VIDEO in turn.case.open_methods and has_accepted_recording(turn)
        position = await self._wait(turn) if waits and self._away(turn) is None else None
        return JSONResponse({"position": position}, headers={**HEADERS, "Cache-Control": "no-store"})

    async def _wait(self, turn: Turn) -> int | None:
        case = turn.case
        try:
            return await self._frame.deps.store.write(
                lambda uow: wait_for_call(uow, case.tenant_id, case.case_id, actor=turn.actor, now_us=turn.now_us)
            )
        except (CaseClosed, CaseUnknown, MethodNotOffered, IllegalStep):
            return None

    def _away(self, turn: Turn) -> Response | None:
        """Send on whoever has no call to wait for; None: go on."""
        away = stopped(self._frame, turn, Method.VIDEO)
        if away is None and turn.case.status_of.get(Method.VIDEO) is IdentStatus.REVIEW_PENDING:
            return self._frame.to(turn)
        return away

    def _consent(self, turn: Turn, faults: dict[str, str]) -> Response:
        texts = words(turn.language, turn.case.account.display_name)
        return self._frame.page(
            turn,
            "video.html",
            UNPROCESSABLE if faults else 200,
            version=version_of(texts["recording_text"]),
            faults=faults,
        )


def has_accepted_recording(turn: Turn) -> bool:
    """Tell whether the person agreed to the recording in the words that hold now."""
    return _accepted(turn.case)


def _accepted(case: CaseView) -> bool:
    name = case.account.display_name
    held = {(RECORDING, version_of(words(language, name)["recording_text"])) for language in LANGUAGES}
    return not held.isdisjoint(case.agreed)


def _tan(uow: UnitOfWork, turn: Turn) -> TanView | None:
    """Where the TAN of the call stands; None where there never is one."""
    file = open_case(uow, turn.case.tenant_id, turn.case.case_id)
    attempt = file.latest(Method.VIDEO)
    return tan_of(uow, file, attempt, now_us=turn.now_us) if attempt is not None and needs_tan(file) else None


def _may_call(case: CaseView, now_us: int) -> bool:
    waits = case.status_of.get(Method.VIDEO) in {IdentStatus.STARTED, IdentStatus.INCOMPLETE}
    return waits and Method.VIDEO in case.open_methods and not case.state(now_us).is_over and _accepted(case)
