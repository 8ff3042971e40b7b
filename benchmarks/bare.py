"""
The limit: a bare ASGI application that runs START's schema code under Fallwerk's uvicorn settings and stores nothing.

It reads and checks the body, maps it to the domain, and answers a 201 of the size that Fallwerk answers.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fallwerk.apis.scr_start.mapping import to_order, to_response
from fallwerk.apis.scr_start.schema import read_order
from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.notification.rules import storable
from fallwerk.kit.server_plan import ServerPlan

CASE_ID: Final = "YR9W91GEZK24"
VALID_UNTIL_US: Final = 1_790_000_000_000_000
SETTINGS: Final = ScrSettings()


async def application(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer every POST."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    to_order(read_order(body, webhook_refusal=refusal))
    port = scope["server"][1]
    answer = to_response(
        CASE_ID,
        VALID_UNTIL_US,
        public_base_url=f"http://127.0.0.1:{port}",
        ios_scheme=SETTINGS.ios_scheme,
        package_name=SETTINGS.package_name,
    )
    headers = [(b"content-length", str(len(answer)).encode()), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def refusal(url: str) -> str | None:
    """Ask what the account takes, as the product does while it checks the body."""
    return storable(url, settings=SETTINGS)


async def lifespan(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Start and stop without doing anything."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": message["type"] + ".complete"})
    await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    sys.exit(ServerPlan(host="127.0.0.1", port=0).run(lambda _port, _shared: application, announce=lambda _port: ""))
