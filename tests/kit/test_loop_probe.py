"""The event loop watched from within."""

import asyncio

import pytest
from structlog.testing import capture_logs

from fallwerk.kit.loop_probe import watch_loop


def test_each_time_that_the_loop_does_not_come_round_is_logged_with_how_long():
    # Two readings of the clock a turn: the second turn takes 30 ms, of which the limit allows 20.
    readings = iter((0.0, 0.001, 0.001, 0.031, 0.031, 0.051))

    async def no_time(_: float) -> None:
        """Give the loop a turn."""

    async def main() -> None:
        with pytest.raises(RuntimeError):
            await watch_loop(0.0201, lambda: next(readings), no_time)

    with capture_logs() as logged:
        asyncio.run(main())
    assert logged == [{"event": "loop.blocked", "ms": 30.0, "log_level": "warning"}]
