"""The driving licence at the desks: recorded with every success in class Mobility, and in no other class (R-04)."""

import re

import pytest

from tests.api.test_console_counter import COMPARED, bank, number_of, outcome, record, result, start
from tests.support.console import DOCUMENT, seen, staff, text_of

PROVIDED = {
    "number": "B072RRE2I55",
    "firstName": "Erika",
    "drivingLicenceClasses": [{"className": "B", "dateIssued": "1.1.2012", "dateOfExpiry": "31.12.2030"}],
}
LICENCE = {
    "l_number": "B072RRE2I55",
    "l_first_name": "Erika",
    "l_last_name": "Mustermann",
    "l_birth_date": "12.8.1964",
    "l_date_issued": "1.1.2012",
    "l_authority": "Stadt Köln",
    "l_country_of_document": "deu",
    "l_c1_class_name": "b",
    "l_c1_date_issued": "1.1.2012",
    "l_c1_date_of_expiry": "31.12.2030",
    "l_c16_class_name": "CE",
    "l_c16_restrictions": "01.06",
}
"""What somebody reads off a licence, as they type it."""


@pytest.fixture
def account(server):
    return bank(server, identClass="Mobility")


@pytest.mark.req("R-03", "R-04", "W-05")
def test_a_recorded_licence_is_in_the_clients_result_beside_what_was_provided(account, server):
    case_id = start(account, drivingLicenceProvided=PROVIDED)
    clerk = staff(server, "counter")
    page = clerk.get(f"/counter/{case_id}")
    assert "Führerschein erfassen" in text_of(page)
    assert "B (01.01.2012 – 31.12.2030)" in text_of(page) or "B (1.1.2012 – 31.12.2030)" in text_of(page)
    clerk.follow(record(clerk, case_id, **LICENCE))
    (found,) = result(account, case_id)["identifications"]
    licence = found["drivingLicence"]
    assert licence["number"] == {"status": "match", "value": "B072RRE2I55"}
    assert licence["lastName"] == {"status": "new", "value": "Mustermann"}
    assert licence["birthDate"]["value"] == "1964-08-12"
    assert licence["countryOfDocument"]["value"] == "DEU"
    assert licence["drivingLicenceClasses"] == [
        {
            "className": {"status": "match", "value": "B"},
            "dateIssued": {"status": "match", "value": "2012-01-01"},
            "dateOfExpiry": {"status": "match", "value": "2030-12-31"},
        },
        {"className": {"status": "new", "value": "CE"}, "restrictions": {"status": "new", "value": "01.06"}},
    ]


@pytest.mark.req("R-04", "W-05")
@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        (dict.fromkeys(LICENCE, ""), "l_number", "vom Führerschein übernehmen"),
        ({"l_c1_class_name": "", "l_c1_date_issued": "", "l_c1_date_of_expiry": ""}, "", ""),
        ({"l_number": "x" * 21}, "l_number", "zu lang"),
        ({"l_birth_date": "31.2.1964"}, "l_birth_date", "nicht die richtige Form"),
        ({"l_birth_date": "13.8.1964"}, "l_birth_date", "nicht das auf dem Ausweis"),
        ({"l_date_issued": "1.1.2999"}, "l_date_issued", "liegt in der Zukunft"),
        ({"l_date_of_expiry": "1.1.2020"}, "l_date_of_expiry", "Führerschein ist abgelaufen"),
        ({"l_country_of_document": "XXA"}, "l_country_of_document", "nicht die richtige Form"),
        ({"l_restrictions": "x" * 36}, "l_restrictions", "zu lang"),
        ({"l_c2_date_issued": "1.1.2012"}, "l_c2_class_name", "nennen Sie die Klasse"),
        ({"l_c2_class_name": "B"}, "l_c2_class_name", "steht schon in einer anderen Zeile"),
        ({"l_c2_class_name": "x" * 11}, "l_c2_class_name", "zur Klasse ist zu lang"),
        ({"l_c1_date_of_expiry": "31.2.2030"}, "l_c1_date_of_expiry", "zur Klasse hat nicht"),
        (
            {
                "l_c1_class_name": "",
                "l_c1_date_issued": "",
                "l_c1_date_of_expiry": "",
                "l_c16_class_name": "",
                "l_c16_restrictions": "",
            },
            "l_classes",
            "vom Führerschein übernehmen",
        ),
    ],
)
def test_what_cannot_be_on_a_licence_is_said_at_its_field_and_nothing_is_recorded(
    account, server, fields, field, words
):
    case_id = start(account)
    clerk = staff(server, "counter")
    answer = record(clerk, case_id, **{**LICENCE, **fields})
    if not field:
        # One class is enough, in whichever row.
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}"' in answer.text
    assert words in text_of(answer)
    if "l_authority" not in fields:
        assert answer.text.count('value="Stadt Köln"') == 2
    assert account.get(f"/cases/{case_id}").json()["caseStatus"]["status"] == "new"


