"""
Large contents in parts of a size, so that no single call over all of them keeps the interpreter to itself.

Copying, encoding or encrypting some megabytes in one call lets no other thread run meanwhile, the event loop's neither.
"""

import binascii
from collections.abc import Iterable, Iterator
from typing import Final

PART_BYTES: Final = 192 * 1024
"""A multiple of three, so that the base64 of parts is the base64 of the whole; some tenths of a millisecond of work."""


def even_parts(pieces: Iterable[bytes], size: int = PART_BYTES) -> Iterator[bytes]:
    """Yield the same bytes in parts of `size`; only the last one may be shorter, and is empty only if all are."""
    waiting: list[bytes] = []
    room = size
    begun = False
    for piece in pieces:
        begin = 0
        while len(piece) - begin >= room:
            waiting.append(piece[begin : begin + room])
            begin += room
            yield b"".join(waiting)
            waiting, room, begun = [], size, True
        if begin < len(piece):
            waiting.append(piece[begin:] if begin else piece)
            room -= len(piece) - begin
    if waiting or not begun:
        yield b"".join(waiting)


def base64_parts(content: bytes) -> Iterator[bytes]:
    """Yield the base64 of a content."""
    for part in even_parts((content,)):
        yield binascii.b2a_base64(part, newline=False)
