"""From the case's address to a method: consent, missing data, choice, change, giving up; on every deployment."""

import re

import pytest

from tests.api.conftest import EVERYTHING, Running
from tests.support.portal import FULL, Person
from tests.support.scr import rows, started, tenant_of

NAMES = {"firstName": "Erika", "lastName": "Mustermann"}
NAMELESS = {"lastName": "Mustermann", "email": "erika@example.org", "mobilePhone": "+49171123456"}
COMPLETE = {**NAMES, "email": "erika@example.org"}


def person(account, contact=None):
    return Person(account, started(account, {"contactDataProvided": contact} if contact else None))


def asked(page):
    return re.findall(r'<input id="(\w+)" name="\1"', page.text)


@pytest.mark.req("W-02")
def test_consent_comes_first_and_is_recorded_with_time_and_versions(account):
    with person(account, COMPLETE) as somebody:
        page = somebody.open("weiter")
        assert page.url.path.endswith("/einwilligung")
        assert somebody.open("angaben").url.path.endswith("/einwilligung") or not asked(somebody.last)
        assert somebody.open("verfahren").url.path.endswith("/einwilligung")
        refused = somebody.send("einwilligung", version="x")
        assert refused.status_code == 422
        assert "Bitte setzen Sie das Häkchen." in refused.text
        assert somebody.agree().url.path.endswith("/verfahren")
        found = rows(account.server, "SELECT * FROM ident_consent WHERE case_id = ?", somebody.case_id)
        assert {row["kind"] for row in found} == {"privacy", "identification"}
        assert all(re.fullmatch(r"[0-9a-f]{12}", row["text_version"]) and row["given_us"] > 0 for row in found)
        notice = somebody.open("datenschutz").text
        assert next(row["text_version"] for row in found if row["kind"] == "privacy") in notice
        # The same form again, and the other language: it was said already.
        assert somebody.open("einwilligung").url.path.endswith("/verfahren")
        assert len(rows(account.server, "SELECT * FROM ident_consent WHERE case_id = ?", somebody.case_id)) == 2


@pytest.mark.req("W-02")
def test_words_that_changed_are_agreed_to_again(server):
    account = server.account(**EVERYTHING, privacyNoticeDe="Erste Fassung.", consentTextDe="Ich bin dafür.")
    with person(account, COMPLETE) as somebody:
        page = somebody.open("einwilligung")
        assert "Erste Fassung." in page.text
        assert "Ich bin dafür." in page.text
        old = re.search(r'name="version" value="([^"]*)"', page.text)[1]
        server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"privacyNoticeDe": "Zweite Fassung."})
        again = somebody.send("einwilligung", agreed="yes", version=old)
        assert again.status_code == 422
        assert "Zweite Fassung." in again.text
        assert rows(server, "SELECT * FROM ident_consent WHERE case_id = ?", somebody.case_id) == []
        assert somebody.agree().url.path.endswith("/verfahren")
        server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"consentTextDe": "Ich bin sehr dafür."})
        assert somebody.open("verfahren").url.path.endswith("/einwilligung")


@pytest.mark.req("S-40", "S-41")
@pytest.mark.parametrize(
    ("ident_class", "contact", "missing"),
    [
        ("Standard", None, ["first_name", "last_name", "email"]),
        ("Standard", NAMES, ["email"]),
        ("Standard", COMPLETE, []),
        ("Standard", {**COMPLETE, "firstName": ""}, ["first_name", "last_name", "email"]),
        ("Standard", NAMELESS, ["first_name", "last_name", "email"]),
        ("GwG", COMPLETE, ["mobile_phone"]),
        ("GwG", {**COMPLETE, "mobilePhone": "+49 171 123456"}, []),
        ("GwG", None, ["first_name", "last_name", "email", "mobile_phone"]),
        ("TKG", COMPLETE, []),
    ],
)
def test_the_dialogue_asks_for_what_is_missing_and_nothing_else(server, ident_class, contact, missing):
    account = server.account(**EVERYTHING, identClass=ident_class)
    with person(account, contact) as somebody:
        page = somebody.agree()
        assert asked(page) == missing
        assert page.url.path.endswith("/angaben" if missing else "/verfahren")


