"""Counting failures of whoever keeps failing, to refuse the next one at once (C-10)."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from fallwerk.kit.clock import monotonic_s
from fallwerk.kit.slowdown import Wide

FREE_FAILURES: Final = 20
"""Failures of one key within the window before the limit is reached."""
WINDOW_S: Final = 60.0
KEPT: Final = 10_000
"""Keys remembered at most; the oldest go first, so that an attacker cannot fill the memory."""


class FailureLimit:
    """
    Tells when a failure is one too many; success never asks, so it is never limited.

    Args:
        time_s: A clock that never goes back.
    """

    def __init__(self, time_s: Callable[[], float] = monotonic_s) -> None:
        self._time_s = time_s
        self._failures: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def failed(self, *keys: Hashable) -> int:
        """Count a failure under each key; return the seconds to wait before the next one, 0 within the limits."""
        return max((self._count(key) for key in keys), default=0)

    def _count(self, key: Hashable) -> int:
        now = self._time_s()
        free = key.free_failures if isinstance(key, Wide) else FREE_FAILURES
        count, began = self._failures.pop(key, (0, now))
        if now - began >= WINDOW_S:
            count, began = 0, now
        # Failures beyond the limit do not prolong the window: who waits as long as told is heard again.
        self._failures[key] = (count + 1, began)
        if len(self._failures) > KEPT:
            self._failures.popitem(last=False)
        return 0 if count < free else max(1, math.ceil(began + WINDOW_S - now))
