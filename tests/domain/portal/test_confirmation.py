"""Codes and answers that show that a case is one's own, on both engines."""

import asyncio

import pytest

from fallwerk.domain.account.demo import DEMO_CLIENTS, seed
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.identcase.model import CaseKind, CaseOrder, Contact, IdentityDocument
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.identcase.service.start import start_case
from fallwerk.domain.portal.confirmation import (
    ANSWERS,
    CODE_VALID_US,
    CODES,
    LOCKED_US,
    confirm_birth_date,
    confirm_code,
    factors_of,
    send_code,
)
from fallwerk.domain.portal.errors import NoSuchFactor, TooManyAnswers, TooManyCodes
from fallwerk.domain.portal.model import Factor
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY

NOW_US = 1_800_000_000_000_000
USER = Actor("user", "")
CONTACT = Contact(first_name="Erika", last_name="Mustermann", email="erika@example.org", mobile_phone="+49 171 123456")
BOTH = frozenset({Factor.MAIL, Factor.SMS})


class Post:
    """Takes messages instead of sending them."""

    def __init__(self, factors=BOTH):
        self.factors = factors
        self.sent = []

    def send(self, uow, message, *, now_us):
        self.sent.append(message)


class Case:
    """A demo client's case."""

    def __init__(self, store, order):
        self.store = store
        self.order = order
        self.post = Post()

    async def begin(self):
        await self.store.write(lambda uow: seed(uow, NOW_US))
        client = await self.store.read(lambda uow: uow.accounts.scr_client(DEMO_CLIENTS[0].client_id))
        new = plan_case(self.order, client=client, kind=CaseKind.START, actor=USER, now_us=NOW_US)
        self.case_id = (await self.store.write(lambda uow: start_case(uow, new))).case_id
        self.tenant_id = client.tenant_id
        return self

    async def _do(self, work):
        return await self.store.write(lambda uow: work(uow, open_case(uow, self.tenant_id, self.case_id)))

    async def send(self, factor=Factor.MAIL, now_us=NOW_US, language="de"):
        await self._do(
            lambda uow, file: send_code(
                uow, file, factor, sender=self.post, language=language, actor=USER, now_us=now_us
            )
        )
        return self.post.sent[-1].code

    async def code(self, given, now_us=NOW_US):
        return await self._do(lambda uow, file: confirm_code(uow, file, given, actor=USER, now_us=now_us))

    async def birth(self, given, now_us=NOW_US):
        return await self._do(lambda uow, file: confirm_birth_date(uow, file, given, actor=USER, now_us=now_us))


@pytest.fixture(params=["sqlite", "postgresql"])
def on_a_case(request, databases, tmp_path):
    """Run a coroutine function with a case in a started store."""

    def run(test, order=None):
        order = order or CaseOrder(contact=CONTACT, identity_document=IdentityDocument(birth_date="1964-08-12"))

        async def inside():
            with databases.fresh(request.param, tmp_path) as url:
                context = StoreContext(Sealer([TEST_KEY]), prepare(url, Sealer([TEST_KEY])))
                if request.param == "sqlite":
                    store = SqliteDatabase(tmp_path / "fallwerk.db", context, readers=1)
                else:
                    store = PostgresDatabase(url, context, pool_size=3)
                await store.start()
                try:
                    await test(await Case(store, order).begin())
                finally:
                    await store.stop()

        asyncio.run(inside())

    return run


def other(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.req("W-01")
def test_a_code_goes_where_the_case_says_and_works_once_and_for_a_quarter_of_an_hour(on_a_case):
    async def test(case):
        code = await case.send(Factor.MAIL)
        (message,) = case.post.sent
        assert (message.to, message.factor, message.language) == ("erika@example.org", Factor.MAIL, "de")
        assert len(code) == 6
        assert message.valid_until_us == NOW_US + CODE_VALID_US
        assert (await case.code(other(code))).left == ANSWERS - 1
        assert await case.code(code, NOW_US + CODE_VALID_US - 1) is None
        assert (await case.code(code)).left == ANSWERS - 2
        late = await case.send(Factor.SMS, NOW_US + 1)
        assert case.post.sent[-1].to == "+49 171 123456"
        assert await case.code(late, NOW_US + 1 + CODE_VALID_US) is not None

    on_a_case(test)


@pytest.mark.req("W-01")
def test_only_the_last_code_counts_and_five_are_sent_a_day(on_a_case):
    async def test(case):
        first = await case.send()
        for _ in range(CODES - 1):
            last = await case.send()
        with pytest.raises(TooManyCodes) as enough:
            await case.send()
        assert enough.value.until_us == NOW_US + LOCKED_US
        if first != last:
            assert await case.code(first) is not None
        assert await case.code(last) is None
        assert await case.send(now_us=NOW_US + LOCKED_US)

    on_a_case(test)


@pytest.mark.req("W-01")
def test_wrong_answers_to_either_question_count_together_and_lock_both(on_a_case):
    async def test(case):
        code = await case.send()
        for number in range(ANSWERS):
            wrong = await (case.code(other(code)) if number % 2 else case.birth("1970-01-01"))
            assert wrong.left == ANSWERS - 1 - number
        for attempt in (case.code(code), case.birth("1964-08-12"), case.send()):
            with pytest.raises(TooManyAnswers) as locked:
                await attempt
            assert locked.value.until_us == NOW_US + LOCKED_US
        assert await case.birth("1964-08-12", NOW_US + LOCKED_US) is None

    on_a_case(test)


@pytest.mark.req("W-01")
def test_a_right_answer_does_not_wipe_out_the_wrong_ones(on_a_case):
    async def test(case):
        for left in (4, 3, 2, 1):
            assert (await case.birth("1970-01-01")).left == left
            assert await case.birth("1964-08-12") is None
        assert (await case.birth("1970-01-01")).left == 0

    on_a_case(test)


@pytest.mark.req("W-01")
def test_two_guesses_at_once_are_both_counted(on_a_case):
    async def test(case):
        answers = await asyncio.gather(*(case.birth("1970-01-01") for _ in range(8)), return_exceptions=True)
        assert sum(isinstance(answer, TooManyAnswers) for answer in answers) == 3
        assert sorted(answer.left for answer in answers if not isinstance(answer, TooManyAnswers)) == [0, 1, 2, 3, 4]

    on_a_case(test)


def test_a_way_that_the_case_or_the_system_does_not_have_is_refused(on_a_case):
    async def test(case):
        with pytest.raises(NoSuchFactor):
            await case.send(Factor.SMS)
        with pytest.raises(NoSuchFactor):
            await case.send(Factor.BIRTH_DATE)
        with pytest.raises(NoSuchFactor):
            await case.birth("1964-08-12")
        case.post.factors = frozenset()
        with pytest.raises(NoSuchFactor):
            await case.send(Factor.MAIL)
        assert case.post.sent == []

    on_a_case(test, CaseOrder(contact=Contact(first_name="A", last_name="B", email="a@example.org")))


def test_ways_to_confirm_follow_what_is_stored_and_set_up():
    document = IdentityDocument(birth_date="1964-08-12")
    assert factors_of(CONTACT, document, Post()) == (Factor.BIRTH_DATE, Factor.MAIL, Factor.SMS)
    assert factors_of(CONTACT, None, Post(frozenset({Factor.MAIL}))) == (Factor.MAIL,)
    assert factors_of(CONTACT, IdentityDocument(), None) == ()
    assert factors_of(None, document, None) == (Factor.BIRTH_DATE,)
