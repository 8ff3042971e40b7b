"""Slowing down whoever keeps failing, without a word about why (C-10)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from fallwerk.kit.clock import monotonic_s

FREE_FAILURES: Final = 5
"""Failures within the window that cost nothing: people mistype."""
FIRST_DELAY_S: Final = 0.05
LONGEST_DELAY_S: Final = 2.0
WINDOW_S: Final = 60.0
KEPT: Final = 10_000
"""Keys remembered at most; the oldest go first, so that an attacker cannot fill the memory."""


@dataclass(frozen=True, slots=True)
class Wide:
    """A key that many honest callers share, such as an address behind which a whole company sits."""

    key: Hashable
    free_failures: int


class Slowdown:
    """
    Delays that grow with failures per key; success is never delayed, since it never asks.

    Args:
        time_s: A clock that never goes back.
        sleep: Waits some seconds.
    """

    def __init__(
        self,
        time_s: Callable[[], float] = monotonic_s,
        sleep: Callable[[float], object] = asyncio.sleep,
    ) -> None:
        self._time_s = time_s
        self._sleep = sleep
        self._failures: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    async def failed(self, *keys: Hashable) -> float:
        """Count a failure under each key and wait as long as the worst of them asks; return the seconds waited."""
        delay = max((self._count(key) for key in keys), default=0.0)
        if delay > 0:
            await self._sleep(delay)  # type: ignore[misc]
        return delay

    def _count(self, key: Hashable) -> float:
        now = self._time_s()
        free = key.free_failures if isinstance(key, Wide) else FREE_FAILURES
        count, began = self._failures.pop(key, (0, now))
        if now - began > WINDOW_S:
            count, began = 0, now
        self._failures[key] = (count + 1, began)
        if len(self._failures) > KEPT:
            self._failures.popitem(last=False)
        excess = count + 1 - free
        # Beyond a few doublings the longest delay is reached; a greater power would overflow some day.
        return min(FIRST_DELAY_S * 2.0 ** min(excess - 1, 16), LONGEST_DELAY_S) if excess > 0 else 0.0
