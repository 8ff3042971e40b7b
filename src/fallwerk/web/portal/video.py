"""The method video: consent to the recording, the waiting room with one's place in the queue, and the call in it."""

from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from fallwerk.domain.call.model import Place, Side
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import MethodNotOffered
from fallwerk.domain.identcase.service.person import record_consent
from fallwerk.domain.portal.queue import stop_waiting, wait_for_call
from fallwerk.kit.pages import HEADERS
from fallwerk.web.calls import Calls, is_own_page
from fallwerk.web.portal.cases import CaseView, normalised
from fallwerk.web.portal.choosing import stopped
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.notices import version_of
from fallwerk.web.portal.texts import LANGUAGES, words

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
        position = await self._wait(turn)
        if position is None:
            return self._frame.to(turn)
        page = self._frame.page(turn, "waiting.html", position=position)
        page.headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=(self), payment=()"
        return page

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


def _may_call(case: CaseView, now_us: int) -> bool:
    waits = case.status_of.get(Method.VIDEO) in {IdentStatus.STARTED, IdentStatus.INCOMPLETE}
    return waits and Method.VIDEO in case.open_methods and not case.state(now_us).is_over and _accepted(case)
