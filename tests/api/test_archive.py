"""DELIVERY: archiving closed cases (D-40 to D-42)."""

import json

import pytest

from tests.api.conftest import TO_DELIVERY
from tests.support.scr import (
    JSON_HEADER,
    bad,
    case_row,
    ids_of,
    nested,
    nothing_stored,
    refused,
    rows,
    started,
    stored,
    tenant_of,
)

PATHS = ("/cases/archive", "/cases/delivery/archive")
NOT_STRINGS = "The body must be a JSON array of strings."
DAY_S = 24 * 3600


def archive(account, case_ids: object, path: str = PATHS[0], **options):
    return account.request("PATCH", path, json=case_ids, **options)


def closed(account) -> str:
    case_id = account.order()
    account.walk(case_id, *TO_DELIVERY, "success")
    return case_id


def is_archived(account, case_id: str) -> bool:
    row = case_row(account, case_id)
    assert row is not None
    return bool(row["archived"])


@pytest.mark.req("D-40", "D-41")
@pytest.mark.parametrize("path", PATHS)
def test_closed_cases_are_archived_in_request_order_and_everything_else_is_passed_over(account, server, path):
    other = server.account(deliveryActive=True)
    first, second, foreign = closed(account), closed(account), closed(other)
    new, moving, start_case = account.order(release=False), account.order(), started(account)
    named = [second, "ABCDEFGHIJKL", new, first, moving, foreign, second, start_case, "", "not an id", second.lower()]
    results = {case_id: account.get(f"/cases/delivery/{case_id}").json() for case_id in (first, second)}
    response = archive(account, named, path)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json() == [
        {"caseId": case_id, "caseStatus": {**results[case_id]["caseStatus"], "archived": True}}
        for case_id in (second, first)
    ]
    assert is_archived(account, first)
    assert is_archived(account, second)
    assert not is_archived(account, new)
    assert not is_archived(account, moving)
    assert not is_archived(account, start_case)
    assert not is_archived(other, foreign)
    assert account.get("/cases/delivery").json() == []
    assert set(ids_of(account.get("/cases/delivery?archived=true").json())) == {first, second}
    assert account.get(f"/cases/delivery/{first}").json()["caseStatus"]["archived"] is True


@pytest.mark.req("D-40", "D-41")
def test_archived_cases_stay_archived_and_are_named_again(account):
    case_id = closed(account)
    first = archive(account, [case_id])
    for path in PATHS:
        again = archive(account, [case_id], path)
        assert (again.status_code, again.content) == (200, first.content)
    assert is_archived(account, case_id)


@pytest.mark.req("D-41")
def test_nothing_named_answers_nothing(account):
    for path in PATHS:
        response = archive(account, [], path)
        assert (response.status_code, response.content) == (200, b"[]")


@pytest.mark.req("D-40")
def test_expired_start_cases_are_archived_too(own_server):
    account = own_server.account(validityDays=1)
    case_id = started(account)
    own_server.advance(DAY_S + 3600)
    for path in PATHS:
        (entry,) = archive(account, [case_id], path).json()
        assert entry["caseId"] == case_id
        assert (entry["caseStatus"]["status"], entry["caseStatus"]["archived"]) == ("closed", True)
    assert is_archived(account, case_id)


@pytest.mark.req("D-42")
def test_more_than_ten_thousand_ids_or_another_shape_change_nothing(account):
    case_id = closed(account)
    with nothing_stored(account):
        many = [f"{number:012d}" for number in range(10_000)]
        bad(archive(account, [*many, case_id]), ("body", "The body holds too many case ids (max. 10000)."))
        for wrong in (
            {},
            {"caseIds": [case_id]},
            case_id,
            [case_id, 7],
            [case_id, None],
            [[case_id]],
            [{"caseId": case_id}],
            None,
        ):
            response = account.request("PATCH", PATHS[0], content=json.dumps(wrong).encode(), headers=JSON_HEADER)
            bad(response, ("body", NOT_STRINGS))
        for content in (b"[", b"\xff", f'["{case_id}"]]'.encode()):
            response = account.request("PATCH", PATHS[0], content=content, headers=JSON_HEADER)
            (entry,) = refused(response, 400)
            assert entry["key"] == "body"
    assert not is_archived(account, case_id)
    assert ids_of(archive(account, [*many[1:], case_id]).json()) == [case_id]


@pytest.mark.req("D-40", "S-04")
def test_an_archive_call_needs_the_content_type_of_json(account):
    case_id = closed(account)
    content = f'["{case_id}"]'.encode()
    with nothing_stored(account):
        response = account.request("PATCH", PATHS[0], content=content)
        bad(response, ("Content-Type", "The header Content-Type is missing; use application/json."))
        response = account.request("PATCH", PATHS[0], content=content, headers={"Content-Type": "text/plain"})
        bad(response, ("Content-Type", "The content type must be application/json."))
    assert not is_archived(account, case_id)


@pytest.mark.req("D-40", "C-02")
def test_archiving_is_an_audit_event_of_the_case_and_of_nothing_that_was_passed_over(account):
    case_id, moving = closed(account), account.order()
    before = stored(account)["audit_event"]
    archive(account, [moving, case_id, "ABCDEFGHIJKL"])
    statement = "SELECT subject, actor FROM audit_event WHERE tenant_id = ? AND action = 'case.archived'"
    (event,) = rows(account.server, statement, tenant_of(account))
    assert event == {"subject": case_id, "actor": f"scr:{account.client_id}/{account.username}"}
    assert stored(account)["audit_event"] == before + 1


@pytest.mark.req("D-40")
def test_archiving_does_not_read_a_name_as_an_order(account):
    bad(archive(account, nested("caseIds", [])), ("body", NOT_STRINGS))
