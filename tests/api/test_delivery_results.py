"""DELIVERY: single results and lists (D-20 to D-26)."""

import json
from datetime import datetime, timedelta

import pytest

from fallwerk.kit.clock import BERLIN, from_us
from tests.api.conftest import NDJSON, RECIPIENT, TO_DELIVERY, deploy, httpx_ndjson
from tests.support.scr import CASE_UNKNOWN, bad, case_row, ids_of, rows, started

DAY_S = 24 * 3600
DATE_FORMS = "`YYYY-MM-DD`, or `YYYY-MM-DDThh:mm:ss` with `Z`, `±hh:mm` or no offset (Europe/Berlin)"
ALL = "new=true&inProgress=true&archived=true"


def closed(account, *, archived: bool = False, **order) -> str:
    case_id = account.order(**order)
    account.walk(case_id, *TO_DELIVERY, "success")
    if archived:
        assert account.request("PATCH", "/cases/archive", json=[case_id]).status_code == 200
    return case_id


def listed(account, query: str = "") -> list[str]:
    response = account.get("/cases/delivery" + (f"?{query}" if query else ""))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return ids_of(response.json())


def berlin(us: int, *, seconds: int = 0) -> datetime:
    return (from_us(us) + timedelta(seconds=seconds)).astimezone(BERLIN).replace(microsecond=0)


@pytest.mark.req("D-20")
def test_a_result_needs_no_content_type_and_only_its_own_client_finds_it(account, server):
    case_id = account.order()
    response = account.get(f"/cases/delivery/{case_id}")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json()["caseId"] == case_id
    start_case = started(account)
    other = server.account(deliveryActive=True)
    for caller, unknown in (
        (account, "ABCDEFGHIJKL"),
        (account, case_id.lower()),
        (account, start_case),
        (account, "x"),
        (account, "%00"),
        (other, case_id),
    ):
        response = caller.get(f"/cases/delivery/{unknown}")
        assert (response.status_code, response.content) == (404, CASE_UNKNOWN)
    assert start_case not in listed(account, ALL)


@pytest.mark.req("D-20", "D-24")
def test_a_client_without_delivery_reads_nothing(server):
    account = server.account(deliveryActive=True)
    case_id = closed(account)
    response = server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"deliveryActive": False})
    assert response.status_code == 200
    assert account.get(f"/cases/delivery/{case_id}").content == CASE_UNKNOWN
    assert account.get("/cases/delivery").content == b"[]"


@pytest.mark.req("D-21", "D-22", "D-23")
def test_a_success_in_a_post_office_has_exactly_the_fields_of_the_document(account):
    custom = {f"custom{number}": f"Straße {number} 🦊" for number in range(1, 6)}
    case_id = account.order({"customData": custom, "processData": {"referenceId": "ref-1"}})
    account.walk(case_id, *TO_DELIVERY, "rerouted to postoffice")
    office = {"streetAddress": "Poststr. 50 " + "ß" * 88, "city": "26897 Esterwegen"}
    simulated = account.simulate(case_id, "success", postOffice=office)
    response = account.get(f"/cases/delivery/{case_id}")
    row = case_row(account, case_id)
    when = berlin(row["modified_us"]).isoformat()
    additional = {"postOfficeStreetAddress": office["streetAddress"], "postOfficeCity": office["city"]}
    expected = {
        "caseId": case_id,
        "identificationTime": when,
        "caseStatus": {"status": "closed", "archived": False, "modified": when},
        "orderData": {"customData": {"custom1": "Straße 1 🦊"}},
        "identification": {
            "identificationMethod": "delivery",
            "identificationStatus": {"status": "success", "modified": when},
            "additionalDataDelivery": additional,
        },
    }
    assert response.json() == {**expected, "additionalDataDelivery": additional}
    assert simulated.json() == response.json()
    assert "Straße 1 🦊".encode() in response.content
    (from_list,) = account.get("/cases/delivery").json()
    assert from_list == expected


