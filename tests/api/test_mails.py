"""Messages to people, in the sandbox's mailbox: what is mailed when, in which words, and what is never mailed."""

import re
from typing import Any, Final

import pytest

from tests.api.conftest import Account, Running
from tests.support.portal import Person
from tests.support.scr import rows

EMAIL: Final = "erika@example.org"
PERSON: Final = {"firstName": "Erika", "lastName": "Mustermann", "email": EMAIL}
PHONES: Final = {"DE_DE": "1234561", "EN_UK": "1234562"}
DAY_S: Final = 24 * 3600


def order(language: str = "DE_DE", contact: dict[str, Any] | None = None, **process: Any) -> dict[str, Any]:
    return {
        "contactDataProvided": PERSON if contact is None else contact,
        "processData": {"preferredLanguage": language, **process},
    }


def start(account: Account, body: dict[str, Any]) -> str:
    response = account.start(body)
    assert response.status_code == 201, response.text
    return str(response.json()["caseId"])


def mails(server: Running, case_id: str, box: str = "mails") -> list[dict[str, str]]:
    """The mails of a case, after everything that is due was done."""
    server.advance(1)
    posted = server.sandbox("GET", f"/{box}").json()
    return [mail for mail in posted if case_id in mail["text"]]


def play(server: Running, case_id: str, method: str, *statuses: str) -> None:
    for status in statuses:
        answer = server.sandbox("POST", f"/cases/{case_id}/simulate", json={"method": method, "status": status})
        assert answer.status_code == 200, answer.text


@pytest.mark.req("S-44", "W-06")
@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("DE_DE", "Bitte identifizieren Sie sich für Musterbank", ("Guten Tag Erika Mustermann,", "Gültig bis")),
        ("EN_UK", "Please verify your identity for Musterbank", ("Hello Erika Mustermann,", "Valid until")),
    ],
)
def test_a_start_mails_case_id_address_and_end_of_validity(server, language, subject, words):
    account = server.account(mailsUser=True, displayName="Musterbank", validityDays=10)
    response = account.start(order(language))
    made = response.json()
    (mail,) = mails(server, made["caseId"])
    assert set(mail) == {"to", "subject", "text", "html", "at"}
    assert (mail["to"], mail["subject"]) == (EMAIL, subject)
    year, month, day = made["validUntil"][:10].split("-")
    date = f"{day}.{month}.{year}, " if language == "DE_DE" else f" {year}, "
    for form in (mail["text"], mail["html"]):
        for part in (*words, made["caseId"], made["webStart"]["caseURL"], date):
            assert part in form
    assert '<a href="' + made["webStart"]["caseURL"] in mail["html"]


@pytest.mark.req("S-44")
@pytest.mark.parametrize(
    ("settings", "contact"),
    [({"mailsUser": False}, PERSON), ({"mailsUser": True}, {"firstName": "Erika", "lastName": "Mustermann"})],
)
def test_without_the_setting_or_an_address_nothing_is_mailed_or_kept(server, settings, contact):
    account = server.account(**settings)
    case_id = start(account, order(contact=contact))
    play(server, case_id, "photo", "success")
    assert mails(server, case_id) == []
    assert rows(server, "SELECT * FROM mail WHERE case_id = ?", case_id) == []


@pytest.mark.req("S-49")
@pytest.mark.parametrize("status", ["success", "declined"])
@pytest.mark.parametrize("language", ["DE_DE", "EN_UK"])
def test_the_mail_of_a_photo_result_carries_the_web_url_of_its_outcome(server, status, language):
    account = server.account(mailsUser=True)
    urls = {
        f"callbackUrl{name}": {
            "webUrl": f"https://client.example/{name}?a=1&b=2",
            "iosUrl": "app://ios",
            "androidUrl": "app://android",
        }
        for name in ("Success", "Declined")
    }
    case_id = start(account, order(language, **urls))
    play(server, case_id, "photo", status)
    _, mail = mails(server, case_id)
    right, wrong = ("Success", "Declined") if status == "success" else ("Declined", "Success")
    assert f"https://client.example/{right}?a=1&b=2" in mail["text"]
    assert f'href="https://client.example/{right}?a=1&amp;b=2"' in mail["html"]
    for form in (mail["text"], mail["html"]):
        assert f"/{wrong}" not in form
        assert "app://" not in form


@pytest.mark.req("S-49", "W-06")
def test_results_without_a_url_and_new_pictures_are_mailed_and_methods_with_people_present_are_not(server):
    account = server.account(mailsUser=True, declinedCloses=[])
    case_id = start(account, order())
    play(server, case_id, "eid", "declined")
    play(server, case_id, "photo", "review pending", "incomplete")
    play(server, case_id, "photo", "review pending", "success")
    begin, pictures, result = mails(server, case_id)
    assert begin["subject"] == "Bitte identifizieren Sie sich"
    assert pictures["subject"] == "Bitte senden Sie neue Bilder"
    assert f"/identportal/{case_id}/foto" in pictures["text"]
    assert result["subject"] == "Ihre Identifizierung war erfolgreich"
    assert "http" not in result["text"]


