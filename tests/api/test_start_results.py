"""Results of the methods basic, video, photo and eid, as a client fetches them (R-01 to R-06)."""

import base64
from datetime import datetime
from typing import Any, Final

import pytest

from tests.api.conftest import ADDRESS, EVERYTHING, Account, Running
from tests.support.scr import CASE_UNKNOWN, bad, case_row, ids_of, rows, started, tenant_of

ORDER: Final[dict[str, Any]] = {
    "customData": {"custom1": "REF_1", "custom3": "three"},
    "processData": {
        "referenceId": "R-1",
        "callbackUrlSuccess": {"webUrl": "https://a.example/s", "iOSUrl": "bank://s"},
        "webHookURL": "https://a.example/hook",
    },
    "contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann", "address": ADDRESS},
    "identificationDocumentProvided": {"firstName": "Erika", "lastName": "Gabler", "birthDate": "1964-08-12"},
    "drivingLicenseProvided": {"number": "L1", "drivingLicenseClasses": [{"className": "B", "dateIssued": "1.1.2012"}]},
}
DOCUMENT: Final = {"number": "T0101", "lastName": "Mustermann", "address": ADDRESS}


def play(account: Account, case_id: str, method: str, status: str, **extra: Any) -> dict[str, Any]:
    """Play the people of one step, which must be legal, and return the case result."""
    body = {"method": method, "status": status, **extra}
    response = account.server.sandbox("POST", f"/cases/{case_id}/simulate", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


def of_class(server: Running, ident_class: str, **more: Any) -> Account:
    return server.account(**{**EVERYTHING, "identClass": ident_class, "accountingNumber": "8712", **more})


@pytest.mark.req("R-01", "R-03")
def test_a_success_comes_back_with_every_value_compared_with_what_was_provided(server):
    account = of_class(server, "Standard")
    case_id = started(account, ORDER)
    played = play(account, case_id, "basic", "success", identificationDocument=DOCUMENT)
    result = account.get(f"/cases/{case_id}").json()
    assert played == result
    assert list(result) == ["caseId", "caseStatus", "orderData", "contactData", "identifications", "accountingData"]
    assert result["orderData"] == {
        "customData": {"custom1": "REF_1", "custom3": "three"},
        "processData": {
            "targetCountry": "DEU",
            "preferredLanguage": "DE_DE",
            "webHookURL": "https://a.example/hook",
            "referenceId": "R-1",
            "callbackUrlSuccess": {"webUrl": "https://a.example/s", "iOSUrl": "bank://s"},
        },
        "contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann", "address": ADDRESS},
        "identificationDocumentProvided": {"firstName": "Erika", "lastName": "Gabler", "birthDate": "1964-08-12"},
        "drivingLicenseProvided": {
            "number": "L1",
            "drivingLicenseClasses": [{"className": "B", "dateIssued": "1.1.2012"}],
        },
    }
    document = result["identifications"][0]["identificationDocument"]
    assert document["number"] == {"status": "new", "value": "T0101"}
    assert document["firstName"] == {"status": "match", "value": "Erika"}
    assert document["lastName"] == {"status": "change", "value": "Mustermann"}
    assert document["birthDate"] == {"status": "match", "value": "1964-08-12"}
    assert document["address"]["city"] == {"status": "new", "value": "Köln"}
    assert result["contactData"]["address"]["city"] == {"status": "match", "value": "Köln"}
    assert result["accountingData"] == {"accountingNumber": "8712", "accountingProduct": "Postident Basic"}
    assert "Köln".encode() in account.get(f"/cases/{case_id}").content


