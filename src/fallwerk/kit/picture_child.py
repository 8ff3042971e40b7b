"""
The process in which pictures are drawn anew: reads one after the other from its standard input until that ends.

A picture of a stranger is decoded by libraries in C. Here they find no keys, no database and no connection, cannot take
more memory than a picture within the limits needs, and keep no event loop waiting.
"""

import contextlib
import os
import resource
import signal
import struct
import sys
from typing import IO, Final

import orjson

from fallwerk.kit.pictures import PictureRefused, drawn_anew

SIZE: Final = struct.Struct("!Q")
"""In front of every content."""
MEMORY_BYTES: Final = 2 * 1024**3
"""Of address space: the largest picture, twice over and with transparency, takes less than half of it."""
POLITENESS: Final = 5
"""Whoever waits for a page goes before whoever waits for a picture."""


def main() -> None:
    """Draw what comes until the parent closes the pipe."""
    # A terminal sends its interrupt to the whole group; the parent ends this process by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _bound_memory()
    os.nice(POLITENESS)
    while (content := read_content(sys.stdin.buffer)) is not None:
        about, drawn = draw(content)
        for answer in (about, drawn):
            sys.stdout.buffer.write(SIZE.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


def draw(content: bytes) -> tuple[bytes, bytes]:
    """Draw a picture anew; return what is said of it as JSON, and the picture, empty if it was refused."""
    try:
        drawn = drawn_anew(content)
    except PictureRefused as refused:
        return orjson.dumps({"refused": refused.reason}), b""
    return orjson.dumps({"width": drawn.width, "height": drawn.height, "hint": drawn.hint}), drawn.content


def read_content(stream: IO[bytes]) -> bytes | None:
    """Read one content with its size in front; None at the end."""
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        return None
    size = SIZE.unpack(head)[0]
    content = stream.read(size)
    return content if len(content) == size else None


def _bound_memory() -> None:
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    # A host that allows less already may not be asked for more.
    with contextlib.suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, hard))


if __name__ == "__main__":
    main()
