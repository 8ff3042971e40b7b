"""The signing keys in this process: read from the store when they are needed, renewed by age."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from joserfc.jwk import ECKey

from fallwerk.domain.signing.model import KeyPair, SigningKey, signing_key, verifying_keys
from fallwerk.domain.signing.service import is_due, renew_keys
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock, monotonic_s

ALGORITHM: Final = "ES256"
CURVE: Final = "P-256"
ASKED_AGAIN_AFTER_S: Final = 1.0
"""A token of an unknown key makes the process look for new ones, but not for every such token."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A key ready for use."""

    key: SigningKey
    private: ECKey = field(repr=False)


class KeyRing:
    """
    Signing keys, shared with all processes through the store.

    Args:
        lifetime_us: How long a key signs.
        token_lifetime_us: How long after that what it signed may be presented.
    """

    def __init__(self, store: Transactions, clock: Clock, *, lifetime_us: int, token_lifetime_us: int) -> None:
        self._store = store
        self._clock = clock
        self._lifetime_us = lifetime_us
        self._token_lifetime_us = token_lifetime_us
        self._known: dict[str, _Known] = {}
        self._keys: tuple[SigningKey, ...] = ()
        self._read_s = float("-inf")
        self._lock = asyncio.Lock()

    async def signer(self) -> tuple[str, ECKey]:
        """Return the id and the private key that sign now; made first if there is none."""
        now_us = self._clock.now_us()
        if is_due(self._keys, now_us):
            await self._renew(now_us)
        key = signing_key(self._keys, now_us)
        if key is None:
            msg = "there is no signing key although one was just made"
            raise RuntimeError(msg)
        return key.pair.key_id, self._known[key.pair.key_id].private

    async def verifier(self, key_id: str) -> ECKey | None:
        """Return the key of this id if what it signed still counts, None if it does not, or is none of ours."""
        known = self._known.get(key_id)
        if known is None:
            await self._look_again()
            known = self._known.get(key_id)
        if known is None or self._clock.now_us() >= known.key.verifies_until_us:
            return None
        return known.private

    async def public(self) -> list[dict[str, Any]]:
        """Return the public parts of all keys that verify now or will soon, as JSON Web Keys."""
        now_us = self._clock.now_us()
        if is_due(self._keys, now_us):
            await self._renew(now_us)
        else:
            await self._look_again()
        return [orjson.loads(key.pair.public_jwk) for key in verifying_keys(self._keys, now_us)]

    async def _renew(self, now_us: int) -> None:
        async with self._lock:
            # Who waited here finds what the first one made.
            if not is_due(self._keys, now_us):
                return
            self._take(
                await self._store.write(
                    lambda uow: renew_keys(
                        uow,
                        new_key_pair,
                        lifetime_us=self._lifetime_us,
                        token_lifetime_us=self._token_lifetime_us,
                        now_us=now_us,
                    )
                )
            )

    async def _look_again(self) -> None:
        """Read the keys unless that was just done; who comes during a look waits for what it finds."""
        async with self._lock:
            if self._keys and monotonic_s() - self._read_s < ASKED_AGAIN_AFTER_S:
                return
            self._take(await self._store.read(lambda uow: uow.signing_keys.keys()))
            self._read_s = monotonic_s()

    def _take(self, keys: tuple[SigningKey, ...]) -> None:
        self._known = {key.pair.key_id: self._known.get(key.pair.key_id) or _ready(key) for key in keys}
        self._keys = keys


def new_key_pair() -> KeyPair:
    """Make a key for ES256; its id is its thumbprint (RFC 7638)."""
    key = ECKey.generate_key(CURVE, {"use": "sig", "alg": ALGORITHM}, private=True)
    key_id = key.thumbprint()
    public = {"kid": key_id, **key.as_dict(private=False)}
    return KeyPair(key_id, key.as_pem(private=True), orjson.dumps(public).decode())


def _ready(key: SigningKey) -> _Known:
    return _Known(key, ECKey.import_key(key.pair.private_pem))
