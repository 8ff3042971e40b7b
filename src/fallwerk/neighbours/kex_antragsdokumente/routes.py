"""The operation of documents on applications: parse, ask the service, render."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fallwerk.dialects.kex.answers import CREATED, json_response
from fallwerk.dialects.kex.router import Call, Operation
from fallwerk.dialects.kex.uploads import store_once
from fallwerk.domain.document.model import Upload
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.loancase.model import Application, Caller
from fallwerk.domain.loancase.service import add_application_document, find_application
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.neighbours.kex_antragsdokumente import mapping
from fallwerk.neighbours.kex_antragsdokumente.errors import WIRE
from fallwerk.neighbours.kex_antragsdokumente.schema import ApplicationDocumentBody
from fallwerk.neighbours.kex_antragsdokumente.upload import receive

PATH: Final = "kreditsmart/kex/antraege/dokumente"
SCOPE: Final = "privatkredit:antrag:schreiben"
BODY_BYTES_MAX: Final = 10 * 1024 * 1024
"""Of a whole request body (public-facts.md: 413 above 10 MB)."""


@dataclass(frozen=True, slots=True)
class ApplicationDocumentRoutes:
    """Handlers over the stores."""

    store: Transactions
    blobs: BlobStore
    clock: Clock

    def operations(self) -> Sequence[Operation]:
        """Return the operation."""
        name, size = "addApplicationDocument", BODY_BYTES_MAX
        return (Operation(name, "POST", PATH, self.add, SCOPE, WIRE, max_body_bytes=size),)

    async def add(self, call: Call) -> Response:
        """Add a document to an application (N-02)."""
        call.idempotency(b"")
        received = await receive(call, BODY_BYTES_MAX)
        order, caller = mapping.to_order(received.body), Caller(call.actor, call.reach)
        application, now_us = await self._application(received.body, caller), self.clock.now_us()
        number = application.application_number

        def add(uow: UnitOfWork, stored: Upload) -> Answer:
            document = add_application_document(uow, number, stored, order, caller=caller, now_us=now_us)
            return Answer(CREATED, mapping.stored_answer(document))

        return json_response(
            await store_once(
                self.blobs,
                self.store,
                application.tenant_id,
                received.content,
                add,
                lambda stored: call.idempotency(mapping.request_key(number, order, stored.sha256)),
                now_us,
            )
        )

    async def _application(self, body: ApplicationDocumentBody, caller: Caller) -> Application:
        """Look the application up before its document is stored: the blob store wants to know whose it is."""
        number, provider_number = body.antragsnummer or None, body.produktanbieterantragsnummer or None
        return await self.store.read(lambda uow: find_application(uow, number, provider_number, caller=caller))
