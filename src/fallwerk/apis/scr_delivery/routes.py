"""The operations of DELIVERY: parse, ask the service, render."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fallwerk.apis.scr_delivery import mapping, query
from fallwerk.apis.scr_delivery.errors import WIRE
from fallwerk.apis.scr_delivery.parameters import LIST_LIMIT, PARTIAL_HEADER
from fallwerk.dialects.scr.encryption import MEDIA_TYPE, ResultEncryptor, reader_from_headers
from fallwerk.dialects.scr.envelope import json_response
from fallwerk.dialects.scr.router import Call, Operation
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.ports import ResultPage
from fallwerk.domain.identcase.service.change import archive_cases
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock

INLINE_BYTES = 16 * 1024
"""Up to this size encrypting takes less time than a way to another thread."""


@dataclass(frozen=True, slots=True)
class DeliveryRoutes:
    """Handlers over the store."""

    store: Transactions
    clock: Clock

    def operations(self) -> Sequence[Operation]:
        """Return the operations of the document."""
        return (
            Operation("getDeliveryCase", "GET", "{clientId}/cases/delivery/{caseId}", self.get_case, WIRE),
            Operation("listDeliveryCases", "GET", "{clientId}/cases/delivery", self.list_cases, WIRE),
            Operation("archiveCases", "PATCH", "{clientId}/cases/archive", self.archive, WIRE, takes_body=True),
            Operation(
                "archiveDeliveryCases",
                "PATCH",
                "{clientId}/cases/delivery/archive",
                self.archive,
                WIRE,
                takes_body=True,
            ),
        )

    async def get_case(self, call: Call) -> Response:
        """Answer one case's result (D-20)."""
        encryptor = self._encryptor(call)
        tenant_id, case_id = call.caller.client.tenant_id, call.parameters["caseId"]
        if not call.caller.client.settings.delivery_active:
            raise CaseUnknown

        def load(uow: UnitOfWork) -> bytes | None:
            stored = uow.cases.result(tenant_id, case_id)
            body = None if stored is None else mapping.single_from_list(stored)
            # The key's arithmetic lets other threads run: in the reader's it costs the event loop nothing.
            return body if body is None or encryptor is None else encryptor.encrypt(body)

        body = await self.store.read(load)
        if body is None:
            raise CaseUnknown
        return _rendered(body, encryptor)

    async def list_cases(self, call: Call) -> Response:
        """Answer the results that match the filters (D-24, D-26)."""
        wanted = query.parse_filter(call.query)
        encryptor = self._encryptor(call)
        if not call.caller.client.settings.delivery_active:
            return await _answer(b"[]", encryptor)
        tenant_id = call.caller.client.tenant_id

        def load(uow: UnitOfWork) -> tuple[bytes, ResultPage]:
            page = uow.cases.results(tenant_id, wanted, LIST_LIMIT)
            return mapping.join_list(page.results), page

        body, page = await self.store.read(load)
        return await _answer(body, encryptor, {PARTIAL_HEADER: "true"} if page.more else {})

    async def archive(self, call: Call) -> Response:
        """Archive closed cases (D-40 to D-42)."""
        case_ids = query.read_archive_list(call.body)
        client, actor, now_us = call.caller.client, call.actor, self.clock.now_us()
        cases = await self.store.write(
            lambda uow: archive_cases(uow, client, case_ids, actor=actor, now_us=now_us, mark=mapping.archived_form)
        )
        return json_response(orjson.dumps(mapping.archive_entries(cases)))

    def _encryptor(self, call: Call) -> ResultEncryptor | None:
        client = call.caller.client
        return reader_from_headers(
            call.headers,
            data_passwords=client.valid_data_passwords(self.clock.now_us()),
            rsa2048_allowed=client.settings.rsa2048_allowed,
        )


async def _answer(body: bytes, encryptor: ResultEncryptor | None, headers: dict[str, str] | None = None) -> Response:
    """Answer a list, encrypted if the caller sent a key; a large one is encrypted off the event loop."""
    if encryptor is None:
        return _rendered(body, None, headers)
    if len(body) > INLINE_BYTES:
        encrypted = await run_in_threadpool(encryptor.encrypt, body)
    else:
        encrypted = encryptor.encrypt(body)
    return _rendered(encrypted, encryptor, headers)


def _rendered(body: bytes, encryptor: ResultEncryptor | None, headers: dict[str, str] | None = None) -> Response:
    """Answer what is plain or encrypted already."""
    if encryptor is None:
        return json_response(body, headers=headers)
    return Response(body, headers=headers, media_type=MEDIA_TYPE)
