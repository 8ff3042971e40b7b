"""The method video, all but the call: consent to the recording, and the waiting room with one's place in the queue."""

from typing import Final

from starlette.responses import JSONResponse, Response

from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.domain.identcase.service.attempts import MethodNotOffered
from fallwerk.domain.identcase.service.person import record_consent
from fallwerk.domain.portal.queue import stop_waiting, wait_for_call
from fallwerk.kit.pages import HEADERS
from fallwerk.web.portal.choosing import stopped
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.notices import version_of
from fallwerk.web.portal.texts import LANGUAGES, words

UNPROCESSABLE: Final = 422
RECORDING: Final = "recording"
"""Kind of consent."""


class VideoRoom:
    """Asks for the consent, then keeps a place in the queue."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    async def show(self, turn: Turn) -> Response:
        """Ask, or show the place in the queue."""
        away = self._away(turn)
        if away is not None:
            return away
        if not has_accepted_recording(turn):
            return self._consent(turn, {})
        position = await self._wait(turn)
        return self._frame.to(turn) if position is None else self._frame.page(turn, "waiting.html", position=position)

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
    name = turn.case.account.display_name
    held = {(RECORDING, version_of(words(language, name)["recording_text"])) for language in LANGUAGES}
    return not held.isdisjoint(turn.case.agreed)
