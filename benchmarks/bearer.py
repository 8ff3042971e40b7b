"""
What the verification of a bearer token adds to a request: the KEX router with it and without it, in turn.

Without a network, so that nothing else hides the difference; the token is one in use, as nearly every call's is. The
first call with a token, which checks its signature, stands in the detail.
"""

import statistics
import time
from collections.abc import Sequence

import uvloop
from harness import Figure, main
from starlette.responses import Response

from fallwerk.dialects.kex.bearer import Caller
from fallwerk.dialects.kex.router import Call, KexApi, Operation
from fallwerk.domain.partner.model import SCOPES
from tests.support.tokens import Process, SetClock, Store

TARGET_MS = 0.15
CLIENT = "a-client"


class LetIn:
    """Knows the caller without looking."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def authenticate(self, headers: Sequence[tuple[bytes, bytes]], address: str) -> Caller:
        """Return the one caller."""
        del headers, address
        return self._caller


async def answer(_call: Call) -> Response:
    """Answer with nothing."""
    return Response()


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure in alternating rounds."""
    return [uvloop.run(_measure(rounds=20 if quick else 100))]


async def _measure(rounds: int, calls: int = 200) -> Figure:
    store = Store()
    store.put(CLIENT)
    process = Process(store, SetClock())
    tokens = [await process.tokens.issue(CLIENT, SCOPES, 0) for _ in range(rounds)]
    first = [await _first_s(process, token) for token in tokens]
    operations = [Operation("x", "POST", "kex/x", answer, SCOPES[0])]
    with_token = KexApi(operations, process.bearer)
    without = KexApi(operations, LetIn(await process.bearer.verify(tokens[0])))
    added = []
    for token in tokens:
        verified = [await _call_s(with_token, token) for _ in range(calls)]
        plain = [await _call_s(without, token) for _ in range(calls)]
        added.append(statistics.median(verified) - statistics.median(plain))
    value = statistics.median(added) * 1000
    first_ms = statistics.median(first) * 1000
    detail = f"{value * 1000:.1f} µs; {rounds} rounds of {calls} calls; first call with a token {first_ms:.2f} ms"
    name = "bearer verification added to a request (p50)"
    return Figure(name, "–", value, " ms", TARGET_MS, at_least=False, detail=detail)


async def _first_s(process: Process, token: str) -> float:
    begin = time.perf_counter()
    await process.bearer.verify(token)
    return time.perf_counter() - begin


async def _call_s(api: KexApi, token: str) -> float:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/kex/x",
        "raw_path": b"/kex/x",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer " + token.encode()), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
    }
    begin = time.perf_counter()
    await api(scope, _nothing, _drop)
    return time.perf_counter() - begin


async def _nothing() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(_message: object) -> None:
    """Keep nothing."""


if __name__ == "__main__":
    main(measure)
