"""Use cases around stored contents that more than one interface needs."""

from collections.abc import Callable
from typing import TypeVar

import structlog

from fallwerk.domain.document.errors import BlobStoreUnavailable
from fallwerk.domain.document.model import Upload
from fallwerk.domain.document.ports import BlobStore, Content
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork

T = TypeVar("T")

log = structlog.get_logger()


async def store_content(
    blobs: BlobStore,
    store: Transactions,
    tenant_id: int,
    content: Content,
    work: Callable[[UnitOfWork, Upload], T],
) -> T:
    """
    Upload a content, then run the use case that refers to it in one transaction.

    Args:
        work: Calls `uow.blobs.add(upload, …)` and writes whatever holds the content's key.

    Raises:
        StoreUnavailable: nothing was acknowledged. What `work` raises is passed on, and the upload is deleted.
    """
    upload = await blobs.upload(tenant_id, content)
    try:
        return await store.write(lambda uow: work(uow, upload))
    except StoreUnavailable:
        # Nobody can tell whether the transaction was committed; the sweep looks again tomorrow.
        raise
    except Exception:
        try:
            await blobs.delete(upload.object_id)
        except BlobStoreUnavailable as error:
            log.warning("blobs.surplus_left", reason=str(error))
        raise
