"""Brokers as accounts: made, shown, changed, rotated, their customers and events (C-01, C-02, C-03, P-11)."""

from datetime import datetime, timedelta

import pytest

from tests.api.conftest import Running
from tests.support.policenwerk import FIELDS, Broker, new_broker, nothing_stored, plain
from tests.support.scr import rows

UNKNOWN = "There is no broker with this user id."


def problem(response, status: int, detail: str, errors: dict[str, str] | None = None) -> None:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"], body["detail"]) == (status, status, detail)
    assert {entry["pointer"]: entry["detail"] for entry in body.get("errors", [])} == (errors or {})


@pytest.fixture
def broker(server: Running) -> Broker:
    return new_broker(server)


@pytest.mark.req("C-01")
def test_a_broker_is_made_with_the_members_of_the_control_api(server):
    response = server.admin("POST", "/brokers", json={"obligations": "example", "validDays": 10})
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    made = response.json()
    assert list(made) == ["userId", "loginToken", "validUntil"]
    assert 100_000 <= made["userId"] <= 16_777_215
    end = datetime.fromisoformat(made["validUntil"])
    now = datetime.fromisoformat(server.sandbox("GET", "/clock").json()["now"])
    assert abs(end - now - timedelta(days=10)) < timedelta(minutes=1)
    shown = server.admin("GET", f"/brokers/{made['userId']}")
    assert shown.json() == {
        "userId": made["userId"],
        "active": True,
        "validUntil": made["validUntil"],
        "obligations": "example",
        "validDays": 10,
        "salutations": [],
        "titles": [],
    }
    listed = server.admin("GET", "/brokers")
    assert shown.json() in listed.json()
    assert made["loginToken"] not in shown.text + listed.text


@pytest.mark.req("C-01")
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"obligations": "all"}, {"/obligations": "The value must be one of: 'table' or 'example'."}),
        ({"validDays": 0}, {"/validDays": "The value must lie between 1 and 3650."}),
        ({"validDays": 10**30}, {"/validDays": "The value must lie between 1 and 3650."}),
        ({"validDays": "7"}, {"/validDays": "The value must be a whole number."}),
        ({"salutations": [128]}, {"/salutations": "The values must lie between 0 and 127."}),
        ({"titles": [1, 1]}, {"/titles": "A value is named more than once."}),
        (
            {"titles": [-1], "validDays": -1},
            {
                "/validDays": "The value must lie between 1 and 3650.",
                "/titles": "The values must lie between 0 and 127.",
            },
        ),
        ({"userId": 0}, {"/userId": "The value must lie between 1 and 16777215."}),
        ({"userId": 2**24}, {"/userId": "The value must lie between 1 and 16777215."}),
        ({"name": "x"}, {"/name": "There is no such member."}),
    ],
)
def test_settings_that_cannot_be_used_are_refused_and_make_no_broker(server, body, errors):
    before = rows(server, "SELECT count(*) AS amount FROM broker_token")
    problem(server.admin("POST", "/brokers", json=body), 400, "The request has faults.", errors)
    assert rows(server, "SELECT count(*) AS amount FROM broker_token") == before


@pytest.mark.req("C-01")
def test_a_user_id_can_be_chosen_once(server, broker):
    with nothing_stored(broker):
        response = server.admin("POST", "/brokers", json={"userId": broker.user_id})
        problem(response, 409, "Another broker has this user id.")


@pytest.mark.req("C-01", "C-02")
def test_a_change_of_settings_is_judged_kept_and_in_the_audit_log(server, broker):
    path = f"/brokers/{broker.user_id}"
    changed = server.admin("PATCH", path, json={"obligations": "example", "titles": [4]})
    assert (changed.json()["obligations"], changed.json()["titles"]) == ("example", [4])
    assert broker.events()[0]["details"] == {"settings": "obligations,titles"}
    assert plain(broker.create(left_out=("iban",)), 200)["success"] is True
    back = server.admin("PATCH", path, json={"titles": None, "obligations": None})
    assert (back.json()["obligations"], back.json()["titles"]) == ("table", [])
    with nothing_stored(broker):
        problem(
            server.admin("PATCH", path, json={"active": 1}),
            400,
            "The request has faults.",
            {"/active": "The value must be true or false."},
        )
        assert server.admin("PATCH", path, json={}).status_code == 200


