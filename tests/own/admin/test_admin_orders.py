import json
from typing import Any

import pytest
from sqlalchemy import select

from fallwerk.apis.scr_start.examples import SAMPLE_REQUEST
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.model import CaseKind
from fallwerk.own.admin import orders as intake
from fallwerk.store.tables import delivery_order

ADDRESS = {"streetAddress": "Heidestr. 17", "postalCode": "51147", "city": "Köln", "country": "DEU"}
PERSON = {"firstName": "Erika", "lastName": "Mustermann", "birthDate": "1964-08-12", "address": ADDRESS}
RETURN = {"name": "Musterbank", **ADDRESS}


def order(client_id: str, **changes: Any) -> dict[str, Any]:
    """A good line."""
    return {"clientId": client_id, "orderData": {}, "recipient": PERSON, "returnAddress": RETURN, **changes}


def reference(name: str) -> dict[str, Any]:
    return {"orderData": {"processData": {"referenceId": name}}}


def keys(entry: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["key"], error["message"]) for error in entry["errors"]]


@pytest.fixture
def client_id(admin) -> str:
    return admin.account(deliveryActive=True)["clientId"]


@pytest.mark.req("D-06")
def test_good_lines_start_and_bad_ones_are_reported_by_their_number(admin, client_id):
    response = admin.orders(
        b"\xef\xbb\xbf" + json.dumps(order(client_id, orderData=SAMPLE_REQUEST, jobId="J1", position=1)).encode(),
        b"",
        b"{not json",
        b"  \r",
        order(client_id, recipient={**PERSON, "birthDate": "12.8.1964"}),
        order(client_id, jobId="J1", position=2),
    )
    assert response.status_code == 200, response.text
    body = response.json()
    assert [entry["line"] for entry in body["accepted"]] == [1, 6]
    assert body["rejected"] == [
        {
            "line": 3,
            "errors": [
                {
                    "reason": "incorrect value",
                    "errorcode": "90005",
                    "key": "body",
                    "message": "The body is not valid JSON (line 1, column 2).",
                }
            ],
        },
        {
            "line": 5,
            "errors": [
                {
                    "reason": "wrong date format",
                    "errorcode": "90001",
                    "key": "recipient.birthDate",
                    "message": "Date field format must be YYYY-MM-DD.",
                }
            ],
        },
    ]
    for entry in body["accepted"]:
        case_id = entry["caseId"]
        result = json.loads(
            admin.read(lambda uow, case_id=case_id: uow.cases.result(uow.cases.find_tenant(case_id), case_id))
        )
        assert result["caseStatus"]["status"] == "in progress"
        assert result["identification"]["identificationStatus"]["status"] == "started"


@pytest.mark.req("D-06")
def test_every_field_of_recipient_and_return_address_is_mandatory(admin, client_id):
    line = {
        "clientId": client_id,
        "orderData": {},
        "recipient": {"address": {"appendix": "c/o"}},
        "returnAddress": {"name": ""},
    }
    missing = "A value must be provided."
    (rejected,) = admin.orders(line).json()["rejected"]
    assert keys(rejected) == [
        (key, missing)
        for key in (
            "recipient.firstName",
            "recipient.lastName",
            "recipient.birthDate",
            "recipient.address.streetAddress",
            "recipient.address.postalCode",
            "recipient.address.city",
            "recipient.address.country",
            "returnAddress.name",
            "returnAddress.streetAddress",
            "returnAddress.postalCode",
            "returnAddress.city",
            "returnAddress.country",
        )
    ]
    (rejected,) = admin.orders({"clientId": client_id}).json()["rejected"]
    assert keys(rejected) == [("recipient", missing), ("returnAddress", missing)]


