"""Playing the outside actors, and looking at what was sent and asked."""

import json
from typing import Any

import pytest

from fallwerk.apis.scr_delivery.mapping import render_list_form
from fallwerk.domain.account.demo import DEMO_CLIENTS
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.identcase.model import Address, CaseKind, CaseOrder
from fallwerk.domain.identcase.plan import plan_case
from fallwerk.domain.identcase.ports import DeliveryOrder, Recipient
from fallwerk.domain.identcase.service.orders import PlannedOrder, start_orders
from fallwerk.domain.identcase.service.start import start_case
from fallwerk.kit.journal import JournalEntry
from fallwerk.store.tables import audit_event

HOME = Address("Heidestr. 17", None, "51147", "Köln", "DEU")
RECIPIENT = Recipient("Erika", "Mustermann", "1964-08-12", HOME, "Musterbank", HOME)
ORDER = CaseOrder(custom=("order 7", None, None, None, None), webhook_url="http://receiver.example/hook")
ACTOR = Actor("test")


async def _client(control: Any) -> Any:
    await control.seed()
    return await control.store.read(lambda uow: uow.accounts.scr_client("1234ABCD"))


async def _delivery_case(control: Any, *, release: bool = True) -> str:
    client = await _client(control)
    now_us = control.clock.now_us()
    new = plan_case(ORDER, client=client, kind=CaseKind.DELIVERY, actor=ACTOR, now_us=now_us)
    planned = PlannedOrder(new, client, DeliveryOrder(RECIPIENT, None, None), release)
    return str((await control.store.write(lambda uow: start_orders(uow, [planned], render_list_form)))[0])


async def _start_case(control: Any) -> str:
    client = await _client(control)
    now_us = control.clock.now_us()
    new = plan_case(CaseOrder(), client=client, kind=CaseKind.START, actor=ACTOR, now_us=now_us)
    return str((await control.store.write(lambda uow: start_case(uow, new))).case_id)


async def _simulate(control: Any, case_id: str, status: str, **extra: Any) -> Any:
    return await control.post(f"/cases/{case_id}/simulate", {"method": "delivery", "status": status, **extra})


@pytest.mark.req("D-01", "D-02")
def test_a_step_is_answered_with_the_case_s_result(play):
    async def scene(control):
        case_id = await _delivery_case(control)
        response = await _simulate(control, case_id, "dmc provided")
        assert response.status_code == 200
        result = response.json()
        assert result["caseId"] == case_id
        assert result["identification"]["identificationStatus"]["status"] == "dmc provided"
        assert result["orderData"] == {"customData": {"custom1": "order 7"}}

    play(scene)


@pytest.mark.req("D-21", "D-22")
def test_the_post_office_stands_in_both_places_of_the_single_form(play):
    async def scene(control):
        case_id = await _delivery_case(control)
        for status in ("dmc provided", "packaging announced", "delivery started", "rerouted to postoffice"):
            assert (await _simulate(control, case_id, status)).status_code == 200
        office = {"streetAddress": "Frankfurter Str. 1", "city": "Köln"}
        result = (await _simulate(control, case_id, "success", postOffice=office)).json()
        assert result["caseStatus"]["status"] == "closed"
        expected = {"postOfficeStreetAddress": "Frankfurter Str. 1", "postOfficeCity": "Köln"}
        assert result["additionalDataDelivery"] == expected
        assert result["identification"]["additionalDataDelivery"] == expected

    play(scene)