GOOD = {"first_name": " Erika ", "last_name": "Mustermann", "email": "erika@example.org"}
BAD = [
    ("first_name", "", "Bitte füllen Sie dieses Feld aus."),
    ("first_name", "   ", "Bitte füllen Sie dieses Feld aus."),
    ("last_name", "M" * 36, "Bitte kürzen Sie auf höchstens 35 Zeichen."),
    ("last_name", "u\u0308" * 36, "Bitte kürzen Sie auf höchstens 35 Zeichen."),
    ("last_name", "Muster\x07mann", "Bitte verwenden Sie nur Buchstaben und übliche Zeichen."),
    ("email", "erika", "Bitte prüfen Sie die Adresse."),
    ("email", "e" * 65 + "@example.org", "Bitte prüfen Sie die Adresse."),
    ("email", "e" * 321, "Bitte kürzen Sie auf höchstens 320 Zeichen."),
]


@pytest.mark.req("S-41")
@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_a_bad_field_is_said_at_the_field_and_on_top_and_everything_typed_stays(account, name, value, message):
    with person(account) as somebody:
        somebody.agree()
        page = somebody.send("angaben", **{**GOOD, name: value})
        assert page.status_code == 422
        assert message in page.text
        assert f'<a href="#{name}">' in page.text
        assert re.search(
            rf'<input id="{name}"[^>]*aria-describedby="{name}-hint {name}-fault" aria-invalid="true"', page.text
        )
        kept = {**GOOD, name: value}
        for other in ("first_name", "last_name", "email"):
            if other != name:
                assert f'value="{kept[other].strip()}"' in page.text
        assert rows(account.server, "SELECT * FROM ident_person WHERE case_id = ?", somebody.case_id) == []


@pytest.mark.req("S-41")
@pytest.mark.parametrize(
    ("number", "status"), [("+49 171 123456", 200), ("0171 123456", 422), ("+49171/123456", 422), ("+" + "1" * 16, 422)]
)
def test_a_mobile_number_has_the_apis_form(server, number, status):
    account = server.account(**EVERYTHING, identClass="GwG")
    with person(account, COMPLETE) as somebody:
        somebody.agree()
        assert somebody.send("angaben", mobile_phone=number).status_code == status


@pytest.mark.req("S-41")
def test_what_was_entered_counts_and_is_in_the_result(account):
    with person(account) as somebody:
        somebody.agree()
        page = somebody.send("angaben", **GOOD)
        assert page.url.path.endswith("/verfahren")
        result = account.get(f"/cases/{somebody.case_id}").json()
        assert result["contactData"]["firstName"]["value"] == "Erika"
        assert result["contactData"]["email"]["value"] == "erika@example.org"
        # Whoever entered everything may see it; whoever has the address alone may not.
        assert "erika@example.org" in somebody.open("daten").text
        with Person(account, somebody.case_id) as stranger:
            assert "erika@" not in stranger.open("daten").text
        # The form again, from a second tab or by going back: what is stored stays.
        somebody.open("verfahren")
        again = somebody.send("angaben", token=somebody.csrf(), **{**GOOD, "first_name": "Other"})
        assert again.url.path.endswith("/verfahren")
        assert account.get(f"/cases/{somebody.case_id}").json()["contactData"]["firstName"]["value"] == "Erika"


@pytest.mark.req("W-01", "S-41")
def test_completing_somebody_elses_data_does_not_show_them(account):
    with person(account, NAMES) as somebody:
        somebody.agree()
        page = somebody.send("angaben", email="thief@example.org")
        assert page.url.path.endswith("/verfahren")
        assert "Mustermann" not in somebody.open("daten").text


@pytest.mark.req("S-42", "W-03")
def test_the_accounts_methods_are_offered_with_what_each_needs(server):
    account = server.account(**EVERYTHING, methods=["video", "photo"])
    with person(account, COMPLETE) as somebody:
        page = somebody.agree()
        assert re.findall(r'name="method" value="(\w+)"', page.text) == ["video", "photo"]
        assert "Ausweis, Kamera, Mikrofon" in page.text
        assert somebody.send("verfahren", method="eid").status_code == 422
        assert rows(server, "SELECT * FROM identification WHERE case_id = ?", somebody.case_id) == []


