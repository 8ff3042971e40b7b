"""Who may create customers: login checks, their order, and how long a token lasts (P-01, P-02, P-07, P-09)."""

import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fallwerk.domain.customer.demo import DEMO_BROKERS
from tests.api.conftest import Running
from tests.support.policenwerk import (
    CUSTOMER,
    JSON_HEADER,
    PATH,
    Broker,
    bad,
    mandatory,
    new_broker,
    nothing_stored,
    plain,
    refused,
    stored,
)

DAY_S = 24 * 3600
NOBODYS = "5b0cbd7e-5f4c-5d0e-9d3e-ffffffffffff"
NOT_SET = "Invalid credentials - User-ID or Login-Token is not set"
USER_ID_INVALID = "Invalid credentials - User-ID invalid"
TOKEN_INVALID = "Invalid credentials - Login-Token invalid"
TOKEN_EXPIRED = "Invalid credentials - Login-Token expired"
NO_MATCH = "Invalid credentials - User-ID does not match Login-Token"
EXPECTED_JSON = "Invalid Content-Type - Expected application/json"
MALFORMED_JSON = "Invalid Content-Type - Malformed JSON"
WARNING = "Login-Token is about to expire in less than 14 days"


@pytest.fixture
def broker(server: Running) -> Broker:
    return new_broker(server)


@pytest.fixture
def second(server: Running) -> Broker:
    return new_broker(server)


@pytest.mark.req("P-01")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_not_allowed(server, method):
    response = server.http.request(method, PATH)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        refused(response, 405, "Invalid request - Expected POST")


@pytest.mark.req("P-01")
@pytest.mark.parametrize("path", ["/api/customer", "/api/customer/", "/api/customer/create/x", "/api/customer/Create"])
def test_another_path_is_not_found_in_this_dialect(server, path):
    refused(server.http.post(path, json={}), 404, "Invalid request - Resource not found")


@pytest.mark.req("P-01")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonx"},
        {"Content-Type": "application/json; charset=iso-8859-1"},
        {"Content-Type": "application/json; charset=utf-7"},
    ],
)
def test_another_content_type_is_refused_before_anything_else(broker, headers):
    with nothing_stored(broker):
        refused(broker.send(content=b"{", headers=headers), 400, EXPECTED_JSON)


@pytest.mark.req("P-01")
def test_two_content_types_are_none(broker):
    headers = [("Content-Type", "application/json"), ("Content-Type", "application/json")]
    refused(broker.send(content=b"{}", headers=headers), 400, EXPECTED_JSON)


@pytest.mark.req("P-01")
@pytest.mark.parametrize(
    "media_type", ["application/json; charset=UTF-8", "Application/JSON", 'application/json;charset="utf8"']
)
def test_json_in_utf_8_may_be_said_in_several_ways(broker, media_type):
    response = broker.send(content=b"{}", headers={"Content-Type": media_type})
    refused(response, 401, NOT_SET)


@pytest.mark.req("P-01")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  ",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"1",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"user_id": 1, "user_id": 2}',
        b'{"vorname": "\xff"}',
        "{}".encode("utf-16"),
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b'{"a":' * 200_000,
    ],
)
def test_a_body_that_is_no_json_object_is_malformed(broker, content):
    with nothing_stored(broker):
        refused(broker.send(content=content), 400, MALFORMED_JSON)


@pytest.mark.req("P-01")
def test_a_body_that_is_too_large_is_refused(broker):
    content = b'{"vorname": "' + b"x" * (1024 * 1024) + b'"}'
    with nothing_stored(broker):
        refused(broker.send(content=content), 413, "Invalid request - Body too large")
        refused(broker.send(content=iter([content])), 413, "Invalid request - Body too large")


@pytest.mark.req("P-02")
@pytest.mark.parametrize(
    "credentials", [{}, {"user_id": "", "login_token": NOBODYS}, {"user_id": None, "login_token": NOBODYS}]
)
def test_credentials_that_are_not_set_are_refused_and_nothing_else_is_evaluated(broker, credentials):
    with nothing_stored(broker):
        refused(broker.send({**credentials, "email": 1, "land": []}), 401, NOT_SET)
        refused(broker.send({**broker.credentials, "login_token": "", "land": 9}), 401, NOT_SET)
        refused(broker.send({**broker.credentials, "login_token": None}), 401, NOT_SET)


