"""Whether the process is up, whether it can serve, and its numbers (C-07; control-api.md "Start")."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fallwerk.kit.metrics import Metrics

Readiness = Callable[[], Awaitable[dict[str, bool]]]
"""Asks each component (database, blobstore, worker) whether it is available; does not raise."""

_NEVER_STORED = {"cache-control": "no-store"}


def health_routes(readiness: Readiness, metrics: Metrics) -> list[Route]:
    """
    Routes `/healthz`, `/readyz` and `/metrics`; open to everybody, they name no account and no case.

    `/readyz` answers 503 while a component is missing, so that a load balancer turns to another process.
    """

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "up"}, headers=_NEVER_STORED)

    async def readyz(_request: Request) -> Response:
        components = await readiness()
        ready = all(components.values())
        body = {"status": "ready" if ready else "not ready", "components": components}
        return JSONResponse(body, 200 if ready else 503, headers=_NEVER_STORED)

    async def numbers(_request: Request) -> Response:
        content, media_type = metrics.render()
        return Response(content, media_type=media_type, headers=_NEVER_STORED)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", numbers)]
