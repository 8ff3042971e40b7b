"""Base64 that comes in parts, as it stands in a JSON string: standard alphabet, line breaks, padding optional."""

import binascii
import re
from typing import Final

_ESCAPED: Final = re.compile(rb"\\u00([2-7][0-9A-Fa-f])")
_LONGEST_ESCAPE: Final = 6
_SHORT_ESCAPE: Final = 2
_QUANTUM: Final = 4
_PADDING_MAX: Final = 2


class NotBase64(ValueError):
    """The text is no base64 of the standard alphabet."""


class Base64Parts:
    r"""
    Decodes the inside of a JSON string that holds base64 (U-10), part by part and mostly in C.

    JSON's escapes are taken back: `\n` and `\r` are the line breaks that base64 may have, `\/` is what some encoders
    write for a slash.
    """

    def __init__(self) -> None:
        self._held = b""
        """The beginning of an escape."""
        self._rest = b""
        """Up to three symbols of a group of four."""
        self._padding = 0
        self._symbols = 0

    def feed(self, part: bytes, *, last: bool = False) -> bytes:
        """
        Return the bytes that are complete with this part.

        Raises:
            NotBase64: at the first symbol that is none, or if the end leaves a group that nothing can mean.
        """
        text = self._unescaped(self._held + part, last=last)
        data, equals, after = text.partition(b"=")
        if equals:
            self._padding += 1 + len(after)
            if after.strip(b"="):
                raise NotBase64
        if data and self._padding > len(equals) + len(after):
            # Something follows the padding of an earlier part.
            raise NotBase64
        self._symbols += len(data)
        waiting = self._rest + data
        whole = len(waiting) if last else len(waiting) // _QUANTUM * _QUANTUM
        self._rest = waiting[whole:]
        ready = waiting[:whole]
        if last:
            ready += self._missing_padding()
        try:
            return binascii.a2b_base64(ready, strict_mode=True) if ready else b""
        except binascii.Error:
            raise NotBase64 from None

    def _missing_padding(self) -> bytes:
        needed = -self._symbols % _QUANTUM
        if needed > _PADDING_MAX or self._padding > needed:
            raise NotBase64
        return b"=" * needed

    def _unescaped(self, text: bytes, *, last: bool) -> bytes:
        if b"\\" not in text:
            self._held = b""
            return text
        if b"\\\\" in text:
            # Two in a row always hold an escaped backslash, which is no symbol; what follows may mean anything.
            raise NotBase64
        start = text.rfind(b"\\")
        length = _LONGEST_ESCAPE if text[start + 1 : start + 2] == b"u" else _SHORT_ESCAPE
        self._held = b"" if last or len(text) - start >= length else text[start:]
        text = text[: len(text) - len(self._held)]
        text = text.replace(b"\\r", b"").replace(b"\\n", b"").replace(b"\\/", b"/")
        if b"\\" in text:
            text = _ESCAPED.sub(_character, text.replace(b"\\u000a", b"").replace(b"\\u000d", b""))
        if b"\\" in text:
            raise NotBase64
        return text


def _character(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])
