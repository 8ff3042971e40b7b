"""The agent's end of a video call."""

from dataclasses import dataclass
from typing import Final

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from fallwerk.domain.call.model import Place, Side
from fallwerk.domain.desk.errors import AtAnotherDesk
from fallwerk.domain.desk.video import call_card
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.domain.staff.permissions import allowed
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock
from fallwerk.web.calls import Calls, is_own_page
from fallwerk.web.console.door import Door

REFUSED: Final = 1008


@dataclass(frozen=True, slots=True)
class AgentCall:
    """Connects the page of a call with the person, for the agent who took it and nobody else."""

    store: Transactions
    clock: Clock
    door: Door
    calls: Calls
    public_base_url: str

    def route(self) -> WebSocketRoute:
        """Return the socket's route."""
        return WebSocketRoute("/console/video/{case_id}/call", self.connect)

    async def connect(self, socket: WebSocket) -> None:
        """Let the agent in."""
        case_id = str(socket.path_params["case_id"]).replace("\0", "\ufffd")
        try:
            tenant_id = await self._tenant(socket, case_id) if is_own_page(socket, self.public_base_url) else None
        except StoreUnavailable:
            tenant_id = None
        if tenant_id is None:
            await socket.close(REFUSED)
            return

        async def still() -> bool:
            return await self._tenant(socket, case_id) is not None

        await self.calls.serve(socket, Place(tenant_id, case_id, Side.AGENT), still)

    async def _tenant(self, socket: WebSocket, case_id: str) -> int | None:
        """Return whose case it is; None if this browser's agent does not have its call."""
        session = (await self.door.key(socket)).session
        if session is None or not _may_answer(session.user):
            return None
        user = session.user
        try:
            card = await self.store.read(lambda uow: call_card(uow, case_id, user, now_us=self.clock.now_us()))
        except (CaseUnknown, AtAnotherDesk):
            return None
        return card.file.case.tenant_id


def _may_answer(user: StaffUser) -> bool:
    return not user.must_change and Action.ANSWER_CALLS in allowed(user.home.kind, user.roles)
