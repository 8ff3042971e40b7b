"""The post-office counter: what a coupon leads to, the document, the result (S-47, W-05)."""

import re

import pytest

from tests.support.console import DOCUMENT, Desk, play, seen, staff, text_of

COMPARED = ["first_name", "last_name", "birth_date", "document"]
CONTACT = {"firstName": "Erika", "lastName": "Mustermann"}


@pytest.fixture
def account(server):
    return bank(server)


def bank(server, number=None, **settings):
    """A client with an accounting number of its own."""
    made = server.account(couponActive=True, displayName="Musterbank", **settings)
    number = number or f"87{made.client_id}"
    server.admin("PATCH", f"/scr-clients/{made.client_id}", json={"accountingNumber": number})
    return made


def number_of(account):
    return f"87{account.client_id}"


def start(account, **body):
    answer = account.start({"contactDataProvided": CONTACT, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()["caseId"]


def scan(account, case_id, reference):
    return f"PI1:{case_id}:{reference}:{number_of(account)}"


def result(account, case_id):
    return account.get(f"/cases/{case_id}").json()


def outcome(account, case_id):
    found = result(account, case_id)["identifications"][-1]["identificationStatus"]
    code = found.get("subStatusReason")
    return found["status"], code["code"] if isinstance(code, dict) else code


def record(desk: Desk, case_id, step="success/", **fields):
    desk.get(f"/counter/{case_id}")
    sent = {"step": step, "seen": seen(desk), "compared": COMPARED, **DOCUMENT, **fields}
    return desk.post(f"/counter/{case_id}", sent)


@pytest.mark.req("W-05", "S-62")
def test_a_scan_a_case_number_and_a_reference_lead_to_the_same_case(account, server):
    case_id = start(account, processData={"referenceId": "Vertrag-7"})
    clerk = staff(server, "counter")
    ways = (
        {"find": scan(account, case_id, "Vertrag-7")},
        {"find": f" {scan(account, case_id, 'Vertrag-7')}\n"},
        {"find": f"{case_id[:4]} {case_id[4:8]} {case_id[8:]}".lower()},
        {"find": "Vertrag-7", "accounting": number_of(account)},
    )
    for way in ways:
        page = clerk.get("/counter", params=way)
        assert page.url.path == f"/console/counter/{case_id}", way
    assert "Erika Mustermann" in text_of(page)
    assert "Musterbank" in text_of(page)


@pytest.mark.req("W-05")
@pytest.mark.parametrize(
    ("way", "words"),
    [
        ({"find": "Das ist kein Coupon!"}, "weder ein Coupon noch eine Nummer"),
        ({"find": "PI1:zu:kurz:1"}, "weder ein Coupon noch eine Nummer"),
        ({"find": "Vertrag-7"}, "auch die Abrechnungsnummer"),
        ({"find": "Vertrag-7", "accounting": "99999999999999"}, "keinen Auftraggeber"),
        ({"find": "Vertrag-7", "accounting": '%"_'}, "keinen Auftraggeber"),
    ],
)
def test_what_leads_nowhere_says_why(server, way, words):
    page = staff(server, "counter").get("/counter", params=way)
    assert page.status_code == 422
    assert words in text_of(page)


@pytest.mark.req("W-05", "S-47")
def test_a_recorded_document_is_the_clients_result(account, server):
    case_id = start(account, processData={"referenceId": "R-1"})
    clerk = staff(server, "counter")
    clerk.follow(record(clerk, case_id))
    assert "Das Ergebnis ist gespeichert." in clerk.page.text
    found = result(account, case_id)
    assert found["orderData"]["processData"]["referenceId"] == "R-1"
    assert found["caseStatus"]["status"] == "closed"
    assert outcome(account, case_id)[0] == "success"
    document = found["identifications"][-1]["identificationDocument"]
    assert document["number"]["value"] == "L01X00T47"
    assert document["birthDate"]["value"] == "1964-08-12"


@pytest.mark.req("W-05")
@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"number": ""}, "number", "Bitte ausfüllen"),
        ({"number": "x" * 21}, "number", "zu lang"),
        ({"birth_date": "31.2.1964"}, "birth_date", "nicht die richtige Form"),
        ({"birth_date": "1.1.2999"}, "birth_date", "liegt in der Zukunft"),
        ({"date_of_expiry": "1.1.2020"}, "date_of_expiry", "abgelaufen"),
        ({"nationality": "Deutsch"}, "nationality", "nicht die richtige Form"),
        ({"country_of_document": "XXA"}, "country_of_document", "nicht die richtige Form"),
        ({"type": "12"}, "type", "nicht die richtige Form"),
        ({"city": "x" * 56}, "city", "zu lang"),
        ({"compared": ["document"]}, "compared", "vergleichen Sie alles"),
        ({"step": "declined/9010"}, "reason_9010", "wählen Sie einen Grund"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_recorded(account, server, fields, field, words):
    case_id = start(account)
    clerk = staff(server, "counter")
    answer = record(clerk, case_id, **fields)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}' in answer.text
    assert words in text_of(answer)
    assert 'value="Stadt Köln"' in answer.text
    assert account.get(f"/cases/{case_id}").json()["caseStatus"]["status"] == "new"


