"""
A JSON body with a document in base64, read part by part: the document is never in memory as a whole (U-12).

Everything around the document is small and is parsed at the end; the fault of a document is told together with the
faults of the rest.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from fallwerk.dialects.kex import problems
from fallwerk.dialects.problem import PointedFault, Problem
from fallwerk.kit.base64_parts import Base64Parts, NotBase64
from fallwerk.kit.json_tap import JsonTap, RestTooLarge
from fallwerk.kit.jsonio import JsonFault, read_json

REST_MAXIMUM: Final = 256 * 1024
"""Bytes that everything around the document may have."""
WIRE_FACTOR: Final = 6
"""Base64 in UTF-32, with escaped line breaks, has so many bytes for each of the document's at most."""
TOO_LARGE: Final = "The document is larger than {maximum} bytes."
NOT_BASE64: Final = "The value must be base64 (standard alphabet, RFC 4648 section 4)."
NOT_JSON: Final = "The body is not valid JSON."


def wire_maximum(document_maximum: int) -> int:
    """Return how large a body with a document may be on the wire, in whatever charset."""
    return WIRE_FACTOR * document_maximum + REST_MAXIMUM


class DocumentBody:
    """
    One body while it is read.

    Args:
        parts: The body in UTF-8, as it arrives.
        path: Names that lead to the document's string.
        maximum: Bytes that the decoded document may have.
    """

    def __init__(self, parts: AsyncIterator[bytes], path: Sequence[str], *, maximum: int) -> None:
        self._parts = parts
        self._pointer = "".join(f"/{name}" for name in path)
        self._tap = JsonTap(path, rest_maximum=REST_MAXIMUM)
        self._base64 = Base64Parts()
        self._maximum = maximum
        self._fault = ""
        self.size_bytes = 0
        """Of the document, as far as it is read."""

    async def document(self) -> AsyncIterator[bytes]:
        """
        Yield the decoded document; one that is no base64 ends, but its body is read on for its other faults.

        Raises:
            Problem: 413, as soon as the document is too large; 400, the body cannot be read any further.
            TooLarge: the body is, on the wire.
        """
        try:
            async for part in self._parts:
                content = self._decoded(self._tap.feed(part))
                if content:
                    yield content
            content = self._decoded(b"", last=True)
        except JsonFault as fault:
            raise problems.body_fault(fault.message) from None
        except RestTooLarge:
            raise Problem(413, problems.TOO_LARGE) from None
        if content:
            yield content

    def rest(self) -> tuple[object, list[PointedFault]]:
        """
        Return the body without its document, whose string is empty, and the document's fault if it has one.

        Raises:
            Problem: 400, it is no acceptable JSON.
        """
        try:
            value = read_json(self._tap.rest())
        except JsonFault as fault:
            # The document is left out, so the columns behind it are not those of the body.
            message = NOT_JSON if fault.message.startswith("The body is not valid JSON (line") else fault.message
            raise problems.body_fault(message) from None
        if self._tap.found and not self._fault and self.size_bytes == 0:
            self._fault = "The value is missing or empty."
        return value, [PointedFault(self._pointer, self._fault)] if self._fault else []

    def _decoded(self, text: bytes, *, last: bool = False) -> bytes:
        if self._fault:
            return b""
        try:
            content = self._base64.feed(text, last=last)
        except NotBase64:
            self._fault = NOT_BASE64
            return b""
        self.size_bytes += len(content)
        if self.size_bytes > self._maximum:
            raise Problem(413, TOO_LARGE.format(maximum=self._maximum))
        return content
