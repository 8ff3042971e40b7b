"""Accounts and the admin API over HTTP, on every deployment; every account is the test's own."""

import http.client
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.conftest import Account, Running, deploy


def problem(response: httpx.Response, status: int, detail: str) -> dict[str, object]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert (response.status_code, body["status"], body["detail"]) == (status, status, detail)
    assert body["type"] == "about:blank"
    return body


def alive_status(account: Account, password: str) -> int:
    return account.get("/alive", auth=(account.alive_username, password)).status_code


@pytest.mark.req("C-01", "S-02")
def test_a_new_client_can_start_cases_at_once_in_every_process(server):
    account = server.account()
    assert len(account.client_id) == 8
    assert account.client_id.isalnum()
    assert account.client_id == account.client_id.upper()
    for _ in range(6):
        with httpx.Client(base_url=server.url) as connection:
            assert connection.post(f"{account.base}/cases", auth=account.auth).status_code == 201


@pytest.mark.req("C-01", "S-81")
def test_secrets_are_shown_once_and_only_to_the_creator(server, account):
    shown = server.admin("GET", f"/scr-clients/{account.client_id}")
    listed = server.admin("GET", "/scr-clients")
    assert account.client_id in [client["clientId"] for client in listed.json()]
    events = server.admin("GET", f"/audit/{account.client_id}")
    for text in (shown.text, listed.text, events.text, server.process.log()):
        for secret in (account.password, account.data_password, account.alive_password):
            assert secret not in text
    assert alive_status(account, account.alive_password) == 200
    assert account.get("/cases/delivery", auth=(account.alive_username, account.alive_password)).status_code == 401


@pytest.mark.req("C-01", "S-03")
def test_a_rotation_without_overlap_ends_the_old_secrets_everywhere(server, account):
    assert account.start().status_code == 201
    rotated = server.admin("POST", f"/scr-clients/{account.client_id}/rotate", json={})
    assert rotated.status_code == 200, rotated.text
    new = rotated.json()
    for _ in range(6):
        with httpx.Client(base_url=server.url) as connection:
            url = f"{account.base}/cases/delivery"
            assert connection.get(url, auth=account.auth).status_code == 401
            assert connection.get(url, auth=(account.username, new["password"])).status_code == 200
    assert alive_status(account, account.alive_password) == 401
    assert alive_status(account, new["alivePassword"]) == 200


@pytest.mark.req("C-01")
def test_during_an_overlap_both_count_and_afterwards_the_new_ones_only(own_server):
    account = own_server.account()
    body = {"overlapSeconds": 3600}
    new = own_server.admin("POST", f"/scr-clients/{account.client_id}/rotate", json=body).json()
    fresh = (account.username, new["password"])
    assert (account.start().status_code, account.start(auth=fresh).status_code) == (201, 201)
    own_server.advance(3590)
    assert account.start().status_code == 201
    own_server.advance(10)
    assert (account.start().status_code, account.start(auth=fresh).status_code) == (401, 201)


@pytest.mark.req("C-01", "S-33")
def test_a_changed_setting_counts_from_the_next_call_on(server, account):
    changed = server.admin(
        "PATCH", f"/scr-clients/{account.client_id}", json={"iosScheme": "bank", "packageName": "eu.bank"}
    )
    assert changed.status_code == 200, changed.text
    for _ in range(6):
        started = account.start().json()
        assert started["iosStart"] == {
            "caseUrlScheme": f"bank://cases/{started['caseId']}",
            "packageName": "eu.bank",
        }


@pytest.mark.req("C-01")
def test_bad_settings_are_refused_together_and_change_nothing(server, account):
    path = f"/scr-clients/{account.client_id}"
    before = server.admin("GET", path).json()
    refused = server.admin("PATCH", path, json={"validityDays": 0, "webhookEvents": ["melted"], "identClass": "gwg"})
    body = problem(refused, 400, "The request has faults.")
    pointers = {error["pointer"] for error in body["errors"]}  # type: ignore[union-attr, attr-defined]
    assert pointers == {"/validityDays", "/webhookEvents", "/identClass"}
    assert server.admin("GET", path).json() == before


