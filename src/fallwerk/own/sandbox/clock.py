"""
Moving the sandbox's clock forward, and the turn that such a change takes in all processes.

Source: control-api.md `POST /sandbox/v1/clock`; decisions.md "Time".
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

import structlog

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.sandbox.ports import SandboxStore
from fallwerk.kit.clock import Clock
from fallwerk.own.sandbox.errors import fault

log = structlog.get_logger()

LEASE_US: Final = 10_000_000
"""A turn lasts 10 s and is prolonged while it is used; that of a killed process is over then."""
RENEW_S: Final = 3.0
LOOK_S: Final = 0.05
SECOND_US: Final = 1_000_000
LATEST_US: Final = 221_845_392_000_000_000
"""The year 9000: every period counted from there still is a date."""

SetNow = Callable[[int], None]
RunUntil = Callable[[int, SetNow], Awaitable[None]]
"""Does what falls due until an instant, moving the clock along (`worker.loop.Worker.run_until`)."""


class SharedOffset(Protocol):
    """The clock's offset, shared by all processes (`kit.shared.SharedState`)."""

    def offset_us(self) -> int:
        """Return it."""

    def set_offset_us(self, offset_us: int) -> None:
        """Change it for everybody at once."""

    def bump_faults(self) -> int:
        """Tell everybody that the ordered faults changed."""


class Turns:
    """Only one change of the clock, or reset, at a time: a lock in this process and a lease between processes."""

    def __init__(self, store: SandboxStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._until_us = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """
        Wait for the turn and hold it.

        Raises:
            StoreUnavailable: the lease cannot be written.
        """
        async with self._lock:
            while not await self._take():  # noqa: ASYNC110 - no event tells when another process ends its turn
                await asyncio.sleep(LOOK_S)
            renewing = asyncio.create_task(self._renew())
            try:
                yield
            finally:
                renewing.cancel()
                with suppress(asyncio.CancelledError):
                    await renewing
                await self._end()

    async def _take(self) -> bool:
        now_us = self._clock.system_now_us()
        self._until_us = until_us = now_us + LEASE_US
        return await self._store.write(lambda uow: uow.sandbox.take_turn(now_us=now_us, until_us=until_us))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            held_us, until_us = self._until_us, self._clock.system_now_us() + LEASE_US
            try:
                # Shielded: cancelled half-way, nobody would know which end the lease has.
                renewed = await asyncio.shield(self._prolong(held_us, until_us))
            except StoreUnavailable as error:
                log.warning("sandbox.turn_not_renewed", reason=str(error))
                continue
            if not renewed:
                log.warning("sandbox.turn_lost")
                return

    async def _prolong(self, held_us: int, until_us: int) -> bool:
        renewed = await self._store.write(lambda uow: uow.sandbox.renew_turn(held_until_us=held_us, until_us=until_us))
        if renewed:
            self._until_us = until_us
        return renewed

    async def _end(self) -> None:
        until_us = self._until_us
        try:
            await self._store.write(lambda uow: uow.sandbox.end_turn(until_us))
        except StoreUnavailable as error:
            log.warning("sandbox.turn_runs_out", reason=str(error))


class SandboxClock:
    """
    Moves the clock of all processes.

    Args:
        run_until: Does the due work of an interval in the order of its due times.
    """

    def __init__(
        self, store: SandboxStore, clock: Clock, shared: SharedOffset, turns: Turns, run_until: RunUntil
    ) -> None:
        self._store = store
        self._clock = clock
        self._shared = shared
        self._turns = turns
        self._run_until = run_until

    async def restore(self) -> None:
        """Take up the stored offset when the system starts."""
        self._shared.set_offset_us(await self._store.read(lambda uow: uow.sandbox.offset_us()))

    async def advance(self, seconds: int) -> None:
        """
        Move the clock forward by exactly so many seconds and return when everything that fell due is done.

        Raises:
            Problem: 400, the clock would leave the calendar.
            StoreUnavailable: the clock may have moved already; what fell due is then done once the store is back.
        """
        async with self._turns.taken():
            before_us = self._shared.offset_us()
            target_us = self._clock.now_us() + seconds * SECOND_US
            if target_us > LATEST_US:
                raise fault("/advanceSeconds", "The clock cannot go beyond the year 9000.")
            await self._move(before_us + seconds * SECOND_US, target_us)

    async def _move(self, after_us: int, target_us: int) -> None:
        # Stored first: a process killed on the way wakes up at the target and never before an instant it has seen.
        await self._store.write(lambda uow: uow.sandbox.set_offset_us(after_us))

        def set_now(now_us: int) -> None:
            wanted_us = now_us - self._clock.system_now_us()
            present_us = self._shared.offset_us()
            if present_us < wanted_us:
                self._shared.set_offset_us(min(wanted_us, after_us))

        try:
            await self._run_until(target_us, set_now)
        finally:
            self._shared.set_offset_us(after_us)
        # While the steps ran time went on: what fell due meanwhile is done too.
        await self._run_until(self._clock.now_us(), _stay)


def _stay(_now_us: int) -> None:
    """Leave the clock as it is."""
