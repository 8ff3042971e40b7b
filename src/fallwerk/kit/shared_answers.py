"""
Answers that the server's processes give together: looked for by one of them, repeated by all for a while.

A small table in the shared memory, one row per key; keys are kept as hashes. A row is taken or changed under the one
lock of the processes, so that no two of them look for the same answer at once.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

from fallwerk.kit.shared import ANSWER_WORDS, ANSWERS, SharedState

_KEY, _AT, _STATE = range(ANSWER_WORDS)
_NO, _YES, _LOOKING = 1, 2, 3
_PROBES: Final = 8
_LOOKING_US: Final = 15_000_000
"""How long a look may take; a process that died meanwhile holds the others up no longer than this."""
_PAUSE_S: Final = 0.01


class SharedAnswers:
    """
    Yes or no by key, found by one look of one process of this host.

    Args:
        kept_us: How long an answer is repeated, in microseconds of the clock.
        now_us: The clock.
        generation: A number that changes when all answers are to be forgotten.
    """

    def __init__(
        self, shared: SharedState, *, kept_us: int, now_us: Callable[[], int], generation: Callable[[], int]
    ) -> None:
        self._shared = shared
        self._rows = shared.answers
        self._kept_us = kept_us
        self._now_us = now_us
        self._generation = generation

    async def get(self, key: str, look: Callable[[], Awaitable[bool]]) -> bool:
        """Return the answer that is kept, or look; whoever asks meanwhile waits for the same answer."""
        number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1 or 1
        while True:
            state = self._take(number)
            if state != _LOOKING:
                return state == _YES if state else await self._look(number, look)
            await asyncio.sleep(_PAUSE_S)

    async def _look(self, number: int, look: Callable[[], Awaitable[bool]]) -> bool:
        found = 0
        try:
            answer = await look()
            found = _YES if answer else _NO
        finally:
            # A look that failed or was given up leaves no answer; the next one who asks looks again.
            with self._shared.locked():
                row = self._row(number)
                if self._rows[row + _KEY] == number and self._rows[row + _STATE] & 3 == _LOOKING:
                    self._rows[row + _STATE] = self._rows[row + _STATE] & ~3 | found
        return answer

    def _take(self, number: int) -> int:
        """Return the answer, that somebody looks for it, or 0: the caller has to look, and everybody else waits."""
        now_us, mark = self._now_us(), self._generation() << 2
        with self._shared.locked():
            row = self._row(number)
            at_us, state = self._rows[row + _AT], self._rows[row + _STATE]
            known = self._rows[row + _KEY] == number and state & ~3 == mark
            kept_us = _LOOKING_US if state & 3 == _LOOKING else self._kept_us
            if known and state & 3 and 0 <= now_us - at_us < kept_us:
                return state & 3
            self._rows[row + _KEY], self._rows[row + _AT] = number, now_us
            self._rows[row + _STATE] = mark | _LOOKING
            return 0

    def _row(self, number: int) -> int:
        """Return where a key's row begins: its own, a free one, or the oldest of those that it may have."""
        places = [(number + step) % ANSWERS * ANSWER_WORDS for step in range(_PROBES)]
        for place in places:
            if self._rows[place + _KEY] in {0, number}:
                return place
        return min(places, key=lambda place: self._rows[place + _AT])