@pytest.mark.req("C-11")
def test_a_repeated_creation_makes_one_client(server):
    key = {"Idempotency-Key": "create-" + server.account().client_id}
    answers = [server.admin("POST", "/scr-clients", json={"couponMax": 7}, headers=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    other = server.admin("POST", "/scr-clients", json={"couponMax": 8}, headers=key)
    problem(other, 422, "The idempotency key was used with another request.")


@pytest.mark.req("C-02")
def test_what_happens_to_a_client_is_audited_with_who_and_from_where(server, account):
    case_id = account.start().json()["caseId"]
    server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"couponMax": 9})
    events = server.admin("GET", f"/audit/{account.client_id}").json()
    assert [event["action"] for event in events] == ["account.changed", "case.started", "account.created"]
    assert [event["subject"] for event in events] == [account.client_id, case_id, account.client_id]
    assert [event["actor"] for event in events] == ["admin", f"scr:{account.client_id}/{account.username}", "admin"]
    assert {event["address"] for event in events} == {"127.0.0.1"}
    chains = server.admin("POST", "/audit/verify").json()
    assert chains["sound"] is True
    (chain,) = [chain for chain in chains["chains"] if chain["name"] == account.client_id]
    assert chain["events"] + chain["unsealed"] == 3
    assert chain["brokenAt"] is None


@pytest.mark.req("C-10")
def test_nobody_is_let_in_without_the_token(server, account):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic ZGVtbw=="}):
        response = server.http.get(f"/admin/v1/scr-clients/{account.client_id}", headers=headers)
        problem(response, 401, "The bearer token is missing or wrong.")
        assert response.headers["www-authenticate"] == "Bearer"
    by_basic = server.http.get("/admin/v1/scr-clients", auth=account.auth)
    problem(by_basic, 401, "The bearer token is missing or wrong.")


def test_wrong_requests_are_problems_of_this_api(server):
    problem(server.admin("GET", "/nothing"), 404, "There is no such resource.")
    wrong_method = server.admin("DELETE", "/scr-clients")
    problem(wrong_method, 405, "The resource has no such method.")
    assert wrong_method.headers["allow"] == "GET, HEAD, POST"
    plain = server.admin("POST", "/scr-clients", content=b"{}", headers={"Content-Type": "text/plain"})
    problem(plain, 415, "The content type must be application/json in UTF-8.")
    large = b'{"displayName":"' + b"x" * 1024 * 1024 + b'"}'
    problem(
        server.admin("POST", "/scr-clients", content=large, headers={"Content-Type": "application/json"}),
        413,
        "The request body is too large.",
    )


@pytest.mark.req("D-06")
def test_a_body_declared_too_large_is_refused_before_it_is_sent(server):
    target = urlsplit(server.url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
    connection.putrequest("POST", "/admin/v1/delivery-orders")
    connection.putheader("Authorization", "Bearer demo-admin-token")
    connection.putheader("Content-Type", "application/x-ndjson")
    connection.putheader("Content-Length", str(64 * 1024 * 1024 + 1))
    connection.endheaders()
    response = connection.getresponse()
    assert (response.status, response.headers["content-type"]) == (413, "application/problem+json")
    connection.close()


@pytest.mark.req("D-68")
def test_the_source_addresses_of_webhooks_are_shown(databases, tmp_path_factory):
    env = {"FALLWERK_WEBHOOK_SOURCE_ADDRESSES": "192.0.2.1,198.51.100.0/24"}
    with deploy(databases, tmp_path_factory, "sqlite", env) as server:
        running: Running = server
        status = running.admin("GET", "/status")
        assert status.status_code == 200
        assert "192.0.2.1" in status.text
        assert "198.51.100.0/24" in status.text