@pytest.mark.req("D-06")
@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"clientId": "NOBODY00"}, "clientId", "There is no client with this id."),
        ({"clientId": "no body"}, "clientId", "There is no client with this id."),
        ({"clientId": None}, "clientId", "A value must be provided."),
        ({"clientId": 7}, "clientId", "The provided value must be a string."),
        ({"orderData": []}, "orderData", "The provided value must be an object."),
        (
            {"orderData": {"contactDataProvided": {"email": "nobody"}}},
            "contactDataProvided.email",
            "The provided value is not valid.",
        ),
        (
            {"recipient": {**PERSON, "address": {**ADDRESS, "country": "DE"}}},
            "recipient.address.country",
            "The provided value is not valid.",
        ),
        (
            {"recipient": {**PERSON, "firstName": "x" * 36}},
            "recipient.firstName",
            "The provided value is too long (max. 35 characters).",
        ),
        ({"position": 0}, "position", "The provided value must be a whole number from 1 on."),
        ({"position": True}, "position", "The provided value must be a whole number from 1 on."),
        ({"release": "false"}, "release", "The provided value must be true or false."),
        ({"job_id": "J1"}, "job_id", "Attribute names must be in camel case."),
    ],
)
def test_a_bad_line_is_rejected_with_its_fault(admin, client_id, changes, key, message):
    body = admin.orders(order(client_id, **changes)).json()
    assert body["accepted"] == []
    assert keys(body["rejected"][0]) == [(key, message)]


@pytest.mark.req("S-14", "D-06")
def test_a_webhook_that_the_account_does_not_take_rejects_the_line(admin):
    made = admin.account(deliveryActive=True, webhookActive=True, webhookHosts=["musterbank.eu"])
    line = order(made["clientId"], orderData={"processData": {"webHookUrl": "https://elsewhere.test/hook"}})
    (rejected,) = admin.orders(line).json()["rejected"]
    assert [key for key, _ in keys(rejected)] == ["processData.webHookUrl"]


@pytest.mark.req("D-06")
def test_a_client_without_delivery_is_rejected_with_its_other_faults(admin):
    made = admin.account()
    line = order(made["clientId"], position=-1)
    (rejected,) = admin.orders(line).json()["rejected"]
    assert keys(rejected) == [
        ("clientId", "The client is not set up for identification on delivery."),
        ("position", "The provided value must be a whole number from 1 on."),
    ]


@pytest.mark.req("S-16", "D-06")
def test_a_reference_id_in_use_rejects_the_line_and_names_the_case(admin, client_id):
    body = admin.orders(
        order(client_id, **reference("R1")), order(client_id, **reference("R1")), order(client_id)
    ).json()
    assert [entry["line"] for entry in body["accepted"]] == [1, 3]
    holder = body["accepted"][0]["caseId"]
    expected = {
        "reason": "referenceId not unique",
        "errorcode": "90016",
        "key": "orderData.processData.referenceId",
        "message": f"Case with CaseId {holder} already uses ReferenceId.",
    }
    assert body["rejected"] == [{"line": 2, "errors": [expected]}]
    later = admin.orders(order(client_id, **reference("R1"))).json()
    assert later == {"accepted": [], "rejected": [{"line": 1, "errors": [expected]}]}
    other = admin.account(deliveryActive=True)["clientId"]
    assert admin.orders(order(other, **reference("R1"))).json()["rejected"] == []


@pytest.mark.req("D-06", "D-01")
def test_an_order_that_waits_is_released_once(admin, client_id):
    (accepted,) = admin.orders(order(client_id, release=False)).json()["accepted"]
    path = f"cases/{accepted['caseId']}/release"
    result = admin.read(lambda uow: uow.cases.result(uow.cases.find_tenant(accepted["caseId"]), accepted["caseId"]))
    assert json.loads(result)["caseStatus"]["status"] == "new"
    assert "identification" not in json.loads(result)

    released = admin.request("POST", path)
    assert released.status_code == 200
    assert released.json()["caseId"] == accepted["caseId"]
    assert released.json()["caseStatus"]["status"] == "in progress"
    assert released.json()["identification"]["identificationStatus"]["status"] == "started"

    again = admin.request("POST", path)
    assert (again.status_code, again.json()["detail"]) == (409, "The order is released already, or its case is closed.")
    unknown = admin.request("POST", "cases/ABCDEFGHIJKL/release")
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "There is no delivery case with this id.")
    events = admin.request("GET", f"audit/{client_id}", params={"subject": accepted["caseId"]}).json()
    assert [event["action"] for event in events] == ["identification.changed", "case.started"]
    assert {event["actor"] for event in events} == {"admin"}


