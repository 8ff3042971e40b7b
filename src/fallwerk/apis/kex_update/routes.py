"""The operations of UPDATE: parse, ask the service, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fallwerk.apis.kex_update import mapping
from fallwerk.apis.kex_update.errors import WIRE
from fallwerk.apis.kex_update.texts import comments_of
from fallwerk.apis.kex_update.upload import DocumentUpload
from fallwerk.dialects.kex.answers import CREATED, EMPTY, OK, answer_once, json_response
from fallwerk.dialects.kex.documents import wire_maximum
from fallwerk.dialects.kex.router import Call, Operation
from fallwerk.dialects.kex.uploads import store_once
from fallwerk.domain.document.model import Upload
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.errors import DomainError, StoreUnavailable
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.loancase.model import Caller, LoanCase
from fallwerk.domain.loancase.service import add_comments, add_document, reachable_case
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock

PREFIX: Final = "kreditsmart/kex/vorgang/{vorgangsnummer}"
SCOPE: Final = "privatkredit:vorgang:schreiben"
COMMENTS_BYTES_MAX: Final = 64 * 1024 * 1024
"""A thousand texts of ten thousand characters fit, however their charset or JSON writes them."""


@dataclass(frozen=True, slots=True)
class UpdateRoutes:
    """
    Handlers over the stores.

    Args:
        max_document_bytes: Of a decoded document.
    """

    store: Transactions
    blobs: BlobStore
    clock: Clock
    max_document_bytes: int

    def operations(self) -> Sequence[Operation]:
        """Return the operations of the document."""
        wire = wire_maximum(self.max_document_bytes)
        return (
            Operation("addDocument", "POST", f"{PREFIX}/dokument", self.document, SCOPE, WIRE, max_body_bytes=wire),
            Operation(
                "addComments",
                "POST",
                f"{PREFIX}/kommentare",
                self.comments,
                SCOPE,
                WIRE,
                max_body_bytes=COMMENTS_BYTES_MAX,
            ),
        )

    async def document(self, call: Call) -> Response:
        """Add a document to a Vorgang (U-10)."""
        call.idempotency(b"")
        upload = DocumentUpload(call, self.max_document_bytes)
        case = await self._case(call, upload)
        now_us, caller = self.clock.now_us(), Caller(call.actor, call.reach)

        def add(uow: UnitOfWork, stored: Upload) -> Answer:
            document = add_document(uow, case.case_number, stored, upload.file_name, caller=caller, now_us=now_us)
            return Answer(CREATED, mapping.document_answer(document))

        return json_response(
            await store_once(
                self.blobs,
                self.store,
                case.tenant_id,
                upload.content(),
                add,
                lambda stored: call.idempotency(mapping.document_request(upload.file_name, stored.sha256)),
                now_us,
            )
        )

    async def _case(self, call: Call, upload: DocumentUpload) -> LoanCase:
        """Look the Vorgang up before its document is read: the blob store wants to know whose it is."""
        number, caller = call.parameters["vorgangsnummer"], Caller(call.actor, call.reach)
        try:
            return await self.store.read(lambda uow: reachable_case(uow, number, caller, hold=False))
        except StoreUnavailable:
            raise
        except DomainError:
            # decisions.md "KEX.": 413 and 400 come before 404, 410 and 403.
            await upload.judge()
            raise

    async def comments(self, call: Call) -> Response:
        """Add comments to a Vorgang (U-20)."""
        texts, body = await comments_of(call)
        now_us = self.clock.now_us()
        number, caller = call.parameters["vorgangsnummer"], Caller(call.actor, call.reach)

        def add(uow: UnitOfWork) -> Answer:
            add_comments(uow, number, texts, caller=caller, now_us=now_us)
            return Answer(OK, EMPTY)

        return await answer_once(self.store, call, body, add, now_us=now_us)
