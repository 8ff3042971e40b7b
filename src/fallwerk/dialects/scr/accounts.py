"""
Accounts held in memory for seconds, so that a call needs no look into the store to know its caller.

A change of any account in any process drops them at once (`generation`). While the store is away the last known ones
still verify: who was let in a minute ago is told "not available", not "not authorized".
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from fallwerk.dialects.scr.auth import Caller, Unauthenticated, read_basic, verify
from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock, monotonic_s
from fallwerk.kit.slowdown import Slowdown

KEPT: Final = 10_000


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
        claim = read_basic(authorization)
        client = await self._client(client_id)
        try:
            return verify(claim, client, hash_of=self._hash_of, now_us=self._clock.now_us())
        except Unauthenticated:
            await self._slowdown.failed(("scr", client_id, address))
            raise

    async def _client(self, client_id: str) -> ScrClient | None:
        generation = self._generation()
        held = self._held.get(client_id)
        if held is not None and held[2] == generation and monotonic_s() - held[1] < self._fresh_s:
            return held[0]
        try:
            client = await self._store.read(lambda uow: uow.accounts.scr_client(client_id))
        except StoreUnavailable:
            if held is None:
                raise
            return held[0]
        if client is None:
            self._held.pop(client_id, None)
            return None
        self._held[client_id] = (client, monotonic_s(), generation)
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        return client