@pytest.mark.req("W-03")
def test_a_case_is_reminded_of_so_many_days_before_its_end_unless_it_is_over(server):
    account = server.account(reminderDays=3, validityDays=10)
    waiting, finished = start(account, order()), start(account, order())
    play(server, finished, "eid", "success")
    server.advance(7 * DAY_S - 60)
    assert mails(server, waiting) == []
    server.advance(3600 + 120)
    (mail,) = mails(server, waiting)
    assert mail["subject"] == "Erinnerung: Ihre Identifizierung endet bald"
    assert mails(server, finished) == []
    assert rows(server, "SELECT * FROM due_work WHERE case_id = ? AND kind = 'remind'", finished) == []


@pytest.mark.req("W-06")
def test_markup_and_line_breaks_in_names_stay_text(server):
    account = server.account(mailsUser=True, displayName="<b>Bank</b> & Co")
    nasty = {"firstName": "<script>x</script>", "lastName": 'A"\tB {case_id}', "email": EMAIL}
    case_id = start(account, order(contact=nasty))
    (mail,) = mails(server, case_id)
    assert mail["subject"] == "Bitte identifizieren Sie sich für <b>Bank</b> & Co"
    assert '<script>x</script> A" B {case_id},' in mail["text"]
    assert "<script" not in mail["html"]
    assert "<b>" not in mail["html"]
    assert "&lt;script&gt;x&lt;/script&gt; A&#34; B {case_id}," in mail["html"]


@pytest.mark.req("W-06")
def test_a_mail_loads_nothing_and_names_no_reader(server):
    account = server.account(mailsUser=True)
    (mail,) = mails(server, start(account, order()))
    for loading in ("<img", "<link", "src=", "url(", "<style", "@import"):
        assert loading not in mail["html"]
    assert EMAIL not in mail["html"]


@pytest.mark.req("C-04", "W-06")
def test_recipient_and_words_are_sealed_and_audited_without_them(server):
    account = server.account(mailsUser=True)
    case_id = start(account, order())
    assert mails(server, case_id)
    (kept,) = rows(server, "SELECT * FROM mail WHERE case_id = ?", case_id)
    (posted,) = rows(server, "SELECT * FROM sandbox_mail WHERE case_id = ?", case_id)
    for row in (kept, posted):
        for value in row.values():
            raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            assert b"Erika" not in raw
            assert b"example.org" not in raw
    assert kept["status"] == "sent"
    events = rows(server, "SELECT action, details FROM audit_event WHERE subject = ? ORDER BY event_id", case_id)
    assert [event["action"] for event in events if event["action"].startswith("mail.")] == ["mail.ordered", "mail.sent"]
    assert "example.org" not in str(events)


@pytest.mark.req("D-50", "W-06")
def test_erasing_a_case_takes_its_mails_along(server):
    account = server.account(mailsUser=True, retentionDays=1)
    case_id = start(account, order())
    play(server, case_id, "photo", "success")
    assert len(mails(server, case_id)) == 2
    server.advance(DAY_S + 60)
    assert mails(server, case_id) == []
    assert rows(server, "SELECT * FROM mail WHERE case_id = ?", case_id) == []


@pytest.mark.req("W-06")
def test_a_reset_empties_the_mailbox(own_server):
    account = own_server.account(mailsUser=True)
    assert mails(own_server, start(account, order()))
    assert own_server.sandbox("POST", "/reset").status_code == 200
    assert own_server.sandbox("GET", "/mails").json() == []
    assert own_server.sandbox("GET", "/sms").json() == []


@pytest.mark.req("W-01", "W-06")
@pytest.mark.parametrize(
    ("way", "box", "language", "words"),
    [
        ("mail", "mails", "DE_DE", "Ihr Code lautet"),
        ("mail", "mails", "EN_UK", "Your code is"),
        ("sms", "sms", "DE_DE", "Ihr Code lautet"),
        ("sms", "sms", "EN_UK", "Your code is"),
    ],
)
def test_a_code_is_mailed_or_texted_and_confirms_the_case(server, way, box, language, words):
    account = server.account()
    to = f"{account.client_id.lower()}@example.org" if way == "mail" else f"+49 171 {PHONES[language]}"
    contact = {**PERSON, "email" if way == "mail" else "mobilePhone": to}
    with Person(account, start(account, order(language, contact))) as person:
        person.open("bestaetigen")
        person.send("bestaetigen", way=way)
        server.advance(1)
        (sent,) = [found for found in server.sandbox("GET", f"/{box}").json() if found["to"] == to]
        assert set(sent) == ({"to", "subject", "text", "html", "at"} if way == "mail" else {"to", "text", "at"})
        found = re.search(words + r" (\d{6})\.", sent["text"])
        assert found, sent["text"]
        if way == "mail":
            assert found[1] in sent["html"]
        stored = person.send("bestaetigen", way="code", code=found[1])
        assert "Mustermann" in stored.text


@pytest.mark.req("W-06")
def test_a_coupon_made_in_the_portal_is_mailed_where_the_account_wants_it(server):
    body = {**order(), "identificationDocumentProvided": {"birthDate": "1964-08-12"}}
    for wanted in (True, False):
        account = server.account(mailsUser=wanted, couponActive=True)
        case_id = start(account, body)
        with Person(account, case_id) as person:
            person.choose("basic")
            person.open("filiale")
            person.send("filiale")
        subjects = [mail["subject"] for mail in mails(server, case_id)]
        assert subjects == (["Bitte identifizieren Sie sich", "Ihr Coupon für die Filiale"] if wanted else [])
