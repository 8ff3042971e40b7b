"""START: what a start answers, and what becomes of the case (S-30 to S-36, S-40, S-42, S-43)."""

import re
from datetime import datetime, timedelta

import pytest

from fallwerk.apis.scr_start.examples import SAMPLE_REQUEST, SAMPLE_RESPONSE
from fallwerk.kit.clock import BERLIN, to_us
from tests.support.scr import NOT_VALID, WRONG_DATE, bad, case_row, nothing_stored, rows, started, stored, stored_order

CONTACT = {
    "title": "Dr.",
    "firstName": "Max",
    "lastName": "Muster",
    "mobilePhone": "+49 171 123456789",
    "email": "max.muster@example.org",
    "address": {"city": "Köln", "country": "DEU"},
}
DAY_S = 24 * 3600


@pytest.mark.req("S-01", "S-30", "S-33")
def test_the_guide_s_sample_request_gets_the_guide_s_answer(account):
    response = account.start(SAMPLE_REQUEST)
    assert response.status_code == 201, response.text
    body = response.json()
    case_id = body["caseId"]
    assert body == {
        "caseId": case_id,
        "validUntil": body["validUntil"],
        "webStart": {"caseURL": f"{account.server.url}/identportal/?vorgangsnummer={case_id}"},
        "iosStart": {"caseUrlScheme": f"postident://cases/{case_id}", "packageName": "de.deutschepost.postident"},
        "androidStart": {"caseUrlScheme": f"postident://cases/{case_id}", "packageName": "de.deutschepost.postident"},
    }
    assert list(body) == list(SAMPLE_RESPONSE)
    row = case_row(account, case_id)
    assert (row["kind"], row["status"], row["reference_id"]) == ("start", "new", "YR9W91GEZK24")


@pytest.mark.req("S-33")
def test_an_account_may_have_an_app_of_its_own(server):
    account = server.account(iosScheme="musterbank", packageName="de.musterbank.ident")
    body = account.start().json()
    app = {"caseUrlScheme": f"musterbank://cases/{body['caseId']}", "packageName": "de.musterbank.ident"}
    assert (body["iosStart"], body["androidStart"]) == (app, app)


@pytest.mark.req("S-31")
def test_case_ids_have_twelve_random_characters_and_never_repeat(account):
    case_ids = [started(account) for _ in range(200)]
    assert all(re.fullmatch("[0-9A-Z]{12}", case_id) for case_id in case_ids)
    assert len(set(case_ids)) == 200
    # Every place uses most of the 36 characters, so that none is a counter or a clock.
    assert all(len({case_id[place] for case_id in case_ids}) > 25 for place in range(12))


@pytest.mark.req("S-32", "S-43")
@pytest.mark.parametrize("days", [1, 30, 200])
def test_the_validity_ends_at_the_same_second_of_the_day_with_berlin_s_offset_of_that_instant(server, days):
    account = server.account(validityDays=days)
    body = account.start().json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", body["validUntil"])
    until = datetime.fromisoformat(body["validUntil"])
    row = case_row(account, body["caseId"])
    created = datetime.fromtimestamp(row["created_us"] // 1_000_000, BERLIN)
    expected = (created.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=BERLIN)
    assert until == expected
    assert until.utcoffset() == expected.utcoffset()
    assert row["valid_until_us"] == to_us(until)


@pytest.mark.req("S-34", "S-35", "S-24")
def test_the_guide_s_two_field_errors_have_the_guide_s_words(account):
    with nothing_stored(account):
        response = account.start({"contactDataProvided": {"email": "nobody"}})
        assert response.json()["error"]["errors"] == [
            {
                "reason": "incorrect value",
                "errorcode": "90005",
                "key": "contactDataProvided.email",
                "message": NOT_VALID,
            }
        ]
        response = account.start({"orderData": {"identificationDocumentProvided": {"dateIssued": "1.11.2010"}}})
        bad(response, ("identificationDocumentProvided.dateIssued", WRONG_DATE))
        assert response.json()["error"]["errors"][0]["errorcode"] == "90001"


@pytest.mark.req("S-40")
@pytest.mark.parametrize("missing", ["firstName", "lastName"])
def test_contact_data_without_a_first_or_last_name_is_dropped_as_a_whole(account, missing):
    for nothing in ("", None, " ", ...):
        contact = {**CONTACT, missing: nothing}
        if nothing is ...:
            del contact[missing]
        assert stored_order(account, started(account, {"contactDataProvided": contact})).contact is None
    without_mail = {name: value for name, value in CONTACT.items() if name != "email"}
    kept = stored_order(account, started(account, {"contactDataProvided": without_mail})).contact
    assert (kept.first_name, kept.last_name, kept.email, kept.address.city) == ("Max", "Muster", None, "Köln")


@pytest.mark.req("S-40")
def test_contact_data_that_will_be_dropped_is_checked_first(account):
    with nothing_stored(account):
        bad(account.start({"contactDataProvided": {"email": "nobody"}}), ("contactDataProvided.email", NOT_VALID))


@pytest.mark.req("S-42")
def test_class_and_methods_are_settings_of_the_account(server):
    for ident_class in ("GwG", "TKG", "Standard", "Mobility"):
        account = server.account(identClass=ident_class, methods=["video", "eid"])
        started(account)
        shown = server.admin("GET", f"/scr-clients/{account.client_id}").json()
        assert (shown["identClass"], shown["methods"]) == (ident_class, ["video", "eid"])
    clients = len(server.admin("GET", "/scr-clients").json())
    for name, value in (("identClass", "gwg"), ("methods", ["delivery"]), ("methods", ["video", "video"])):
        response = server.admin("POST", "/scr-clients", json={name: value})
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"
        (error,) = response.json()["errors"]
        assert error["pointer"].startswith(f"/{name}")
    assert len(server.admin("GET", "/scr-clients").json()) == clients


@pytest.mark.req("S-43")
def test_the_portal_names_an_open_case_and_answers_410_after_its_validity_and_404_for_none(own_server):
    account = own_server.account(validityDays=2, retentionDays=10)
    case_id = started(account, {"contactDataProvided": CONTACT})
    portal = account.start().json()["webStart"]["caseURL"].replace(account.start().json()["caseId"], "")
    page = f"/identportal/?vorgangsnummer={case_id}"
    assert portal.startswith(own_server.url + "/identportal/")
    own_server.advance(2 * DAY_S - 60)
    opened = own_server.http.get(page)
    assert opened.status_code == 200
    assert opened.headers["content-type"].startswith("text/html")
    assert case_id in opened.text
    assert case_row(account, case_id)["status"] == "new"

    own_server.advance(3600 * 2)
    closed = own_server.http.get(page)
    assert closed.status_code == 410
    assert closed.headers["content-type"].startswith("text/html")
    row = case_row(account, case_id)
    assert row["status"] == "closed"
    assert row["closed_us"] == row["valid_until_us"]
    tenant = row["tenant_id"]
    assert rows(own_server, "SELECT 1 AS one FROM identification WHERE tenant_id = ?", tenant) == []

    for unknown in ("A" * 12, "", "x", "%00"):
        missing = own_server.http.get(f"/identportal/?vorgangsnummer={unknown}")
        assert missing.status_code == 404
        assert missing.headers["content-type"].startswith("text/html")
    for page_text in (opened.text, closed.text):
        assert not any(word in page_text for word in ("Muster", "max.muster", "Köln"))
    own_server.advance(10 * DAY_S)
    assert own_server.http.get(page).status_code == 404
    assert stored(account)["ident_case"] == 0
