"""A question that many may ask at once and that is looked into once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OneLook(Generic[T]):
    """
    Calls `look`; who asks while a look is under way gets its outcome.

    For answers that cost something and that everybody may ask for.
    """

    def __init__(self, look: Callable[[], Awaitable[T]]) -> None:
        self._look = look
        self._task: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """Return what the look under way, or a new one, finds; a caller who goes away stops nobody else's."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._looked())
        return await asyncio.shield(self._task)

    async def _looked(self) -> T:
        return await self._look()
