import httpx
import pytest
from sqlalchemy import update

from fallwerk.domain.account.model import ScrSettings
from fallwerk.kit.clock import Clock
from fallwerk.own.admin.mapping import WIRE_NAMES
from fallwerk.own.admin.schema import SettingsBody
from fallwerk.store.tables import audit_event

CONTROL_API_NAMES = {
    *("identClass", "methods", "couponActive", "couponMax", "couponFileType", "accountingNumber", "validityDays"),
    *("retentionDays", "webhookActive", "webhookEvents", "webhookRetry", "webhookHosts", "webhookHttpAllowed"),
    *("webhookUser", "webhookPassword", "webhookReferenceId", "webhookCustom1", "rsa2048Allowed", "declinedCloses"),
    *("deliveryActive", "mailsUser", "postOfficeDays", "shipmentWaitDays", "displayName", "iosScheme", "packageName"),
    # Our own, beyond the control API (W-02, W-03).
    *("reminderDays", "helpEmail", "helpPhone", "privacyNoticeDe", "privacyNoticeEn", "consentTextDe", "consentTextEn"),
}


def assert_problem(response: httpx.Response, status: int, detail: str, errors: dict[str, str] | None = None) -> None:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"], body["detail"]) == (status, status, detail)
    assert body["type"] == "about:blank"
    assert body["title"]
    assert {entry["pointer"]: entry["detail"] for entry in body.get("errors", [])} == (errors or {})


def test_the_settings_have_the_names_of_the_control_api():
    assert set(WIRE_NAMES.values()) == CONTROL_API_NAMES
    assert set(SettingsBody.model_fields) == CONTROL_API_NAMES
    assert set(WIRE_NAMES) == set(ScrSettings.__dataclass_fields__)


@pytest.mark.req("C-01")
def test_a_new_client_gets_secrets_that_are_shown_once_and_kept_as_hashes(admin):
    response = admin.request(
        "POST", "scr-clients", json={"validityDays": 10, "webhookPassword": "geheim", "webhookUser": "u"}
    )
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    made = response.json()
    assert list(made) == ["clientId", "username", "password", "dataPassword", "aliveUsername", "alivePassword"]
    assert len(made["clientId"]) == 8
    secrets = {made["password"], made["dataPassword"], made["alivePassword"]}
    assert len(secrets) == 3
    assert all(len(secret) >= 22 for secret in secrets)

    shown = admin.request("GET", f"scr-clients/{made['clientId']}")
    assert shown.json()["validityDays"] == 10
    assert shown.json()["webhookHttpAllowed"] is True
    assert shown.json()["webhookPasswordSet"] is True
    listed = admin.request("GET", "scr-clients")
    assert listed.json() == [shown.json()]
    for text in (shown.text, listed.text):
        assert not any(secret in text for secret in (*secrets, "geheim"))

    client = admin.read(lambda uow: uow.accounts.scr_client(made["clientId"]))
    hashes = {credential.username: credential.secret_hash for credential in client.credentials}
    assert hashes == {
        made["username"]: admin.store.context.hashes.secret(made["password"]),
        made["aliveUsername"]: admin.store.context.hashes.secret(made["alivePassword"]),
    }
    assert client.data_passwords == ((made["dataPassword"], None),)


@pytest.mark.req("S-02")
def test_a_client_id_can_be_given_once(admin):
    assert admin.account(clientId="XCLIENTIDX")["clientId"] == "XCLIENTIDX"
    assert_problem(
        admin.request("POST", "scr-clients", json={"clientId": "XCLIENTIDX"}), 409, "Another client has this id."
    )
    assert len(admin.request("GET", "scr-clients").json()) == 1