@pytest.mark.req("D-21", "D-22")
def test_what_is_empty_is_left_out(account):
    case_id = account.order(release=False)
    found = account.get(f"/cases/delivery/{case_id}").json()
    assert set(found) == {"caseId", "caseStatus"}
    assert set(found["caseStatus"]) == {"status", "archived", "modified"}
    at_the_door = account.order({"customData": {"custom2": "x"}})
    account.walk(at_the_door, *TO_DELIVERY)
    assert account.simulate(at_the_door, "success", postOffice={"city": "Bonn"}).status_code == 200
    found = account.get(f"/cases/delivery/{at_the_door}").json()
    assert set(found) == {"caseId", "identificationTime", "caseStatus", "identification"}
    assert "additionalDataDelivery" not in found["identification"]
    city_only = account.order()
    account.walk(city_only, *TO_DELIVERY, "rerouted to postoffice")
    assert account.simulate(city_only, "success", postOffice={"city": "Bonn", "streetAddress": ""}).status_code == 200
    found = account.get(f"/cases/delivery/{city_only}").json()
    assert found["additionalDataDelivery"] == {"postOfficeCity": "Bonn"}


@pytest.mark.req("D-21")
def test_only_who_was_in_fact_identified_has_an_identification_time(account):
    for sub_status, reason, identified in ((16, 325, True), (24, 337, False), (26, 334, False), (12, None, False)):
        case_id = account.order()
        account.walk(case_id, *TO_DELIVERY)
        assert account.simulate(case_id, "declined", subStatus=sub_status, subStatusReason=reason).status_code == 200
        assert ("identificationTime" in account.get(f"/cases/delivery/{case_id}").json()) is identified


@pytest.mark.req("D-21", "D-23")
def test_times_are_those_of_the_last_status_change_and_archiving_changes_none(own_server):
    account = own_server.account(deliveryActive=True)
    case_id = account.order()
    first = account.get(f"/cases/delivery/{case_id}").json()
    own_server.advance(3600)
    account.walk(case_id, "dmc provided")
    second = account.get(f"/cases/delivery/{case_id}").json()
    # The case was "in progress" before and still is: only the identification changed.
    assert second["caseStatus"] == first["caseStatus"]
    moved = second["identification"]["identificationStatus"]["modified"]
    assert datetime.fromisoformat(moved) > datetime.fromisoformat(first["caseStatus"]["modified"])
    account.walk(case_id, *TO_DELIVERY[1:], "success")
    before = account.get(f"/cases/delivery/{case_id}").json()
    own_server.advance(3600)
    assert account.request("PATCH", "/cases/delivery/archive", json=[case_id]).status_code == 200
    after = account.get(f"/cases/delivery/{case_id}").json()
    assert after == {**before, "caseStatus": {**before["caseStatus"], "archived": True}}


@pytest.mark.req("D-23")
def test_offsets_are_berlin_s_at_the_instant_summer_and_winter(own_server):
    account = own_server.account(deliveryActive=True, validityDays=365)
    seen = set()
    for _ in range(2):
        found = account.get(f"/cases/delivery/{account.order(release=False)}").json()
        when = datetime.fromisoformat(found["caseStatus"]["modified"])
        assert when.utcoffset() == when.astimezone(BERLIN).utcoffset()
        assert found["caseStatus"]["modified"] == when.isoformat(timespec="seconds")
        seen.add(when.utcoffset())
        own_server.advance(182 * DAY_S)
    assert seen == {timedelta(hours=1), timedelta(hours=2)}


@pytest.mark.req("D-24")
def test_status_filters_add_up_and_archived_ones_come_besides(account):
    new, moving = account.order(release=False), account.order()
    shut, kept = closed(account), closed(account, archived=True)
    for query, expected in (
        ("", [shut]),
        ("new=true", [new, shut]),
        ("inProgress=TRUE", [moving, shut]),
        ("closed=False", []),
        ("closed=false&new=True", [new]),
        ("new=true&inProgress=true&closed=true", [new, moving, shut]),
        ("archived=true", [shut, kept]),
        ("archived=true&closed=false", []),
        ("archived=false", [shut]),
        (ALL, [new, moving, shut, kept]),
        ("unknown=1&NEW=true", [shut]),
        ("&&", [shut]),
    ):
        assert listed(account, query) == expected, query


