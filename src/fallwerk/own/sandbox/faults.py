"""
Ordered faults: kept in the store, so that all processes share them, and remembered by each.

While nothing is ordered a request costs one comparison and no look into the store.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

import structlog

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.sandbox.model import CallFault, Component, OrderedFaults
from fallwerk.domain.sandbox.ports import SandboxStore
from fallwerk.own.sandbox.schema import ComponentSwitch

log = structlog.get_logger()


class Generation(Protocol):
    """A number that all processes share (`kit.shared.SharedState`)."""

    @property
    def generation(self) -> int:
        """Differs from an earlier value when anything that processes remember has changed."""

    def bump_faults(self) -> int:
        """Make every process drop what it remembers, answers to `alive` included."""


class FaultBook:
    """What is ordered now, and taking from it."""

    def __init__(
        self,
        store: SandboxStore,
        shared: Generation,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._shared = shared
        self._sleep = sleep
        self._known = OrderedFaults()
        self._generation = -1

    def quiet(self) -> bool:
        """Tell whether this process knows that no fault of calls is ordered."""
        return not self._known.calls and self._generation == self._shared.generation

    async def take(self, method: str, path: str) -> CallFault | None:
        """
        Take one time of the first fault that matches a call, and return it; None if there is none.

        While the store is away nothing can be taken and calls go on as usual.
        """
        for found in (await self._now()).calls:
            if not found.matches(method, path):
                continue
            try:
                if await self._store.write(lambda uow, number=found.fault_id: uow.sandbox.consume(number)):  # type: ignore[misc]
                    return found
            except StoreUnavailable as error:
                log.warning("sandbox.fault_not_taken", reason=str(error))
                return None
            self._forget(found)
        return None

    async def strike(self, method: str, path: str) -> int | None:
        """Delay a call as ordered and return the status to answer with; None lets it pass."""
        found = await self.take(method, path)
        if found is None:
            return None
        if found.delay_ms:
            await self._sleep(found.delay_ms / 1000)
        return found.status

    async def unavailable(self) -> frozenset[Component]:
        """Return the components that are declared unavailable."""
        return (await self._now()).components

    async def order(self, wanted: CallFault | ComponentSwitch) -> None:
        """Add a fault, or switch a component."""
        if isinstance(wanted, ComponentSwitch):
            component, available = wanted.component, wanted.available
            await self._store.write(lambda uow: uow.sandbox.set_component(component, available=available))
        else:
            fault = wanted
            await self._store.write(lambda uow: uow.sandbox.order(replace(fault, fault_id=uow.new_id())))
        self._shared.bump_faults()

    async def clear(self) -> None:
        """Forget every fault; all components are back."""
        await self._store.write(lambda uow: uow.sandbox.clear_faults())
        self._shared.bump_faults()

    async def _now(self) -> OrderedFaults:
        generation = self._shared.generation
        if generation == self._generation:
            return self._known
        try:
            found = await self._store.read(lambda uow: uow.sandbox.faults())
        except StoreUnavailable as error:
            log.warning("sandbox.faults_unknown", reason=str(error))
            return self._known
        # Of two looks at the same time the one that began later knows more.
        if generation > self._generation:
            self._known, self._generation = found, generation
        return self._known

    def _forget(self, used_up: CallFault) -> None:
        calls = tuple(known for known in self._known.calls if known.fault_id != used_up.fault_id)
        self._known = replace(self._known, calls=calls)