@pytest.mark.req("W-03")
def test_the_method_can_be_changed_and_the_first_one_goes_on_later(account):
    with person(account, COMPLETE) as somebody:
        assert somebody.choose("photo").url.path.endswith("/foto")
        assert "das Verfahren mit Fotos" in somebody.open().text
        assert somebody.choose("video").url.path.endswith("/video")
        assert somebody.choose("photo").url.path.endswith("/foto")
        found = rows(account.server, "SELECT method, status FROM identification WHERE case_id = ?", somebody.case_id)
        assert sorted((row["method"], row["status"]) for row in found) == [("photo", "started"), ("video", "started")]


@pytest.mark.req("W-03")
def test_giving_up_asks_first_and_ends_the_attempt(server):
    account = server.account(**EVERYTHING, declinedCloses=["video"])
    with person(account, COMPLETE) as somebody:
        somebody.choose("photo")
        page = somebody.open("abbrechen")
        assert "Möchten Sie abbrechen?" in page.text
        assert "abgeschlossen" not in page.text
        page = somebody.send("abbrechen")
        assert "Das hat nicht geklappt" in page.text
        somebody.choose("video")
        assert "Danach ist dieser Vorgang abgeschlossen" in somebody.open("abbrechen").text
        token = somebody.csrf()
        page = somebody.send("abbrechen")
        assert "<h2>Nicht identifiziert</h2>" in page.text
        assert somebody.send("abbrechen", token=token).status_code in {200, 403}


@pytest.mark.req("S-43")
def test_a_form_that_comes_after_the_end_is_answered_with_the_page_of_the_end(own_server: Running) -> None:
    account = own_server.account(**EVERYTHING, validityDays=1)
    with person(account) as somebody:
        own_server.advance(24 * 3600 - 600)
        somebody.agree()
        token = somebody.csrf()
        own_server.advance(601)
        for name, fields in (("angaben", GOOD), ("verfahren", {"method": "photo"}), ("foto", {}), ("filiale", {})):
            page = somebody.send(name, token=token, **fields)
            assert page.status_code == 410
            assert "<h2>Abgelaufen</h2>" in page.text
        assert somebody.open("verfahren").status_code == 410
        assert rows(own_server, "SELECT * FROM ident_person WHERE case_id = ?", somebody.case_id) == []


@pytest.mark.req("S-44")
def test_the_address_opens_in_the_cases_language_and_the_switch_holds_for_the_visit(account):
    case_id = started(account, {"processData": {"preferredLanguage": "EN_UK"}, "contactDataProvided": COMPLETE})
    with Person(account, case_id) as somebody:
        assert "Start identification" in somebody.open().text
        assert "Identifizierung beginnen" in somebody.open(lang="de").text
        assert "Bevor es losgeht" in somebody.open("einwilligung").text
        assert "Before we start" in somebody.open("einwilligung", lang="en").text


@pytest.mark.req("W-03")
def test_help_names_the_accounts_contact(server):
    account = server.account(
        **EVERYTHING, displayName="Musterbank", helpEmail="hilfe@example.org", helpPhone="+49 221 1234567"
    )
    with person(account, COMPLETE) as somebody:
        page = somebody.open("hilfe")
        assert "So erreichen Sie Musterbank" in page.text
        assert 'href="mailto:hilfe@example.org"' in page.text
        assert 'href="tel:+492211234567"' in page.text


@pytest.mark.req("W-02")
def test_every_step_is_an_audit_event_of_the_user(account):
    with person(account) as somebody:
        somebody.agree()
        somebody.send("angaben", **GOOD)
        somebody.choose("photo")
        found = rows(
            account.server,
            "SELECT action, actor, details FROM audit_event WHERE tenant_id = ? AND subject = ?",
            tenant_of(account),
            somebody.case_id,
        )
    by_user = {row["action"] for row in found if row["actor"] == "user"}
    assert {"person.consented", "person.contact_saved"} <= by_user
    assert not any("Mustermann" in row["details"] or "example.org" in row["details"] for row in found)


def test_full_data_go_straight_to_the_choice(account):
    with Person(account, started(account, FULL)) as somebody:
        assert somebody.agree().url.path.endswith("/verfahren")
