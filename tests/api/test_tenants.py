"""
No tenant sees or infers another's data (C-03).

Generated from the published documents: every operation is called with everything of another tenant that its request can
name, and has to answer exactly as if that did not exist.
"""

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import EVERYTHING, TO_DELIVERY, Account, Running
from tests.support.policenwerk import new_broker
from tests.support.policenwerk import nothing_stored as broker_unchanged
from tests.support.scr import UNAUTHORIZED, nothing_stored, started, stored

DOCUMENTS = ("scr_start", "scr_delivery", "scr_results")
METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}
UNKNOWN = "A0B1C2D3E4F5"
SECRET = {"processData": {"referenceId": "foreign-ref"}, "customData": {"custom1": "foreign-custom"}}
NOT_COMPARED = {"date", "x-traceid", "content-length"}


def operations(server: Running) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation of the documents: method, path, description."""
    found = []
    for name in DOCUMENTS:
        response = server.http.get(f"/openapi/{name}.json")
        assert response.status_code == 200, response.text
        for path, item in response.json()["paths"].items():
            found += [(name, path, item[method], method) for method in item if method in METHODS]
    return [(method.upper(), path, operation) for _, path, operation, method in found]


def base_path(server: Running) -> str:
    """What the documents' server addresses put in front of their paths."""
    (address,) = {
        entry["url"] for name in DOCUMENTS for entry in server.http.get(f"/openapi/{name}.json").json()["servers"][:1]
    }
    return address.removeprefix(server.url).rstrip("/")


def call(account: Account, method: str, path: str, body: object) -> httpx.Response:
    options: dict[str, Any] = {} if body is None else {"json": body}
    return account.server.http.request(method, base_path(account.server) + path, auth=account.auth, **options)


def body_for(operation: dict[str, Any], case_id: str) -> object:
    """A request body that names a case where the operation takes case ids, an empty one where it takes data."""
    if "requestBody" not in operation:
        return None
    schema = json.dumps(operation["requestBody"]["content"]["application/json"]["schema"])
    return [case_id] if "ArchiveList" in schema or '"array"' in schema else {}


def looks(response: httpx.Response, *names: str) -> tuple[int, dict[str, str], str]:
    """Everything that a caller sees, with the names that were asked for made equal."""
    headers = {name: value for name, value in response.headers.items() if name not in NOT_COMPARED}
    text = response.text
    for name in names:
        text = text.replace(name, "…")
    return response.status_code, headers, text


@pytest.fixture
def tenants(server: Running) -> tuple[Account, Account, list[str]]:
    """Who asks, who owns, and what is asked for: the owner's cases in every state and of both kinds."""
    asking, owner = server.account(**EVERYTHING), server.account(**EVERYTHING)
    success, archived = owner.order(SECRET), owner.order()
    for case_id in (success, archived):
        owner.walk(case_id, *TO_DELIVERY, "success")
    assert owner.request("PATCH", "/cases/archive", json=[archived]).status_code == 200
    played = started(owner, SECRET | {"processData": {"referenceId": "foreign-two"}})
    step = {"method": "photo", "status": "success"}
    assert server.sandbox("POST", f"/cases/{played}/simulate", json=step).status_code == 200
    cases = [success, archived, owner.order(), owner.order(release=False), started(owner), played]
    assert len(set(cases)) == 6
    return asking, owner, cases


@pytest.mark.req("C-03")
def test_every_documented_operation_answers_for_a_foreign_case_as_for_none(server, tenants):
    asking, owner, cases = tenants
    compared = 0
    with nothing_stored(owner):
        for method, path, operation in operations(server):
            named = path.replace("{clientId}", asking.client_id)
            body = body_for(operation, UNKNOWN)
            if "{caseId}" not in path and not isinstance(body, list):
                continue
            expected = looks(call(asking, method, named.replace("{caseId}", UNKNOWN), body), UNKNOWN)
            for case_id in cases:
                answer = call(asking, method, named.replace("{caseId}", case_id), body_for(operation, case_id))
                assert looks(answer, case_id) == expected, (method, path)
                compared += 1
    assert compared >= 15


