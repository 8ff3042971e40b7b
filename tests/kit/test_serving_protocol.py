"""A connection that never finishes its head is closed; one that did is left alone (C-07 and the server's limits)."""

import asyncio
from types import SimpleNamespace

import uvicorn
from uvicorn.server import ServerState

from fallwerk.kit.serving import HEAD_S, BoundedProtocol


class Task:
    def add_done_callback(self, _callback):
        """It never ends."""


class Loop:
    """Keeps what is to happen later."""

    def __init__(self) -> None:
        self.later: list[tuple[float, object]] = []

    def call_later(self, seconds, call):
        entry = (seconds, call)
        self.later.append(entry)
        return SimpleNamespace(cancel=lambda: self.later.remove(entry))

    def create_task(self, coroutine, **_options):
        coroutine.close()
        return Task()


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True

    def get_extra_info(self, _name, default=None):
        return default

    def pause_reading(self):
        """The second request waits for the first one's answer."""

    def write(self, _data):
        """Nobody reads."""


async def _app(_scope, _receive, _send):
    """Never called: the loop runs no tasks."""


def connected():
    config = uvicorn.Config(_app, http=BoundedProtocol, lifespan="off", log_config=None)
    config.load()
    loop, transport = Loop(), Transport()
    protocol = BoundedProtocol(config, ServerState(), {}, loop)
    protocol.connection_made(transport)
    return protocol, loop, transport


def test_a_connection_that_says_nothing_or_never_ends_its_head_is_closed():
    for said in (b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX-A: "):
        protocol, loop, transport = connected()
        if said:
            protocol.data_received(said)
        ((seconds, close),) = loop.later
        assert seconds == HEAD_S
        close()
        assert transport.closed


def test_a_connection_whose_head_is_complete_is_left_alone_and_the_next_head_has_its_own_time():
    protocol, loop, transport = connected()
    protocol.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert loop.later == []
    protocol.data_received(b"GET / HTTP/1.1\r\n")
    assert [seconds for seconds, _ in loop.later] == [HEAD_S]
    protocol.data_received(b"Host: x\r\n\r\n")
    assert loop.later == []
    assert not transport.closed


def test_a_lost_connection_leaves_nothing_behind():
    protocol, loop, _ = connected()
    protocol.connection_lost(None)
    assert loop.later == []
