"""A large list is built, and encrypted, beside the event loop: whoever else asks meanwhile is answered (D-27)."""

import asyncio
import threading

import pytest

from fallwerk.apis.scr_delivery import routes
from fallwerk.apis.scr_delivery.routes import DeliveryRoutes
from fallwerk.dialects.scr.auth import Caller
from fallwerk.dialects.scr.result_answers import INLINE_BYTES, answer_result
from fallwerk.dialects.scr.router import Call
from fallwerk.domain.account.model import ScrClient, ScrSettings
from fallwerk.kit.clock import Clock
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY

PATIENCE_S = 10


class Halted:
    """Work that began and does not end before somebody else was answered; on the event loop nobody ever would be."""

    def __init__(self):
        self.begun = threading.Event()
        self.others_answered = threading.Event()
        self.saw_others = False

    def __call__(self, *_):
        self.begun.set()
        self.saw_others = self.others_answered.wait(PATIENCE_S)
        return [b"[]"]

    async def meanwhile(self, work, other):
        working = asyncio.ensure_future(work)
        assert await asyncio.to_thread(self.begun.wait, PATIENCE_S)
        await other()
        self.others_answered.set()
        return await working


class Encryptor:
    def __init__(self, halted):
        self.encrypt_parts = halted


@pytest.mark.req("D-27")
def test_while_a_list_is_read_and_joined_other_reads_are_answered(tmp_path, monkeypatch):
    halted = Halted()
    monkeypatch.setattr(routes, "join_list", halted)
    path = tmp_path / "fallwerk.db"
    sealer = Sealer((TEST_KEY,))
    client = ScrClient(1, "1234ABCD", ScrSettings(delivery_active=True), (), ())
    call = Call(Caller(client, "user", alive_only=False), (), b"", {}, "127.0.0.1")

    async def main():
        database = SqliteDatabase(path, StoreContext(sealer, prepare(f"sqlite:///{path}", sealer)))
        await database.start()
        try:
            listing = DeliveryRoutes(database, Clock()).list_cases(call)
            return await halted.meanwhile(listing, lambda: database.read(lambda _: "other"))
        finally:
            await database.stop()

    assert asyncio.run(main()).body == b"[]"
    assert halted.saw_others


@pytest.mark.req("D-27")
def test_while_a_large_list_is_encrypted_others_are_answered():
    halted = Halted()

    async def main():
        return await halted.meanwhile(
            answer_result([b" " * (INLINE_BYTES + 1)], Encryptor(halted)), lambda: asyncio.sleep(0)
        )

    assert asyncio.run(main()).status_code == 200
    assert halted.saw_others
