"""
What is left of somebody in the bytes of files: sealed values, whole or in pieces, and clear text.

A sealed value's length is unknown in raw pages, so candidates are decrypted as a stream, without their tag: what stands
behind the right header and nonce shows itself, however much of it is left.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from fallwerk.store.sealing import HEADER_BYTES, MAGIC, NONCE_BYTES, MasterKey, _derive

LONGEST: Final = 4_096
WORD: Final = 8
FIRST_BLOCK: Final = (2).to_bytes(4, "big")
"""The counter of the first block of text in AES-GCM with a nonce of 12 bytes."""


def contents(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below some folders."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()


def opened(content: bytes, key: MasterKey) -> Iterator[bytes]:
    """Decrypt everything in some bytes that looks like a sealed value under a key."""
    header = MAGIC + key.key_id.to_bytes(2, "big")
    secret = _derive(key.secret, b"fallwerk sealing")
    for found in re.finditer(re.escape(header), content):
        start = found.start() + HEADER_BYTES
        nonce, rest = content[start : start + NONCE_BYTES], content[start + NONCE_BYTES :][:LONGEST]
        if len(nonce) == NONCE_BYTES:
            yield Cipher(AES(secret), CTR(nonce + FIRST_BLOCK)).decryptor().update(rest)


def pieces(values: Iterable[bytes]) -> set[int]:
    """Each word of 8 bytes that occurs anywhere in some values, as a number."""
    return {int.from_bytes(value[at : at + WORD], "little") for value in values for at in range(len(value) - WORD + 1)}


def words(content: bytes) -> memoryview:
    """The words of some bytes; a remnant of 15 bytes or more holds one of them, wherever it begins."""
    return memoryview(content)[: len(content) // WORD * WORD].cast("Q")