@pytest.mark.req("D-24")
def test_dates_restrict_inclusively_in_all_their_forms(own_server):
    account = own_server.account(deliveryActive=True)
    first = account.order()
    own_server.advance(3 * DAY_S)
    second = closed(account)
    own_server.advance(3 * DAY_S)
    account.walk(first, *TO_DELIVERY, "success")
    row = {case_id: case_row(account, case_id) for case_id in (first, second)}
    for field, name, early, late in (("created_us", "created", first, second), ("closed_us", "closed", second, first)):
        at = row[late][field]
        exact, after, before = berlin(at), berlin(at, seconds=1), berlin(at, seconds=-1)
        utc = from_us(at).strftime("%Y-%m-%dT%H:%M:%SZ")
        local = exact.replace(tzinfo=None).isoformat()
        forms = (
            utc,
            local,
            local + ".999",
            local + ",5",
            exact.isoformat().replace("+", "%2B"),
            utc.replace("Z", "%2B00:00"),
        )
        for form in forms:
            assert listed(account, f"{name}From={form}") == [late], form
            assert set(listed(account, f"{name}Until={form}")) == {early, late}, form
        assert listed(account, f"{name}From={after.replace(tzinfo=None).isoformat()}") == []
        assert listed(account, f"{name}Until={before.replace(tzinfo=None).isoformat()}") == [early]
        day, next_day = exact.date(), exact.date() + timedelta(days=1)
        assert listed(account, f"{name}From={day}") == [late]
        assert listed(account, f"{name}From={next_day}") == []
        assert set(listed(account, f"{name}Until={day}")) == {early, late}
        assert listed(account, f"{name}Until={day - timedelta(days=1)}") == [early]
    open_one = account.order()
    assert open_one in listed(account, "inProgress=true")
    assert open_one not in listed(account, "inProgress=true&closedFrom=2000-01-01")
    assert open_one not in listed(account, "inProgress=true&closedUntil=2999-01-01")


@pytest.mark.req("D-24", "S-34")
def test_bad_parameters_are_named_all_together(account):
    wrong_date = f"The value must be {DATE_FORMS}."
    for query, faults in (
        ("new=1", [("new", "The value must be true or false.")]),
        ("closed=", [("closed", "The value must be true or false.")]),
        ("closed=true&closed=true", [("closed", "The parameter is given more than once.")]),
        ("createdFrom=yesterday", [("createdFrom", wrong_date)]),
        ("createdUntil=2024-02-30", [("createdUntil", wrong_date)]),
        ("closedFrom=2024-01-01T25:00:00", [("closedFrom", wrong_date)]),
        ("closedFrom=2024-01-01T00:00:00%2B01", [("closedFrom", wrong_date)]),
        ("closedUntil=", [("closedUntil", wrong_date)]),
        ("closedUntil=%ff", [("closedUntil", wrong_date)]),
        (
            "closedUntil=x&archived=x&new=x",
            [
                ("new", "The value must be true or false."),
                ("archived", "The value must be true or false."),
                ("closedUntil", wrong_date),
            ],
        ),
    ):
        bad(account.get(f"/cases/delivery?{query}"), *faults)


@pytest.mark.req("D-25")
def test_a_bare_plus_and_a_target_that_is_encoded_as_a_whole_are_understood(account):
    case_id = closed(account)
    at = berlin(case_row(account, case_id)["closed_us"])
    hit, miss = at.isoformat(), berlin(case_row(account, case_id)["closed_us"], seconds=1).isoformat()
    assert "+" in hit

    def ask(target: str) -> list[str]:
        response = account.get("/cases/delivery", extensions={"target": target.encode()})
        assert response.status_code == 200, response.text
        return ids_of(response.json())

    base = f"{account.base}/cases/delivery"
    for when, expected in ((hit, [case_id]), (miss, [])):
        encoded = when.replace(":", "%3A").replace("+", "%2B")
        whole = f"/cases/delivery?closedFrom={when}&closed=true".replace("/", "%2F").replace("?", "%3F")
        whole = whole.replace("=", "%3D").replace("&", "%26").replace(":", "%3A")
        for target in (
            f"{base}?closedFrom={encoded}",
            f"{base}?closedFrom={when}",
            f"{base}?closedFrom={when.replace('+', '%20')}",
            f"{base}%3FclosedFrom%3D{encoded}",
            f"{base}%3FclosedFrom%3D{when}%26closed%3Dtrue",
            f"{base}%3FclosedFrom%3D{when}&closed=true",
            account.base + whole,
        ):
            assert ask(target) == expected, target


