"""
Who calls a KEX API: an access token as bearer (RFC 6750), checked without a look into the store.

A token is verified once and its claims are remembered; whether its client is still active, and what it may, comes from
the clients held in memory, so that a revocation counts at once on this machine and within a minute everywhere.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fallwerk.dialects.held import Held
from fallwerk.dialects.kex.tokens import LONGEST, Claims, TokenRefused, Tokens
from fallwerk.domain.partner.model import KnownClient, OAuthClient
from fallwerk.domain.partner.rules import is_oauth_client_id
from fallwerk.kit.clock import Clock
from fallwerk.kit.slowdown import Slowdown, Wide

REMEMBERED: Final = 4_096
"""Tokens whose claims are remembered at most; a client fetches one an hour."""
ADDRESS_FAILURES: Final = 100
"""Failures a minute of one address that cost nothing: many clients find out by a refusal that a token has expired."""


@dataclass(frozen=True, slots=True)
class Caller:
    """
    A verified client.

    Attributes:
        scopes: What the token asks for and the client still may.
        reach: Tenants whose loan cases it may touch (decision 43).
    """

    client: OAuthClient
    scopes: frozenset[str]
    reach: frozenset[int]


class Unauthenticated(Exception):
    """
    The request is answered 401.

    Args:
        presented: It came with a token, which is no good.
    """

    def __init__(self, *, presented: bool) -> None:
        super().__init__()
        self.presented = presented


class Bearer:
    """Verifies callers by their token."""

    def __init__(self, tokens: Tokens, clients: Held[KnownClient], clock: Clock, slowdown: Slowdown) -> None:
        self._tokens = tokens
        self._clients = clients
        self._clock = clock
        self._slowdown = slowdown
        self._claims: OrderedDict[str, Claims] = OrderedDict()

    async def authenticate(self, headers: Sequence[tuple[bytes, bytes]], address: str) -> Caller:
        """
        Return who calls.

        Raises:
            Unauthenticated: after a delay that grows with failures of this address.
            StoreUnavailable: nobody can tell.
        """
        unverified_token = read_bearer(headers)
        if unverified_token is None:
            raise Unauthenticated(presented=False)
        try:
            return await self.verify(unverified_token)
        except TokenRefused:
            await self._slowdown.failed(Wide(("kex bearer", address), ADDRESS_FAILURES))
            raise Unauthenticated(presented=True) from None

    async def verify(self, unverified_token: str) -> Caller:
        """
        Return whose token this is.

        Raises:
            TokenRefused: not ours, not valid yet, expired, revoked.
            StoreUnavailable: nobody can tell.
        """
        claims = self._claims.get(unverified_token)
        if claims is None:
            claims = self._remember(unverified_token, await self._tokens.read(unverified_token))
        now_us = self._clock.now_us()
        if not claims.begins_us <= now_us < claims.ends_us:
            raise TokenRefused
        known = self._clients.at_hand(claims.client_id) or await self._clients.get(claims.client_id)
        if known is None or not known.client.settings.active or known.client.epoch != claims.epoch:
            raise TokenRefused
        scopes = frozenset(claims.scopes).intersection(known.client.settings.scopes)
        return Caller(known.client, scopes, known.reach)

    def _remember(self, token: str, claims: Claims) -> Claims:
        self._claims[token] = claims
        if len(self._claims) > REMEMBERED:
            self._claims.popitem(last=False)
        return claims


def read_bearer(headers: Sequence[tuple[bytes, bytes]]) -> str | None:
    """Return the token of a request, unverified; None if it came without one, or with two of a header that is one."""
    values = [value for name, value in headers if name == b"authorization"]
    if len(values) != 1:
        return None
    scheme, _, token = values[0].partition(b" ")
    return token.strip().decode("latin-1")[: LONGEST + 1] if scheme.lower() == b"bearer" else None


def asked(client_id: str) -> str:
    """Return the id to look for: no database takes a NUL, and what cannot be an id is looked for in vain alike."""
    return client_id if is_oauth_client_id(client_id) else ""
