"""
The WebSocket at either end of a video call: passes on what the two browsers must tell each other to find each other.

Source: issue "video". Pictures and sound go from browser to browser, or through the TURN server that the settings name,
never through this server. Only the few messages of the signalling are passed on, field by field; whoever sends
something else, too much or too often is cut off.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from fallwerk.domain.call.model import Look, Place, Side, TanView
from fallwerk.domain.call.service import free_lost_call, keep_seat, leave_seat, look, send_signal, take_seat
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock, monotonic_s

POLL_S: Final = 0.2
KEEP_S: Final = 3.0
LOST_S: Final = 20.0
"""How long a person waits for an agent who vanished before they are back in the queue."""
BURST: Final = 60
"""Messages at once; a call's beginning needs about twenty."""
PER_SECOND: Final = 5.0
LONGEST: Final = 64 * 1024
"""Characters of a message; the protocol refuses more bytes than that by itself."""
GONE: Final = 0
FLOODED: Final = 1008
AWAY: Final = 1013
ELSEWHERE: Final = 4001
"""Another tab or window has the call."""
OVER: Final = 4003
"""The call is not, or no longer, this browser's."""
_SECOND_US: Final = 1_000_000

Allowed = Callable[[], Awaitable[bool]]
"""Tells whether this browser may still have the call."""


@dataclass(frozen=True, slots=True)
class Ice:
    """
    How browsers find a way to each other.

    Args:
        urls: `stun:`, `turn:` and `turns:` addresses.
        secret: Shared with the TURN server; it makes credentials that end (coturn's `static-auth-secret`).
        relay_only: Everything goes through the TURN server, so that neither side learns the other's address.
    """

    urls: Sequence[str] = ()
    secret: str = ""
    relay_only: bool = False
    credential_s: int = 3600

    def configuration(self, name: str, now_s: int) -> dict[str, Any]:
        """Return what a browser's RTCPeerConnection takes."""
        servers: list[dict[str, Any]] = []
        stun = [url for url in self.urls if url.startswith("stun")]
        turn = [url for url in self.urls if url.startswith("turn")]
        if stun:
            servers.append({"urls": stun})
        if turn:
            username = f"{now_s + self.credential_s}:{name}"
            # SHA-1 is what TURN servers compute; its weakness is not one of an HMAC.
            mac = hmac.new(self.secret.encode(), username.encode(), hashlib.sha1).digest()
            servers.append({"urls": turn, "username": username, "credential": base64.b64encode(mac).decode()})
        return {"iceServers": servers, "iceTransportPolicy": "relay" if self.relay_only else "all"}


def is_own_page(socket: HTTPConnection, public_base_url: str) -> bool:
    """Tell whether one of our pages opens a socket: browsers send cookies along for pages of other sites too."""
    origin = urlsplit(socket.headers.get("origin", ""))
    public = urlsplit(public_base_url)
    if not origin.netloc:
        return False
    ours = (origin.scheme, origin.netloc) == (public.scheme, public.netloc)
    return ours or origin.netloc == socket.headers.get("host", "")