@pytest.mark.req("C-03", "S-03")
def test_every_documented_operation_answers_for_a_foreign_client_as_for_none(server, tenants):
    asking, owner, cases = tenants
    compared = 0
    with nothing_stored(owner, asking):
        for method, path, operation in operations(server):
            body = body_for(operation, cases[0])
            answers = [
                looks(call(asking, method, path.replace("{clientId}", client).replace("{caseId}", cases[0]), body))
                for client in (owner.client_id, "Z" * 8)
            ]
            assert answers[0] == answers[1], (method, path)
            assert (answers[0][0], answers[0][2].encode()) == (401, UNAUTHORIZED)
            compared += 1
    assert compared >= 6


@pytest.mark.req("C-03")
def test_nothing_of_another_tenant_appears_in_what_an_operation_answers(server, tenants):
    asking, owner, cases = tenants
    queries = ("", "?new=true&inProgress=true&archived=true", "?createdFrom=2000-01-01&archived=true&new=true")
    for method, path, operation in operations(server):
        if "{caseId}" in path:
            continue
        for query in queries if method == "GET" else ("",):
            response = call(
                asking, method, path.replace("{clientId}", asking.client_id) + query, body_for(operation, cases[0])
            )
            assert response.status_code < 300, response.text
            assert not any(name in response.text for name in (*cases, owner.client_id, "foreign-custom"))


@pytest.mark.req("C-03", "S-16", "C-11")
def test_names_that_another_tenant_uses_are_free(tenants):
    asking, owner, cases = tenants
    before = stored(owner)
    for name in ("foreign-ref", cases[0]):
        response = asking.start({"processData": {"referenceId": name}} if len(name) < 14 else {})
        assert response.status_code == 201, response.text
    assert stored(owner) == before


@pytest.mark.req("C-03")
def test_the_audit_log_and_the_settings_of_a_tenant_are_its_own(server, tenants):
    asking, owner, cases = tenants
    shown = server.admin("GET", f"/audit/{asking.client_id}").text
    assert not any(name in shown for name in (*cases, owner.client_id))
    changed = server.admin("PATCH", f"/scr-clients/{asking.client_id}", json={"validityDays": 3})
    assert changed.status_code == 200
    assert server.admin("GET", f"/scr-clients/{owner.client_id}").json()["validityDays"] == 30


@pytest.mark.req("C-03", "P-08")
def test_a_broker_reaches_no_customer_of_another_whatever_it_sends(server):
    asking, owner = new_broker(server), new_broker(server)
    secret = {"email": "secret@test.de", "nachname": "Geheimnis", "tel": "0123 foreign"}
    theirs = owner.created(**secret, headers={"Idempotency-Key": "shared-key"})
    with broker_unchanged(owner):
        # Its own credentials: the address, the key and the id of another broker's customer mean nothing.
        mine = asking.create(**secret, headers={"Idempotency-Key": "shared-key"}, customer_id=theirs)
        assert mine.status_code == 200
        assert mine.json()["customer_id"] != theirs
        # The other's number or token with one of its own: the same answer as without anything of a customer.
        for credentials in ({"user_id": owner.user_id}, {"login_token": owner.login_token}):
            known, unknown = (
                asking.create(**secret, **credentials),
                asking.create(email="nobody@test.de", **credentials),
            )
            assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
            assert known.status_code == 401
        shown = server.admin("GET", f"/brokers/{asking.user_id}/customers/{theirs}")
        assert (shown.status_code, shown.text) == (
            404,
            server.admin("GET", f"/brokers/{asking.user_id}/customers/1").text,
        )
    assert theirs not in str((asking.customers(), asking.events()))
    assert str(owner.user_id) not in str(asking.events())
