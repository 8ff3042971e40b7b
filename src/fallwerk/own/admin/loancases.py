"""Operations of the admin API around Vorgänge and their Anträge (control-api.md "Admin API"; U-11, U-21, A-09)."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.responses import Response, StreamingResponse

from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.loancase.errors import DocumentUnknown
from fallwerk.domain.loancase.model import ApplicationRecord, Comment, Document, Environment, LoanCaseRecord
from fallwerk.domain.loancase.rules import PROVIDER_NUMBER_LONGEST, is_provider_number
from fallwerk.domain.loancase.service import (
    create_application,
    create_loan_case,
    delete_loan_case,
    find_document,
    read_loan_case,
)
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock, utc_text
from fallwerk.own.admin.schema import NewApplicationBody, NewLoanCaseBody, read_body
from fallwerk.own.api import JSON, Call, Operation, answer_once, json_answer

CREATED: Final = 201
NO_CONTENT: Final = 204

_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


BAD_NUMBER: Final = PointedFault(
    "/produktanbieterantragsnummer", f"The value must have 1 to {PROVIDER_NUMBER_LONGEST} characters."
)
ENVIRONMENTS: Final = {"ECHTGESCHAEFT": Environment.PRODUCTION, "TESTUMGEBUNG": Environment.TEST}
"""The provider's word → ours."""


@dataclass(frozen=True, slots=True)
class LoanCaseAdmin:
    """
    Handlers over the stores.

    Args:
        default_partner: Whose a new Vorgang is that names no partner; None refuses it.
    """

    store: Transactions
    blobs: BlobStore
    clock: Clock
    default_partner: str | None

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        return (
            Operation("createVorgang", "POST", "vorgaenge", self.create, JSON),
            Operation("showVorgang", "GET", "vorgaenge/{vorgangsnummer}", self.show),
            Operation("deleteVorgang", "DELETE", "vorgaenge/{vorgangsnummer}", self.delete),
            Operation("createAntrag", "POST", "vorgaenge/{vorgangsnummer}/antraege", self.create_application, JSON),
            Operation("readDocument", "GET", "vorgaenge/{vorgangsnummer}/documents/{sha256}", self.document),
        )

    async def create(self, call: Call) -> Response:
        """Open a Vorgang (decision 30)."""
        body, now_us = read_body(NewLoanCaseBody, call.json()), self.clock.now_us()
        partner_id = self.default_partner if body.partnerId is None else body.partnerId

        def create(uow: UnitOfWork) -> Answer:
            case = create_loan_case(
                uow,
                body.vorgangsnummer,
                partner_id=partner_id,
                environment=ENVIRONMENTS[body.datenkontext or "TESTUMGEBUNG"],
                now_us=now_us,
                actor=call.actor,
            )
            made = {"vorgangsnummer": case.case_number, "partnerId": partner_id, "status": case.status.value}
            return Answer(CREATED, orjson.dumps(made))

        return await answer_once(self.store, call, create, now_us)

    async def show(self, call: Call) -> Response:
        """Show everything about a Vorgang, a deleted one included."""
        record = await self.store.read(lambda uow: read_loan_case(uow, call.parameters["vorgangsnummer"]))
        return json_answer(case_json(record))

    async def delete(self, call: Call) -> Response:
        """Close a Vorgang for good; KEX answers 410 from then on (U-05)."""
        number, now_us = call.parameters["vorgangsnummer"], self.clock.now_us()
        await self.store.write(lambda uow: delete_loan_case(uow, number, now_us=now_us, actor=call.actor))
        return Response(status_code=NO_CONTENT)

    async def create_application(self, call: Call) -> Response:
        """Open an Antrag of a Vorgang."""
        body, now_us = read_body(NewApplicationBody, call.json()), self.clock.now_us()
        case_number, number = call.parameters["vorgangsnummer"], body.produktanbieterantragsnummer
        if number is not None and not is_provider_number(number):
            raise bad_request([BAD_NUMBER])

        def create(uow: UnitOfWork) -> Answer:
            application = create_application(uow, case_number, number, now_us=now_us, actor=call.actor)
            return Answer(CREATED, orjson.dumps(application_json(ApplicationRecord(application, (), ()))))

        return await answer_once(self.store, call, create, now_us)

    async def document(self, call: Call) -> Response:
        """Answer a document byte for byte; its own name is never a path, so it gets none (U-11)."""
        number, digest = call.parameters["vorgangsnummer"], call.parameters["sha256"]
        if _SHA256.fullmatch(digest) is None:
            raise DocumentUnknown
        blob = await self.store.read(lambda uow: find_document(uow, number, bytes.fromhex(digest)))
        parts = self.blobs.stream(blob)
        # The first part is awaited here, where a store that is away can still become an answer.
        first = await anext(parts)
        headers = {"Content-Disposition": "attachment", "Content-Length": str(blob.size_bytes)}
        return StreamingResponse(_chained(first, parts), 200, headers, "application/octet-stream")


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


def case_json(record: LoanCaseRecord) -> dict[str, Any]:
    """Render a Vorgang (control-api.md "Admin API")."""
    return {
        "vorgangsnummer": record.case.case_number,
        "status": record.case.status.value,
        "comments": [_comment_json(comment) for comment in record.comments],
        "documents": [_document_json(document) for document in record.documents],
        "antraege": [application_json(application) for application in record.applications],
    }


def application_json(record: ApplicationRecord) -> dict[str, Any]:
    """Render an Antrag; in its history an unchanged status is null (A-09)."""
    application = record.application
    return {
        "antragsnummer": application.application_number,
        "produktanbieterantragsnummer": application.provider_number,
        "produktanbieterstatus": application.provider_status.value,
        "antragstellerstatus": application.applicant_status.value,
        "documents": [_document_json(document) for document in record.documents],
        "history": [
            {
                "at": utc_text(change.at_us),
                "by": _by(change.actor),
                "produktanbieterstatus": change.provider_status,
                "antragstellerstatus": change.applicant_status,
                "kommentar": change.comment or None,
                "hinweise": list(change.hints),
            }
            for change in record.history
        ],
    }


def _comment_json(comment: Comment) -> dict[str, Any]:
    return {"text": comment.text, "at": utc_text(comment.at_us), "by": _by(comment.actor)}


def _document_json(document: Document) -> dict[str, Any]:
    return {
        "filename": document.file_name,
        "size": document.size_bytes,
        "sha256": document.sha256,
        "at": utc_text(document.at_us),
    }


def _by(actor: str) -> str:
    """Name who acted as others know him: a client by its id, without what the audit log puts in front (A-09)."""
    return actor.removeprefix("oauth:")
