"""The ASGI application of one server process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from fallwerk.app.scr import PREFIX as SCR_PREFIX
from fallwerk.app.system import Fallwerk
from fallwerk.dialects.problem import unserved
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit import tracing
from fallwerk.kit.logs import request_log
from fallwerk.kit.loop_probe import watch_loop
from fallwerk.kit.server_plan import StartRefused
from fallwerk.kit.shared import SharedState
from fallwerk.own.observer import Observer
from fallwerk.settings import Settings
from fallwerk.store.keys import KeysUnreadable
from fallwerk.store.sealing import SealBroken

WARM_UP_S: Final = 0.5
"""How long after its start a server makes what its start did not wait for."""


def create_app(settings: Settings, shared: SharedState) -> ASGIApp:
    """
    Make the application of one server process.

    Raises:
        StartRefused: no database, no keys; starting can be refused for the same reasons.
    """
    try:
        system = Fallwerk(settings, shared)
    except (StoreUnavailable, KeysUnreadable, SealBroken) as error:
        raise StartRefused(str(error)) from error

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            if settings.otel_endpoint is not None:
                tracing.configure(settings.otel_endpoint, version=metadata.version("fallwerk"))
            await system.start()
        except (StoreUnavailable, tracing.TracingUnavailable) as error:
            raise StartRefused(str(error)) from error
        loop, limit_ms = asyncio.get_running_loop(), settings.loop_block_log_ms
        warming = loop.call_later(WARM_UP_S, system.warm_up)
        watching = loop.create_task(watch_loop(limit_ms / 1000)) if limit_ms else None
        try:
            yield
        finally:
            warming.cancel()
            if watching is not None:
                watching.cancel()
            await system.stop()
            tracing.shutdown()

    rest = Starlette(routes=system.pages(), lifespan=lifespan, exception_handlers={HTTPException: unserved})

    mounts = tuple(system.mounts().items())

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        # The busiest prefix goes straight to its API; a target that was encoded as a whole holds it further in (D-25).
        path = scope.get("path", "")
        for prefix, application in mounts if scope["type"] == "http" else ():
            if path.startswith(prefix) or (prefix == SCR_PREFIX and prefix in path):
                await application(scope, receive, send)
                return
        await rest(scope, receive, send)

    return Observer(
        dispatch,
        clock=system.clock,
        journal=system.journal,
        metrics=system.metrics,
        request_log=request_log(),
        faults=None if settings.is_production else system.faults,
        https=settings.public_base_url.startswith("https:"),
    )