@pytest.mark.req("R-01")
def test_a_case_that_nothing_happened_to_has_no_identifications_and_never_a_null(server):
    account = of_class(server, "Standard", accountingNumber="")
    case_id = started(account)
    for path in (f"/cases/{case_id}", f"/cases/{case_id}/full", f"/cases/{case_id}/full?includeBinaryData=true"):
        result = account.get(path).json()
        assert result["caseStatus"]["status"] == "new"
        assert result["identifications"] == []
        assert result["accountingData"] == {"accountingNumber": "", "accountingProduct": "Postident"}
        assert "contactData" not in result
    times = result["caseStatus"]
    created, valid = (datetime.fromisoformat(times[name]) for name in ("created", "validUntil"))
    assert (valid - created).days in {29, 30}
    begun = play(account, case_id, "eid", "started")
    assert begun["identifications"][0]["identificationDocument"] == {}
    assert "records" not in begun["identifications"][0]
    assert begun["caseStatus"]["status"] == "in progress"


@pytest.mark.req("R-01")
def test_unknown_foreign_and_delivery_cases_are_not_found_and_delivery_sees_none_of_these(server):
    account, other = of_class(server, "Standard"), of_class(server, "Standard")
    foreign, delivery, own = started(other), account.order(), started(account)
    for case_id in ("000000000000", foreign, delivery, "x", "a%20b"):
        for path in (f"/cases/{case_id}", f"/cases/{case_id}/full", f"/cases/{case_id}/full?includeBinaryData=true"):
            response = account.get(path)
            assert (response.status_code, response.content) == (404, CASE_UNKNOWN)
    assert account.get(f"/cases/delivery/{own}").status_code == 404
    assert account.get(f"/cases/{own}/").status_code == 200
    assert account.request("HEAD", f"/cases/{own}/full").status_code == 200
    assert account.get(f"/cases/{own}", auth=None).status_code == 401
    alive = (account.alive_username, account.alive_password)
    assert account.get(f"/cases/{own}/full", auth=alive).status_code == 401


@pytest.mark.req("R-01", "R-05")
def test_records_have_names_and_their_data_only_where_it_is_asked_for(server):
    account = of_class(server, "GwG")
    case_id = started(account, ORDER)
    play(account, case_id, "photo", "review pending")
    play(account, case_id, "photo", "incomplete")
    play(account, case_id, "photo", "review pending")
    play(account, case_id, "photo", "success")
    records = account.get(f"/cases/{case_id}/full").json()["identifications"][0]["records"]
    assert [(record["belongsTo"], record["type"], record["fileName"]) for record in records] == [
        ("method", "result", f"{case_id}_result_photo.pdf"),
        ("identificationdocument", "idfrontside", f"{case_id}_idfrontside.jpg"),
        ("identificationdocument", "idbackside", f"{case_id}_idbackside.jpg"),
        ("method", "userface", f"{case_id}_userface.jpg"),
        ("identificationdocument", "idfrontside", f"{case_id}_idfrontside_2.jpg"),
        ("identificationdocument", "idbackside", f"{case_id}_idbackside_2.jpg"),
        ("method", "userface", f"{case_id}_userface_2.jpg"),
    ]
    assert all("documentData" not in record for record in records)
    assert len({record["recordId"] for record in records}) == 7
    first, last = records[1], records[4]
    assert (first["validationStatus"], first["validationSubStatus"]) == ("invalid", "too blurry")
    assert first["validationRemark"] == "Played by the sandbox"
    assert last["validationStatus"] == "valid"
    assert "validationStatus" not in records[0]
    assert (
        account.get(f"/cases/{case_id}/full?includeBinaryData=FALSE").json()["identifications"][0]["records"] == records
    )
    full = account.get(f"/cases/{case_id}/full?includeBinaryData=True").json()["identifications"][0]["records"]
    begins = [base64.b64decode(record.pop("documentData"))[:4] for record in full]
    assert begins == [b"%PDF", *[b"\xff\xd8\xff\xe0"] * 6]
    assert full == records
    assert "documentData" not in account.get("/cases").text


@pytest.mark.req("R-01")
def test_a_flag_that_is_none_is_refused(server):
    account = of_class(server, "GwG")
    case_id = started(account)
    path = f"/cases/{case_id}/full"
    bad(account.get(f"{path}?includeBinaryData=1"), ("includeBinaryData", "The value must be true or false."))
    bad(
        account.get(f"{path}?includeBinaryData=true&includeBinaryData=true"),
        ("includeBinaryData", "The parameter is given more than once."),
    )
    assert account.get(f"{path}?includebinarydata=1").status_code == 200


