"""Storing a document: uploaded first, then one transaction that refers to it, once per `Idempotency-Key`."""

from collections.abc import Callable

from fallwerk.domain.document.model import Upload
from fallwerk.domain.document.ports import BlobStore, Content
from fallwerk.domain.document.service import store_content
from fallwerk.domain.idempotency import Answer, IdempotentCall, once
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork


class _AnsweredBefore(Exception):
    """The call was answered before, and what it uploaded now is surplus."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


async def store_once(  # noqa: PLR0917 - what it takes to store and to answer
    blobs: BlobStore,
    store: Transactions,
    tenant_id: int,
    content: Content,
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
        return await store_content(blobs, store, tenant_id, content, work)
    except _AnsweredBefore as known:
        return known.answer
