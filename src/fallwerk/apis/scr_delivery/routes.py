"""The operations of DELIVERY: parse, ask the service, render."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from starlette.responses import Response

from fallwerk.apis.scr_delivery import mapping
from fallwerk.apis.scr_delivery.errors import WIRE
from fallwerk.dialects.scr import case_query as query
from fallwerk.dialects.scr.case_parameters import LIST_LIMIT, PARTIAL_HEADER
from fallwerk.dialects.scr.envelope import json_response
from fallwerk.dialects.scr.result_answers import answer_result, encryptor_of, join_list, rendered_result
from fallwerk.dialects.scr.router import Call, Operation
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.ports import ResultPage
from fallwerk.domain.identcase.service.change import archive_cases
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock


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
        encryptor = encryptor_of(call, self.clock.now_us())
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
        return rendered_result(body, encryptor)

    async def list_cases(self, call: Call) -> Response:
        """Answer the results that match the filters (D-24, D-26)."""
        wanted = query.parse_filter(call.query)
        encryptor = encryptor_of(call, self.clock.now_us())
        if not call.caller.client.settings.delivery_active:
            return await answer_result((b"[]",), encryptor)
        tenant_id = call.caller.client.tenant_id

        def load(uow: UnitOfWork) -> tuple[Sequence[bytes], ResultPage]:
            page = uow.cases.results(tenant_id, wanted, LIST_LIMIT)
            return join_list(page.results), page

        body, page = await self.store.read(load)
        return await answer_result(body, encryptor, {PARTIAL_HEADER: "true"} if page.more else {})

    async def archive(self, call: Call) -> Response:
        """Archive closed cases (D-40 to D-42)."""
        case_ids = query.read_archive_list(call.body)
        client, actor, now_us = call.caller.client, call.actor, self.clock.now_us()
        cases = await self.store.write(
            lambda uow: archive_cases(uow, client, case_ids, actor=actor, now_us=now_us, mark=mapping.archived_form)
        )
        return json_response(orjson.dumps(mapping.archive_entries(cases)))