@pytest.mark.req("W-05")
@pytest.mark.parametrize(
    ("step", "code", "status"),
    [("declined/9010", "9104", "declined"), ("incomplete/9020", "9121", "incomplete")],
)
def test_a_decline_and_an_interrupted_identification_need_no_whole_document(account, server, step, code, status):
    case_id = start(account)
    clerk = staff(server, "counter")
    empty = dict.fromkeys(DOCUMENT, "")
    fields = {f"reason_{step.partition('/')[2]}": code, "compared": []}
    clerk.follow(record(clerk, case_id, step, **{**empty, **fields}))
    assert outcome(account, case_id) == (status, int(code))


@pytest.mark.req("W-05")
def test_every_result_is_an_audit_event_of_the_clerk(account, server):
    case_id = start(account)
    clerk = staff(server, "counter")
    clerk.follow(record(clerk, case_id))
    events = server.admin("GET", f"/audit/{account.client_id}", params={"subject": case_id}).json()
    (event,) = [event for event in events if event["details"].get("status") == "success"]
    assert re.fullmatch(r"staff:\d+", event["actor"])


@pytest.mark.req("W-05")
def test_a_form_sent_twice_and_a_case_that_is_over_change_nothing(account, server):
    case_id = start(account)
    clerk = staff(server, "counter")
    clerk.get(f"/counter/{case_id}")
    sent = {"step": "incomplete/9020", "reason_9020": "9121", "seen": seen(clerk)}
    assert clerk.post(f"/counter/{case_id}", sent).status_code == 303
    assert clerk.post(f"/counter/{case_id}", sent).status_code == 409
    play(server, case_id, "basic", "success")
    page = clerk.get(f"/counter/{case_id}")
    assert "kann hier nichts mehr erfasst werden" in page.text
    assert 'name="seen"' not in page.text


@pytest.mark.req("S-47")
def test_an_unknown_reference_opens_a_new_case_at_the_client_of_the_accounting_number(account, server):
    other = bank(server)
    clerk = staff(server, "counter")
    page = clerk.get("/counter", params={"find": f"PI1:ZZZZ9999ZZZZ:Papier-1:{number_of(account)}"})
    assert page.url.path == "/console/counter/new"
    assert "Papier-1" in text_of(page)
    fields = {"step": "success/", "seen": "0", "client": account.client_id, "reference": "Papier-1"}
    sent = {**fields, "accounting": number_of(account), "compared": COMPARED, **DOCUMENT}
    clerk.follow(clerk.post("/counter/new", sent))
    assert "Ein neuer Vorgang ist geöffnet" in clerk.page.text
    listed = account.get("/cases", params={"status": "closed"}).json()
    (found,) = [one for one in listed if one["orderData"]["processData"]["referenceId"] == "Papier-1"]
    assert re.fullmatch(r"[0-9A-Z]{12}", found["caseId"])
    assert found["caseId"] != "ZZZZ9999ZZZZ"
    assert found["identifications"][-1]["identificationStatus"]["status"] == "success"
    assert other.get("/cases", params={"status": "closed"}).json() == []
    again = clerk.post("/counter/new", sent)
    assert clerk.follow(again).url.path == f"/console/counter/{found['caseId']}"
    assert len(account.get("/cases", params={"status": "closed"}).json()) == len(listed)


