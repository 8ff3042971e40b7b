"""Messages to people that did not arrive, for whoever runs the system and whoever audits it (W-06)."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.domain.mail.model import MessageStatus, MessageSummary
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import utc_text
from fallwerk.own.admin.limits import read_before, read_limit
from fallwerk.own.api import Call, Operation, json_answer


@dataclass(frozen=True, slots=True)
class MailRoutes:
    """Handlers over the store."""

    store: Transactions

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        return (Operation("listMailsOfStatus", "GET", "mails", self.list_mails),)

    async def list_mails(self, call: Call) -> Response:
        """
        List messages of one `status`, by default `failed`, newest first; recipients and words are left out.

        Raises:
            Problem: 400, a status, a limit or a place that is none.
        """
        status = _status(call.query.get("status"))
        limit, before = read_limit(call.query.get("limit")), read_before(call.query.get("before"))
        found = await self.store.read(lambda uow: uow.mails.listed(status, limit, before))
        return json_answer([summary_json(message) for message in found])


def _status(text: str | None) -> MessageStatus:
    if text is None:
        return MessageStatus.FAILED
    if text not in set(MessageStatus):
        raise bad_request([PointedFault("status", f"The status must be one of: {', '.join(MessageStatus)}.")])
    return MessageStatus(text)


def summary_json(message: MessageSummary) -> dict[str, Any]:
    """Render a message without its recipient."""
    return {
        "mailId": message.message_id,
        "clientId": message.client_id,
        "caseId": message.case_id,
        "channel": message.channel,
        "kind": message.kind,
        "status": message.status,
        "created": utc_text(message.created_us),
        "attempts": [{"at": utc_text(attempt.at_us), "error": attempt.error} for attempt in message.attempts],
    }
