"""
Bodies in another charset than UTF-8 (U-04): named by the Content-Type, turned into UTF-8 while they are read.

Only character sets that text is really sent in are known. Python's registry also holds codecs that decompress, that run
in quadratic time or that read escapes (`zlib`, `idna`, `punycode`, `utf-7`, `unicode_escape`, `rot13`); none of them is
ever asked.
"""

import codecs
from encodings.aliases import aliases
from types import MappingProxyType
from typing import Final

UTF_8: Final = "utf-8"
UTF_16: Final = "utf-16"
UTF_32: Final = "utf-32"

_PLAIN: Final = (
    "utf_8",
    "utf_16",
    "utf_16_le",
    "utf_16_be",
    "utf_32",
    "utf_32_le",
    "utf_32_be",
    "ascii",
    *(f"iso8859_{part}" for part in (*range(1, 12), *range(13, 17))),
    *(f"cp125{number}" for number in range(9)),
)
_OWN_NAMES: Final = {"latin_1": "iso8859_1", "utf8": "utf_8"}
"""Python keeps its oldest codecs under names of its own."""


def _known() -> dict[str, str]:
    known = {name: name for name in _PLAIN}
    for alias, target in aliases.items():
        codec = _OWN_NAMES.get(target, target)
        if codec in _PLAIN:
            known[alias] = codec
    for part in (*range(1, 12), *range(13, 17)):
        known[f"iso_8859_{part}"] = f"iso8859_{part}"
    for number in range(9):
        known[f"windows_125{number}"] = f"cp125{number}"
    known |= _OWN_NAMES
    return {name: codec.replace("_", "-") for name, codec in known.items()}


CODECS: Final = MappingProxyType(_known())
"""Name with underscores → codec."""


class CharsetUnknown(Exception):
    """No charset of this name is taken."""


class NotInCharset(ValueError):
    """The bytes are no text of the charset named."""


def find_codec(charset: str) -> str:
    """
    Return the codec of a charset's name as it may stand in a Content-Type.

    Raises:
        CharsetUnknown: none that is taken here.
    """
    codec = CODECS.get(charset.strip().lower().replace("-", "_"))
    if codec is None:
        raise CharsetUnknown
    return codec


class Transcoder:
    """
    Turns a body in any charset into UTF-8, part by part; a byte order mark is dropped.

    Args:
        codec: What `find_codec` returned.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._held = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._at_begin = True

    def feed(self, part: bytes, *, last: bool = False) -> bytes:
        """
        Return what of the text is complete with this part.

        Raises:
            NotInCharset: it is no text of the charset.
        """
        if self._decoder is None:
            # Four bytes tell the order of the widest charset.
            self._held += part
            if len(self._held) < 4 and not last:  # noqa: PLR2004 - see above
                return b""
            part, self._held = self._held, b""
            self._decoder = codecs.getincrementaldecoder(_ordered(self._codec, part))()
        try:
            text = self._decoder.decode(part, last)
            if self._at_begin and text:
                text, self._at_begin = text.removeprefix("\ufeff"), False
            return text.encode()
        except UnicodeError:
            raise NotInCharset from None


def to_utf8(body: bytes, codec: str) -> bytes:
    """
    Return a whole body as UTF-8.

    Raises:
        NotInCharset: it is no text of the charset.
    """
    # UTF-8 is what its reader checks anyway, and tells the place of a fault.
    return body if codec == UTF_8 else Transcoder(codec).feed(body, last=True)


def _ordered(codec: str, begin: bytes) -> str:
    """Name the byte order of a text without a mark: JSON begins with ASCII, so its zero bytes tell (RFC 4627 §3)."""
    if codec == UTF_16 and begin[:2] not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16-be" if begin[:1] == b"\0" else "utf-16-le"
    if codec == UTF_32 and begin[:4] not in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32-be" if begin[:1] == b"\0" else "utf-32-le"
    return codec