@pytest.mark.req("S-47", "C-03")
def test_the_form_decides_nothing_about_whose_case_is_opened(account, server):
    other = bank(server)
    clerk = staff(server, "counter")
    clerk.get("/counter", params={"find": f"PI1:ZZZZ9999ZZZZ:Papier-2:{number_of(account)}"})
    fields = {"step": "success/", "seen": "0", "client": other.client_id, "reference": "Papier-2"}
    clerk.post("/counter/new", {**fields, "accounting": number_of(account), "compared": COMPARED, **DOCUMENT})
    for one in (account, other):
        assert one.get("/cases", params={"status": "closed"}).json() == []


@pytest.mark.req("S-47")
def test_of_clients_that_share_an_accounting_number_the_clerk_chooses_one(server):
    first = bank(server)
    second = bank(server, number=number_of(first))
    clerk = staff(server, "counter")
    page = clerk.get("/counter", params={"find": f"PI1:ZZZZ9999ZZZZ:Papier-3:{number_of(first)}"})
    assert f'<option value="{first.client_id}"' in page.text
    assert f'<option value="{second.client_id}"' in page.text
    fields = {"step": "success/", "seen": "0", "client": second.client_id, "reference": "Papier-3"}
    clerk.follow(
        clerk.post("/counter/new", {**fields, "accounting": number_of(first), "compared": COMPARED, **DOCUMENT})
    )
    assert first.get("/cases", params={"status": "closed"}).json() == []
    assert len(second.get("/cases", params={"status": "closed"}).json()) == 1


@pytest.mark.req("C-03")
def test_a_clients_own_counter_serves_its_own_cases_only(account, server):
    other = bank(server)
    foreign = start(other, processData={"referenceId": "Fremd-1"})
    clerk = staff(server, "counter", home={"scrClient": account.client_id})
    for find in (foreign, scan(other, foreign, "Fremd-1")):
        page = clerk.get("/counter", params={"find": find, "accounting": number_of(other)})
        assert page.status_code == 422
        assert "Vertrag" not in page.text
        assert foreign not in re.sub(r'value="[^"]*"', "", page.text)
    assert clerk.get(f"/counter/{foreign}").status_code == 404
    own = start(account)
    clerk.get(f"/counter/{own}")
    answer = clerk.post(f"/counter/{foreign}", {"step": "incomplete/9020", "reason_9020": "9121", "seen": "0"})
    assert answer.status_code == 404
    assert other.get(f"/cases/{foreign}").json()["caseStatus"]["status"] == "new"


@pytest.mark.req("W-05", "S-62")
def test_a_cameras_picture_of_a_coupon_is_read(server):
    import zxingcpp  # noqa: PLC0415

    text = "PI1:ABCD1234EFGH:Vertrag-7:87122222143703"
    symbol = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    picture = memoryview(zxingcpp.write_barcode_to_image(symbol, scale=5))
    height, width = picture.shape
    clerk = staff(server, "counter")
    clerk.get("/counter")
    token = re.search(r'name="form_token" value="(\w+)"', clerk.page.text)[1]

    def send(content, width, height, **headers):
        sent = {"Content-Type": "application/octet-stream", "X-Form-Token": token, **headers}
        path = f"/console/counter/scan?width={width}&height={height}"
        return clerk.http.post(path, content=content, headers=sent)

    assert send(bytes(picture), width, height).json() == {"text": text}
    assert send(bytes(width * height), width, height).json() == {"text": ""}
    for content, w, h in ((b"short", 10, 10), (b"", 0, 0), (bytes(4), 2, -2), (bytes(1601), 1601, 1)):
        assert send(content, w, h).status_code == 400
    assert send(bytes(4), 2, 2, **{"Content-Type": "image/png"}).status_code == 415
    assert send(bytes(4 * 1024 * 1024), 2048, 2048).status_code == 413
    assert send(bytes(4), 2, 2, **{"X-Form-Token": "0" * 64}).status_code == 403


@pytest.mark.req("C-10")
def test_script_in_every_provided_field_is_shown_as_text(account, server):
    evil = "<svg onload=1>"
    document = {"firstName": evil, "lastName": evil, "birthPlace": evil, "authority": evil, "number": evil}
    contact = {"firstName": evil, "lastName": evil, "address": {"streetAddress": evil, "city": evil}}
    case_id = start(account, contactDataProvided=contact, identificationDocumentProvided=document)
    page = staff(server, "counter").get(f"/counter/{case_id}")
    assert "<svg onload" not in page.text
    assert page.text.count("&lt;svg onload=1&gt;") >= 8
