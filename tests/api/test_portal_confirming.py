"""Nothing personal before it is confirmed that the case is one's own (W-01), on every deployment."""

import re

import pytest

from tests.api.conftest import Running
from tests.support.portal import FULL, PERSONAL, Person
from tests.support.scr import rows, started, tenant_of

DAY_S = 24 * 3600


@pytest.fixture
def person(account):
    with Person(account, started(account, FULL)) as somebody:
        yield somebody


def shown(page):
    return [datum for datum in PERSONAL if datum in page.text]


@pytest.mark.req("W-01")
@pytest.mark.parametrize("name", ["", "hilfe", "datenschutz", "handy", "bestaetigen", "daten", "angaben", "verfahren"])
def test_with_the_address_alone_no_page_shows_anything_personal(person, name):
    assert shown(person.open(name)) == []


@pytest.mark.req("W-01")
def test_the_right_birth_date_opens_the_stored_data_for_this_browser_only(person, account):
    page = person.confirm()
    assert page.status_code == 200
    for datum in ("Erika", "Mustermann", "erika@example.org", "+49 171 123456", "12. August 1964", "T01012148"):
        assert datum in page.text
    assert shown(person.open("daten")) != []
    with Person(account, person.case_id) as stranger:
        assert shown(stranger.open("daten")) == []
        assert stranger.last.url.path.endswith("/bestaetigen")


@pytest.mark.req("W-01")
@pytest.mark.parametrize("typed", [("12", "08", "1964"), (" 12.", "8.", "1964 ")])
def test_a_birth_date_is_read_however_it_is_written(person, typed):
    person.open("bestaetigen")
    day, month, year = typed
    assert "Erika" in person.send("bestaetigen", way="birth date", day=day, month=month, year=year).text


NO_DATES = [("31", "2", "1964"), ("x", "8", "1964"), ("12", "8", "64"), ("", "", ""), ("1²", "8", "1964")]


@pytest.mark.parametrize("typed", NO_DATES)
def test_what_is_no_date_costs_no_attempt(person, account, typed):
    person.open("bestaetigen")
    day, month, year = typed
    page = person.send("bestaetigen", way="birth date", day=day, month=month, year=year)
    assert page.status_code == 422
    assert "Dieses Datum gibt es nicht." in page.text
    assert f'value="{year.strip()}"' in page.text or not year
    assert rows(account.server, "SELECT * FROM confirmation WHERE case_id = ?", person.case_id) == []


@pytest.mark.req("W-01")
def test_after_five_wrong_answers_even_the_right_one_waits_a_day(own_server: Running) -> None:
    account = own_server.account()
    case_id = started(account, FULL)
    for left in (4, 3, 2, 1, 0):
        # Another browser each time: what is counted is the case's.
        with Person(account, case_id) as guesser:
            guesser.open("bestaetigen")
            page = guesser.send("bestaetigen", way="birth date", day="1", month="1", year="1970")
            assert page.status_code == 403
            assert f"Versuche übrig: {left}." in page.text
            assert shown(page) == []
    with Person(account, case_id) as somebody:
        page = somebody.confirm()
        assert page.status_code == 429
        assert "Zu viele falsche Antworten" in page.text
        assert "Erika" not in page.text
        assert somebody.open("").status_code == 200
    own_server.advance(DAY_S + 1)
    with Person(account, case_id) as somebody:
        assert "Erika" in somebody.confirm().text


@pytest.mark.req("W-01")
def test_every_answer_is_an_event_without_its_content(person, account):
    person.open("bestaetigen")
    person.send("bestaetigen", way="birth date", day="1", month="1", year="1970")
    person.confirm()
    events = rows(
        account.server,
        "SELECT action, actor, details FROM audit_event WHERE tenant_id = ? AND subject = ? ORDER BY at_us",
        tenant_of(account),
        person.case_id,
    )
    assert [event["action"] for event in events][1:] == ["portal.wrong_answer", "portal.confirmed"]
    assert {event["actor"] for event in events[1:]} == {"user"}
    assert all("19" not in event["details"] for event in events)


@pytest.mark.req("W-01")
def test_a_confirmed_visit_ends_after_half_an_hour_without_a_page(own_server: Running) -> None:
    account = own_server.account()
    with Person(account, started(account, FULL)) as somebody:
        somebody.confirm()
        own_server.advance(29 * 60)
        assert "Erika" in somebody.open("daten").text
        own_server.advance(31 * 60)
        assert shown(somebody.open("daten")) == []


@pytest.mark.req("W-01")
def test_a_visit_cannot_be_changed_or_carried_to_another_case(person, account):
    person.confirm()
    name = f"portal_{person.case_id}"
    cookie = person.http.cookies[name]
    parts = cookie.split(".")
    other = started(account, FULL)
    with Person(account, other) as thief:
        thief.http.cookies.set(f"portal_{other}", cookie)
        assert shown(thief.open("daten")) == []
    with Person(account, person.case_id) as forger:
        forger.open("daten")
        own = forger.http.cookies[name].split(".")
        assert own[3] == "0"
        forger.http.cookies.clear()
        forger.http.cookies.set(name, ".".join([*own[:3], "1", *own[4:]]))
        assert shown(forger.open("daten")) == []
        for value in ("", "a.b.c.d.e.f", ".".join(parts[:5]), ".".join([*parts[:5], "ü"]), "." * 5):
            forger.http.cookies.clear()
            headers = [(b"cookie", f"{name}={value}".encode())]
            assert forger.http.get(f"/identportal/{person.case_id}/daten", headers=headers).status_code == 303


