"""
Who calls a Policenwerk API: `user_id` and `login_token` in the body, checked in a fixed order.

Brokers are held in memory for seconds, so that a call needs no look into the store to know its caller; a change of any
account in any process drops them at once (`generation`). While the store is away the last known ones still verify.
"""

import asyncio
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fallwerk.dialects.policenwerk.envelope import (
    NO_MATCH,
    NOT_SET,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    USER_ID_INVALID,
    Login,
    Wire,
)
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.customer.model import Broker, BrokerToken
from fallwerk.domain.customer.rules import LARGEST_USER_ID
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
"""No refusal of a token comes earlier: its time must not tell more than its text."""

_USER_ID: Final = re.compile(r"[0-9]{1,8}")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class LoginRefused(Exception):
    """The request is answered 401; the document says why to whoever asks."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.error)
        self.wire = wire


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated broker."""

    broker: Broker
    login: Login
    address: str

    @property
    def actor(self) -> Actor:
        """Who is named in the audit log."""
        return Actor(f"policenwerk:{self.broker.user_id}", self.address)


def read_user_id(value: object) -> int | None:
    """Read a Makler-ID, a positive mediumint as number or numeric text (P-06); None if it is none."""
    if not isinstance(value, str) or _USER_ID.fullmatch(value) is None:
        return None
    number = int(value)
    return number if 1 <= number <= LARGEST_USER_ID else None


def read_token(value: object) -> str | None:
    """Read a token in the form that is hashed, small letters; None if it is no UUID."""
    folded = value.lower() if isinstance(value, str) else ""
    return folded if _UUID.fullmatch(folded) else None


def is_set(value: object) -> bool:
    """Tell whether a credential was given at all."""
    return value is not None and value != ""


def matching(broker: Broker, presented: bytes, now_us: int) -> BrokerToken | None:
    """Return the broker's token with this hash, expired or not; all of them are compared, in constant time."""
    found = None
    for token in broker.tokens:
        if hmac.compare_digest(token.token_hash, presented) and token.known(now_us):
            found = token
    return found


class BrokerAccounts:
    """
    Verifies brokers.

    Args:
        hash_of: The keyed hash of a token; called exactly once per login that is checked.
        fresh_s: How long an account is held without asking the store again.
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
        self._held: OrderedDict[int, tuple[Broker, float, int]] = OrderedDict()

    async def authenticate(self, body: Mapping[str, object], address: str) -> Caller:
        """
        Return who calls.

        Source: P-02; public-facts.md "Policenwerk authentication"; decisions.md "CUSTOMER" for the order.

        Raises:
            LoginRefused: after a delay that grows with failures of this account and this address (C-10).
            StoreUnavailable: nobody can tell.
        """
        began_s = monotonic_s()
        user_id, token = body.get("user_id"), body.get("login_token")
        if not is_set(user_id) or not is_set(token):
            raise LoginRefused(NOT_SET)
        known_id = read_user_id(user_id)
        try:
            return await self._verified(known_id or 0, read_token(token), address)
        except LoginRefused as refused:
            # An expired token was the right one: waiting would punish its owner and hinder nobody's guesses.
            if refused.wire is not TOKEN_EXPIRED:
                await self._refuse(known_id or 0, address, began_s)
            raise

    async def _verified(self, user_id: int, token: str | None, address: str) -> Caller:
        presented, now_us = self._hash_of(token or ""), self._clock.now_us()
        broker = await self._broker(user_id)
        found = matching(broker, presented, now_us) if broker is not None else None
        if broker is None or not broker.active or found is None:
            # Memory may be behind another host, and the order of reasons needs to know whose token it is.
            broker, is_somebodys = await self._look_up(user_id, presented, now_us)
            if broker is None or not broker.active:
                raise LoginRefused(USER_ID_INVALID)
            found = matching(broker, presented, now_us)
            if token is None or not is_somebodys:
                raise LoginRefused(TOKEN_INVALID)
            if found is None:
                raise LoginRefused(NO_MATCH)
        if now_us >= found.valid_until_us:
            raise LoginRefused(TOKEN_EXPIRED)
        return Caller(broker, Login(found.valid_until_us, now_us), address)

    async def _refuse(self, user_id: int, address: str, began_s: float) -> None:
        waited_s = await self._slowdown.failed(
            ("policenwerk", user_id, address),
            Wide(("policenwerk account", user_id), ACCOUNT_FAILURES),
            Wide(("policenwerk address", address), ADDRESS_FAILURES),
        )
        rest_s = began_s + REFUSED_AFTER_S - monotonic_s()
        if not waited_s and rest_s > 0:
            await asyncio.sleep(rest_s)

    async def _broker(self, user_id: int) -> Broker | None:
        held = self._held.get(user_id)
        if held is not None and held[2] == self._generation() and monotonic_s() - held[1] < self._fresh_s:
            return held[0]
        try:
            return (await self._look_up(user_id, b"", 0))[0]
        except StoreUnavailable:
            if held is None:
                raise
            return held[0]

    async def _look_up(self, user_id: int, presented: bytes, now_us: int) -> tuple[Broker | None, bool]:
        """Ask the store for a broker, and whether a token is anybody's; hold what it says of the broker."""
        generation = self._generation()
        broker, is_somebodys = await self._store.read(
            lambda uow: (uow.brokers.broker(user_id), uow.brokers.is_somebodys(presented, now_us))
        )
        if broker is None:
            self._held.pop(user_id, None)
            return None, is_somebodys
        self._held[user_id] = (broker, monotonic_s(), generation)
        self._held.move_to_end(user_id)
        if len(self._held) > KEPT:
            self._held.popitem(last=False)
        return broker, is_somebodys
