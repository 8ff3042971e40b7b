"""What the worker does every now and then, whatever falls due."""

from collections.abc import Awaitable, Callable
from typing import Final

from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock, monotonic_s

SEALED_AT_ONCE: Final = 1_000
"""Events that one transaction seals, so that the writer is never held for long."""


class Seldom:
    """A duty that is called with every beat and done when its interval is over."""

    def __init__(self, duty: Callable[[], Awaitable[None]], interval_s: float) -> None:
        self._duty = duty
        self._interval_s = interval_s
        self._next_s = 0.0

    async def __call__(self) -> None:
        """Do it if it is time."""
        if monotonic_s() >= self._next_s:
            self._next_s = monotonic_s() + self._interval_s
            await self._duty()


def sealing(store: Transactions, clock: Clock) -> Callable[[], Awaitable[None]]:
    """Make the duty that seals what was written to the audit log since, tenant by tenant (C-02)."""

    async def seal_all() -> None:
        if not await store.read(lambda uow: uow.audit.has_unsealed()):
            return
        sealed = SEALED_AT_ONCE
        while sealed >= SEALED_AT_ONCE:
            now_us = clock.now_us()
            sealed = await store.write(lambda uow: uow.audit.seal(now_us=now_us, limit=SEALED_AT_ONCE))  # noqa: B023 - run before the next turn

    return seal_all


def expiring_answers(store: Transactions, clock: Clock) -> Callable[[], Awaitable[None]]:
    """Make the duty that forgets first answers whose 24 hours are over (C-11)."""

    async def expire() -> None:
        now_us = clock.now_us()
        await store.write(lambda uow: uow.idempotency.expire(now_us))

    return expire
