"""The physical deletion of cases (D-50); what is left in files and free pages is proven with the store's tests."""

import pytest

from tests.api.conftest import EVERYTHING, TO_DELIVERY
from tests.support.receiver import Answer, Receiver
from tests.support.scr import CASE_UNKNOWN, case_row, ids_of, rows, started, stored, tenant_of

DAY_S = 24 * 3600
PERSON = {"contactDataProvided": {"firstName": "Rosalinde", "lastName": "Unverkennbar", "email": "ro@example.org"}}
SECRETS = ("Geheimsache", "Rosalinde", "Unverkennbar", "ro@example.org", "Mustermann", "Heidestr")
GONE = ("ident_case", "identification", "delivery_order", "notification", "due_work", "idempotency")


def journal(server, case_id: str) -> list[dict]:
    response = server.sandbox("GET", f"/requests?caseId={case_id}")
    assert response.status_code == 200, response.text
    found: list[dict] = response.json()
    return found


def closed(account, order=None) -> str:
    case_id = account.order(order)
    account.walk(case_id, *TO_DELIVERY, "success")
    return case_id


@pytest.mark.req("D-50")
def test_a_closed_case_is_gone_everywhere_at_the_limit_whether_archived_or_not(own_server):
    account = own_server.account(**EVERYTHING, retentionDays=5)
    with Receiver(default=Answer(500)) as receiver:
        order = {**PERSON, "processData": {"webHookUrl": receiver.url, "referenceId": "gone"}}
        kept, archived = closed(account, order), closed(account)
        own_server.advance(0)
    assert ids_of(account.request("PATCH", "/cases/archive", json=[archived]).json()) == [archived]
    own_server.advance(5 * DAY_S - 120)
    for case_id in (kept, archived):
        assert account.get(f"/cases/delivery/{case_id}").status_code == 200
        assert journal(own_server, case_id)
    assert own_server.sandbox("GET", f"/deliveries?caseId={kept}").json()

    own_server.advance(120)
    for case_id in (kept, archived):
        assert case_row(account, case_id) is None
        response = account.get(f"/cases/delivery/{case_id}")
        assert (response.status_code, response.content) == (404, CASE_UNKNOWN)
        assert own_server.http.get(f"/identportal/?vorgangsnummer={case_id}").status_code == 404
        assert own_server.sandbox("GET", f"/deliveries?caseId={case_id}").json() == []
        assert account.simulate(case_id, "declined", subStatus=12).status_code == 404
    assert account.get("/cases/delivery?archived=true&new=true&inProgress=true").json() == []
    assert account.request("PATCH", "/cases/archive", json=[kept, archived]).json() == []
    counts = stored(account)
    assert {table: counts[table] for table in GONE} == dict.fromkeys(GONE, 0)
    assert rows(own_server, "SELECT case_id FROM case_directory WHERE tenant_id = ?", tenant_of(account)) == []


@pytest.mark.req("D-50")
def test_the_journal_forgets_a_deleted_case_and_audit_keeps_nothing_but_ids(own_server):
    account = own_server.account(deliveryActive=True, retentionDays=0)
    case_id = account.order({**PERSON, "customData": {"custom1": "Geheimsache"}})
    account.walk(case_id, *TO_DELIVERY)
    assert account.get(f"/cases/delivery/{case_id}").status_code == 200
    assert ids_of(account.get("/cases/delivery?inProgress=true").json()) == [case_id]
    assert journal(own_server, case_id)
    assert account.simulate(case_id, "success").status_code == 200
    own_server.advance(1)
    assert case_row(account, case_id) is None
    assert journal(own_server, case_id) == []
    # Nothing of it is left either in calls about several cases at once: the bulk order, the list.
    everything = own_server.sandbox("GET", "/requests?limit=10000").text
    assert not any(secret in everything for secret in SECRETS)

    events = own_server.admin("GET", f"/audit/{account.client_id}?subject={case_id}").json()
    assert [event["action"] for event in events[:2]] == ["case.erased", "identification.changed"]
    assert all(event["subject"] == case_id for event in events)
    text = repr(rows(own_server, "SELECT * FROM audit_event WHERE tenant_id = ?", tenant_of(account)))
    assert case_id in text
    assert not any(secret in text for secret in SECRETS)


@pytest.mark.req("D-50")
def test_an_open_case_is_closed_by_its_validity_first_and_kept_for_the_whole_period(own_server):
    account = own_server.account(deliveryActive=True, validityDays=2, retentionDays=3)
    start_case, delivery = started(account, PERSON), account.order(release=False)
    own_server.advance(2 * DAY_S + 3600)
    for case_id in (start_case, delivery):
        assert case_row(account, case_id)["status"] == "closed"
    own_server.advance(3 * DAY_S - 2 * 3600)
    for case_id in (start_case, delivery):
        assert case_row(account, case_id) is not None
    own_server.advance(3 * 3600)
    for case_id in (start_case, delivery):
        assert case_row(account, case_id) is None


@pytest.mark.req("D-50")
def test_ninety_days_are_the_default_and_the_most(own_server):
    account = own_server.account(deliveryActive=True)
    case_id = closed(account)
    own_server.advance(90 * DAY_S - 60)
    assert account.get(f"/cases/delivery/{case_id}").status_code == 200
    own_server.advance(60)
    assert account.get(f"/cases/delivery/{case_id}").status_code == 404
    clients = len(own_server.admin("GET", "/scr-clients").json())
    response = own_server.admin("POST", "/scr-clients", json={"retentionDays": 91})
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["pointer"] == "/retentionDays"
    assert "90" in error["detail"]
    assert len(own_server.admin("GET", "/scr-clients").json()) == clients


@pytest.mark.req("D-50")
def test_a_jump_from_the_start_past_the_deletion_does_everything_in_between(own_server):
    account = own_server.account(deliveryActive=True, validityDays=1, retentionDays=1)
    started(account, PERSON)
    account.order(PERSON)
    own_server.advance(400 * DAY_S)
    counts = stored(account)
    assert {table: counts[table] for table in GONE} == dict.fromkeys(GONE, 0)
    shown = own_server.admin("GET", f"/audit/{account.client_id}").json()
    actions = [event["action"] for event in reversed(shown)]
    assert actions.count("case.erased") == 2
    assert actions.index("case.expired") < actions.index("case.erased")
