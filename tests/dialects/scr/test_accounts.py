"""How callers are verified: what is held in memory, what a refusal costs, and that it tells nothing (S-03, C-10)."""

import asyncio
import base64
from types import SimpleNamespace

import pytest

from fallwerk.dialects.scr import accounts as module
from fallwerk.dialects.scr.accounts import ScrAccounts
from fallwerk.dialects.scr.auth import Unauthenticated
from fallwerk.domain.account.model import Credential, ScrClient, ScrSettings
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit.clock import Clock, monotonic_s
from fallwerk.kit.slowdown import KEPT, Slowdown


def hashed(secret: str) -> bytes:
    return secret.encode().ljust(32, b"\0")


def client(password: str) -> ScrClient:
    return ScrClient(1, "KNOWN234", ScrSettings(), (), (Credential("scr", hashed(password)),))


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"scr:{password}".encode()).decode()


class Store:
    """Answers `accounts.scr_client`, counts the looks, and can be away."""

    def __init__(self) -> None:
        self.clients = {"KNOWN234": client("right")}
        self.looks: list[str] = []
        self.away = False

    async def read(self, work):
        if self.away:
            raise StoreUnavailable
        return work(SimpleNamespace(accounts=self))

    def scr_client(self, client_id):
        self.looks.append(client_id)
        return self.clients.get(client_id)


class Subject:
    def __init__(self) -> None:
        self.store = Store()
        self.waits: list[float] = []
        self.slowdown = Slowdown(sleep=self.wait)
        self.accounts = ScrAccounts(
            self.store, hash_of=hashed, clock=Clock(), slowdown=self.slowdown, generation=lambda: 0
        )

    async def wait(self, seconds):
        self.waits.append(seconds)

    def call(self, client_id="KNOWN234", password="right", address="192.0.2.1"):
        return asyncio.run(self.accounts.authenticate(client_id, basic(password), address))

    def fails(self, client_id="KNOWN234", password="wrong", address="192.0.2.1"):
        with pytest.raises(Unauthenticated):
            self.call(client_id, password, address)


@pytest.fixture
def subject(monkeypatch):
    monkeypatch.setattr(module, "REFUSED_AFTER_S", 0.0)
    return Subject()


@pytest.mark.req("S-03", "C-10")
def test_a_refusal_looks_into_the_store_once_whether_the_account_is_held_exists_or_not(subject):
    subject.call()
    for client_id in ("KNOWN234", "UNKNOWN2", "not an id", "UNKNOWN2\0"):
        subject.store.looks.clear()
        subject.fails(client_id)
        assert len(subject.store.looks) == 1
        assert "\0" not in subject.store.looks[0]


@pytest.mark.req("C-10")
def test_a_refusal_never_comes_earlier_than_a_look_into_the_store_may_take():
    subject = Subject()
    for client_id in ("KNOWN234", "UNKNOWN2"):
        began_s = monotonic_s()
        subject.fails(client_id)
        assert monotonic_s() - began_s >= module.REFUSED_AFTER_S


@pytest.mark.req("C-10")
def test_right_credentials_are_taken_from_memory_and_never_wait_in_the_midst_of_an_attack(subject):
    subject.call()
    for _ in range(30):
        subject.fails()
    subject.waits.clear()
    subject.store.looks.clear()
    assert subject.call().username == "scr"
    assert subject.waits == []
    subject.store.away = True
    assert subject.call().username == "scr"


@pytest.mark.req("C-01", "S-03")
def test_credentials_that_another_host_rotated_a_moment_ago_work_at_once(subject):
    subject.call()
    subject.store.clients["KNOWN234"] = client("new")
    assert subject.call(password="new").username == "scr"
    subject.fails(password="right")


@pytest.mark.req("C-10")
def test_nobody_hears_whether_an_account_exists_while_the_store_is_away(subject):
    subject.call()
    subject.store.away = True
    for client_id in ("KNOWN234", "UNKNOWN2"):
        with pytest.raises(StoreUnavailable):
            subject.call(client_id, "wrong")


@pytest.mark.req("C-10")
def test_one_account_from_many_addresses_is_slowed_down_and_one_address_at_many_accounts(subject):
    for number in range(module.ACCOUNT_FAILURES + 1):
        subject.fails(address=f"192.0.2.{number}")
    assert subject.waits == [0.05]
    subject.waits.clear()
    for number in range(module.ADDRESS_FAILURES + 1):
        subject.fails(f"NONE{number:04}", address="198.51.100.1")
    assert subject.waits == [0.05]


@pytest.mark.req("C-10")
def test_names_of_any_length_and_number_cannot_fill_the_memory(subject):
    async def attack():
        for number in range(3):
            with pytest.raises(Unauthenticated):
                await subject.accounts.authenticate("A" * 50_000 + str(number), None, "192.0.2.1")
        for number in range(KEPT + 10):
            await subject.slowdown.failed(number)

    asyncio.run(attack())
    kept = subject.slowdown._failures
    assert len(kept) == KEPT
    assert all(len(str(key)) < 100 for key in kept)
    assert subject.accounts._held == {}


def test_the_delay_stays_at_its_limit_however_often_somebody_fails():
    slowdown = Slowdown(time_s=lambda: 0.0, sleep=lambda _: asyncio.sleep(0))
    slowdown._failures["key"] = (5_000, 0.0)
    assert asyncio.run(slowdown.failed("key")) == 2.0
