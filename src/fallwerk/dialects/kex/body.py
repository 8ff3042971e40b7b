"""The body of a request: at once, or part by part for documents, never more of it than the operation takes."""

from collections.abc import AsyncIterator

from starlette.types import Receive, Scope

from fallwerk.dialects.kex import problems
from fallwerk.dialects.kex.charset import NotInCharset, Transcoder, to_utf8
from fallwerk.dialects.scr.router import TooLarge, read_body
from fallwerk.kit.jsonio import JsonFault, read_json


class Body:
    """
    One request's body, not read yet.

    Args:
        codec: Its charset, as `charset.find_codec` returned it.
        maximum: Bytes on the wire that it may have.
    """

    def __init__(self, scope: Scope, receive: Receive, codec: str, maximum: int) -> None:
        self._scope = scope
        self._receive = receive
        self._codec = codec
        self._maximum = maximum

    def refuse_announced(self) -> None:
        """
        Refuse a body that announces itself as too large, before a byte of it is read.

        Raises:
            TooLarge: by its Content-Length.
        """
        declared = [value for name, value in self._scope["headers"] if name == b"content-length"]
        if declared and declared[0].isdigit() and int(declared[0]) > self._maximum:
            raise TooLarge

    async def read(self) -> bytes:
        """
        Read all of it and return it as UTF-8.

        Raises:
            TooLarge: as soon as it is.
            Problem: 400, it is not in its charset.
        """
        raw = await read_body(self._scope, self._receive, self._maximum)
        try:
            return to_utf8(raw, self._codec)
        except NotInCharset:
            raise problems.body_fault(not_in_charset(self._codec)) from None

    async def json(self) -> object:
        """
        Read all of it as JSON.

        Raises:
            TooLarge: as soon as it is.
            Problem: 400, no acceptable JSON (`kit.jsonio.read_json`).
        """
        try:
            return read_json(await self.read())
        except JsonFault as fault:
            raise problems.body_fault(fault.message) from None

    async def parts(self) -> AsyncIterator[bytes]:
        """
        Yield it as UTF-8, part by part as it arrives.

        Raises:
            TooLarge: as soon as it is.
            Problem: 400, it is not in its charset.
        """
        self.refuse_announced()
        transcoder = Transcoder(self._codec)
        size, more = 0, True
        while more:
            message = await self._receive()
            part, more = message.get("body", b""), bool(message.get("more_body"))
            size += len(part)
            if size > self._maximum:
                raise TooLarge
            try:
                text = transcoder.feed(part, last=not more)
            except NotInCharset:
                raise problems.body_fault(not_in_charset(self._codec)) from None
            if text:
                yield text


def not_in_charset(codec: str) -> str:
    """Say that a body is no text of the charset that its Content-Type names."""
    return f"The body is not valid {codec.upper()}."
