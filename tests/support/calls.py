"""People who wait for a video call, agents who take it, and the sockets between them."""

import json
import re
from typing import TYPE_CHECKING, Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.console import Desk
from tests.support.portal import FULL, Person
from tests.support.scr import started

if TYPE_CHECKING:
    from tests.api.conftest import Account

WAIT_S: Final = 10


def waiting(account: "Account", order: dict[str, Any] = FULL) -> Person:
    """Somebody who has agreed to the recording and waits."""
    somebody = Person(account, started(account, order))
    somebody.choose("video")
    page = somebody.open("video")
    version = re.search(r'name="version" value="([^"]*)"', page.text)
    assert version
    somebody.send("video", agreed="yes", version=version[1])
    return somebody


def place(somebody: Person) -> int | None:
    """Ask for the place in the queue, as the page does every five seconds."""
    answer = somebody.http.get(f"/identportal/{somebody.case_id}/video-platz")
    position: int | None = answer.json()["position"]
    return position


def taken(agent: Desk, case_id: str) -> Desk:
    """Take a call from the list."""
    agent.get("/video")
    agent.follow(agent.post(f"/video/{case_id}/take"))
    return agent


def call(browser: Person | Desk, path: str, **more: Any) -> ClientConnection:
    """Open a socket as the page of a browser does."""
    server = browser.account.server if isinstance(browser, Person) else browser.server
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.http.cookies.jar)
    headers = more.pop("headers", {"Cookie": cookies})
    return connect(
        server.url.replace("http", "ws") + path,
        additional_headers=headers,
        origin=more.pop("origin", server.url),
        proxy=None,
        open_timeout=WAIT_S,
        **more,
    )


def at_portal(somebody: Person, **more: Any) -> ClientConnection:
    """The person's end."""
    return call(somebody, f"/identportal/{somebody.case_id}/video-gespraech", **more)


def at_desk(agent: Desk, case_id: str, **more: Any) -> ClientConnection:
    """The agent's end."""
    return call(agent, f"/console/video/{case_id}/call", **more)


def told(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """Wait for the next message of a kind."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(WAIT_S))
        if message["type"] == kind:
            return message


def closed(socket: ClientConnection) -> int | None:
    """The code that the server ended a socket with."""
    try:
        while True:
            socket.recv(WAIT_S)
    except ConnectionClosed as end:
        return end.rcvd.code if end.rcvd else None
