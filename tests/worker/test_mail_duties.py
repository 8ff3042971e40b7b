"""The file of a mail on its way: a blob store that fails, a case that is erased meanwhile (both engines)."""

import asyncio
from dataclasses import dataclass, field

import pytest

from fallwerk.domain.account.demo import DEMO_CLIENTS, seed
from fallwerk.domain.coupon.model import Coupon
from fallwerk.domain.document.errors import BlobStoreUnavailable, ContentDamaged
from fallwerk.domain.mail.model import Channel, MailKind, Message, MessageStatus
from fallwerk.domain.mail.service import order_mail
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.kit.clock import Clock
from fallwerk.render.mails.letters import Letters
from fallwerk.store.blobs import BlobStore
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from fallwerk.worker.mails import MailDuties
from tests.support.schema import TEST_KEY

CASE_ID = "ABCDEFGH1234"
PDF = b"%PDF-1.7 of a coupon"
DAY_US = 24 * 3600 * 1_000_000


@dataclass
class Blobs:
    """The real store, and what happens before it is read."""

    store: BlobStore
    before: list = field(default_factory=list)

    async def read(self, blob):
        if self.before:
            happens = self.before.pop(0)
            if isinstance(happens, Exception):
                raise happens
            await happens()
        return await self.store.read(blob)


class Post:
    """A mail with a coupon, and the worker that sends it."""

    def __init__(self, database, blobs):
        self.store, self.real, self.blobs, self.clock = database, blobs, Blobs(blobs), Clock()
        letters = Letters("http://127.0.0.1")
        self.duties = MailDuties(database, self.blobs, self.clock, letters, {}, mailbox=True)

    async def begin(self):
        now_us = self.clock.now_us()
        await self.store.write(lambda uow: seed(uow, now_us))
        client = await self.store.read(lambda uow: uow.accounts.scr_client(DEMO_CLIENTS[0].client_id))
        self.tenant_id = client.tenant_id
        upload = await self.real.upload(self.tenant_id, PDF)

        def order(uow):
            uow.blobs.add(upload, now_us=now_us)
            coupon = Coupon(uow.new_id(), self.tenant_id, CASE_ID, now_us, upload.blob_key)
            uow.coupons.add(coupon)
            facts = {"language": "de", "valid_until": str(now_us + DAY_US), "coupon": str(coupon.coupon_id)}
            message = Message(
                uow.new_id(),
                self.tenant_id,
                CASE_ID,
                Channel.MAIL,
                MailKind.COUPON,
                "erika@example.org",
                facts,
                MessageStatus.PENDING,
                (),
                now_us,
                now_us + DAY_US,
            )
            order_mail(uow, message)
            return DueWork(self.tenant_id, CASE_ID, DueKind.MAIL, now_us, message.message_id)

        self.work = await self.store.write(order)
        return self

    async def send(self):
        await self.duties.send(self.work)

    async def message(self):
        return await self.store.read(lambda uow: uow.mails.get(self.tenant_id, CASE_ID, self.work.subject_id))

    async def mailbox(self):
        return await self.store.read(lambda uow: uow.mails.mailbox(Channel.MAIL))


@pytest.fixture
def run(engine, database_url, tmp_path):
    def go(use):
        async def main():
            sealer = Sealer((TEST_KEY,))
            context = StoreContext(sealer, prepare(database_url, sealer))
            sqlite = engine == "sqlite"
            store = SqliteDatabase(tmp_path / "fallwerk.db", context) if sqlite else None
            database = store or PostgresDatabase(database_url, context)
            await database.start()
            try:
                await use(await Post(database, BlobStore(f"file://{tmp_path}/blobs", context.hashes)).begin())
            finally:
                await database.stop()

        asyncio.run(main())

    return go


@pytest.mark.req("W-06")
def test_a_file_that_cannot_be_read_now_is_an_attempt_and_the_next_one_sends_it(run):
    async def use(post):
        post.blobs.before.append(BlobStoreUnavailable("away"))
        await post.send()
        waiting = await post.message()
        assert waiting.pending
        assert [attempt.error for attempt in waiting.attempts] == ["its attachment cannot be read right now"]
        assert await post.mailbox() == []
        await post.send()
        assert (await post.message()).status is MessageStatus.SENT
        (letter,) = await post.mailbox()
        (file,) = letter.files
        assert (file.content_type, file.size_bytes) == ("application/pdf", len(PDF))

    run(use)


@pytest.mark.req("W-06")
def test_a_damaged_file_is_not_left_out_of_its_mail(run):
    async def use(post):
        post.blobs.before.append(ContentDamaged("cut off"))
        await post.send()
        assert (await post.message()).status is MessageStatus.FAILED
        assert await post.mailbox() == []
        # Nothing is left to be done about it.
        assert await post.store.read(lambda uow: uow.due.next_due_us()) is None

    run(use)


@pytest.mark.req("D-50", "W-06")
def test_a_case_that_is_erased_while_its_mail_leaves_does_not_come_back(run):
    async def use(post):
        async def erase():
            await post.store.write(lambda uow: uow.cases.erase(post.tenant_id, CASE_ID))

        post.blobs.before.append(erase)
        await post.send()
        assert await post.message() is None
        assert await post.mailbox() == []

    run(use)