@pytest.mark.req("R-04")
@pytest.mark.parametrize("ident_class", ["GwG", "TKG", "Standard", "Mobility"])
def test_the_class_limits_what_is_disclosed(server, ident_class):
    account = of_class(server, ident_class)
    case_id = started(account, ORDER)
    play(account, case_id, "video", "success")
    (found,) = account.get(f"/cases/{case_id}/full?includeBinaryData=true").json()["identifications"]
    types = {record["type"] for record in found["records"]}
    disclosed = {"GwG": {"idfrontside", "idbackside", "userface"}, "Mobility": {"dlfrontside", "dlbackside"}}
    assert types == {"result"} | disclosed.get(ident_class, set())
    video = found["additionalDataVideo"]
    assert ("tanChannel" in video) is (ident_class == "GwG")
    assert ("identReviews" in video) is (ident_class == "TKG")
    assert {"identificationServiceCenter", "identificationAgentAlias", "videoRecordingAccepted"} <= video.keys()
    assert ("drivingLicence" in found) is (ident_class == "Mobility")
    if ident_class == "Mobility":
        licence = found["drivingLicence"]
        assert licence["number"] == {"status": "match", "value": "L1"}
        assert licence["drivingLicenceClasses"][0]["className"] == {"status": "match", "value": "B"}
        assert licence["authority"]["status"] == "new"
    assert found["identificationDocument"]["lastName"] == {"status": "match", "value": "Gabler"}


@pytest.mark.req("R-06")
def test_codes_are_our_own_with_their_descriptions(server):
    account = of_class(server, "Standard", declinedCloses=["basic"])
    case_id = started(account)
    result = play(account, case_id, "video", "declined", subStatus=9010, subStatusReason=9104)
    status = result["identifications"][0]["identificationStatus"]
    assert status["subStatus"] == {"code": 9010, "description": "Identity not confirmed"}
    assert status["subStatusReason"] == {"code": 9104, "description": "Document is expired or invalid"}
    assert "identificationTime" not in status
    assert result["caseStatus"]["status"] == "in progress"
    again = play(account, case_id, "eid", "success")
    assert [entry["identificationMethod"] for entry in again["identifications"]] == ["video", "eid"]
    assert again["identifications"][1]["additionalDataEid"]["dkk"]
    assert again["accountingData"]["accountingProduct"] == "Postident eID"
    assert again["caseStatus"]["status"] == "closed"


@pytest.mark.req("S-46")
def test_a_result_under_review_discloses_nothing_of_the_outcome(server):
    account = of_class(server, "GwG")
    case_id = started(account, ORDER)
    (found,) = play(account, case_id, "video", "review pending")["identifications"]
    assert found["identificationStatus"].keys() == {"status", "created", "modified"}
    assert found["identificationDocument"] == {}
    assert "success" not in account.get(f"/cases/{case_id}/full").text


@pytest.mark.req("R-02", "D-40")
def test_lists_filter_and_archive_covers_these_cases(server):
    account = of_class(server, "Standard")
    new, open_, closed, later = (started(account) for _ in range(4))
    play(account, open_, "photo", "started")
    play(account, closed, "eid", "success")
    play(account, later, "basic", "success")
    delivery = account.order()
    assert ids_of(account.get("/cases").json()) == [closed, later]
    everything = account.get("/cases?new=true&inProgress=TRUE").json()
    assert set(ids_of(everything)) == {new, open_, closed, later}
    assert ids_of(account.get("/cases?new=true&closed=false").json()) == [new]
    assert ids_of(account.get("/cases?inProgress=true&closed=false&createdUntil=2001-01-01").json()) == []
    assert everything == [account.get(f"/cases/{case_id}").json() for case_id in ids_of(everything)]
    assert "X-PARTIAL-DELIVERY" not in account.get("/cases").headers
    bad(account.get("/cases?closed=maybe"), ("closed", "The value must be true or false."))
    before = account.get(f"/cases/{closed}").json()["caseStatus"]
    for path in ("/cases/archive", "/cases/delivery/archive"):
        archived = account.request("PATCH", path, json=[closed, open_, delivery]).json()
        assert [entry["caseId"] for entry in archived] == [closed]
        assert archived[0]["caseStatus"]["archived"] is True
    assert ids_of(account.get("/cases").json()) == [later]
    assert ids_of(account.get("/cases?archived=true").json()) == [closed, later]
    assert account.get(f"/cases/{closed}").json()["caseStatus"] == {**before, "archived": True}


