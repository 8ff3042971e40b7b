"""Verifying brokers: one hash on every path, what is held in memory, and whom a failure slows down (P-02, C-10)."""

import asyncio

import pytest

from fallwerk.dialects.policenwerk.accounts import BrokerAccounts, LoginRefused
from fallwerk.dialects.policenwerk.envelope import (
    NO_MATCH,
    NOT_SET,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    USER_ID_INVALID,
    Wire,
)
from fallwerk.domain.customer.model import Broker, BrokerSettings, BrokerToken
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit.clock import Clock
from fallwerk.kit.jsonio import NumberText

TOKEN = "5b0cbd7e-5f4c-5d0e-9d3e-0a1b2c3d4e5f"
OTHERS = "7d1f3a52-9c1b-5b7a-8f60-1a2b3c4d5e6f"
EXPIRED = "0f3b5c74-1e3d-5d9c-8b82-3c4d5e6f7081"
NOBODYS = "ffffffff-1e3d-5d9c-8b82-3c4d5e6f7081"
FAR_US = 1 << 60
ADDRESS = "192.0.2.7"


def hashed(token: str) -> bytes:
    return token.encode().ljust(40)


BROKER = Broker(1, 4711, BrokerSettings(), True, (BrokerToken(hashed(TOKEN), FAR_US), BrokerToken(hashed(EXPIRED), 1)))


class Store:
    """Has one broker; may be away."""

    def __init__(self):
        self.reads = 0
        self.away = False

    async def read(self, work):
        self.reads += 1
        if self.away:
            raise StoreUnavailable
        return work(self)

    @property
    def brokers(self):
        return self

    def broker(self, user_id):
        return BROKER if user_id == BROKER.user_id else None

    def is_somebodys(self, token_hash, _now_us):
        return token_hash in {hashed(token) for token in (TOKEN, OTHERS, EXPIRED)}


class Failures:
    """Stands in for the slowdown."""

    def __init__(self):
        self.keys = []

    async def failed(self, *keys):
        self.keys.append(keys)
        return 1.0


class Setup:
    def __init__(self):
        self.store, self.failures, self.hashes, self.generation = Store(), Failures(), [], 0
        self.accounts = BrokerAccounts(
            self.store,
            hash_of=self.hash_of,
            clock=Clock(),
            slowdown=self.failures,
            generation=lambda: self.generation,
        )

    def hash_of(self, token):
        self.hashes.append(token)
        return hashed(token)

    def login(self, user_id, token) -> Wire | None:
        """What a login is refused with, None if it is not."""
        body = {"user_id": user_id, "login_token": token}
        try:
            asyncio.run(self.accounts.authenticate(body, ADDRESS))
        except LoginRefused as refused:
            return refused.wire
        return None


@pytest.fixture
def setup() -> Setup:
    return Setup()


@pytest.mark.req("P-02", "C-10")
@pytest.mark.parametrize(
    ("user_id", "token", "wire"),
    [
        ("4711", TOKEN, None),
        ("4712", TOKEN, USER_ID_INVALID),
        ("x", TOKEN, USER_ID_INVALID),
        ("4711", "x", TOKEN_INVALID),
        ("4711", NOBODYS, TOKEN_INVALID),
        ("4711", OTHERS, NO_MATCH),
        ("4711", EXPIRED, TOKEN_EXPIRED),
    ],
)
def test_every_path_hashes_exactly_one_token(setup, user_id, token, wire):
    assert setup.login(NumberText(user_id) if user_id.isdigit() else user_id, token) is wire
    assert len(setup.hashes) == 1


@pytest.mark.req("C-10")
def test_what_could_be_a_guess_is_slowed_down_and_nothing_else(setup):
    for token in (TOKEN, EXPIRED, ""):
        setup.login("4711", token)
    assert setup.failures.keys == []
    assert setup.login("4711", "") is NOT_SET
    for user_id, token in (("4711", NOBODYS), ("4711", OTHERS), ("9", TOKEN), ("x" * 1000, TOKEN)):
        setup.login(user_id, token)
    assert [keys[0] for keys in setup.failures.keys] == [
        ("policenwerk", 4711, ADDRESS),
        ("policenwerk", 4711, ADDRESS),
        ("policenwerk", 9, ADDRESS),
        ("policenwerk", 0, ADDRESS),
    ]


@pytest.mark.req("C-10")
def test_a_broker_is_held_until_an_account_changes_and_verifies_while_the_store_is_away(setup):
    assert setup.login("4711", TOKEN) is None
    assert setup.login("4711", TOKEN) is None
    assert setup.store.reads == 1
    setup.generation += 1
    assert setup.login("4711", TOKEN) is None
    assert setup.store.reads == 2
    setup.store.away = True
    setup.generation += 1
    assert setup.login("4711", TOKEN) is None
    with pytest.raises(StoreUnavailable):
        setup.login("4711", NOBODYS)
    with pytest.raises(StoreUnavailable):
        setup.login("4712", TOKEN)
