"""Back to the first start: `POST /sandbox/v1/reset`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fallwerk.domain.sandbox.ports import SandboxStore, SandboxUnit
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.kit.journal import Journal
from fallwerk.own.sandbox.clock import SharedOffset, Turns


@dataclass(frozen=True, slots=True)
class Reset:
    """
    Empties the system and puts the demo data back.

    Args:
        wipe_blobs: Deletes everything in the blob store.
        seed: Makes the demo data as of an instant, in microseconds since 1970.
    """

    store: SandboxStore
    clock: Clock
    shared: SharedOffset
    turns: Turns
    journal: Journal
    wipe_blobs: Callable[[], Awaitable[None]]
    seed: Callable[[UnitOfWork, int], None]

    async def __call__(self) -> None:
        """
        Delete cases, accounts, deliveries, faults and journal; the clock is the machine's again.

        Raises:
            StoreUnavailable: nothing was changed.
        """
        async with self.turns.taken():
            now_us = self.clock.system_now_us()

            def start_again(uow: SandboxUnit) -> None:
                uow.sandbox.wipe()
                self.seed(uow, now_us)

            await self.store.write(start_again)
            # Also tells every process to drop the accounts and faults it remembers.
            self.shared.set_offset_us(0)
            self.shared.bump_faults()
            self.journal.clear()
            await self.wipe_blobs()
