"""Who did what, when and from where, in a chain that breaks when it is touched (C-02)."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.api.conftest import TO_DELIVERY
from tests.support.scr import bad, nothing_stored, rows, started, tenant_of


def events(account, subject: str = "") -> list[dict]:
    """Oldest first."""
    response = account.server.admin("GET", f"/audit/{account.client_id}" + (f"?subject={subject}" if subject else ""))
    assert response.status_code == 200, response.text
    return list(reversed(response.json()))


def verified(server) -> dict:
    response = server.admin("POST", "/audit/verify")
    assert response.status_code == 200, response.text
    found: dict = response.json()
    return found


def chain_of(server, account) -> dict:
    return next(
        chain for chain in verified(server)["chains"] if (chain["kind"], chain["name"]) == ("scr", account.client_id)
    )


def wait_until_sealed(server, account) -> dict:
    """The worker seals once a second; ask until it did."""
    for _ in range(400):
        chain = chain_of(server, account)
        if chain["unsealed"] == 0 and chain["events"]:
            return chain
    raise AssertionError(chain)


def tamper(server, statement: str, *values: object) -> int:
    """Change the database behind the server's back."""
    if server.engine == "sqlite":
        path = server.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            return connection.execute(statement, values).rowcount
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        return connection.execute(statement.replace("?", "%s"), values).rowcount  # type: ignore[arg-type]


@pytest.mark.req("C-02")
def test_each_change_of_a_case_or_an_account_is_an_event_with_who_when_what_and_from_where(account, server):
    caller = f"scr:{account.client_id}/{account.username}"
    start_case, delivery = started(account), account.order()
    account.walk(delivery, *TO_DELIVERY)
    assert account.simulate(delivery, "declined", subStatus=16, subStatusReason=325).status_code == 200
    assert account.request("PATCH", "/cases/archive", json=[delivery]).status_code == 200
    assert server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"validityDays": 3}).status_code == 200
    assert server.admin("POST", f"/scr-clients/{account.client_id}/rotate", json={}).status_code == 200

    (first,) = events(account, start_case)
    assert (first["actor"], first["action"], first["subject"]) == (caller, "case.started", start_case)
    assert [
        (event["actor"], event["action"], event["details"].get("status")) for event in events(account, delivery)
    ] == [
        ("admin", "case.started", None),
        ("admin", "identification.changed", "started"),
        ("sandbox:system", "identification.changed", "dmc provided"),
        ("sandbox:packaging", "identification.changed", "packaging announced"),
        ("sandbox:courier", "identification.changed", "delivery started"),
        ("sandbox:courier", "identification.changed", "declined"),
        (caller, "case.archived", None),
    ]
    declined = events(account, delivery)[-2]["details"]
    assert (declined["caseStatus"], declined["subStatus"], declined["subStatusReason"]) == ("closed", 16, 325)
    of_account = [event for event in events(account) if event["action"].startswith("account.")]
    assert [(event["actor"], event["action"]) for event in of_account] == [
        ("admin", "account.created"),
        ("admin", "account.changed"),
        ("admin", "account.rotated"),
    ]
    assert of_account[1]["details"] == {"settings": "validity_days"}
    now = datetime.fromisoformat(server.sandbox("GET", "/clock").json()["now"])
    for event in events(account):
        assert event["address"] == "127.0.0.1"
        assert now - timedelta(minutes=5) < datetime.fromisoformat(event["at"]).astimezone(UTC) <= now


@pytest.mark.req("C-02")
def test_what_was_refused_or_only_read_is_no_change_and_no_event(account):
    case_id = account.order()
    with nothing_stored(account):
        assert account.get(f"/cases/delivery/{case_id}").status_code == 200
        assert account.get("/cases/delivery").status_code == 200
        bad(account.start({"customData": []}), ("customData", "The provided value must be an object."))
        assert account.simulate(case_id, "success").status_code == 409
        assert account.request("PATCH", "/cases/archive", json=[case_id]).json() == []
        assert account.server.admin("PATCH", f"/scr-clients/{account.client_id}", json={}).status_code == 200


@pytest.mark.req("C-02")
def test_what_the_system_does_by_itself_is_an_event_of_the_system(own_server):
    account = own_server.account(validityDays=1, retentionDays=1)
    case_id = started(account)
    own_server.advance(3 * 24 * 3600)
    found = [(event["actor"], event["address"], event["action"]) for event in events(account, case_id)[1:]]
    assert found == [("system", "", "case.expired"), ("system", "", "case.erased")]


@pytest.mark.req("C-02")
def test_the_worker_seals_events_into_a_chain_that_verifies(own_server):
    account = own_server.account()
    for _ in range(10):
        started(account)
    chain = wait_until_sealed(own_server, account)
    assert (chain["events"], chain["brokenAt"]) == (11, None)
    assert chain["seals"] >= 1
    assert verified(own_server)["sound"] is True
    assert all(event["sealed"] for event in events(account))


@pytest.mark.req("C-02")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'somebody' WHERE tenant_id = ? AND subject = ?",
        "UPDATE audit_event SET at_us = at_us - 1 WHERE tenant_id = ? AND subject = ?",
        "UPDATE audit_event SET details = '{\"a\":1}' WHERE tenant_id = ? AND subject = ?",
        "DELETE FROM audit_event WHERE tenant_id = ? AND subject = ?",
        "UPDATE audit_event SET seal_number = seal_number + 1 WHERE tenant_id = ? AND subject = ?",
        (
            "INSERT INTO audit_event SELECT tenant_id, event_id + 1000000000, at_us, actor, address, action, subject,"
            " details, seal_number FROM audit_event WHERE tenant_id = ? AND subject = ?"
        ),
    ],
    ids=["actor", "time", "details", "deleted", "moved", "added"],
)
def test_a_touched_event_breaks_the_chain_of_its_tenant_and_of_no_other(server, account, statement):
    other = server.account()
    case_id = started(account)
    wait_until_sealed(server, account)
    wait_until_sealed(server, other)
    assert chain_of(server, account)["brokenAt"] is None
    assert tamper(server, statement, tenant_of(account), case_id) == 1
    assert chain_of(server, account)["brokenAt"] is not None
    assert verified(server)["sound"] is False
    assert chain_of(server, other)["brokenAt"] is None


@pytest.mark.req("C-02")
def test_a_removed_seal_is_noticed(server, account):
    started(account)
    wait_until_sealed(server, account)
    statement = "DELETE FROM audit_seal WHERE tenant_id = ? AND seal_number = 1"
    assert tamper(server, statement, tenant_of(account)) == 1
    assert chain_of(server, account)["brokenAt"] == 1


@pytest.mark.req("C-02", "C-04")
def test_the_log_holds_no_personal_data_and_no_secrets(account):
    person = {"firstName": "Rosalinde", "lastName": "Unverkennbar", "email": "ro@example.org"}
    custom = {"custom1": "Geheimsache"}
    case_id = account.order({"contactDataProvided": person, "customData": custom})
    account.walk(case_id, *TO_DELIVERY)
    secrets = [account.password, account.data_password, account.alive_password, *person.values(), "Geheimsache"]
    text = repr(rows(account.server, "SELECT * FROM audit_event WHERE tenant_id = ?", tenant_of(account)))
    assert not any(secret in text for secret in [*secrets, "Erika", "Heidestr"])
    logged = account.server.process.log()
    assert not any(secret in logged for secret in [*secrets, "Mustermann", "Heidestr"])
