"""Taking a document in: judged while it is read, uploaded while it is judged, then one transaction."""

from collections.abc import AsyncIterator, Callable

from fallwerk.apis.kex_update.schema import CONTENT, read_file_name
from fallwerk.dialects.kex.documents import DocumentBody
from fallwerk.dialects.kex.router import Call
from fallwerk.domain.document.model import Upload
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.document.service import store_content
from fallwerk.domain.idempotency import Answer, IdempotentCall, once
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork


class DocumentUpload:
    """
    The document of one call.

    Args:
        maximum: Bytes that it may have.
    """

    def __init__(self, call: Call, maximum: int) -> None:
        self._body = DocumentBody(call.body.parts(), CONTENT, maximum=maximum)
        self.file_name = ""
        """Known once all is read."""

    async def content(self) -> AsyncIterator[bytes]:
        """
        Yield the content; whoever takes all of it knows that the whole body is good.

        Raises:
            Problem: 413, 400.
        """
        async for part in self._body.document():
            yield part
        self.file_name = read_file_name(*self._body.rest())

    async def judge(self) -> None:
        """
        Read all of it and keep nothing.

        Raises:
            Problem: 413, 400.
        """
        async for _ in self.content():
            pass


class _AnsweredBefore(Exception):
    """The call was answered before, and what it uploaded now is surplus."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


async def store_once(  # noqa: PLR0917 - what it takes to store and to answer
    blobs: BlobStore,
    store: Transactions,
    tenant_id: int,
    upload: DocumentUpload,
    make: Callable[[UnitOfWork, Upload], Answer],
    repeated: Callable[[Upload], IdempotentCall | None],
    now_us: int,
) -> Answer:
    """
    Upload a document and run the use case that refers to it, once per idempotency key (C-11).

    Raises:
        Problem: 413, 400; nothing is kept. What `make` raises is passed on.
    """

    def work(uow: UnitOfWork, stored: Upload) -> Answer:
        key = repeated(stored)
        if key is None:
            return make(uow, stored)
        made: list[Answer] = []

        def first() -> Answer:
            made.append(make(uow, stored))
            return made[0]

        answer = once(uow, key, now_us=now_us, make=first)
        if not made:
            raise _AnsweredBefore(answer)
        return answer

    try:
        return await store_content(blobs, store, tenant_id, upload.content(), work)
    except _AnsweredBefore as known:
        return known.answer
