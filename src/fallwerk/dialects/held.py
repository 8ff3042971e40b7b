"""
Things of the store held in memory for seconds, so that a call needs no look into the store to know its caller.

A change of any account in any process of this machine drops them at once (`generation`); on another machine they count
for `fresh_s` at most.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit.clock import monotonic_s

KEPT: Final = 10_000
LONGEST_S: Final = 60.0
"""While the store is away the last known thing counts for so long: a revocation must not wait for longer."""

T = TypeVar("T")


class Held(Generic[T]):
    """
    Looks things up by name and remembers them; of what does not exist nothing is remembered.

    Args:
        look_up: Asks the store.
        generation: A number that changes whenever any process changes an account.
        fresh_s: Seconds that a thing counts as known.
    """

    def __init__(
        self, look_up: Callable[[str], Awaitable[T | None]], *, generation: Callable[[], int], fresh_s: float
    ) -> None:
        self._look_up = look_up
        self._generation = generation
        self._fresh_s = fresh_s
        self._held: OrderedDict[str, tuple[T, float, int]] = OrderedDict()

    def at_hand(self, name: str) -> T | None:
        """Return what is fresh in memory, without waiting for anything."""
        held = self._held.get(name)
        if held is None or held[2] != self._generation() or monotonic_s() - held[1] >= self._fresh_s:
            return None
        return held[0]

    async def get(self, name: str) -> T | None:
        """
        Return a thing, from memory if it is fresh.

        Raises:
            StoreUnavailable: it is not in memory, or for too long already.
        """
        held = self.at_hand(name)
        if held is not None:
            return held
        try:
            return await self.latest(name)
        except StoreUnavailable:
            last = self._held.get(name)
            if last is None or monotonic_s() - last[1] >= LONGEST_S:
                raise
            return last[0]

    async def latest(self, name: str) -> T | None:
        """Ask the store, and hold what it says."""
        # Taken before the look: what changes during it must not pass for fresh.
        generation, now_s = self._generation(), monotonic_s()
        found = await self._look_up(name)
        if found is None:
            self._held.pop(name, None)
            return None
        self._held[name] = (found, now_s, generation)
        self._held.move_to_end(name)
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        return found
