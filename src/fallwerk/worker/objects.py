"""What the worker does about the blob store: deletes objects without references, sweeps up after crashes."""

import asyncio
from typing import Final

import structlog

from fallwerk.domain.document.errors import BlobStoreUnavailable
from fallwerk.domain.document.model import ObjectId
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock
from fallwerk.worker.loop import Handler, retry_wait_us

log = structlog.get_logger()

ORPHANED_US: Final = 24 * 3600 * 1_000_000
"""An object without a row that is older than a day: no transaction waits that long for its commit."""


class ObjectDuties:
    """
    Handlers over the blob store.

    Both duties may be done twice and by several processes at once: what is gone is gone.
    """

    def __init__(self, store: Transactions, blobs: BlobStore, clock: Clock) -> None:
        self._store = store
        self._blobs = blobs
        self._clock = clock
        self._sweeping: asyncio.Task[None] | None = None

    def handlers(self) -> dict[DueKind, Handler]:
        """Return the handler of every kind."""
        return {DueKind.DELETE_OBJECT: self.delete}

    async def delete(self, work: DueWork) -> None:
        """Delete an object that lost its last reference; the work is done when the object is gone."""
        try:
            await self._blobs.delete(ObjectId(work.tenant_id, work.subject_id))
        except BlobStoreUnavailable as error:
            # Not left to its lease: a clock that is moved ahead would wait for that, and for the store's return.
            log.warning("blobs.deletion_postponed", reason=str(error), tries=work.tries)
            due_us = self._clock.now_us() + retry_wait_us(work.tries)
            await self._store.write(lambda uow: uow.due.postpone(work, due_us))
            return
        await self._store.write(lambda uow: uow.due.done(work))

    async def begin_sweep(self) -> None:
        """Sweep beside the worker's beat, which must not wait for a large store."""
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self._sweep(), name="sweep")

    async def _sweep(self) -> None:
        try:
            swept = await self.sweep()
        except StoreUnavailable as error:
            log.warning("blobs.sweep_ended", reason=str(error))
        except Exception:
            log.exception("blobs.sweep_failed")
        else:
            if swept:
                log.info("blobs.swept", objects=swept)

    async def sweep(self) -> int:
        """
        Delete what crashed uploads left: objects older than a day that no row knows; return how many.

        Raises:
            StoreUnavailable: one of the stores is away; the next sweep goes on.
        """
        swept = 0
        # The store dates its objects by the machines' clocks; ours may have been moved ahead.
        async for objects in self._blobs.orphans(self._clock.system_now_us() - ORPHANED_US):
            unknown = await self._store.read(lambda uow: uow.blobs.without_row(objects))  # noqa: B023 - run at once
            for object_id in unknown:
                await self._blobs.delete(object_id)
            swept += len(unknown)
        return swept

    async def stop(self) -> None:
        """End a sweep under way."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
