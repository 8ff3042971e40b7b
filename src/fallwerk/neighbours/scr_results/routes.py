"""The operations on results of START's cases: parse, ask the store, render."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fallwerk.dialects.scr.case_parameters import LIST_LIMIT, PARTIAL_HEADER
from fallwerk.dialects.scr.case_query import parse_filter, parse_flag
from fallwerk.dialects.scr.encryption import ResultEncryptor
from fallwerk.dialects.scr.result_answers import answer_result, encryptor_of, join_list, rendered_result
from fallwerk.dialects.scr.router import Call, Operation
from fallwerk.domain.document.model import Blob
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.identcase.attempt import Attempt, CaseFile
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.ports import ResultPage
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.kit.parts import even_parts
from fallwerk.neighbours.scr_results import mapping
from fallwerk.neighbours.scr_results.errors import WIRE

BINARY: str = "includeBinaryData"


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a full result is made of, taken from one snapshot."""

    result: bytes
    file: CaseFile
    blobs: dict[str, Blob]
    """By record id."""


@dataclass(frozen=True, slots=True)
class ResultRoutes:
    """
    Handlers over the stores.

    Args:
        result_document: Makes the PDF of an attempt that came to its end; called off the event loop.
    """

    store: Transactions
    blobs: BlobStore
    clock: Clock
    result_document: Callable[[CaseFile, Attempt], bytes]

    def operations(self) -> Sequence[Operation]:
        """Return the operations."""
        return (
            Operation("getCase", "GET", "{clientId}/cases/{caseId}", self.get_case, WIRE),
            Operation("getFullCase", "GET", "{clientId}/cases/{caseId}/full", self.get_full_case, WIRE),
            Operation("listCases", "GET", "{clientId}/cases", self.list_cases, WIRE),
        )

    async def get_case(self, call: Call) -> Response:
        """Answer one case's result without the records' data (R-01)."""
        return await self._stored(call, encryptor_of(call, self.clock.now_us()))

    async def get_full_case(self, call: Call) -> Response:
        """Answer one case's result, with the records' data if they are asked for (R-01, R-05)."""
        binary = parse_flag(call.query, BINARY)
        encryptor = encryptor_of(call, self.clock.now_us())
        if not binary:
            return await self._stored(call, encryptor)
        return await answer_result(await self._with_documents(call), encryptor)

    async def list_cases(self, call: Call) -> Response:
        """Answer the results that match the filters (R-02)."""
        wanted = parse_filter(call.query)
        encryptor, client = encryptor_of(call, self.clock.now_us()), call.caller.client

        def load(uow: UnitOfWork) -> tuple[Sequence[bytes], ResultPage]:
            page = uow.start_results.listed(client, wanted, LIST_LIMIT)
            return join_list(page.results), page

        body, page = await self.store.read(load)
        return await answer_result(body, encryptor, {PARTIAL_HEADER: "true"} if page.more else {})

    async def _stored(self, call: Call, encryptor: ResultEncryptor | None) -> Response:
        client, case_id = call.caller.client, call.parameters["caseId"]

        def load(uow: UnitOfWork) -> bytes | None:
            stored = uow.start_results.one(client, case_id)
            # The key's arithmetic lets other threads run: in the reader's it costs the event loop nothing.
            return stored if stored is None or encryptor is None else encryptor.encrypt(stored)

        body = await self.store.read(load)
        if body is None:
            raise CaseUnknown
        return rendered_result(body, encryptor)

    async def _with_documents(self, call: Call) -> Sequence[bytes]:
        tenant_id, case_id = call.caller.client.tenant_id, call.parameters["caseId"]
        found = await self.store.read(lambda uow: _contents(uow, tenant_id, case_id))
        stored = await asyncio.gather(*(self.blobs.read(blob) for blob in found.blobs.values()))
        documents = dict(zip(found.blobs, stored, strict=True))
        return await run_in_threadpool(self._joined, found, documents)

    def _joined(self, found: _Contents, documents: dict[str, bytes]) -> Sequence[bytes]:
        for attempt in found.file.attempts:
            if mapping.has_result_document(attempt):
                record_id = mapping.result_record_id(found.file, attempt)
                documents[record_id] = self.result_document(found.file, attempt)
        return list(even_parts(mapping.with_documents(found.result, documents)))


def _contents(uow: UnitOfWork, tenant_id: int, case_id: str) -> _Contents:
    file = open_case(uow, tenant_id, case_id)
    blobs: dict[str, Blob] = {}
    for attempt in file.attempts:
        for record in mapping.visible_records(file, attempt):
            blob = uow.blobs.get(tenant_id, record.blob_key)
            if blob is not None:
                blobs[str(record.record_id)] = blob
    return _Contents(uow.result_of(file), file, blobs)
