"""How every result is answered: plain, or encrypted for the key that the caller sent (D-80)."""

from collections.abc import Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fallwerk.dialects.scr.encryption import MEDIA_TYPE, ResultEncryptor, reader_from_headers
from fallwerk.dialects.scr.envelope import json_response
from fallwerk.dialects.scr.router import Call

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


async def answer_result(
    body: bytes, encryptor: ResultEncryptor | None, headers: dict[str, str] | None = None
) -> Response:
    """Answer a result, encrypted if the caller sent a key; a large one is encrypted off the event loop."""
    if encryptor is None:
        return rendered_result(body, None, headers)
    if len(body) > INLINE_BYTES:
        encrypted = await run_in_threadpool(encryptor.encrypt, body)
    else:
        encrypted = encryptor.encrypt(body)
    return rendered_result(encrypted, encryptor, headers)


def rendered_result(body: bytes, encryptor: ResultEncryptor | None, headers: dict[str, str] | None = None) -> Response:
    """Answer what is plain or encrypted already."""
    if encryptor is not None:
        return Response(body, headers=headers, media_type=MEDIA_TYPE)
    return json_response(body, headers=headers)


def join_list(list_forms: Sequence[bytes]) -> bytes:
    """Join stored results to the body of a list, without parsing one of them."""
    return b"[" + b",".join(list_forms) + b"]"