@pytest.mark.req("C-01")
def test_all_faults_of_settings_come_together_and_nothing_is_stored(admin):
    body = {
        "clientId": "klein",
        "validityDays": 0,
        "retentionDays": 91,
        "couponMax": 1001,
        "methods": ["video", "delivery"],
        "webhookActive": "true",
        "webhookEvents": ["started", "melted"],
        "webhookHosts": ["https://musterbank.eu"],
        "postOfficeDays": 1.5,
        "displayName": 7,
        "colour/red": "x",
    }
    assert_problem(
        admin.request("POST", "scr-clients", json=body),
        400,
        "The request has faults.",
        {
            "/clientId": "The value must have 1 to 16 characters 0-9A-Z.",
            "/validityDays": "The value must lie between 1 and 3650.",
            "/retentionDays": "The value must lie between 0 and 90.",
            "/couponMax": "The value must lie between 0 and 1000.",
            "/methods/1": "The value must be one of: 'basic', 'video', 'photo' or 'eid'.",
            "/webhookActive": "The value must be true or false.",
            "/webhookEvents": "The events are: started, rerouted to postoffice, success, declined, coupon requested, "
            "incomplete, review pending, notification, final.",
            "/webhookHosts": "A host is a name or *.name, either with :port if it has one, or *.",
            "/postOfficeDays": "The value must be a whole number.",
            "/displayName": "The value must be a string.",
            "/colour~1red": "There is no such member.",
        },
    )
    assert admin.request("GET", "scr-clients").json() == []


def test_values_alone_are_refused_as_well(admin):
    made = admin.account()
    path = f"scr-clients/{made['clientId']}"
    expected = {"/validityDays": "The value must lie between 1 and 3650."}
    for method, target in (("POST", "scr-clients"), ("PATCH", path)):
        response = admin.request(method, target, json={"validityDays": 9999})
        assert_problem(response, 400, "The request has faults.", expected)
    assert admin.request("GET", path).json()["validityDays"] == 30


@pytest.mark.req("C-01", "C-02")
def test_a_change_touches_the_named_settings_only_and_is_audited_without_values(admin):
    made = admin.account(validityDays=10, webhookHosts=["musterbank.eu"], webhookUser="u")
    path = f"scr-clients/{made['clientId']}"
    changed = admin.request("PATCH", path, json={"validityDays": None, "couponMax": 5, "webhookPassword": "geheim"})
    assert changed.status_code == 200
    assert (changed.json()["validityDays"], changed.json()["couponMax"]) == (30, 5)
    assert changed.json()["webhookHosts"] == ["musterbank.eu"]
    assert admin.request("GET", path).json() == changed.json()
    client = admin.read(lambda uow: uow.accounts.scr_client(made["clientId"]))
    assert client.settings.webhook_password == "geheim"

    events = admin.request("GET", f"audit/{made['clientId']}")
    assert [event["action"] for event in events.json()] == ["account.changed", "account.created"]
    newest = events.json()[0]
    assert newest["details"] == {"settings": "coupon_max,validity_days,webhook_password"}
    assert (newest["actor"], newest["address"], newest["sealed"]) == ("admin", "192.0.2.7", False)
    assert "geheim" not in events.text


def test_a_change_that_changes_nothing_is_no_event(admin):
    made = admin.account()
    assert admin.request("PATCH", f"scr-clients/{made['clientId']}", json={"couponMax": 3}).status_code == 200
    events = admin.request("GET", f"audit/{made['clientId']}").json()
    assert [event["action"] for event in events] == ["account.created"]


@pytest.mark.req("C-01")
@pytest.mark.parametrize("overlap_s", [0, 60])
def test_a_rotation_makes_new_secrets_and_the_old_ones_end_with_the_overlap(admin, overlap_s):
    made = admin.account()
    body = {"overlapSeconds": overlap_s} if overlap_s else {}
    rotated = admin.request("POST", f"scr-clients/{made['clientId']}/rotate", json=body)
    assert rotated.status_code == 200
    new = rotated.json()
    assert (new["username"], new["aliveUsername"]) == (made["username"], made["aliveUsername"])
    for name in ("password", "dataPassword", "alivePassword"):
        assert new[name] != made[name]

    client = admin.read(lambda uow: uow.accounts.scr_client(made["clientId"]))
    now_us = Clock().now_us()
    secret = admin.store.context.hashes.secret
    current = {credential.secret_hash for credential in client.credentials if credential.valid_until_us is None}
    assert current == {secret(new["password"]), secret(new["alivePassword"])}
    old = [credential for credential in client.credentials if credential.secret_hash == secret(made["password"])]
    if overlap_s:
        assert now_us < old[0].valid_until_us <= now_us + 60_000_000
        assert client.valid_data_passwords(now_us) == (new["dataPassword"], made["dataPassword"])
    else:
        assert all(credential.valid_until_us <= now_us for credential in old)
        assert client.valid_data_passwords(now_us) == (new["dataPassword"],)