@pytest.mark.req("D-26")
def test_lists_are_oldest_first_and_the_same_every_time(account):
    lines = [{"clientId": account.client_id, **RECIPIENT, "release": False} for _ in range(30)]
    response = account.server.admin("POST", "/delivery-orders", content=httpx_ndjson(lines), headers=NDJSON)
    same_instant = ids_of(response.json()["accepted"])
    later = account.order(release=False)
    created = {case_id: (case_row(account, case_id)["created_us"], case_id) for case_id in (*same_instant, later)}
    found = listed(account, "new=true")
    assert found == sorted(created, key=created.__getitem__)
    assert listed(account, "new=true") == found
    assert "x-partial-delivery" not in account.get("/cases/delivery?new=true").headers


def order_many(account, *amounts: int) -> list[str]:
    """Order cases in bulk and leave them unreleased; return their ids, oldest first."""
    order = json.dumps({"clientId": account.client_id, **RECIPIENT, "release": False}).encode() + b"\n"
    for amount in amounts:
        answer = account.server.admin("POST", "/delivery-orders", content=order * amount, headers=NDJSON, timeout=120)
        assert len(answer.json()["accepted"]) == amount
    found = rows(account.server, "SELECT case_id FROM ident_case ORDER BY created_us, case_id")
    return [row["case_id"] for row in found]


@pytest.mark.req("D-26")
def test_a_list_holds_ten_thousand_cases_and_says_when_there_are_more(own_server):
    account = own_server.account(deliveryActive=True)
    order_many(account, 10_000)
    response = account.get("/cases/delivery?new=true", timeout=60)
    assert len(response.json()) == 10_000
    assert "x-partial-delivery" not in response.headers
    oldest = order_many(account, 50)
    response = account.get("/cases/delivery?new=true", timeout=60)
    assert response.headers["x-partial-delivery"] == "true"
    assert ids_of(response.json()) == oldest[:10_000]


@pytest.mark.req("D-26", "D-40", "D-42")
def test_archiving_what_was_received_reaches_each_of_more_than_ten_thousand_closed_cases_once(
    databases, tmp_path_factory
):
    # On the embedded database alone: closing as many takes PostgreSQL minutes on a small machine, and lists and
    # archives of thousands are asked for on both above and in test_archive.py.
    with deploy(databases, tmp_path_factory, "sqlite") as server:
        account = server.account(deliveryActive=True, validityDays=1)
        oldest = order_many(account, 10_000, 50)
        server.advance(DAY_S + 3601)
        received: list[str] = []
        for expected, header in ((10_000, "true"), (50, None), (0, None)):
            response = account.get("/cases/delivery", timeout=60)
            assert response.headers.get("x-partial-delivery") == header
            part = ids_of(response.json())
            assert len(part) == expected
            answer = account.request("PATCH", "/cases/delivery/archive", json=part, timeout=60)
            assert ids_of(answer.json()) == part
            received += part
        assert received == oldest


@pytest.mark.req("D-26", "D-24")
def test_open_cases_beyond_the_limit_are_reached_by_their_creation(own_server):
    account = own_server.account(deliveryActive=True)
    first = account.order(release=False)
    own_server.advance(DAY_S)
    second = account.order(release=False)
    since = berlin(case_row(account, second)["created_us"]).replace(tzinfo=None).isoformat()
    assert listed(account, "new=true") == [first, second]
    assert listed(account, f"new=true&createdFrom={since}") == [second]
