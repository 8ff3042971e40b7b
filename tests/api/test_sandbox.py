"""The sandbox's control over HTTP, on every deployment; what looks at the whole system takes a server of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.conftest import TO_DELIVERY

ILLEGAL_FROM_STARTED = [
    {"status": "dmc provided", "subStatus": None, "subStatusReasons": []},
    {"status": "declined", "subStatus": 12, "subStatusReasons": []},
    {"status": "declined", "subStatus": 20, "subStatusReasons": [329]},
    {"status": "declined", "subStatus": 25, "subStatusReasons": [333, 339]},
]


def _result(account: Any, case_id: str) -> dict[str, Any]:
    response = account.get(f"/cases/delivery/{case_id}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_the_clock_moves_forward_by_exactly_what_is_asked(server):
    before = server.sandbox("GET", "/clock").json()
    after = server.sandbox("POST", "/clock", json={"advanceSeconds": 86_400}).json()
    assert after["offsetSeconds"] - before["offsetSeconds"] == 86_400
    moved = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
    assert timedelta(days=1) <= moved < timedelta(days=1, seconds=30)
    for bad in (-1, 1.5, True, "60", None):
        refused = server.sandbox("POST", "/clock", json={"advanceSeconds": bad})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"] == "/advanceSeconds"
    assert server.sandbox("GET", "/clock").json()["offsetSeconds"] == after["offsetSeconds"]


@pytest.mark.req("D-05")
def test_advancing_takes_the_steps_that_fall_due_before_it_answers(server, account):
    case_id = account.order()
    account.walk(case_id, *TO_DELIVERY, "rerouted to postoffice")
    server.advance(7 * 86_400 - 60)
    assert _result(account, case_id)["caseStatus"]["status"] == "in progress"
    server.advance(61)
    status = _result(account, case_id)["identification"]["identificationStatus"]
    assert (status["subStatus"]["code"], status["subStatusReason"]["code"]) == (21, 330)


@pytest.mark.req("D-02")
def test_an_illegal_step_names_the_legal_ones_and_changes_nothing(account):
    case_id = account.order()
    before = _result(account, case_id)
    response = account.simulate(case_id, "success")
    assert response.status_code == 409
    assert response.json() == {"error": "started cannot become success", "legalNext": ILLEGAL_FROM_STARTED}
    assert _result(account, case_id) == before


def test_a_case_of_start_cannot_be_delivered(account):
    case_id = account.start().json()["caseId"]
    assert account.simulate(case_id, "started").status_code == 404
    assert account.simulate("AAAAAAAAAAAA", "started").status_code == 404


def test_a_fault_strikes_exactly_as_often_as_ordered_whoever_answers(server, account):
    order = {"match": {"method": "GET", "pathPrefix": account.base}, "status": 503, "delayMs": 10, "times": 4}
    assert server.sandbox("POST", "/faults", json=order).status_code == 201

    def call(_: int) -> int:
        # Each call on a connection of its own: with several processes they spread over all of them.
        return httpx.get(f"{server.url}{account.base}/alive", auth=account.auth).status_code

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(call, range(24)))
    assert sorted(found) == [200] * 20 + [503] * 4


def test_a_faulted_call_answers_in_its_dialect_and_stores_nothing(server, account):
    order = {"match": {"method": "POST", "pathPrefix": f"{account.base}/cases"}, "status": 500}
    assert server.sandbox("POST", "/faults", json=order).status_code == 201
    body = {"processData": {"referenceId": "faulted-1"}}
    faulted = account.start(body)
    assert faulted.status_code == 500
    assert faulted.json()["errors"][0]["key"] == "system"
    assert account.start(body).status_code == 201


@pytest.mark.req("S-80", "S-82", "C-07")
def test_a_component_declared_away_shows_in_alive_and_readiness_at_once(own_server):
    account = own_server.account()
    for component in ("database", "blobstore", "worker"):
        assert account.get("/alive").json() == {"status": "OK"}
        own_server.sandbox("POST", "/faults", json={"component": component, "available": False})
        assert account.get("/alive").json() == {"status": "NOK"}
        assert own_server.http.get("/readyz").status_code == 503
        assert own_server.http.get("/healthz").status_code == 200
        assert own_server.sandbox("DELETE", "/faults").status_code == 204
        assert account.get("/alive").json() == {"status": "OK"}
        assert own_server.http.get("/readyz").status_code == 200


def test_the_journal_shows_what_was_asked_and_answered(server, account):
    started = account.start({"customData": {"custom1": "seen"}}, headers={"X-TraceId": "journal-1"})
    assert started.headers["x-traceid"] == "journal-1"
    refused = account.request("GET", "/cases/delivery", auth=("nobody", "wrong"))
    missing = account.get("/nowhere")
    assert (refused.status_code, missing.status_code) == (401, 404)
    entries = server.sandbox("GET", f"/requests?pathPrefix={account.base}").json()
    assert [entry["status"] for entry in entries] == [404, 401, 201]
    newest, _, first = entries
    assert (first["method"], first["path"], first["traceId"]) == ("POST", f"{account.base}/cases", "journal-1")
    assert first["account"] == account.client_id
    assert '"custom1":"seen"' in first["requestBody"].replace(" ", "")
    assert first["responseBody"] == started.text
    assert newest["responseBody"] == missing.text
    assert account.password not in str(entries)
    case_id = started.json()["caseId"]
    (found,) = server.sandbox("GET", f"/requests?caseId={case_id}").json()
    assert found["traceId"] == "journal-1"
    assert server.sandbox("GET", f"/requests?account={account.client_id}&status=401&limit=1").json()[0]["status"] == 401


@pytest.mark.req("C-10")
def test_every_answer_carries_the_security_headers(server, account):
    for path in (f"{account.base}/alive", "/sandbox/v1/clock", "/admin/v1/x", "/nowhere", "/healthz"):
        response = server.http.get(path)
        assert response.headers["x-content-type-options"] == "nosniff", path
        assert response.headers["x-frame-options"] == "DENY", path
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"], path
        assert response.headers["cache-control"] == "no-store", path
        assert len(response.headers["x-traceid"]) == 32, path


def test_deliveries_and_mails_have_their_fixed_shape(server, account):
    case_id = account.order({"processData": {"webHookUrl": "http://127.0.0.1:9/hook", "referenceId": "ref-1"}})
    (entry,) = server.sandbox("GET", f"/deliveries?caseId={case_id}").json()
    assert list(entry) == ["deliveryId", "caseId", "url", "body", "status", "attempts", "nextAttemptAt"]
    assert (entry["url"], entry["body"]["caseId"]) == ("http://127.0.0.1:9/hook", case_id)
    assert entry["body"]["referenceId"] == "ref-1"
    # Other tests send mails from the same server; what has files names them as well (test_coupon_by_mail.py).
    mails = server.sandbox("GET", "/mails").json()
    shape = ["to", "subject", "text", "html", "at"]
    assert all(list(mail) in (shape, [*shape, "attachments"]) for mail in mails)


def test_without_the_token_there_is_nothing_to_see(server):
    # Few failures only: more of them would be slowed down (C-10).
    for method, path, value in (
        ("GET", "/requests", None),
        ("POST", "/reset", "Bearer wrong"),
        ("DELETE", "/faults", "Basic ZGVtbzpkZW1v"),
    ):
        headers = {} if value is None else {"Authorization": value}
        response = server.http.request(method, f"/sandbox/v1{path}", headers=headers)
        assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")


def test_reset_goes_back_to_the_demo_data(own_server):
    account = own_server.account(deliveryActive=True, webhookActive=True, webhookHosts=["*"], webhookHttpAllowed=True)
    case_id = account.order({"processData": {"webHookUrl": "http://127.0.0.1:9/hook"}})
    own_server.advance(1000)
    own_server.sandbox("POST", "/faults", json={"component": "worker", "available": False})
    own_server.sandbox("POST", "/faults", json={"match": {"pathPrefix": "/api"}, "status": 503, "times": 99})
    assert own_server.sandbox("GET", "/deliveries").json() != []
    response = own_server.sandbox("POST", "/reset")
    assert response.status_code == 200
    assert own_server.sandbox("GET", "/clock").json()["offsetSeconds"] == 0
    assert own_server.sandbox("GET", "/deliveries").json() == []
    assert own_server.sandbox("GET", "/requests").json() == []
    assert account.get(f"/cases/delivery/{case_id}").status_code == 401
    demo = ("demo-scr", "demo-scr-password")
    assert own_server.http.get("/api/scr/v1/1234ABCD/alive", auth=demo).json() == {"status": "OK"}
    started = own_server.http.post("/api/scr/v1/1234ABCD/cases", auth=demo, json={})
    assert started.status_code == 201
    assert own_server.http.get("/api/scr/v1/5678EFGH/alive", auth=("demo-scr-2", "demo-scr-2-password")).is_success
    assert own_server.http.get("/readyz").status_code == 200
