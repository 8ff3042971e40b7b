"""Bulk orders for delivery cases over HTTP, on every deployment (D-06)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.conftest import ADDRESS, NDJSON, RECIPIENT, Account, httpx_ndjson


def line(account: Account, **changes: Any) -> dict[str, Any]:
    return {"clientId": account.client_id, "orderData": {}, **RECIPIENT, **changes}


def with_reference(account: Account, name: str) -> dict[str, Any]:
    return line(account, orderData={"processData": {"referenceId": name}})


def send(account: Account, *lines: Any, content: bytes | None = None, **headers: str) -> httpx.Response:
    body = httpx_ndjson(list(lines)) if content is None else content
    return account.server.admin("POST", "/delivery-orders", content=body, headers={**NDJSON, **headers})


def taken(account: Account, *lines: Any, **options: Any) -> dict[str, Any]:
    response = send(account, *lines, **options)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def status_of(account: Account, case_id: str) -> tuple[str, str | None]:
    result = account.get(f"/cases/delivery/{case_id}").json()
    identification = result.get("identification")
    return (
        result["caseStatus"]["status"],
        None if identification is None else identification["identificationStatus"]["status"],
    )


@pytest.mark.req("D-06", "D-01")
def test_accepted_orders_are_started_and_rejected_ones_leave_nothing(account):
    bad = line(account, recipient={**RECIPIENT["recipient"], "birthDate": "12.8.1964"})  # type: ignore[dict-item]
    body = taken(account, line(account, jobId="J1", position=1), bad, line(account, jobId="J1", position=2))
    assert [entry["line"] for entry in body["accepted"]] == [1, 3]
    assert body["rejected"] == [
        {
            "line": 2,
            "errors": [
                {
                    "reason": "wrong date format",
                    "errorcode": "90001",
                    "key": "recipient.birthDate",
                    "message": "Date field format must be YYYY-MM-DD.",
                }
            ],
        }
    ]
    for entry in body["accepted"]:
        assert status_of(account, entry["caseId"]) == ("in progress", "started")
    everything = account.get("/cases/delivery?new=true&inProgress=true").json()
    assert {result["caseId"] for result in everything} == {entry["caseId"] for entry in body["accepted"]}


@pytest.mark.req("D-06")
def test_blank_lines_are_counted_and_skipped_and_bad_ones_named(account):
    good = httpx_ndjson([line(account)])
    content = b"\xef\xbb\xbf" + good + b"\r\n\n{broken\n" + b"7\n" + good.rstrip()
    body = taken(account, content=content)
    assert [entry["line"] for entry in body["accepted"]] == [1, 6]
    assert [(entry["line"], entry["errors"][0]["key"]) for entry in body["rejected"]] == [(4, "body"), (5, "body")]


@pytest.mark.req("D-06")
@pytest.mark.parametrize("part", ["recipient", "returnAddress"])
def test_every_field_is_mandatory_and_checked(account, part):
    fields = {**RECIPIENT[part]}  # type: ignore[dict-item]
    for name in fields:
        rest = {key: value for key, value in fields.items() if key != name}
        (rejected,) = taken(account, line(account, **{part: rest}))["rejected"]
        (error,) = rejected["errors"]
        assert (error["key"], error["message"]) == (f"{part}.{name}", "A value must be provided.")
    nothing = taken(account, {"clientId": account.client_id})["rejected"][0]
    assert [error["key"] for error in nothing["errors"]] == ["recipient", "returnAddress"]


@pytest.mark.req("D-06", "S-34")
def test_faults_of_the_order_data_are_keyed_as_in_a_start_request(account):
    data = {"contactDataProvided": {"email": "nobody", "first_name": "x"}, "processData": {"referenceId": "x" * 15}}
    (rejected,) = taken(account, line(account, orderData=data))["rejected"]
    assert [(error["key"], error["errorcode"]) for error in rejected["errors"]] == [
        ("processData.referenceId", "90005"),
        ("contactDataProvided.email", "90005"),
        ("contactDataProvided.first_name", "90005"),
    ]


@pytest.mark.req("D-06")
def test_unknown_clients_and_those_without_delivery_are_rejected(server, account):
    without = server.account()
    body = taken(account, {**line(account), "clientId": "NOBODY00"}, line(without), line(account))
    assert [entry["line"] for entry in body["accepted"]] == [3]
    assert [(entry["errors"][0]["key"], entry["errors"][0]["message"]) for entry in body["rejected"]] == [
        ("clientId", "There is no client with this id."),
        ("clientId", "The client is not set up for identification on delivery."),
    ]


@pytest.mark.req("S-16", "D-06")
def test_a_reference_id_is_unique_across_orders_and_started_cases(account):
    started = account.start({"processData": {"referenceId": "R1"}}).json()["caseId"]
    body = taken(account, with_reference(account, "R1"), with_reference(account, "R2"), with_reference(account, "R2"))
    (accepted,) = body["accepted"]
    assert accepted["line"] == 2
    holders = {1: started, 3: accepted["caseId"]}
    assert body["rejected"] == [
        {
            "line": number,
            "errors": [
                {
                    "reason": "referenceId not unique",
                    "errorcode": "90016",
                    "key": "orderData.processData.referenceId",
                    "message": f"Case with CaseId {holder} already uses ReferenceId.",
                }
            ],
        }
        for number, holder in holders.items()
    ]
    conflict = account.start({"processData": {"referenceId": "R2"}})
    assert (conflict.status_code, conflict.json()["caseId"]) == (409, accepted["caseId"])


@pytest.mark.req("S-16", "D-06")
def test_of_racing_orders_with_one_reference_id_exactly_one_starts(account):
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: taken(account, with_reference(account, "RACE"), line(account)), range(8)))
    winners = [entry for body in bodies for entry in body["accepted"] if entry["line"] == 1]
    assert len(winners) == 1
    assert all(2 in [entry["line"] for entry in body["accepted"]] for body in bodies)
    for body in bodies:
        for entry in body["rejected"]:
            (error,) = entry["errors"]
            assert (entry["line"], error["errorcode"]) == (1, "90016")
            assert winners[0]["caseId"] in error["message"]


@pytest.mark.req("D-06", "D-02")
def test_an_order_can_wait_for_its_release(account):
    case_id = account.order(release=False)
    assert status_of(account, case_id) == ("new", None)
    path = f"/cases/{case_id}/release"
    released = account.server.admin("POST", path)
    assert released.status_code == 200, released.text
    assert (released.json()["caseId"], released.json()["caseStatus"]["status"]) == (case_id, "in progress")
    assert status_of(account, case_id) == ("in progress", "started")
    again = account.server.admin("POST", path)
    assert (again.status_code, again.json()["detail"]) == (409, "The order is released already, or its case is closed.")
    start_case = account.start().json()["caseId"]
    for unknown in (start_case, "ABCDEFGHIJKL", "nothing"):
        refused = account.server.admin("POST", f"/cases/{unknown}/release")
        assert (refused.status_code, refused.json()["detail"]) == (404, "There is no delivery case with this id.")


@pytest.mark.req("D-06")
def test_ten_thousand_lines_are_taken_and_one_more_is_not(account):
    order = httpx_ndjson([line(account)])
    body = taken(account, content=b"\n" * 9_999 + order)
    assert [entry["line"] for entry in body["accepted"]] == [10_000]
    refused = send(account, content=order + b"\n" * 9_999 + order)
    assert (refused.status_code, refused.json()["detail"]) == (413, "At most 10000 lines can be sent at once.")
    assert len(account.get("/cases/delivery?new=true&inProgress=true").json()) == 1


@pytest.mark.req("D-06")
def test_more_lines_than_share_a_transaction_keep_their_numbers(account):
    lines = [line(account, orderData={"customData": {"custom1": f"line {number}"}}) for number in range(1, 1_201)]
    lines[700] = {"clientId": account.client_id}
    body = taken(account, *lines)
    assert [entry["line"] for entry in body["rejected"]] == [701]
    assert [entry["line"] for entry in body["accepted"]] == [number for number in range(1, 1_201) if number != 701]
    last = body["accepted"][-1]["caseId"]
    assert account.get(f"/cases/delivery/{last}").json()["orderData"] == {"customData": {"custom1": "line 1200"}}


@pytest.mark.req("C-11")
def test_repeated_orders_get_their_first_answer(account):
    headers = {"Idempotency-Key": f"job-{account.client_id}"}
    answers = [send(account, line(account), line(account), **headers) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert len(account.get("/cases/delivery?new=true&inProgress=true").json()) == 2
    other = send(account, line(account), **headers)
    assert (other.status_code, other.json()["detail"]) == (422, "The idempotency key was used with another request.")


@pytest.mark.req("C-11")
def test_simultaneous_calls_under_one_key_start_the_orders_once(account):
    headers = {"Idempotency-Key": f"race-{account.client_id}"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send(account, line(account), **headers), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(account.get("/cases/delivery?new=true&inProgress=true").json()) == 1


@pytest.mark.req("D-06", "S-20")
def test_addresses_are_checked_as_in_a_start_request(account):
    address = {**ADDRESS, "country": "DE", "postalCode": "1" * 12, "appendix": "x" * 56}
    person = {**RECIPIENT["recipient"], "address": address}  # type: ignore[dict-item]
    (rejected,) = taken(account, line(account, recipient=person))["rejected"]
    assert {error["key"]: error["message"] for error in rejected["errors"]} == {
        "recipient.address.appendix": "The provided value is too long (max. 55 characters).",
        "recipient.address.postalCode": "The provided value is too long (max. 11 characters).",
        "recipient.address.country": "The provided value is not valid.",
    }
