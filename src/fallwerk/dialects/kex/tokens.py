"""
Access tokens: JSON Web Tokens by RFC 9068, signed with ES256 and nothing else.

A token says who calls and what for; whether its client may still do that is looked up.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import extract_compact

from fallwerk.dialects.kex.keyring import ALGORITHM, KeyRing
from fallwerk.kit.clock import Clock
from fallwerk.kit.randomness import random_bytes

TYPE: Final = "at+jwt"
LIFETIME_S: Final = 3600
SECOND_US: Final = 1_000_000
LONGEST: Final = 4096
"""Characters that a token of ours never reaches; longer ones are not even looked into."""


class TokenRefused(Exception):
    """The token is none of ours, or its time is over or still to come."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says; times in microseconds since 1970."""

    client_id: str
    scopes: tuple[str, ...]
    epoch: int
    begins_us: int
    ends_us: int


class Tokens:
    """
    Makes and reads access tokens.

    Args:
        issuer: The public base URL; also the audience, for only this system takes these tokens.
    """

    def __init__(self, ring: KeyRing, clock: Clock, issuer: str) -> None:
        self._ring = ring
        self._clock = clock
        self._issuer = issuer

    async def issue(self, client_id: str, scopes: tuple[str, ...], epoch: int) -> str:
        """
        Return a token of a client, good for an hour from now.

        Raises:
            StoreUnavailable: a signing key is due and cannot be stored.
        """
        key_id, key = await self._ring.signer()
        now_s = self._clock.now_us() // SECOND_US
        claims = {
            "iss": self._issuer,
            "sub": client_id,
            "aud": self._issuer,
            "exp": now_s + LIFETIME_S,
            "nbf": now_s,
            "iat": now_s,
            "jti": random_bytes(16).hex(),
            "client_id": client_id,
            "scope": " ".join(scopes),
            "epoch": epoch,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": key_id, "typ": TYPE}, claims, key)

    async def read(self, unverified_token: str) -> Claims:
        """
        Check signature, issuer and audience of a token and return what it says; its times are the caller's to check.

        Raises:
            TokenRefused: malformed, unsigned, signed by somebody else or for somebody else.
            StoreUnavailable: its key is not known here and cannot be looked for.
        """
        key_id = _key_id(unverified_token)
        key = await self._ring.verifier(key_id)
        if key is None:
            raise TokenRefused
        return self._verified(unverified_token, key)

    def _verified(self, unverified_token: str, key: ECKey) -> Claims:
        try:
            claims = jwt.decode(unverified_token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, TypeError):
            raise TokenRefused from None
        if claims.get("iss") != self._issuer or claims.get("aud") != self._issuer:
            raise TokenRefused
        return Claims(
            client_id=claims["client_id"],
            scopes=tuple(claims["scope"].split()),
            epoch=claims["epoch"],
            begins_us=claims["nbf"] * SECOND_US,
            ends_us=claims["exp"] * SECOND_US,
        )


def _key_id(unverified_token: str) -> str:
    """Return the key that a token claims to be signed with; only our type, algorithm and form are read on."""
    if len(unverified_token) > LONGEST or not unverified_token.isascii():
        raise TokenRefused
    try:
        header: Any = extract_compact(unverified_token.encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenRefused from None
    key_id = header.get("kid") if isinstance(header, dict) else None
    # RFC 8725: the algorithm is ours to choose, never the token's (`none`, a symmetric one with our public key).
    if not isinstance(key_id, str) or header.get("alg") != ALGORITHM or header.get("typ") != TYPE:
        raise TokenRefused
    return key_id


def public_set(keys: list[dict[str, Any]]) -> bytes:
    """Render public keys as a JSON Web Key Set."""
    return orjson.dumps({"keys": keys})
