"""How long callers wait for a server of a database: as long as it lives, not for ever."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from fallwerk.domain.errors import StoreUnavailable

T = TypeVar("T")

ANSWER_S: Final = 10.0
"""How long a caller waits before anybody asks whether the server still lives; a stopped one keeps its connections."""
BUSY_S: Final = 60.0
"""How long a caller waits for a server that lives, whose disk may be slow with what others gave it."""
LOOK_S: Final = 0.5


class Patience:
    """
    Ends the waiting of callers whose server does not answer.

    One timer looks after all of them: a timer for each call would cost more than the rest of its wait.

    Args:
        lives: Tells whether the server answers a new connection; called in a thread, and takes a few seconds at most.
    """

    def __init__(self, lives: Callable[[], bool]) -> None:
        self._lives = lives
        self._began_s: dict[asyncio.Future[Any], float] = {}
        """By the time they began, oldest first."""
        self._given_up: set[asyncio.Future[Any]] = set()
        self._watch: asyncio.Task[None] | None = None

    async def wait(self, answer: "asyncio.Future[T]") -> T:
        """
        Wait for an answer; work that has not begun when it is given up never does.

        Raises:
            StoreUnavailable: the server is away, or has taken too long.
        """
        self._began_s[answer] = asyncio.get_running_loop().time()
        if self._watch is None:
            self._watch = asyncio.create_task(self._look())
        try:
            return await answer
        except asyncio.CancelledError:
            if answer not in self._given_up:
                raise
            self._given_up.discard(answer)
            raise StoreUnavailable(f"no answer within {ANSWER_S:.0f} s") from None
        finally:
            del self._began_s[answer]

    async def _look(self) -> None:
        try:
            while self._began_s:
                await asyncio.sleep(LOOK_S)
                if self._older_than(ANSWER_S):
                    lives = await asyncio.to_thread(self._lives)
                    for answer in self._older_than(BUSY_S if lives else ANSWER_S):
                        if answer.cancel():
                            self._given_up.add(answer)
        finally:
            self._watch = None

    def _older_than(self, age_s: float) -> "list[asyncio.Future[Any]]":
        latest_s = asyncio.get_running_loop().time() - age_s
        old: list[asyncio.Future[Any]] = []
        for answer, began_s in self._began_s.items():
            if began_s > latest_s:
                break
            old.append(answer)
        return old