@pytest.mark.req("C-01", "C-11")
def test_creating_and_rotating_are_repeatable_under_a_key(server, broker):
    headers = {"Idempotency-Key": f"broker-{broker.user_id}"}
    first = server.admin("POST", "/brokers", json={"validDays": 9}, headers=headers)
    assert server.admin("POST", "/brokers", json={"validDays": 9}, headers=headers).content == first.content
    problem(
        server.admin("POST", "/brokers", json={"validDays": 8}, headers=headers),
        422,
        "The idempotency key was used with another request.",
    )
    rotate = f"/brokers/{broker.user_id}/rotate"
    rotated = server.admin("POST", rotate, headers=headers)
    assert server.admin("POST", rotate, headers=headers).content == rotated.content
    broker.login_token = rotated.json()["loginToken"]
    assert broker.create().status_code == 200


@pytest.mark.req("C-01")
@pytest.mark.parametrize("user_id", ["0", "x", "16777216", "99999999999999999999", "-1", "%00", "4711%2F"])
@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("POST", "/rotate"),
        ("GET", "/customers"),
        ("GET", "/customers/1"),
        ("GET", "/audit"),
    ],
)
def test_a_broker_that_is_not_there_is_not_found(server, method, rest, user_id):
    problem(server.admin(method, f"/brokers/{user_id}{rest}"), 404, UNKNOWN)


@pytest.mark.req("P-11")
def test_customers_are_listed_found_and_shown(broker):
    first = broker.created(nachname="Müller", email="erste@test.de")
    second = broker.created(nachname="Meier", email="zweite@test.de")
    assert [one["customer_id"] for one in broker.customers()] == [first, second]
    assert list(broker.customers()[0]) == ["customer_id", *FIELDS]
    assert [one["customer_id"] for one in broker.customers(nachname="mÜLLER ")] == [first]
    assert [one["customer_id"] for one in broker.customers(email="ZWEITE@test.de")] == [second]
    assert broker.customers(email="zweite@test.de", nachname="Müller") == []
    assert [one["customer_id"] for one in broker.customers(limit="1")] == [first]
    shown = broker.server.admin("GET", f"/brokers/{broker.user_id}/customers/{second}")
    assert shown.json() == broker.customers()[1]
    for unknown in ("1", "x", "9" * 30):
        response = broker.server.admin("GET", f"/brokers/{broker.user_id}/customers/{unknown}")
        problem(response, 404, "The broker has no customer with this id.")


@pytest.mark.req("C-03")
def test_a_broker_sees_and_infers_nothing_of_another(server, broker):
    second = new_broker(server)
    mine, theirs = broker.created(), second.created(vorname="Moritz")
    with nothing_stored(second):
        path = f"/brokers/{broker.user_id}/customers/{theirs}"
        problem(server.admin("GET", path), 404, "The broker has no customer with this id.")
        assert broker.customers(email="max.mustermann@policenwerk.de")[0]["customer_id"] == mine
        # Every other one's token, with every request that is judged at all, is answered before its content.
        for changes in ({}, {"land": 9}, {"vorname": "Mallory"}):
            answer = broker.create(login_token=second.login_token, **changes)
            assert (answer.status_code, answer.json()["error"]) == (
                401,
                "Invalid credentials - User-ID does not match Login-Token",
            )
        headers = {"Idempotency-Key": "shared"}
        assert broker.create(headers=headers).json()["customer_id"] == mine
    headers = {"Idempotency-Key": "shared"}
    assert second.create(headers=headers).json()["customer_id"] == theirs
    assert str(broker.user_id) not in str(second.events())


@pytest.mark.req("C-02")
def test_the_audit_chain_of_brokers_is_verified_too(own_server):
    broker = new_broker(own_server)
    broker.created()
    report = own_server.admin("POST", "/audit/verify").json()
    assert report["sound"] is True
    (chain,) = [one for one in report["chains"] if (one["kind"], one["name"]) == ("broker", str(broker.user_id))]
    assert chain["events"] + chain["unsealed"] >= 2
