"""How much of what strangers cause is written down one by one, so that nobody can fill a table by asking."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from fallwerk.kit.clock import monotonic_s

WINDOW_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Limit:
    """How often in a window, for one kind of key."""

    key: Hashable
    most: int


class Allowance:
    """
    Lets so much pass in each window and counts the rest.

    Args:
        overall: What passes in a window under all keys together; it bounds the memory too.
        time_s: A clock that never goes back.
    """

    def __init__(self, overall: int, window_s: float = WINDOW_S, time_s: Callable[[], float] = monotonic_s) -> None:
        self._overall = overall
        self._window_s = window_s
        self._time_s = time_s
        self._began_s = time_s()
        self._passed = 0
        self._counts: dict[Hashable, int] = {}
        self._withheld = 0

    def take(self, *limits: Limit) -> int | None:
        """Let one pass if every key has room; return how many were withheld since the last one, None to withhold it."""
        now_s = self._time_s()
        if now_s - self._began_s >= self._window_s:
            self._began_s, self._passed, self._counts = now_s, 0, {}
        full = any(self._counts.get(limit.key, 0) >= limit.most for limit in limits)
        if full or self._passed >= self._overall:
            self._withheld += 1
            return None
        self._passed += 1
        for limit in limits:
            self._counts[limit.key] = self._counts.get(limit.key, 0) + 1
        withheld, self._withheld = self._withheld, 0
        return withheld
