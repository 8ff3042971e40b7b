"""The availability check: real, and at most two real checks per minute and client (S-80, S-82)."""

from collections.abc import Awaitable, Callable
from typing import Final

from fallwerk.kit.clock import Clock
from fallwerk.kit.shared import SharedState
from fallwerk.kit.shared_answers import SharedAnswers

REPEATED_US: Final = 30 * 1_000_000
"""An answer is repeated for 30 seconds of our clock."""


class AliveCheck:
    """
    Answers whether all components are available, in all processes of this host together.

    Setting or clearing a component fault in the sandbox drops the answers.

    Args:
        check: Looks for real.
    """

    def __init__(self, check: Callable[[], Awaitable[bool]], *, clock: Clock, shared: SharedState) -> None:
        self._check = check
        self._answers = SharedAnswers(
            shared, kept_us=REPEATED_US, now_us=clock.now_us, generation=lambda: shared.fault_generation
        )

    async def available(self, client_id: str) -> bool:
        """Return the last answer while it is fresh, otherwise look."""
        return await self._answers.get(client_id, self._check)
