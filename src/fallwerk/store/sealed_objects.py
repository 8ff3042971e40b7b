"""
How a content lies in the blob store: sealed in chunks, so that neither writing nor reading needs all of it at once.

An object is `MAGIC (4)`, then for each chunk of `CHUNK_BYTES` (the last one may be shorter) its ciphertext and tag
under AES-256-GCM with the object's own random key. A chunk's nonce is its number and whether it is the last one: nobody
can leave out, exchange or append a chunk unnoticed, and a key never sees a nonce twice. An empty content is one empty
chunk.
"""

import hashlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fallwerk.domain.document.errors import ContentDamaged

MAGIC: Final = b"FWB\x01"
CHUNK_BYTES: Final = 1024 * 1024
TAG_BYTES: Final = 16
SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES

Part = bytes | bytearray | memoryview


class ChunkSealer:
    """Seals a content's chunks one after the other and hashes the content on the way."""

    def __init__(self, data_key: bytes) -> None:
        self._cipher = AESGCM(data_key)
        self._digest = hashlib.sha256()
        self._chunks = 0
        self.size_bytes = 0
        """Of the content so far."""

    def seal(self, chunk: Part, *, last: bool) -> bytes:
        """Seal the next chunk; every chunk but the last one has `CHUNK_BYTES`."""
        self._digest.update(chunk)
        self.size_bytes += len(chunk)
        sealed = self._cipher.encrypt(_nonce(self._chunks, last=last), chunk, None)
        self._chunks += 1
        return MAGIC + sealed if self._chunks == 1 else sealed

    @property
    def sha256(self) -> bytes:
        """Of the content so far."""
        return self._digest.digest()


class ChunkOpener:
    """Opens an object's chunks one after the other."""

    def __init__(self, data_key: bytes) -> None:
        self._cipher = AESGCM(data_key)
        self._chunks = 0

    def open(self, sealed: Part, *, last: bool) -> bytes:
        """
        Open the next chunk, `MAGIC` removed.

        Raises:
            ContentDamaged: not the chunk that was sealed in this place.
        """
        try:
            chunk = self._cipher.decrypt(_nonce(self._chunks, last=last), sealed, None)
        except (InvalidTag, ValueError):
            msg = f"chunk {self._chunks} does not open"
            raise ContentDamaged(msg) from None
        self._chunks += 1
        return chunk


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
