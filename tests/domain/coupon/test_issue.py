"""When a case takes a coupon, by the state of its basic identification; and what a scan of it finds (both engines)."""

import asyncio
from dataclasses import replace

import pytest

from fallwerk.domain.account.demo import DEMO_CLIENTS, seed
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.coupon.errors import BasicInWrongStatus, CouponLimitReached
from fallwerk.domain.coupon.model import CouponWish
from fallwerk.domain.coupon.scan import Scan, parse_scan, scan_text, scanned_case
from fallwerk.domain.coupon.service import CouponOffice
from fallwerk.domain.identcase import methods_codes as codes
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.lifecycle import Role, WantedStep
from fallwerk.domain.identcase.model import CaseKind, CaseOrder, IdentStatus, Method
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.service.attempts import MethodStep, change_attempt, open_case
from fallwerk.domain.identcase.service.start import start_case
from fallwerk.neighbours.scr_results.mapping import render_list_form, render_untouched
from fallwerk.store.blobs import BlobStore
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY

NOW_US = 1_800_000_000_000_000
USER, CLERK = Actor("user", ""), Actor("clerk", "")
NOT_CONFIRMED = WantedStep(IdentStatus.DECLINED, codes.NOT_CONFIRMED, codes.REASONS_OF[codes.NOT_CONFIRMED][0])
INCOMPLETE = WantedStep(IdentStatus.INCOMPLETE, codes.COUNTER_INCOMPLETE, codes.REASONS_OF[codes.COUNTER_INCOMPLETE][0])
STARTED, SUCCESS = WantedStep(IdentStatus.STARTED), WantedStep(IdentStatus.SUCCESS)


class Paper:
    """Prints what is asked for without setting a page."""

    async def print(self, sheet):
        return repr(sheet).encode()


class Office:
    """A demo client's case, and the office that issues coupons for it."""

    def __init__(self, database, blobs):
        self.store = database
        self.office = CouponOffice(database, blobs, Paper())

    async def begin(self, **settings):
        await self.store.write(lambda uow: seed(uow, NOW_US))
        found = await self.store.read(lambda uow: uow.accounts.scr_client(DEMO_CLIENTS[0].client_id))
        client = replace(found, settings=replace(found.settings, **settings))
        new = plan_case(
            CaseOrder(reference_id="order-1"), client=client, kind=CaseKind.START, actor=USER, now_us=NOW_US
        )
        self.started = await self.store.write(lambda uow: start_case(uow, new))
        self.wish = CouponWish(client.tenant_id, self.started.case_id, USER, NOW_US)
        return self

    async def step(self, step, role=Role.POST_OFFICE, method=Method.BASIC):
        wanted = MethodStep(method, step, CLERK, role, NOW_US)
        await self.store.write(lambda uow: change_attempt(uow, self.wish.tenant_id, self.wish.case_id, wanted))

    async def file(self):
        return await self.store.read(lambda uow: open_case(uow, self.wish.tenant_id, self.wish.case_id))

    async def count(self):
        return await self.store.read(lambda uow: len(uow.coupons.of_case(self.wish.tenant_id, self.wish.case_id)))


@pytest.fixture
def run(engine, database_url, tmp_path):
    def go(use):
        async def main():
            sealer = Sealer((TEST_KEY,))
            context = StoreContext(
                sealer,
                prepare(database_url, sealer),
                render_result=render_list_form,
                render_untouched=render_untouched,
            )
            made = SqliteDatabase(tmp_path / "fallwerk.db", context) if engine == "sqlite" else None
            database = made or PostgresDatabase(database_url, context)
            await database.start()
            try:
                await use(await Office(database, BlobStore(f"file://{tmp_path}/blobs", context.hashes)).begin())
            finally:
                await database.stop()

        asyncio.run(main())

    return go


@pytest.mark.req("S-64", "S-67")
@pytest.mark.parametrize("steps", [[], [STARTED], [STARTED, INCOMPLETE]], ids=["none", "started", "incomplete"])
def test_a_basic_identification_that_is_open_takes_a_coupon(run, steps):
    async def use(office):
        for step in steps:
            await office.step(step)
        await office.office.issue(office.wish)
        await office.office.issue(office.wish)
        (attempt,) = (await office.file()).attempts
        assert attempt.identification.status is IdentStatus.COUPON_REQUESTED
        assert (attempt.details.coupon_downloads.times, await office.count()) == (2, 2)

    run(use)


@pytest.mark.req("S-64", "S-66")
def test_a_declined_basic_identification_of_an_open_case_takes_none(run):
    async def use(office):
        await office.office.issue(office.wish)
        await office.step(NOT_CONFIRMED)
        with pytest.raises(BasicInWrongStatus):
            await office.office.issue(office.wish)
        assert await office.count() == 1
        # A new attempt begins in the post office or the portal; then there are coupons again, up to the limit.
        await office.step(STARTED)
        await office.office.issue(office.wish)
        await office.office.issue(office.wish)
        with pytest.raises(CouponLimitReached):
            await office.office.issue(office.wish)

    run(use)


@pytest.mark.req("S-66")
def test_the_status_is_looked_at_before_the_limit(run):
    async def use(office):
        for _ in range(3):
            await office.office.issue(office.wish)
        await office.step(NOT_CONFIRMED)
        with pytest.raises(BasicInWrongStatus):
            await office.office.issue(office.wish)

    run(use)


@pytest.mark.req("S-64", "S-66")
def test_a_success_by_any_method_closes_the_case_for_coupons(run):
    async def use(office):
        await office.step(STARTED, Role.USER, Method.EID)
        await office.office.issue(office.wish)
        await office.step(SUCCESS, Role.CARD, Method.EID)
        with pytest.raises(CaseClosed):
            await office.office.issue(office.wish)
        assert await office.count() == 1

    run(use)


@pytest.mark.req("S-66", "S-43")
def test_the_validity_counts_by_the_clock_and_not_by_the_worker(run):
    async def use(office):
        end_us = office.started.valid_until_us
        await office.office.issue(replace(office.wish, now_us=end_us - 1))
        with pytest.raises(CaseClosed):
            await office.office.issue(replace(office.wish, now_us=end_us))
        with pytest.raises(CaseUnknown):
            await office.office.issue(replace(office.wish, tenant_id=office.wish.tenant_id + 1))

    run(use)


@pytest.mark.req("S-62", "S-47")
def test_a_scan_finds_its_case_and_only_with_its_reference(run):
    async def use(office):
        issued = await office.office.issue(office.wish)
        scan = parse_scan(scan_text(Scan(office.wish.case_id, "order-1", "87122222143703")))
        found = await office.store.read(lambda uow: scanned_case(uow, scan))
        assert (found.tenant_id, found.case_id) == (office.wish.tenant_id, issued.sheet.case_id)
        for other in (replace(scan, reference_id="order-2"), replace(scan, case_id="Z" * 12)):
            assert await office.store.read(lambda uow, other=other: scanned_case(uow, other)) is None

    run(use)
