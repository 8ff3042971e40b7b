"""What portal and desks call: each service is one transaction, and what it refuses changes nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from fallwerk.domain.account.model import IdentClass, ScrClient, ScrSettings
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.document.model import ObjectId, Upload
from fallwerk.domain.identcase.attempt import CaseFile, Preliminary, Review, Validation, ValidationStatus
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.filter import CaseFilter
from fallwerk.domain.identcase.lifecycle import IllegalStep, Role, WantedStep
from fallwerk.domain.identcase.methods_lifecycle import RecordedBySameActor
from fallwerk.domain.identcase.model import (
    CaseKind,
    CaseOrder,
    CaseStatus,
    Contact,
    IdentityDocument,
    IdentStatus,
    Method,
)
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.service.attempts import MethodNotOffered, begin_attempt, cancel_attempts, open_case
from fallwerk.domain.identcase.service.findings import (
    Findings,
    ValidationIncomplete,
    ask_for_pictures,
    decide,
    record_result,
)
from fallwerk.domain.identcase.service.person import CouponUse, count_coupon_use, record_consent, save_contact
from fallwerk.domain.identcase.service.pictures import (
    NoOpenAttempt,
    Picture,
    PicturesMissing,
    add_record,
    keep_picture,
    submit_pictures,
)
from fallwerk.domain.identcase.service.start import start_case, start_cases
from fallwerk.kit.randomness import random_bytes
from fallwerk.neighbours.scr_results.mapping import render_list_form, render_untouched
from fallwerk.store.database import Database
from fallwerk.store.postgres import PostgresDatabase
from fallwerk.store.schema import prepare
from fallwerk.store.sealing import Sealer
from fallwerk.store.sqlite import SqliteDatabase
from fallwerk.store.unit import StoreContext
from tests.support.schema import TEST_KEY

NOW = 1_790_000_000_000_000
USER, AGENT, REVIEWER = Actor("portal"), Actor("staff:ada"), Actor("staff:bob")
ORDER = CaseOrder(contact=Contact(first_name="Erika", last_name="Muster", email="a@example.org"))
PENDING, SUCCESS = WantedStep(IdentStatus.REVIEW_PENDING), WantedStep(IdentStatus.SUCCESS)


class Desk:
    """A case in a store, with the services called on it."""

    def __init__(self, database: Database, client: ScrClient, case_id: str) -> None:
        self.database, self.client, self.case_id = database, client, case_id
        self.now_us = NOW

    async def do(self, service: Callable[..., Any], *positional: Any, **named: Any) -> Any:
        self.now_us += 1_000_000
        arguments = (self.client.tenant_id, self.case_id, *positional)
        return await self.database.write(lambda uow: service(uow, *arguments, now_us=self.now_us, **named))

    async def refused(self, error: type[Exception], service: Callable[..., Any], *positional: Any, **named: Any) -> Any:
        before = await self.file()
        with pytest.raises(error) as refusal:
            await self.do(service, *positional, **named)
        assert await self.file() == before
        return refusal.value

    async def file(self) -> CaseFile:
        return await self.database.read(lambda uow: open_case(uow, self.client.tenant_id, self.case_id))

    async def result(self) -> dict[str, Any]:
        stored = await self.database.read(lambda uow: uow.start_results.one(self.client, self.case_id))
        # What is stored is what would be rendered now, whatever service was the last.
        assert stored == render_list_form(await self.file())
        return dict(orjson.loads(stored))

    def picture(self, kind: str, content: bytes = b"") -> Picture:
        key = content or random_bytes(32)
        return Picture(kind, "image/jpeg", Upload(ObjectId.new(self.client.tenant_id), key, b"k" * 32, 7, b"s" * 32))

    async def blobs(self) -> int:
        rows = await self.database.read(
            lambda uow: uow.connection.exec_driver_sql("SELECT coalesce(sum(reference_count), 0) FROM blob").scalar()
        )
        return int(rows)


@pytest.fixture
def at(database_url: str):
    """Run a scene at a desk, on each engine."""

    def run(scene: Callable[[Desk], Any], **settings: Any) -> None:
        async def main() -> None:
            sealer = Sealer((TEST_KEY,))
            context = StoreContext(
                sealer,
                prepare(database_url, sealer),
                render_result=render_list_form,
                render_untouched=render_untouched,
            )
            path = Path(database_url.removeprefix("sqlite:///"))
            on_sqlite = database_url.startswith("sqlite")
            database = SqliteDatabase(path, context) if on_sqlite else PostgresDatabase(database_url, context)
            await database.start()
            try:
                await scene(await _desk(database, ScrSettings(**settings)))
            finally:
                await database.stop()

        asyncio.run(main())

    return run


async def _desk(database: Database, settings: ScrSettings) -> Desk:
    def make(uow: Any) -> tuple[ScrClient, str]:
        client = uow.accounts.add_scr_client(
            "ABCD1234", settings, data_password="p", credentials=(), demo=False, now_us=NOW
        )
        new = plan_case(ORDER, client=client, kind=CaseKind.START, actor=USER, now_us=NOW)
        return client, start_case(uow, new).case_id

    return Desk(database, *await database.write(make))


@pytest.mark.req("S-41")
def test_what_a_person_enters_goes_before_what_was_provided_and_survives(at):
    async def scene(desk):
        assert (await desk.file()).contact == ORDER.contact
        file = await desk.do(save_contact, Contact(last_name="Neumann", mobile_phone="+49 171 1"), actor=USER)
        assert file.contact == Contact(
            first_name="Erika", last_name="Neumann", mobile_phone="+49 171 1", email="a@example.org"
        )
        assert await desk.file() == file
        contact = (await desk.result())["contactData"]
        assert contact["lastName"] == {"status": "change", "value": "Neumann"}
        assert contact["mobilePhone"] == {"status": "new", "value": "+49 171 1"}
        assert contact["firstName"] == {"status": "match", "value": "Erika"}

    at(scene)


@pytest.mark.req("W-02")
def test_consents_are_recorded_with_version_time_and_language(at):
    async def scene(desk):
        for kind, version in (("privacy", "2026-01"), ("recording", "r7"), ("privacy", "2026-02")):
            await desk.do(record_consent, kind=kind, text_version=version, language="de", actor=USER)
        consents = (await desk.file()).person.consents
        assert [(one.kind, one.text_version, one.language) for one in consents] == [
            ("privacy", "2026-01", "de"),
            ("recording", "r7", "de"),
            ("privacy", "2026-02", "de"),
        ]
        assert [one.given_us for one in consents] == [NOW + 1_000_000, NOW + 2_000_000, NOW + 3_000_000]

    at(scene)


@pytest.mark.req("S-42", "S-43")
def test_an_attempt_is_begun_once_and_only_where_it_is_offered_and_in_time(at):
    async def scene(desk):
        begin = {"actor": USER, "role": Role.USER}
        await desk.refused(MethodNotOffered, begin_attempt, Method.EID, **begin)
        first = await desk.do(begin_attempt, Method.PHOTO, **begin)
        assert await desk.do(begin_attempt, Method.PHOTO, **begin) == first
        other = await desk.do(begin_attempt, Method.VIDEO, **begin)
        assert [(one.number, one.method.value) for one in other.attempts] == [(1, "photo"), (2, "video")]
        desk.now_us = first.case.valid_until_us
        await desk.refused(CaseClosed, begin_attempt, Method.BASIC, **begin)
        desk.case_id = "000000000000"
        with pytest.raises(CaseUnknown):
            await desk.do(begin_attempt, Method.PHOTO, **begin)

    at(scene, methods=(Method.PHOTO, Method.VIDEO, Method.BASIC))


@pytest.mark.req("R-05")
def test_pictures_wait_until_all_are_there_and_are_sent_off_together(at):
    async def scene(desk):
        await desk.refused(NoOpenAttempt, keep_picture, desk.picture("userface"), actor=USER)
        await desk.do(begin_attempt, Method.PHOTO, actor=USER, role=Role.USER)
        await desk.do(keep_picture, desk.picture("idfrontside"), actor=USER)
        await desk.do(keep_picture, desk.picture("idfrontside"), actor=USER)
        # The first was replaced, and its content given back.
        assert await desk.blobs() == 1
        missing = await desk.refused(PicturesMissing, submit_pictures, actor=USER)
        assert missing.types == ("userface",)
        assert "records" not in (await desk.result())["identifications"][0]
        await desk.do(keep_picture, desk.picture("userface"), actor=USER)
        file = await desk.do(submit_pictures, actor=USER)
        assert file == await desk.file()
        assert [record.submitted for record in file.records] == [True, True]
        assert file.latest(Method.PHOTO).identification.status is IdentStatus.REVIEW_PENDING
        assert len((await desk.result())["identifications"][0]["records"]) == 2
        await desk.refused(IllegalStep, submit_pictures, actor=USER)
        await desk.refused(NoOpenAttempt, keep_picture, desk.picture("userface"), actor=USER)

    at(scene, ident_class=IdentClass.GWG)


async def _under_review(desk: Desk) -> CaseFile:
    await desk.do(begin_attempt, Method.PHOTO, actor=USER, role=Role.USER)
    for kind in ("idfrontside", "userface"):
        await desk.do(keep_picture, desk.picture(kind), actor=USER)
    return await desk.do(submit_pictures, actor=USER)


@pytest.mark.req("S-48")
def test_new_pictures_are_asked_for_and_only_those_that_were_refused_are_missing(at):
    async def scene(desk):
        front, face = (await _under_review(desk)).records
        blurry = Validation(ValidationStatus.INVALID, "too blurry", "der Rand fehlt")
        judged = {front.record_id: blurry, face.record_id: Validation(ValidationStatus.VALID)}
        for bad in (Validation(ValidationStatus.INVALID), Validation(ValidationStatus.VALID, "too blurry")):
            named = {"actor": REVIEWER, "validations": {front.record_id: bad}}
            await desk.refused(ValidationIncomplete, ask_for_pictures, 9141, **named)
        await desk.refused(ValidationIncomplete, ask_for_pictures, 9141, actor=REVIEWER, validations={1: blurry})
        await desk.refused(IllegalStep, ask_for_pictures, 9101, actor=REVIEWER, validations=judged)
        file = await desk.do(ask_for_pictures, 9141, actor=REVIEWER, validations=judged)
        assert file.latest(Method.PHOTO).identification.sub_status_reason == 9141
        assert [record.validation for record in file.records] == list(judged.values())
        missing = await desk.refused(PicturesMissing, submit_pictures, actor=USER)
        assert missing.types == ("idfrontside",)
        await desk.do(keep_picture, desk.picture("idfrontside"), actor=USER)
        assert (await desk.do(submit_pictures, actor=USER)).case.status.value == "in progress"

    at(scene)


@pytest.mark.req("W-05", "S-46")
def test_an_agent_s_result_waits_for_another_pair_of_eyes(at):
    async def scene(desk):
        await desk.do(begin_attempt, Method.VIDEO, actor=USER, role=Role.USER)
        findings = Findings(
            identity_document=IdentityDocument(number="T1", last_name="Muster"),
            preliminary=Preliminary("declined", 9010, 9104),
            reviews=(Review("face", passed=True),),
            service_center="Nord",
            agent_alias="A 1",
            recording_accepted_us=NOW,
            tan_channel="sms",
        )
        step = {"method": Method.VIDEO, "role": Role.AGENT, "findings": findings, "actor": AGENT}
        await desk.refused(IllegalStep, record_result, step=SUCCESS, **step)
        file = await desk.do(record_result, step=PENDING, **step)
        assert file.latest(Method.VIDEO).details.recorded_by == "staff:ada"
        (shown,) = (await desk.result())["identifications"]
        assert shown["identificationDocument"] == {}
        assert "9104" not in str(shown)
        await desk.refused(RecordedBySameActor, decide, method=Method.VIDEO, step=SUCCESS, actor=AGENT)
        corrected = Findings(identity_document=IdentityDocument(number="T2", last_name="Muster"))
        done = await desk.do(decide, method=Method.VIDEO, step=SUCCESS, findings=corrected, actor=REVIEWER)
        assert done.case.status.value == "closed"
        details = done.latest(Method.VIDEO).details
        assert (details.identity_document.number, details.agent_alias, details.tan_channel) == ("T2", "A 1", "sms")
        assert await desk.file() == done
        await desk.refused(IllegalStep, decide, method=Method.VIDEO, step=SUCCESS, actor=REVIEWER)
        await desk.refused(CaseClosed, save_contact, Contact(last_name="X"), actor=USER)
        await desk.refused(CaseClosed, add_record, desk.picture("userface"), method=Method.VIDEO, actor=AGENT)

    at(scene)


@pytest.mark.req("S-48")
def test_the_counter_decides_at_once_and_the_coupon_s_uses_are_counted(at):
    async def scene(desk):
        await desk.do(count_coupon_use, CouponUse.APP)
        await desk.do(begin_attempt, Method.BASIC, actor=USER, role=Role.USER)
        for use in (CouponUse.DOWNLOAD, CouponUse.DOWNLOAD, CouponUse.MAIL):
            await desk.do(count_coupon_use, use)
        await desk.do(add_record, desk.picture("usersignature"), method=Method.BASIC, actor=AGENT)
        counter = {"method": Method.BASIC, "role": Role.POST_OFFICE, "actor": AGENT}
        await desk.do(record_result, step=WantedStep(IdentStatus.INCOMPLETE, 9020, 9121), **counter)
        await desk.do(record_result, step=WantedStep(IdentStatus.DECLINED, 9010, 9107), **counter)
        (found,) = (await desk.result())["identifications"]
        assert found["additionalDataBasic"] == {
            "couponDownloadCount": 2,
            "couponDownloadLastTimestamp": "2026-09-21T16:13:24+02:00",
            "couponByEmailRequestCount": 1,
            "couponByEmailRequestLastTimestamp": "2026-09-21T16:13:25+02:00",
        }
        assert [record["type"] for record in found["records"]] == ["usersignature"]
        again = await desk.do(begin_attempt, Method.BASIC, actor=AGENT, role=Role.POST_OFFICE)
        assert [one.number for one in again.attempts] == [1, 2]

    at(scene, declined_closes=())


@pytest.mark.req("W-03")
@pytest.mark.parametrize(("closes", "status"), [((), "in progress"), ((Method.PHOTO,), "closed")])
def test_giving_up_declines_open_attempts_and_closes_only_where_the_account_wants_it(at, closes, status):
    async def scene(desk):
        assert (await desk.do(cancel_attempts, actor=USER)).case.status.value == "new"
        await desk.do(begin_attempt, Method.EID, actor=USER, role=Role.USER)
        await desk.do(begin_attempt, Method.PHOTO, actor=USER, role=Role.USER)
        file = await desk.do(cancel_attempts, actor=USER)
        assert file.case.status.value == status
        assert {one.identification.sub_status for one in file.attempts} == {9001}
        assert await desk.do(cancel_attempts, actor=USER) == file

    at(scene, declined_closes=closes)


@pytest.mark.req("R-02")
def test_a_list_says_that_there_is_more_and_begins_with_the_oldest(at):
    async def scene(desk):
        plans = [
            plan_case(ORDER, client=desk.client, kind=CaseKind.START, actor=USER, now_us=NOW + age) for age in (2, 1, 3)
        ]
        await desk.database.write(lambda uow: start_cases(uow, plans))
        moved = Desk(desk.database, desk.client, plans[1].case.case_id)
        await moved.do(begin_attempt, Method.EID, actor=USER, role=Role.USER)
        wanted = CaseFilter(frozenset(CaseStatus), created_from_us=NOW + 1)
        order = [plans[1].case.case_id, plans[0].case.case_id, plans[2].case.case_id]
        for limit, more in ((3, False), (2, True)):
            page = await desk.database.read(
                lambda uow, limit=limit: uow.start_results.listed(desk.client, wanted, limit)
            )
            assert [orjson.loads(result)["caseId"] for result in page.results] == order[:limit]
            assert page.more is more

    at(scene)
