"""The availability check: real, and at most two real checks per minute and client (S-80, S-82)."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from fallwerk.kit.clock import Clock

REPEATED_US: Final = 30 * 1_000_000
"""An answer is repeated for 30 seconds of our clock."""
KEPT: Final = 10_000


class AliveCheck:
    """
    Answers whether all components are available.

    Args:
        check: Looks for real.
        generation: A number that changes when the sandbox sets or clears a component fault; drops held answers.
    """

    def __init__(self, check: Callable[[], Awaitable[bool]], *, clock: Clock, generation: Callable[[], int]) -> None:
        self._check = check
        self._clock = clock
        self._generation = generation
        self._held: OrderedDict[str, tuple[int, int, bool]] = OrderedDict()

    async def available(self, client_id: str) -> bool:
        """Return the last answer while it is fresh, otherwise look."""
        now_us, generation = self._clock.now_us(), self._generation()
        held = self._held.get(client_id)
        if held is not None and held[1] == generation and 0 <= now_us - held[0] < REPEATED_US:
            return held[2]
        answer = await self._check()
        self._held[client_id] = (now_us, generation, answer)
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        return answer