@pytest.mark.parametrize("overlap", [-1, 7_776_001, "60", 1.5, True])
def test_a_bad_overlap_changes_nothing(admin, overlap):
    made = admin.account()
    before = admin.read(lambda uow: uow.accounts.scr_client(made["clientId"]))
    response = admin.request("POST", f"scr-clients/{made['clientId']}/rotate", json={"overlapSeconds": overlap})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/overlapSeconds"
    assert admin.read(lambda uow: uow.accounts.scr_client(made["clientId"])) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "scr-clients/NOBODY00"),
        ("PATCH", "scr-clients/NOBODY00"),
        ("POST", "scr-clients/NOBODY00/rotate"),
        ("GET", "audit/NOBODY00"),
    ],
)
def test_an_unknown_client_is_not_found(admin, method, path):
    options = {} if method == "GET" else {"json": {}}
    assert_problem(admin.request(method, path, **options), 404, "There is no client with this id.")


@pytest.mark.req("C-11")
def test_a_repeated_creation_returns_its_first_answer_and_another_body_is_refused(admin):
    key = {"Idempotency-Key": "monday-1"}
    first = admin.request("POST", "scr-clients", json={"couponMax": 4}, headers=key)
    again = admin.request("POST", "scr-clients", json={"couponMax": 4}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(admin.request("GET", "scr-clients").json()) == 1
    assert_problem(
        admin.request("POST", "scr-clients", json={"couponMax": 5}, headers=key),
        422,
        "The idempotency key was used with another request.",
    )
    rotate = f"scr-clients/{first.json()['clientId']}/rotate"
    rotated = [admin.request("POST", rotate, headers=key).json() for _ in range(2)]
    assert rotated[0] == rotated[1]


@pytest.mark.req("C-11")
@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
def test_a_malformed_key_is_refused(admin, key):
    headers = {"Idempotency-Key": key.encode()}
    response = admin.request("POST", "scr-clients", json={}, headers=headers)
    detail = "The key must be 1 to 255 printable ASCII characters, given once."
    assert_problem(response, 400, "The request has faults.", {"Idempotency-Key": detail})


@pytest.mark.req("C-02")
def test_the_chains_are_verified_and_a_changed_event_is_found(admin):
    made = admin.account()
    admin.write(lambda uow: uow.audit.seal(now_us=1, limit=100))
    verified = admin.request("POST", "audit/verify").json()
    chain = {"kind": "scr", "name": made["clientId"], "seals": 1, "events": 1, "unsealed": 0, "brokenAt": None}
    assert verified["sound"] is True
    assert chain in verified["chains"]
    admin.write(lambda uow: uow.execute(update(audit_event).values(actor="nobody")))
    verified = admin.request("POST", "audit/verify").json()
    assert verified["sound"] is False
    assert {**chain, "brokenAt": 1} in verified["chains"]


def test_events_can_be_asked_for_by_subject_and_number(admin):
    made = admin.account()
    for days in (5, 6, 7):
        admin.request("PATCH", f"scr-clients/{made['clientId']}", json={"validityDays": days})
    path = f"audit/{made['clientId']}"
    assert len(admin.request("GET", path).json()) == 4
    assert len(admin.request("GET", path, params={"limit": "2"}).json()) == 2
    assert admin.request("GET", path, params={"subject": "ABCDEFGHIJKL"}).json() == []
    refused = admin.request("GET", path, params={"limit": "1001"})
    assert_problem(
        refused, 400, "The request has faults.", {"limit": "The limit must be a whole number from 1 to 1000."}
    )


def test_the_status_is_shown(admin):
    assert admin.request("GET", "status").json() == {"keyIds": [1]}
