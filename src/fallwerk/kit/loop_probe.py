"""
A look at the event loop from within: how long it did not come round.

Whatever one process serves waits while its loop is busy with one thing, or while a thread keeps the interpreter to
itself. The probe asks the loop for a turn again and again and logs each time it had to wait for longer than a limit.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from fallwerk.kit.clock import monotonic_s

log = structlog.get_logger()

TURN_S: Final = 0.001
"""The finest that the loop's timers know."""


async def watch_loop(
    limit_s: float,
    time_s: Callable[[], float] = monotonic_s,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """
    Log `loop.blocked` with the milliseconds whenever the loop did not come round for longer than `limit_s`; never ends.

    What is logged is the time between two turns of the probe: the block and, at most, one turn more.
    """
    before_s = time_s()
    while True:
        await sleep(TURN_S)
        now_s = time_s()
        if now_s - before_s > limit_s:
            log.warning("loop.blocked", ms=round((now_s - before_s) * 1000, 1))
        before_s = time_s()
