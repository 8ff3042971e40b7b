"""
Accounts held in memory for seconds, so that a call needs no look into the store to know its caller.

A change of any account in any process drops them at once (`generation`). While the store is away the last known ones
still verify: who was let in a minute ago is told "not available", not "not authorized".
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from fallwerk.dialects.scr.auth import Caller, Claim, Unauthenticated, read_basic, verify
from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.account.rules import is_client_id
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock, monotonic_s
from fallwerk.kit.slowdown import Slowdown, Wide

KEPT: Final = 10_000
ACCOUNT_FAILURES: Final = 20
"""Failures a minute of one account, from wherever, that cost nothing."""
ADDRESS_FAILURES: Final = 100
"""Failures a minute of one address, at whatever accounts, that cost nothing: a proxy may stand there."""
REFUSED_AFTER_S: Final = 0.02
"""No refusal comes earlier: looking up an account that exists takes a little longer than one that does not."""


class ScrAccounts:
    """
    Verifies callers of the SCR APIs.

    Args:
        hash_of: The keyed hash of a secret.
        fresh_s: Seconds that a client read from the store counts as known.
        generation: A number that changes whenever any process changes an account.
    """

    def __init__(
        self,
        store: Transactions,
        *,
        hash_of: Callable[[str], bytes],
        clock: Clock,
        slowdown: Slowdown,
        generation: Callable[[], int],
        fresh_s: float = 5.0,
    ) -> None:
        self._store = store
        self._hash_of = hash_of
        self._clock = clock
        self._slowdown = slowdown
        self._generation = generation
        self._fresh_s = fresh_s
        self._held: OrderedDict[str, tuple[ScrClient, float, int]] = OrderedDict()

    async def authenticate(self, client_id: str, authorization: str | None, address: str) -> Caller:
        """
        Return who calls.

        Raises:
            Unauthenticated: after a delay that grows with failures of this account and this address.
            StoreUnavailable: the client is not in memory and cannot be looked up.
        """
        began_s = monotonic_s()
        claim = read_basic(authorization)
        try:
            return await self._verified(client_id, claim)
        except Unauthenticated:
            await self._refuse(client_id, address, began_s)
            raise

    async def _verified(self, client_id: str, claim: Claim | None) -> Caller:
        held = self._held.get(client_id)
        client = await self._client(client_id)
        now_us = self._clock.now_us()
        if held is None or client is not held[0]:
            return verify(claim, client, hash_of=self._hash_of, now_us=now_us)
        try:
            return verify(claim, client, hash_of=self._hash_of, now_us=now_us)
        except Unauthenticated:
            # Memory may be seconds behind a rotation on another host. And the time of a refusal must not tell that the
            # account is held here: one that does not exist is looked up as well.
            latest = await self._look_up(client_id)
            if latest == client:
                raise
        return verify(claim, latest, hash_of=self._hash_of, now_us=now_us)

    async def _refuse(self, client_id: str, address: str, began_s: float) -> None:
        # What cannot be an account's id shares one key: names of any length would fill the memory.
        account = client_id if is_client_id(client_id) else ""
        waited_s = await self._slowdown.failed(
            ("scr", account, address),
            Wide(("scr account", account), ACCOUNT_FAILURES),
            Wide(("scr address", address), ADDRESS_FAILURES),
        )
        rest_s = began_s + REFUSED_AFTER_S - monotonic_s()
        if not waited_s and rest_s > 0:
            await asyncio.sleep(rest_s)

    async def _client(self, client_id: str) -> ScrClient | None:
        generation = self._generation()
        held = self._held.get(client_id)
        if held is not None and held[2] == generation and monotonic_s() - held[1] < self._fresh_s:
            return held[0]
        try:
            return await self._look_up(client_id)
        except StoreUnavailable:
            if held is None:
                raise
            return held[0]

    async def _look_up(self, client_id: str) -> ScrClient | None:
        """Ask the store, and hold what it says."""
        generation = self._generation()
        # The database takes no text with a NUL, and no id that could not have been given out need be looked for; the
        # look is taken all the same, so that it costs what every other one does.
        asked = client_id if is_client_id(client_id) else ""
        client = await self._store.read(lambda uow: uow.accounts.scr_client(asked))
        if client is None:
            self._held.pop(client_id, None)
            return None
        self._held[client_id] = (client, monotonic_s(), generation)
        self._held.move_to_end(client_id)
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        return client