@pytest.mark.req("P-02")
@pytest.mark.parametrize(
    "user_id", [0, -1, "0", "x", 1.5, "4711.0", True, [], {}, 16_777_216, 10**30, "٤٧١١", " ", "1\0"]
)
def test_a_user_id_that_is_no_positive_mediumint_is_invalid(server, user_id):
    broker = new_broker(server)
    refused(broker.send({**CUSTOMER, **broker.credentials, "user_id": user_id}), 401, USER_ID_INVALID)


@pytest.mark.req("P-02")
def test_the_checks_of_a_login_run_in_their_order(server, broker, second):
    unknown = next(number for number in range(1, 100) if server.admin("GET", f"/brokers/{number}").status_code == 404)
    with nothing_stored(broker, second):
        # Unknown before the token is looked at, then the token's form, then its owner.
        refused(broker.send({**broker.credentials, "user_id": unknown}), 401, USER_ID_INVALID)
        refused(broker.send({"user_id": unknown, "login_token": "x"}), 401, USER_ID_INVALID)
        refused(broker.send({**broker.credentials, "login_token": "x"}), 401, TOKEN_INVALID)
        refused(broker.send({**broker.credentials, "login_token": NOBODYS}), 401, TOKEN_INVALID)
        refused(broker.send({**broker.credentials, "login_token": second.login_token}), 401, NO_MATCH)


@pytest.mark.req("P-02")
@pytest.mark.parametrize(
    "token", [5, True, [], {}, "{token}x", "{{{token}}}", "urn:uuid:{token}", " {token}", "{token}\n"]
)
def test_a_token_that_is_no_uuid_is_invalid(server, token):
    broker = new_broker(server)
    shown = token.replace("{token}", broker.login_token) if isinstance(token, str) else token
    refused(broker.send({**broker.credentials, "login_token": shown}), 401, TOKEN_INVALID)


@pytest.mark.req("P-02")
def test_a_token_without_its_hyphens_or_in_capitals(broker):
    refused(broker.create(login_token=broker.login_token.replace("-", "")), 401, TOKEN_INVALID)
    assert broker.create(login_token=broker.login_token.upper()).status_code == 200


@pytest.mark.req("P-02", "C-01")
def test_a_deactivated_broker_is_invalid_until_it_is_activated(server, broker):
    assert broker.create().status_code == 200
    shown = server.admin("PATCH", f"/brokers/{broker.user_id}", json={"active": False}).json()
    assert shown["active"] is False
    with nothing_stored(broker):
        refused(broker.create(vorname="Moritz"), 401, USER_ID_INVALID)
    assert server.admin("PATCH", f"/brokers/{broker.user_id}", json={"active": True}).status_code == 200
    assert broker.create().status_code == 200


@pytest.mark.req("P-02", "P-06")
def test_a_user_id_may_be_a_numeric_text(broker):
    assert broker.create(user_id=str(broker.user_id)).status_code == 200


@pytest.mark.req("P-02")
def test_a_token_expires_by_our_clock(own_server):
    broker = new_broker(own_server, validDays=15)
    assert plain(broker.create(), 200)["warning"] == ""
    own_server.advance(DAY_S + 60)
    assert plain(broker.create(), 200)["warning"] == WARNING
    own_server.advance(14 * DAY_S)
    before = stored(broker)
    refused(broker.create(vorname="Moritz"), 401, TOKEN_EXPIRED)
    assert stored(broker) == before