@pytest.mark.req("D-02", "D-03")
def test_an_illegal_step_names_the_legal_ones_and_changes_nothing(play):
    async def scene(control):
        case_id = await _delivery_case(control)
        before = await control.store.read(lambda uow: uow.cases.get(_tenant(uow, case_id), case_id, kind=_DELIVERY))
        for extra in ({"status": "success"}, {"status": "declined"}, {"status": "dmc provided", "subStatus": 12}):
            response = await control.post(f"/cases/{case_id}/simulate", {"method": "delivery", **extra})
            assert response.status_code == 409
            assert response.headers["content-type"] == "application/json"
            assert response.json() == {
                "error": f"started cannot become {extra['status']}",
                "legalNext": [
                    {"status": "dmc provided", "subStatus": None, "subStatusReasons": []},
                    {"status": "declined", "subStatus": 12, "subStatusReasons": []},
                    {"status": "declined", "subStatus": 20, "subStatusReasons": [329]},
                    {"status": "declined", "subStatus": 25, "subStatusReasons": [333, 339]},
                ],
            }
        after = await control.store.read(lambda uow: uow.cases.get(_tenant(uow, case_id), case_id, kind=_DELIVERY))
        assert after == before

    play(scene)


_DELIVERY = CaseKind.DELIVERY


def _tenant(uow: Any, case_id: str) -> int:
    found: int = uow.cases.find_tenant(case_id)
    return found


@pytest.mark.parametrize("case_id", ["AAAAAAAAAAAA", "aaaaaaaaaaaa", "short", "%00AAAAAAAAAA"])
def test_an_unknown_case_is_not_found(play, case_id):
    async def scene(control):
        response = await _simulate(control, case_id, "started")
        assert (response.status_code, response.json()["detail"]) == (404, "There is no such case.")

    play(scene)


def test_a_case_of_start_has_no_delivery(play):
    async def scene(control):
        case_id = await _start_case(control)
        response = await _simulate(control, case_id, "started")
        assert response.status_code == 404
        assert "no delivery case" in response.json()["detail"]
        head = await control.store.read(lambda uow: uow.cases.head(_tenant(uow, case_id), case_id))
        assert head.status.value == "new"

    play(scene)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"method": "pigeon", "status": "success"}, "method must be one of: basic, video, photo, eid, delivery."),
        ({"status": "success"}, "method must be one of: basic, video, photo, eid, delivery."),
        ({"method": "delivery", "status": "declined", "subStatus": "16"}, "subStatus must be an integer."),
        ({"method": "delivery", "status": "success", "postOffice": []}, "postOffice must be an object."),
        ([], "body must be an object."),
    ],
)
def test_a_body_of_wrong_form_is_refused(play, body, detail):
    async def scene(control):
        case_id = await _delivery_case(control)
        response = await control.post(f"/cases/{case_id}/simulate", body)
        assert (response.status_code, response.json()["errors"]) == (400, [{"pointer": "", "detail": detail}])

    play(scene)


def test_a_body_that_is_no_json_is_refused(play):
    async def scene(control):
        response = await control.call("POST", "/clock", content=b'{"advanceSeconds":')
        assert response.status_code == 400
        assert "not valid JSON" in response.json()["errors"][0]["detail"]

    play(scene)


@pytest.mark.req("C-02")
def test_the_audit_log_says_who_was_played(play):
    async def scene(control):
        case_id = await _delivery_case(control)
        await _simulate(control, case_id, "dmc provided")
        await _simulate(control, case_id, "packaging announced")
        query = audit_event.select().where(audit_event.c.subject == case_id).order_by(audit_event.c.event_id)
        events = await control.store.read(lambda uow: uow.execute(query).all())
        assert [event.actor for event in events][-2:] == ["sandbox:system", "sandbox:packaging"]
        assert events[-1].action == "identification.changed"

    play(scene)


def test_deliveries_are_listed_oldest_first_in_the_fixed_shape(play):
    async def scene(control):
        case_id = await _delivery_case(control)
        other = await _delivery_case(control)
        (entry,) = (await control.get(f"/deliveries?caseId={case_id}")).json()
        assert list(entry) == ["deliveryId", "caseId", "url", "body", "status", "attempts", "nextAttemptAt"]
        assert entry["deliveryId"].isdigit()
        assert entry["caseId"] == case_id
        assert entry["url"] == "http://receiver.example/hook"
        assert entry["body"] == {"caseId": case_id, "custom1": "order 7"}
        assert (entry["status"], entry["attempts"]) == ("pending", [])
        assert entry["nextAttemptAt"].endswith("Z")
        assert [found["caseId"] for found in (await control.get("/deliveries")).json()] == [case_id, other]
        for nobody in ("AAAAAAAAAAAA", "x%00"):
            assert (await control.get(f"/deliveries?caseId={nobody}")).json() == []

    play(scene)


