"""
Random bytes from the system's CSPRNG, drawn in larger pieces.

Asking the system for a few bytes lets go of the interpreter lock each time; under load another thread then keeps it for
milliseconds. One piece serves some hundred nonces. A piece belongs to one thread of one process: it is never shared by
threads, and a forked child begins with none.
"""

import os
import threading
from typing import Final

PIECE_BYTES: Final = 4096


class _Pieces(threading.local):
    """What the present thread has left."""

    def __init__(self) -> None:
        self.piece = b""
        self.used = 0


_pieces = _Pieces()


def random_bytes(size: int) -> bytes:
    """Return `size` bytes that nobody was given before and nobody can guess; at most 4,096."""
    start = _pieces.used
    end = start + size
    if end > len(_pieces.piece):
        _pieces.piece, start, end = os.urandom(PIECE_BYTES), 0, size
    _pieces.used = end
    return _pieces.piece[start:end]


def _forget() -> None:
    _pieces.piece, _pieces.used = b"", 0


# Two processes with one piece would use the same nonces under the same key.
os.register_at_fork(after_in_child=_forget)