@pytest.mark.req("P-02", "P-07", "P-09", "P-03")
def test_the_demo_brokers_are_as_everybody_is_told(own_server):
    brokers = [Broker(own_server, demo.user_id, demo.login_token, "") for demo in DEMO_BROKERS]
    table, example, expiring, expired = brokers
    assert plain(table.create(), 200)["warning"] == ""
    bad(table.create(left_out=("geburtstag", "iban")), geburtstag=mandatory("geburtstag"), iban=mandatory("iban"))
    assert plain(example.create(left_out=("geburtstag", "iban")), 200)["success"] is True
    assert plain(expiring.create(), 200)["warning"] == WARNING
    bad(expiring.create(plz=""), plz=mandatory("plz"))
    refused(expired.create(), 401, TOKEN_EXPIRED)
    own_server.advance(10 * DAY_S + 1)
    refused(expiring.create(), 401, TOKEN_EXPIRED)
    assert own_server.sandbox("POST", "/reset").status_code == 200
    assert plain(expiring.create(), 200)["warning"] == WARNING
    assert len(expiring.customers()) == 1


@pytest.mark.req("P-07")
def test_the_end_of_a_token_is_told_in_berlin_time(broker):
    end = datetime.fromisoformat(broker.valid_until)
    assert end.tzinfo == UTC
    assert broker.valid_until.endswith("Z")
    local = end.astimezone(ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%d %H:%M:%S")
    assert plain(broker.create(), 200)["token_valid_until"] == local
    assert plain(broker.create(land=4), 400)["token_valid_until"] == local


@pytest.mark.req("P-02", "C-01")
def test_a_rotated_token_lives_until_the_end_of_its_overlap(own_server):
    broker = new_broker(own_server, validDays=30)
    old = broker.login_token
    rotated = own_server.admin("POST", f"/brokers/{broker.user_id}/rotate", json={"overlapSeconds": 3600}).json()
    assert set(rotated) == {"userId", "loginToken", "validUntil"}
    broker.login_token = rotated["loginToken"]
    assert broker.create().status_code == 200
    assert broker.create(login_token=old).status_code == 200
    own_server.advance(3600)
    refused(broker.create(login_token=old), 401, TOKEN_INVALID)
    assert broker.create().status_code == 200
    # Without an overlap the old one ends at once.
    again = own_server.admin("POST", f"/brokers/{broker.user_id}/rotate").json()
    refused(broker.create(), 401, TOKEN_INVALID)
    assert broker.create(login_token=again["loginToken"]).status_code == 200


@pytest.mark.req("C-01")
def test_a_token_is_a_uuid_of_version_5_that_is_stored_as_a_keyed_hash_only(broker):
    assert str(uuid.UUID(broker.login_token)) == broker.login_token
    assert uuid.UUID(broker.login_token).version == 5
    from tests.support.scr import rows  # noqa: PLC0415

    hashes = rows(broker.server, "SELECT token_hash FROM broker_token")
    assert all(len(bytes(row["token_hash"])) == 32 for row in hashes)
    assert not any(broker.login_token.encode() in bytes(row["token_hash"]) for row in hashes)


@pytest.mark.req("C-10")
def test_failures_slow_down_and_a_right_login_is_never_delayed(server, broker):
    for _ in range(8):
        slow = broker.create(login_token=NOBODYS)
        refused(slow, 401, TOKEN_INVALID)
    quick = broker.create()
    assert quick.status_code == 200
    assert slow.elapsed.total_seconds() >= 0.02
    assert quick.elapsed < slow.elapsed


@pytest.mark.req("P-02", "C-04")
def test_the_journal_keeps_no_token(server, broker):
    broker.create(headers={**JSON_HEADER, "X-TraceId": f"journal-{broker.user_id}"})
    (entry,) = server.sandbox("GET", "/requests", params={"traceId": f"journal-{broker.user_id}"}).json()
    assert entry["account"] == str(broker.user_id)
    assert broker.login_token not in str(entry)
    assert "Mustermann" in str(entry["requestBody"])


@pytest.mark.req("P-01")
@pytest.mark.parametrize(
    ("status", "error"), [(500, "Server error - Unexpected failure"), (503, "Server error - Temporarily unavailable")]
)
def test_an_ordered_fault_is_answered_in_this_dialect(own_server, status, error):
    broker = new_broker(own_server)
    order = {"match": {"method": "POST", "pathPrefix": "/api/customer"}, "status": status, "times": 1}
    assert own_server.sandbox("POST", "/faults", json=order).status_code == 201
    refused(broker.create(), status, error)
    assert broker.create().status_code == 200