@pytest.mark.req("W-05")
def test_a_decline_takes_what_could_be_read_of_a_licence_and_an_unfinished_one_nothing(account, server):
    case_id = start(account)
    clerk = staff(server, "counter")
    empty = dict.fromkeys(DOCUMENT, "")
    unfinished = {**empty, "reason_9020": "9121", "compared": []}
    clerk.follow(record(clerk, case_id, "incomplete/9020", **unfinished))
    part = {**empty, "l_number": "B072RRE2I55", "l_date_of_expiry": "1.1.2020", "reason_9010": "9104", "compared": []}
    refused = record(clerk, case_id, "declined/9010", **{**part, "l_birth_date": "x"})
    assert refused.status_code == 422
    clerk.follow(record(clerk, case_id, "declined/9010", **part))
    assert outcome(account, case_id) == ("declined", 9104)
    (found,) = result(account, case_id)["identifications"]
    assert found["drivingLicence"] == {
        "number": {"status": "new", "value": "B072RRE2I55"},
        "dateOfExpiry": {"status": "new", "value": "2020-01-01"},
    }


@pytest.mark.req("R-04")
@pytest.mark.parametrize("ident_class", ["GwG", "TKG", "Standard"])
def test_no_other_class_has_a_licence_asked_for_or_kept(server, ident_class):
    account = bank(server, identClass=ident_class)
    case_id = start(account, drivingLicenceProvided=PROVIDED)
    clerk = staff(server, "counter")
    assert "l_number" not in clerk.get(f"/counter/{case_id}").text
    clerk.follow(record(clerk, case_id, **LICENCE))
    server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"identClass": "Mobility"})
    (found,) = result(account, case_id)["identifications"]
    assert "drivingLicence" not in found


@pytest.mark.req("R-04", "S-47")
def test_a_reference_nobody_knows_asks_for_the_licence_where_its_client_wants_it(account, server):
    other = bank(server, number=number_of(account))
    clerk = staff(server, "counter")
    asked = {"find": f"PI1:ZZZZ9999ZZZZ:Papier-9:{number_of(account)}"}
    assert "l_number" in clerk.get("/counter", params=asked).text
    fields = {"step": "success/", "seen": "0", "reference": "Papier-9", "accounting": number_of(account)}
    sent = {**fields, "compared": COMPARED, **DOCUMENT}
    refused = clerk.post("/counter/new", {**sent, "client": account.client_id})
    assert refused.status_code == 422
    assert 'href="#l_number"' in refused.text
    clerk.follow(clerk.post("/counter/new", {**sent, "client": account.client_id, **LICENCE}))
    (found,) = account.get("/cases", params={"status": "closed"}).json()
    assert found["identifications"][-1]["drivingLicence"]["number"]["value"] == "B072RRE2I55"
    # The other client of the number has no licence looked at.
    clerk.get("/counter", params={"find": f"PI1:ZZZZ9999ZZZZ:Papier-10:{number_of(account)}"})
    clerk.follow(clerk.post("/counter/new", {**sent, "reference": "Papier-10", "client": other.client_id}))


@pytest.mark.req("R-04")
def test_a_form_from_before_the_class_was_changed_is_shown_again_with_the_licence(server):
    account = bank(server)
    case_id = start(account)
    clerk = staff(server, "counter")
    clerk.get(f"/counter/{case_id}")
    sent = {"step": "success/", "seen": seen(clerk), "compared": COMPARED, **DOCUMENT}
    server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"identClass": "Mobility"})
    answer = clerk.post(f"/counter/{case_id}", sent)
    assert answer.status_code == 422
    assert re.search(r'<input id="l_number"[^>]*aria-invalid="true"', answer.text)
    assert 'value="L01X00T47"' in answer.text
    assert account.get(f"/cases/{case_id}").json()["caseStatus"]["status"] == "new"


@pytest.mark.req("C-10")
def test_script_in_a_provided_licence_is_shown_as_text(account, server):
    evil = "<svg onload=1>"
    licence = {"number": evil, "lastName": evil, "authority": evil, "drivingLicenceClasses": [{"restrictions": evil}]}
    page = staff(server, "counter").get(f"/counter/{start(account, drivingLicenceProvided=licence)}")
    assert "<svg onload" not in page.text
    assert page.text.count("&lt;svg onload=1&gt;") >= 7