class Calls:
    """Serves sockets."""

    def __init__(self, store: Transactions, clock: Clock, ice: Ice) -> None:
        self._store = store
        self._clock = clock
        self._ice = ice

    async def serve(self, socket: WebSocket, place: Place, allowed: Allowed) -> None:
        """Sit at a place until the browser leaves, loses it, or is cut off."""
        system_us = self._clock.system_now_us()
        seat_id = await self._store.write(lambda uow: take_seat(uow, place, system_us=system_us))
        end = _End(self._store, self._clock, socket, place, seat_id)
        try:
            await socket.accept()
            name = f"{place.side.value}-{seat_id}"
            await socket.send_json({"type": "welcome", **self._ice.configuration(name, system_us // _SECOND_US)})
            code = await _first(end.listen(), end.watch(allowed))
            if code != GONE:
                await socket.close(code)
        except (WebSocketDisconnect, RuntimeError):
            # The browser left while something was on its way to it.
            return
        finally:
            await self._store.write(lambda uow: leave_seat(uow, place, seat_id))


async def _first(*ways: Awaitable[int]) -> int:
    """Return what the first of several ends with; the others are given up."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    except StoreUnavailable:
        return AWAY
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _End:
    """One browser's end while it lasts."""

    def __init__(self, store: Transactions, clock: Clock, socket: WebSocket, place: Place, seat_id: int) -> None:
        self._store = store
        self._clock = clock
        self._socket = socket
        self._place = place
        self._seat_id = seat_id
        self._read_up_to = 0
        self._other: int | None = None
        self._tan = TanView()
        self._alone_since_s: float | None = None

    async def listen(self) -> int:
        """Pass on what the browser says; return why that ended."""
        budget, last_s = float(BURST), monotonic_s()
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return GONE
            now_s = monotonic_s()
            budget, last_s = min(BURST, budget + (now_s - last_s) * PER_SECOND) - 1, now_s
            body = _signal(message.get("text") or "")
            if budget < 0 or body is None or not await self._pass_on(body):
                return FLOODED

    async def _pass_on(self, body: str) -> bool:
        system_us = self._clock.system_now_us()
        return await self._store.write(
            lambda uow: send_signal(uow, self._place, self._seat_id, body, system_us=system_us)
        )

    async def watch(self, allowed: Allowed) -> int:
        """Tell the browser what came for it; return why that ended."""
        kept_s = monotonic_s()
        while True:
            seen = await self._store.read(self._look)
            if not seen.is_mine:
                return ELSEWHERE
            await self._tell(seen)
            await self._miss_agent(seen)
            if monotonic_s() - kept_s >= KEEP_S:
                kept_s = monotonic_s()
                if not await allowed():
                    return OVER
                await self._store.write(self._keep)
            await asyncio.sleep(POLL_S)

    def _look(self, uow: UnitOfWork) -> Look:
        system_us, now_us = self._clock.system_now_us(), self._clock.now_us()
        return look(uow, self._place, self._seat_id, self._read_up_to, system_us=system_us, now_us=now_us)

    def _keep(self, uow: UnitOfWork) -> None:
        system_us, now_us = self._clock.system_now_us(), self._clock.now_us()
        keep_seat(uow, self._place, self._seat_id, self._read_up_to, system_us=system_us, now_us=now_us)

    async def _tell(self, seen: Look) -> None:
        for signal in seen.signals:
            self._read_up_to = signal.signal_id
            await self._socket.send_text(signal.body)
        if seen.other_id != self._other:
            self._other = seen.other_id
            await self._socket.send_json({"type": "peer", "present": seen.other_id is not None})
        if seen.tan != self._tan:
            self._tan = seen.tan
            await self._socket.send_json({"type": "tan", "state": seen.tan.state.value, "left": seen.tan.left})

    async def _miss_agent(self, seen: Look) -> None:
        """Notice that an agent took the call and is not there any more."""
        missing = self._place.side is Side.PERSON and seen.is_taken and seen.other_id is None
        if not missing:
            self._alone_since_s = None
            return
        now_s = monotonic_s()
        if self._alone_since_s is None:
            self._alone_since_s = now_s
        elif now_s - self._alone_since_s >= LOST_S:
            self._alone_since_s = None
            system_us, now_us = self._clock.system_now_us(), self._clock.now_us()
            freed = await self._store.write(
                lambda uow: free_lost_call(uow, self._place, system_us=system_us, now_us=now_us)
            )
            if freed:
                await self._socket.send_json({"type": "lost"})


def _signal(text: str) -> str | None:
    """Return a message of the signalling as it is passed on, with nothing but its known fields; None if it is none."""
    if not 0 < len(text) <= LONGEST:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    if said.get("type") in {"offer", "answer"} and isinstance(said.get("sdp"), str):
        return json.dumps({"type": said["type"], "sdp": said["sdp"]})
    candidate, mid, line = said.get("candidate"), said.get("sdpMid"), said.get("sdpMLineIndex")
    fits = isinstance(candidate, str) and isinstance(mid, str | None) and isinstance(line, int | None)
    if said.get("type") != "candidate" or not fits:
        return None
    return json.dumps({"type": "candidate", "candidate": candidate, "sdpMid": mid, "sdpMLineIndex": line})
