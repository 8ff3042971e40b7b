"""How every result is answered: plain, or encrypted for the key that the caller sent (D-80)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fallwerk.dialects.scr.encryption import MEDIA_TYPE, ResultEncryptor, reader_from_headers
from fallwerk.dialects.scr.envelope import JSON, json_response
from fallwerk.dialects.scr.router import Call
from fallwerk.kit.parts import even_parts

INLINE_BYTES: Final = 16 * 1024
"""Up to this size encrypting takes less time than a way to another thread."""


def encryptor_of(call: Call, now_us: int) -> ResultEncryptor | None:
    """Return what a call's answer is to be encrypted with, None if it is to be plain; raises as the headers' reader."""
    client = call.caller.client
    return reader_from_headers(
        call.headers,
        data_passwords=client.valid_data_passwords(now_us),
        rsa2048_allowed=client.settings.rsa2048_allowed,
    )


class PartsResponse(Response):
    """An answer of many parts, each handed to the server by itself: what is large is never copied as a whole."""

    def __init__(self, parts: Sequence[bytes], headers: Mapping[str, str] | None, media_type: str) -> None:
        size = {"content-length": str(sum(map(len, parts)))}
        super().__init__(headers={**(headers or {}), **size}, media_type=media_type)
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the parts, each after the one before was taken."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def answer_result(
    parts: Sequence[bytes], encryptor: ResultEncryptor | None, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer a result, encrypted if the caller sent a key; a large one is encrypted off the event loop."""
    if sum(map(len, parts)) <= INLINE_BYTES:
        body = b"".join(parts)
        return rendered_result(body if encryptor is None else encryptor.encrypt(body), encryptor, headers)
    if encryptor is None:
        return PartsResponse(parts, headers, JSON)
    encrypted = await run_in_threadpool(lambda: list(encryptor.encrypt_parts(parts)))
    return PartsResponse(encrypted, headers, MEDIA_TYPE)


def rendered_result(
    body: bytes, encryptor: ResultEncryptor | None, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer what is plain or encrypted already."""
    if encryptor is not None:
        return Response(body, headers=headers, media_type=MEDIA_TYPE)
    return json_response(body, headers=headers)


def join_list(list_forms: Sequence[bytes]) -> list[bytes]:
    """Join stored results to the body of a list, in parts, without parsing one of them."""
    return list(even_parts(_between_brackets(list_forms)))


def _between_brackets(list_forms: Sequence[bytes]) -> Iterator[bytes]:
    sign = b"["
    for form in list_forms:
        yield sign
        yield form
        sign = b","
    yield b"]" if list_forms else b"[]"