@pytest.mark.req("R-02", "R-03")
def test_an_untouched_case_says_the_same_of_its_order_as_once_something_has_happened(server):
    account = of_class(server, "Standard")
    case_id = started(account, ORDER)
    (untouched,) = account.get("/cases?new=true").json()
    begun = play(account, case_id, "eid", "started")
    (listed,) = account.get("/cases?inProgress=true").json()
    assert begun == listed
    assert list(untouched) == list(listed)
    assert untouched["contactData"]["lastName"] == {"status": "match", "value": "Mustermann"}
    for name in ("caseId", "orderData", "contactData"):
        assert untouched[name] == listed[name]
    assert (untouched["identifications"], untouched["accountingData"]["accountingProduct"]) == ([], "Postident")
    assert untouched["caseStatus"].items() >= {"status": "new", "archived": False}.items()
    assert untouched["caseStatus"]["validUntil"] == listed["caseStatus"]["validUntil"]


@pytest.mark.req("S-43")
def test_expiry_declines_open_attempts_by_the_gate_and_closes(server):
    account = server.account(**{**EVERYTHING, "validityDays": 1, "declinedCloses": [], "webhookEvents": ["final"]})
    hook = {"processData": {"webHookUrl": "http://127.0.0.1:9/hook"}}
    two, none = started(account, hook), started(account, hook)
    play(account, two, "photo", "review pending")
    play(account, two, "eid", "started")
    server.advance(25 * 3600)
    result = account.get(f"/cases/{two}").json()
    assert result["caseStatus"]["status"] == "closed"
    for found in result["identifications"]:
        status = found["identificationStatus"]
        assert status["status"] == "declined"
        assert status["subStatus"] == {"code": 9000, "description": "Validity of the case exceeded"}
        assert "subStatusReason" not in status
    empty = account.get(f"/cases/{none}").json()
    assert (empty["caseStatus"]["status"], empty["identifications"]) == ("closed", [])
    told = {case_id: server.sandbox("GET", f"/deliveries?caseId={case_id}").json() for case_id in (two, none)}
    # One notification tells of both declines; a case without an attempt is closed without one.
    assert (len(told[two]), told[none]) == (1, [])


@pytest.mark.req("S-43")
def test_what_expiry_declines_is_stored_attempt_by_attempt(server):
    account = server.account(**{**EVERYTHING, "validityDays": 1})
    case_id = started(account)
    play(account, case_id, "video", "incomplete")
    server.advance(25 * 3600)
    statement = "SELECT status, sub_status FROM identification WHERE tenant_id = ? AND case_id = ?"
    assert rows(server, statement, tenant_of(account), case_id) == [{"status": "declined", "sub_status": 9000}]


@pytest.mark.req("D-50")
def test_everything_of_the_methods_goes_with_the_case(server):
    account = of_class(server, "GwG", retentionDays=1)
    case_id = started(account, ORDER)
    play(account, case_id, "photo", "success")
    assert case_row(account, case_id) is not None
    server.advance(25 * 3600)
    assert account.get(f"/cases/{case_id}").status_code == 404
    for table in ("ident_record", "ident_person", "ident_consent", "identification", "ident_case"):
        found = rows(
            server, f"SELECT 1 AS x FROM {table} WHERE tenant_id = ? AND case_id = ?", tenant_of(account), case_id
        )
        assert found == [], table
    assert rows(server, "SELECT 1 AS x FROM blob WHERE tenant_id = ?", tenant_of(account)) == []
