"""
Who asks for a token: client id and secret, verified in constant time against clients held in memory (C-10).

Every failing path does the same verification work once and takes the same time, whether the client or the secret is
unknown; right credentials are never delayed.
"""

import asyncio
import hmac
from collections.abc import Callable
from typing import Final

from fallwerk.dialects.held import Held
from fallwerk.domain.partner.model import KnownClient, OAuthClient
from fallwerk.domain.partner.rules import is_oauth_client_id
from fallwerk.kit.clock import Clock, monotonic_s
from fallwerk.kit.failures import FailureLimit
from fallwerk.kit.slowdown import Wide
from fallwerk.own.token.errors import invalid_client, too_many_failures
from fallwerk.own.token.schema import Claim

CLIENT_FAILURES: Final = 50
"""Failures a minute of one client, from wherever, before the limit is reached."""
ADDRESS_FAILURES: Final = 100
"""Failures a minute of one address, at whatever clients: a proxy may stand there."""
REFUSED_AFTER_S: Final = 0.02
"""No refusal comes earlier: looking up a client that exists takes a little longer than one that does not."""
_NO_SECRET: Final = bytes(32)
"""Stands in for a secret that does not exist, so that an unknown client costs what a wrong secret does."""


class TokenClients:
    """
    Verifies the clients of the token endpoint.

    Args:
        hash_of: The keyed hash of a secret.
    """

    def __init__(self, clients: Held[KnownClient], *, hash_of: Callable[[str], bytes], clock: Clock) -> None:
        self._clients = clients
        self._hash_of = hash_of
        self._clock = clock
        self._limit = FailureLimit()

    async def authenticate(self, claim: Claim, address: str) -> OAuthClient:
        """
        Return the client.

        Raises:
            OAuthError: 401, or 429 after too many failures of this client or address.
            StoreUnavailable: the client is not in memory and cannot be looked up.
        """
        began_s = monotonic_s()
        at_hand = self._clients.at_hand(claim.client_id)
        found = at_hand or await self._clients.get(claim.client_id)
        presented = self._hash_of(claim.secret)
        if not self._matches(found, presented) and at_hand is not None:
            # Memory may be seconds behind a rotation on another machine. And the time of a refusal must not tell that
            # the client is held here: one that does not exist is looked up as well.
            found = await self._clients.latest(claim.client_id)
        if found is None or not self._matches(found, presented):
            await self._refuse(claim.client_id, address, began_s)
            raise invalid_client()
        return found.client

    def _matches(self, known: KnownClient | None, presented: bytes) -> bool:
        now_us = self._clock.now_us()
        matches = hmac.compare_digest(_NO_SECRET, presented)
        for credential in known.client.credentials if known is not None else ():
            current = credential.valid_until_us is None or now_us < credential.valid_until_us
            matches = (hmac.compare_digest(credential.secret_hash, presented) and current) or matches
        return matches and known is not None and known.client.settings.active

    async def _refuse(self, client_id: str, address: str, began_s: float) -> None:
        # What cannot be a client's id shares one key: names of any length would fill the memory.
        client = client_id if is_oauth_client_id(client_id) else ""
        retry_after_s = self._limit.failed(
            (client, address), Wide(("client", client), CLIENT_FAILURES), Wide(("address", address), ADDRESS_FAILURES)
        )
        rest_s = began_s + REFUSED_AFTER_S - monotonic_s()
        if rest_s > 0:
            await asyncio.sleep(rest_s)
        if retry_after_s:
            raise too_many_failures(retry_after_s)
