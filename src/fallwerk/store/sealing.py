"""
Personal data at rest: AES-256-GCM with the key's id in front, keyed hashes, blind index.

A sealed value is `MAGIC (3) | key id (2, big-endian) | nonce (12) | ciphertext and tag`. Its context (table, column and
row) is authenticated with it, so that nobody can move a sealed value to another row. Keys are derived from the master
keys; the newest seals, all of them open.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fallwerk.kit.randomness import random_bytes

MAGIC: Final = b"\xf5W\x01"
HEADER_BYTES: Final = 5
NONCE_BYTES: Final = 12
BLIND_BYTES: Final = 12
"""Enough that two values of one tenant never meet by chance, short enough for a lean index."""


class SealBroken(Exception):
    """A sealed value does not open: its key is gone, or it was changed or moved."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key: 32 random bytes with the id that every value sealed under it carries."""

    key_id: int
    secret: bytes

    def __repr__(self) -> str:
        return f"MasterKey(key_id={self.key_id})"


class Sealer:
    """
    Seals and opens values under the newest of some master keys.

    Args:
        keys: Newest first; at least one.
    """

    def __init__(self, keys: Iterable[MasterKey]) -> None:
        self._ciphers: dict[bytes, AESGCM] = {}
        self.replace(keys)

    def replace(self, keys: Iterable[MasterKey]) -> None:
        """Take up another set of keys, as after a rotation; values sealed so far open as long as their key is in it."""
        ordered = tuple(keys)
        if not ordered:
            msg = "at least one master key is needed"
            raise ValueError(msg)
        self.keys = ordered
        ciphers = {_header(key.key_id): AESGCM(_derive(key.secret, b"fallwerk sealing")) for key in ordered}
        self._newest_header = _header(ordered[0].key_id)
        self._newest = ciphers[self._newest_header]
        self._ciphers = ciphers

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt `plaintext`, bound to `context`, under the newest key."""
        nonce = random_bytes(NONCE_BYTES)
        return b"%b%b%b" % (self._newest_header, nonce, self._newest.encrypt(nonce, plaintext, context))

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """
        Decrypt what `seal` made for the same `context`.

        Raises:
            SealBroken: unknown key, changed value, or another row's value.
        """
        cipher = self._ciphers.get(sealed[:HEADER_BYTES])
        if cipher is None:
            msg = f"no key for a sealed value of {context!r}"
            raise SealBroken(msg)
        try:
            return cipher.decrypt(sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES], sealed[17:], context)
        except InvalidTag:
            msg = f"a sealed value of {context!r} does not open"
            raise SealBroken(msg) from None

    @property
    def newest_header(self) -> bytes:
        """The first bytes of every value sealed from now on."""
        return self._newest_header


class KeyedHashes:
    """
    Keyed hashes that outlive a rotation of the master key: secrets of accounts and the blind index.

    Args:
        secret_key: 32 random bytes for the secrets' hashes.
        blind_key: 32 random bytes for the blind index.
    """

    def __init__(self, secret_key: bytes, blind_key: bytes) -> None:
        # Keyed once and copied: the one-step function would let go of the interpreter lock at every call.
        self._secret = hmac.new(secret_key, digestmod="sha256")
        self._blind = hmac.new(blind_key, digestmod="sha256")

    def secret(self, secret: str) -> bytes:
        """Hash a generated secret (at least 128 bits, so one keyed SHA-256 is enough)."""
        digest = self._secret.copy()
        digest.update(secret.encode("utf-8", "surrogatepass"))
        return digest.digest()

    def request(self, content: bytes) -> bytes:
        """Hash what a caller sent, so that it is known again; a plain hash would let anybody test a guess at it."""
        digest = self._blind.copy()
        digest.update(b"request|" + content)
        return digest.digest()

    def content(self, tenant_id: int, sha256: bytes) -> bytes:
        """Hash a content's SHA-256 under its tenant, so that nobody else can tell who holds the same content."""
        digest = self._blind.copy()
        digest.update(b"content|%d|%b" % (tenant_id, sha256))
        return digest.digest()

    def blind(self, tenant_id: int, kind: str, value: str) -> bytes:
        """Hash a normalised value so that equal ones of one tenant and kind can be found, and nothing else learnt."""
        digest = self._blind.copy()
        digest.update(f"{tenant_id}|{kind}|{value}".encode("utf-8", "surrogatepass"))
        return digest.digest()[:BLIND_BYTES]


def normalised(value: str) -> str:
    """Fold case and blanks of a value for the blind index."""
    return " ".join(value.casefold().split())


def fingerprint(*parts: bytes) -> bytes:
    """SHA-256 over parts with their lengths, so that no two lists of parts share one."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _header(key_id: int) -> bytes:
    return MAGIC + key_id.to_bytes(2, "big")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
