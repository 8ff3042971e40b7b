"""The keys that sign access tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

DAY_US: Final = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key: its id, the private part as PEM, the public one as JSON Web Key in JSON."""

    key_id: str
    private_pem: bytes = field(repr=False)
    public_jwk: str


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key; after `signs_until_us` it only verifies what it signed before."""

    pair: KeyPair
    created_us: int
    signs_until_us: int
    verifies_until_us: int


class SigningKeyRepository(Protocol):
    """Signing keys, shared by all processes."""

    def keys(self) -> tuple[SigningKey, ...]:
        """Return all keys, those that end first in front."""

    def lock(self) -> None:
        """Let nobody else add a key before the transaction ends."""

    def add(self, key: SigningKey) -> None:
        """Store a key; its private part sealed."""

    def expire(self, now_us: int) -> None:
        """Delete keys that no token needs any more."""


def signing_key(keys: Sequence[SigningKey], now_us: int) -> SigningKey | None:
    """
    Return the key that signs now.

    Of several the one that ends first: a younger one was published ahead, and whoever keeps our keys for a while may
    not know it yet.
    """
    return min((key for key in keys if now_us < key.signs_until_us), key=_order, default=None)


def verifying_keys(keys: Sequence[SigningKey], now_us: int) -> list[SigningKey]:
    """Return the keys whose tokens are good."""
    return [key for key in keys if now_us < key.verifies_until_us]


def _order(key: SigningKey) -> tuple[int, str]:
    return key.signs_until_us, key.pair.key_id