@pytest.mark.req("D-06")
def test_the_recipient_and_the_place_in_the_job_are_kept(admin, client_id):
    (accepted,) = admin.orders(order(client_id, jobId="J1", position=7)).json()["accepted"]
    tenant_id = admin.read(lambda uow: uow.cases.find_tenant(accepted["caseId"]))
    row = admin.read(lambda uow: uow.cases.get(tenant_id, accepted["caseId"], kind=CaseKind.DELIVERY))
    assert row.case.kind is CaseKind.DELIVERY
    stored = admin.read(
        lambda uow: uow.execute(
            select(delivery_order.c.job_id, delivery_order.c.position, delivery_order.c.recipient_sealed)
        ).one()
    )
    assert (stored.job_id, stored.position) == ("J1", 7)
    assert b"Mustermann" not in bytes(stored.recipient_sealed)


@pytest.mark.req("D-06")
def test_too_many_lines_are_refused_and_nothing_starts(admin, client_id, monkeypatch):
    monkeypatch.setattr(intake, "LINES_MAX", 2)
    refused = admin.orders(order(client_id), b"", order(client_id))
    assert (refused.status_code, refused.json()["detail"]) == (413, "At most 2 lines can be sent at once.")
    assert len(admin.request("GET", f"audit/{client_id}").json()) == 1
    assert admin.orders(order(client_id), order(client_id), b"").json()["rejected"] == []


@pytest.mark.req("D-06")
def test_a_line_larger_than_a_start_request_is_rejected_alone(admin, client_id):
    large = order(client_id, orderData={"ignored": "x" * intake.LINE_BYTES_MAX})
    body = admin.orders(large, order(client_id)).json()
    assert keys(body["rejected"][0]) == [("body", "The request body is too large.")]
    assert [entry["line"] for entry in body["accepted"]] == [2]


def test_chunks_keep_the_numbers_of_their_lines(admin, client_id, monkeypatch):
    monkeypatch.setattr(intake, "CHUNK", 3)
    lines = [order(client_id, **reference(f"R{number // 2}")) for number in range(8)]
    body = admin.orders(*lines).json()
    assert [entry["line"] for entry in body["accepted"]] == [1, 3, 5, 7]
    assert [entry["line"] for entry in body["rejected"]] == [2, 4, 6, 8]


@pytest.mark.req("C-11")
def test_a_repeated_call_returns_its_first_answer_and_starts_nothing(admin, client_id, monkeypatch):
    monkeypatch.setattr(intake, "CHUNK", 2)
    lines = [order(client_id), order("NOBODY00"), order(client_id)]
    key = {"Idempotency-Key": "job-1"}
    first = admin.orders(*lines, headers=key)
    assert [entry["line"] for entry in first.json()["accepted"]] == [1, 3]
    assert admin.orders(*lines, headers=key).json() == first.json()
    assert len(admin.request("GET", f"audit/{client_id}", params={"limit": "1000"}).json()) == 1 + 2 * 2
    other = admin.orders(order(client_id), headers=key)
    assert (other.status_code, other.json()["detail"]) == (422, "The idempotency key was used with another request.")


@pytest.mark.req("C-11")
def test_a_call_that_broke_off_tells_where_and_continues_under_its_key(admin, client_id, monkeypatch):
    monkeypatch.setattr(intake, "CHUNK", 1)
    write, calls = admin.store.write, []

    async def failing(work):
        calls.append(work)
        if len(calls) == 2:
            raise StoreUnavailable
        return await write(work)

    monkeypatch.setattr(admin.store, "write", failing)
    lines, key = [order(client_id), order(client_id), order(client_id)], {"Idempotency-Key": "job-2"}
    broken = admin.orders(*lines, headers=key)
    assert (broken.status_code, broken.headers["retry-after"]) == (503, "1")
    assert broken.json()["nextLine"] == 2
    assert [entry["line"] for entry in broken.json()["accepted"]] == [1]
    whole = admin.orders(*lines, headers=key).json()
    assert [entry["line"] for entry in whole["accepted"]] == [1, 2, 3]
    assert whole["accepted"][0] == broken.json()["accepted"][0]


@pytest.mark.req("D-06")
def test_an_empty_body_holds_no_orders(admin):
    assert admin.orders().json() == {"accepted": [], "rejected": []}