def _entry(control: Any, **changes: Any) -> None:
    entry = JournalEntry(
        control.clock.now_us(),
        "GET",
        "/api/scr/v1/1234ABCD/alive",
        "",
        200,
        "trace-1",
        "1234ABCD",
        "",
        1,
        b"",
        b"{}",
        7,
    )
    control.journal.add(entry._replace(**changes))


def test_the_journal_is_shown_newest_first_and_filtered(play):
    async def scene(control):
        _entry(control)
        _entry(
            control,
            method="POST",
            path="/api/scr/v1/1234ABCD/cases",
            status=201,
            trace_id="trace-2",
            request_body=b"{}",
        )
        _entry(control, path="/elsewhere", account="5678EFGH", status=404, case_id="AAAAAAAAAAAA")
        entries = (await control.get("/requests")).json()
        assert [entry["path"] for entry in entries] == [
            "/elsewhere",
            "/api/scr/v1/1234ABCD/cases",
            "/api/scr/v1/1234ABCD/alive",
        ]
        required = {"at", "method", "path", "status", "traceId", "account", "requestBody", "responseBody"}
        assert required <= set(entries[1])
        assert json.loads(entries[1]["requestBody"]) == {}
        assert entries[1]["at"].endswith("Z")
        for query, paths in {
            "method=POST": 1,
            "path=/elsewhere": 1,
            "pathPrefix=/api": 2,
            "status=404": 1,
            "traceId=trace-1": 2,
            "account=1234ABCD": 2,
            "caseId=AAAAAAAAAAAA": 1,
            "limit=2": 2,
            "method=POST&status=404": 0,
        }.items():
            assert len((await control.get(f"/requests?{query}")).json()) == paths, query

    play(scene)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [("limit=0", "limit"), ("limit=x", "limit"), ("status=99", "status"), ("status=²", "status"), ("from=1", "from")],
)
def test_a_wrong_filter_is_refused(play, query, pointer):
    async def scene(control):
        response = await control.get(f"/requests?{query}")
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == pointer

    play(scene)


def test_the_demo_clients_are_those_of_the_documentation_and_made_once(play):
    async def scene(control):
        await control.seed()
        await control.seed()
        first, second = await control.store.read(lambda uow: uow.accounts.scr_clients())
        assert first.client_id == "1234ABCD"
        assert first.valid_data_passwords(0) == ("EAHqr_9NvCw2BuI23$a.0vRsS",)
        assert [(c.username, c.alive_only) for c in first.credentials] == [("demo-scr", False), ("demo-alive", True)]
        hashes = control.store.context.hashes
        assert first.credentials[0].secret_hash == hashes.secret("demo-scr-password")
        assert first.credentials[1].secret_hash == hashes.secret("demo-alive-password")
        settings = first.settings
        assert (settings.ident_class, settings.accounting_number, settings.coupon_max) == (
            "Standard",
            "87122222143703",
            3,
        )
        assert settings.methods == ("basic", "video", "photo", "eid")
        assert settings.coupon_active
        assert settings.delivery_active
        assert settings.webhook_active
        assert settings.webhook_retry
        assert settings.webhook_reference_id
        assert settings.webhook_custom1
        assert settings.webhook_hosts == ("*",)
        assert settings.webhook_events == ("notification", "final")
        assert settings.declined_closes == ("video", "photo", "eid")
        assert second.client_id == "5678EFGH"
        assert second.valid_data_passwords(0) == ("second-data-password",)
        assert [c.username for c in second.credentials] == ["demo-scr-2"]
        assert second.settings.ident_class == "GwG"
        assert second.settings.methods == ("video", "eid")
        assert not second.settings.webhook_active
        assert not second.settings.coupon_active
        assert await control.store.read(lambda uow: uow.accounts.demo_data())
        assert len(DEMO_CLIENTS) == 2

    play(scene)
