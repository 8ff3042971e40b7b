"""Applications that are made when they are needed, so that no start waits for their modules."""

import threading
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class LateApp:
    """
    An ASGI application that is made by its first request, or by `warm` before that.

    Args:
        make: Makes it; may import what it needs.
    """

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._made: ASGIApp | None = None
        self._lock = threading.Lock()

    def warm(self) -> ASGIApp:
        """Make the application unless that is done; callers of several threads get the same one."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        application = self._made or self.warm()
        await application(scope, receive, send)
