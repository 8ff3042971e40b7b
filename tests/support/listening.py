"""The end of an asyncio server in a test: no connection is left behind, also none that is just being taken."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

TURNS: Final = 4
"""Turns of the loop that a connection needs at the most from the listening socket to its protocol, or to its end."""


async def close(server: asyncio.Server, transports: Callable[[], Iterable[asyncio.BaseTransport | None]]) -> None:
    """Stop listening, end every connection and every task of this loop, and return once all is closed."""
    # No more are taken; those that were reach their protocols first: a closed server lets go of them half-made.
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
    server.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for transport in list(transports()):
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
    for _ in range(TURNS):
        await asyncio.sleep(0)
    await server.wait_closed()