@pytest.mark.req("W-01")
def test_confirming_begins_a_new_visit(person):
    person.open("bestaetigen")
    before = person.http.cookies[f"portal_{person.case_id}"].split(".")[2]
    person.confirm()
    assert person.http.cookies[f"portal_{person.case_id}"].split(".")[2] != before


def test_the_cookie_is_kept_from_scripts_and_other_sites(person):
    cookie = person.open().headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/identportal" in cookie


def test_a_case_with_nothing_to_confirm_with_says_so(account):
    order = {"contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann"}}
    with Person(account, started(account, order)) as somebody:
        page = somebody.open("daten")
        assert "Gespeicherte Angaben können hier nicht angezeigt werden" in page.text
        assert shown(page) == []


@pytest.mark.req("C-10")
def test_a_form_without_the_visits_token_changes_nothing_and_loses_nothing(person, account):
    person.open("bestaetigen")
    page = person.send("bestaetigen", token="forged", way="birth date", day="12", month="8", year="1964")
    assert page.status_code == 403
    assert "Bitte noch einmal absenden" in page.text
    assert shown(page) == ["1964"], "what was typed, not what is stored"
    assert rows(account.server, "SELECT * FROM confirmation WHERE case_id = ?", person.case_id) == []
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert "Erika" in person.send("bestaetigen", **{key: value for key, value in fields.items() if key != "csrf"}).text


@pytest.mark.req("C-10")
def test_another_sites_form_is_refused_whatever_it_carries(person):
    person.open("bestaetigen")
    person.http.headers["sec-fetch-site"] = "cross-site"
    page = person.send("bestaetigen", way="birth date", day="12", month="8", year="1964")
    assert page.status_code == 403
    assert "kam nicht von unserer Seite" in page.text
    assert "1964" not in page.text


@pytest.mark.req("C-10")
def test_a_form_larger_than_any_of_ours_is_not_read(person):
    person.open("bestaetigen")
    assert person.send("bestaetigen", way="x" * 40_000).status_code == 413
    assert person.send("bestaetigen", token="t", **{f"f{number}": "x" for number in range(50)}).status_code == 413


def test_a_way_that_was_not_offered_is_no_way(person):
    for way in ("", "else", "Mail"):
        person.open("bestaetigen")
        assert person.send("bestaetigen", way=way).status_code == 422


@pytest.mark.req("W-03")
def test_the_phone_gets_the_same_address_as_a_code_and_nothing_else(person):
    page = person.open("handy")
    assert f"/identportal/?vorgangsnummer={person.case_id}" in page.text
    code = person.open("qr.svg")
    assert code.headers["content-type"] == "image/svg+xml"
    assert code.text.startswith("<?xml")
    assert shown(code) == []


def test_the_journal_keeps_nothing_of_the_portal(person, account):
    person.confirm()
    assert account.server.sandbox("GET", "/requests?pathPrefix=/identportal").json() == []


def test_an_erased_case_leaves_no_attempts_to_confirm(own_server: Running) -> None:
    account = own_server.account(validityDays=1, retentionDays=0)
    with Person(account, started(account, FULL)) as somebody:
        somebody.confirm()
        assert len(rows(own_server, "SELECT * FROM confirmation WHERE case_id = ?", somebody.case_id)) == 1
        own_server.advance(2 * DAY_S)
        assert rows(own_server, "SELECT * FROM confirmation WHERE case_id = ?", somebody.case_id) == []
        assert somebody.open().status_code == 404


@pytest.mark.req("W-01", "W-06")
def test_a_code_by_mail_opens_the_stored_data_once(account):
    address = f"erika-{account.client_id.lower()}@example.org"
    order = {"contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann", "email": address}}
    with Person(account, started(account, order)) as somebody:
        assert shown(somebody.open("bestaetigen")) == []
        page = somebody.send("bestaetigen", way="mail")
        assert "Der Code ist unterwegs." in page.text
        account.server.advance(1)
        mails = account.server.sandbox("GET", "/mails").json()
        (text,) = [mail["text"] for mail in mails if mail["to"] == address]
        code = re.search(r"\b\d{6}\b", text)[0]
        assert "Mustermann" in somebody.send("bestaetigen", way="code", code=f" {code[:3]} {code[3:]} ").text
        with Person(account, somebody.case_id) as stranger:
            stranger.open("bestaetigen")
            again = stranger.send("bestaetigen", way="code", code=code)
            assert again.status_code == 403
            assert "nicht richtig oder nicht mehr gültig" in again.text
            assert stranger.send("bestaetigen", way="code", code="12345").status_code == 422
